import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { readArguments } from '../../src/cli/simulate/arguments.ts';
import { chart } from '../../src/cli/simulate/chart.ts';
import { cityDay } from '../../src/cli/simulate/city-day.ts';
import { readDayFile } from '../../src/cli/simulate/day-file.ts';
import { callBackLine, formulaLine, measureTable, queueTable, summary } from '../../src/cli/simulate/report.ts';
import { command } from '../../src/cli/simulate.ts';
import type { Event } from '../../src/core/event.ts';
import { noCounts } from '../../src/lib/measure-counts.ts';
import type { Entry } from '../../src/runtime/entry.ts';
import { openJournal, SEGMENT_BYTES } from '../../src/runtime/journal.ts';
import { fixed } from '../../src/sim/duration.ts';
import type { Ring } from '../../src/sim/people.ts';
import { DAY_START_MS, plainDay } from '../../src/sim/plain-line.ts';
import { type Day, playDay } from '../../src/sim/simulate.ts';

const SURGE = 'dialplans/days/surge.yaml';
const LINE = ['--rate', '120/h', '--aht', '60s', '--hours', '1'];

let written = '';
let complained = '';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-simulate-'));
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    complained += String(chunk);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ status: number; text: string }> {
  written = '';
  complained = '';
  const status = await command.run(args);
  // On a slow machine the error stream also tells how far the work is.
  return { status, text: status === 0 ? written : complained };
}

test('a line of equal seats prints the one line that programs read', async () => {
  const asked = ['--rate', '960/h', '--aht', '210s', '--seats', '67', '--hours', '1', '--seed', '7', '--json'];
  const { status, text } = await run(...asked);
  expect(status).toBe(0);
  expect(text.split('\n')).toHaveLength(2);
  const told = JSON.parse(text);
  expect(Object.keys(told)).toEqual(['answered', 'abandoned', 'within15s', 'serviceLevel15', 'asaMs', 'erlangC']);
  expect(told).toMatchObject({ answered: 960, abandoned: 0, erlangC: { serviceLevel15: 0.9522, asaMs: 2001 } });
  expect(told.serviceLevel15).toBeGreaterThan(0.9);
  expect((await run(...asked)).text).toBe(text);
});

test('a target is answered with the fewest seats, a patience with Erlang A beside', async () => {
  const { text } = await run(...LINE, '--target', '90%/20s', '--json');
  expect(JSON.parse(text).seats).toBeGreaterThan(2);
  const patient = JSON.parse((await run(...LINE, '--seats', '2', '--patience', '90s', '--json')).text);
  expect(patient.abandoned).toBeGreaterThan(0);
  expect(patient.answered + patient.abandoned).toBe(120);
  expect(patient.erlangA.abandoned).toBeGreaterThan(0);
  expect(patient.erlangC).toEqual({ serviceLevel15: 0, asaMs: null });
});

test('people read measures, formulas and a chart by quarter hour', async () => {
  const { status, text } = await run(...LINE, '--seats', '5');
  expect(status).toBe(0);
  expect(text).toContain('服务水平');
  expect(text).toContain('Erlang C');
  for (const time of ['00:00', '00:15', '00:30', '00:45']) expect(text).toContain(`  ${time}  `);
});

test('wrong usage names the option and what it looks like', async () => {
  const wrong: readonly (readonly [string[], string])[] = [
    [[], 'DAY.yaml'],
    [['--city', 'dialplans', '--target', '98%/15s'], 'DAY.yaml'],
    [['--rate', '960', '--aht', '210s', '--seats', '3'], '960/h'],
    [['--rate', '960/h', '--seats', '3'], '--aht'],
    [['--rate', '960/h', '--aht', '210s'], '--seats'],
    [['--rate', '960/h', '--aht', '210', '--seats', '3'], '--aht'],
    [['--rate', '960/h', '--aht', '210s', '--seats', '0'], '--seats'],
    [['--rate', '960/h', '--aht', '210s', '--target', '98'], '98%/15s'],
    [['--rate', '9999999/s', '--aht', '210s', '--seats', '3'], '--rate'],
    [['--rate'], '--rate'],
    [['--speed', '3'], '--speed'],
    [[SURGE, '--journal', 'there'], 'DAY.yaml'],
    [[SURGE, SURGE], 'DAY.yaml'],
    [[SURGE, '--seed', '1.5'], '--seed'],
    [[SURGE, '--city', '--json'], '--city'],
    [[SURGE, '--target', '100%/15s'], '98%/15s'],
    [[SURGE, '--target', '0%/15s'], '98%/15s'],
    [['--rate', '960/h', '--aht', '0s', '--seats', '3'], '--aht'],
    [['--rate', '960/h', '--aht', '210s', '--seats', '20001'], '--seats'],
    [['--rate', '1/s', '--aht', '1s', '--seats', '3', '--hours', '1400'], '--rate'],
  ];
  for (const [args, named] of wrong) {
    const { status, text } = await run(...args);
    expect(status, args.join(' ')).toBe(2);
    expect(text.split('\n')[0], args.join(' ')).toContain(named);
  }
});

test('an option that would do nothing in this form is refused by name, in both languages, before anything is played', async () => {
  const line = ['--rate', '960/h', '--aht', '210s'];
  const wrong: readonly (readonly [string[], string, string])[] = [
    [[...line, '--seats', '3', '--target', '98%/15s'], '--target', '--seats'],
    [[...line, '--seats', '3', '--city', 'dialplans'], '--city', '--seats'],
    [[...line, '--target', '98%/15s', '--city', 'dialplans'], '--city', '--rate'],
    [[SURGE, '--seats', '30'], '--seats', 'DAY.yaml'],
    [[SURGE, '--patience', '60s'], '--patience', 'DAY.yaml'],
    [[SURGE, '--hours', '4'], '--hours', 'DAY.yaml'],
    [[SURGE, ...line], '--rate', 'DAY.yaml'],
    [[SURGE, '--journal', 'there'], '--journal', 'DAY.yaml'],
    [['--journal', 'there', '--target', '98%/15s'], '--target', '--journal'],
    [['--journal', 'there', '--seats', '3'], '--seats', '--journal'],
    [['--journal', 'there', '--hours', '4'], '--hours', '--journal'],
  ];
  for (const [args, stray, form] of wrong) {
    const { status, text } = await run(...args);
    expect([status, text.split('\n')[0]], args.join(' ')).toEqual([
      2,
      `${stray} 不能与 ${form} 一起使用。 ${stray} does not go with ${form}.`,
    ]);
    expect(text).toContain(command.help);
    expect(written).toBe('');
  }
});

test('what is asked for is read in every unit and as it is written; left out, it is a day of eight hours, seed 1', () => {
  const lineOf = (...args: string[]) => readArguments([...args, '--seats', '67']).line!;
  expect(readArguments(['--rate', '960/h', '--aht', '210s', '--seats', '67'])).toEqual({
    line: { rate: 960 / 3_600_000, ahtMs: 210_000, seats: 67, patienceMs: Infinity, hours: 8 },
    seed: 1,
    json: false,
  });
  const rates = ['2/s', '2/m', '2/min', '1.5/h', '480/d'];
  expect(rates.map((rate) => lineOf('--rate', rate, '--aht', '1s').rate)).toEqual([
    2 / 1_000,
    2 / 60_000,
    2 / 60_000,
    1.5 / 3_600_000,
    480 / 86_400_000,
  ]);
  const durations = ['500ms', '1.5s', '3m', '3min', '1h'];
  const read = durations.map((given) => lineOf('--rate', '1/h', '--aht', given, '--patience', given));
  expect(read.map(({ ahtMs, patienceMs }) => [ahtMs, patienceMs])).toEqual(
    [500, 1_500, 180_000, 180_000, 3_600_000].map((valueMs) => [valueMs, valueMs]),
  );
  expect(readArguments(['--rate', '1/h', '--aht', '1s', '--target', '97.5%/20s'])).toMatchObject({
    target: { share: 0.975, withinMs: 20_000 },
  });
  const journal = ['--journal', 'there', '--city', 'here', '--seed', '1000000000', '--json'];
  expect(readArguments(journal)).toEqual({ journal: 'there', city: 'here', seed: 1_000_000_000, json: true });
  expect(readArguments(['day.yaml', '--seed', '0'])).toEqual({ dayFile: 'day.yaml', seed: 0, json: false });
});

test('a day file is played under the rules of the city, its mistakes named with line and fix', async () => {
  const small = readFileSync(SURGE, 'utf8')
    .replace('calls: 61154', 'calls: 1200')
    .replace(/count: \d+/g, 'count: 9');
  const path = join(folder, 'small.yaml');
  writeFileSync(path, small);
  const told = JSON.parse((await run(path, '--seed', '3', '--json')).text);
  expect(told.answered + told.abandoned).toBe(1_200);
  const { text } = await run(path, '--seed', '3');
  expect(text).toContain('enterprise');
  expect((await run(path, '--seed', '3')).text).toBe(text);
  expect((await run(path, '--seed', '4')).text).not.toBe(text);
  writeFileSync(path, small.replace('calls: 1200', 'calls: many').replace('from: "22:00"', 'from: 22h'));
  const broken = await run(path);
  expect(broken.status).toBe(1);
  expect(broken.text).toMatch(/small\.yaml:4 .*calls/);
  expect(broken.text).toMatch(/small\.yaml:\d+ .*from/);
  expect((await run(join(folder, 'nowhere.yaml'))).status).toBe(1);
});

test('a day that the city cannot have is named with line and fix, before it is played', async () => {
  const day = 'calls: 10\nkinds:\n  all: { share: 100%, talk: 1m }\nseats:\n  - { count: 3, skills: [personal] }\n';
  const path = join(folder, 'day.yaml');
  const wrong: [find: string, put: string, named: RegExp][] = [
    ['skills: [personal]', 'skills: [persnal]', /day\.yaml:5 .*no "persnal".*personal/i],
    ['skills: [personal]', 'skills: [personal], site: moon', /day\.yaml:5 .*no "moon".*main/i],
    ['calls: 10', 'calls: 10\nnumber: "12344"', /day\.yaml:2 .*12344/],
    ['  - { count: 3, skills: [personal] }', '  []', /day\.yaml:\d+ .*no seat/],
    [
      'count: 3',
      'count: 20000, from: "08:00", to: "12:00", skills: [personal] }\n  - { count: 1',
      /20001 seats.*20000/,
    ],
    ['calls: 10', 'calls: 0', /day\.yaml:1 .*calls/],
    ['calls: 10', 'calls: 1e9', /day\.yaml:1 .*calls/],
    ['calls: 10', 'calls: 1000001', /day\.yaml:1 .*calls/],
    ['count: 3', 'count: 3, level: 6', /day\.yaml:5 .*level/],
    ['share: 100%', 'share: 99%', /day\.yaml:3 .*add up to 99%/],
    ['share: 100%', 'share: 90%', /day\.yaml:3 .*add up to 90%/],
    ['calls: 10', 'calls: 10\nprofile: []', /day\.yaml:2 .*No part of the day/],
    ['calls: 10', 'calls: 10\nprofile: [0, 0]', /day\.yaml:2 .*No part of the day/],
    ['count: 3', 'count: 3, from: "08:00", to: "08:00"', /day\.yaml:5 .*same moment/],
    [
      'calls: 10',
      'calls: 10\nmodes:\n  - { from: "08:00", mode: holiday }\n  - { from: "08:00", mode: normal }',
      /day\.yaml:3 .*Two modes .*same moment/,
    ],
    ['calls: 10', 'calls: 10\npickup: { declined: 60%, missed: 60% }', /day\.yaml:2 .*add up to 120%/],
    ['calls: 10', 'calls: 10\npickup: { declined: 0.1%, missed: 100% }', /day\.yaml:2 .*add up to 100\.1%/],
  ];
  for (const [find, put, named] of wrong) {
    writeFileSync(path, day.replace(find, put));
    const { status, text } = await run(path);
    expect(status, put).toBe(1);
    expect(text, put).toMatch(named);
  }
  for (const put of ['calls: 10', 'calls: 10\npickup: { declined: 0.71%, missed: 99.29% }']) {
    writeFileSync(path, day.replace('calls: 10', put));
    expect((await run(path)).status, put).toBe(0);
  }
});

test('of a day on which nobody is answered the formulas have no figure', async () => {
  const path = join(folder, 'missed.yaml');
  writeFileSync(
    path,
    'calls: 40\npatience: 180s\npickup: { missed: 100% }\nkinds:\n  all: { share: 100%, keys: ["1"], talk: 1m }\n' +
      'seats:\n  - { count: 3, skills: [personal] }\n',
  );
  const { text } = await run(path);
  expect(text).toContain('  Erlang C: —\n');
  expect(text).toContain('  Erlang A: —\n');
  expect(text).not.toContain('NaN');
  expect(JSON.parse((await run(path, '--json')).text)).toMatchObject({
    answered: 0,
    serviceLevel15: 0,
    erlangC: { serviceLevel15: null, asaMs: null },
    erlangA: { serviceLevel15: null, asaMs: null, abandoned: null },
  });
});

test('each row of a day file is so many seats of a level and a site, there when it says: over midnight in two parts, to the end for the last callers', () => {
  const path = join(folder, 'rows.yaml');
  const rows = [
    '{ count: 1, skills: [personal] }',
    '{ count: 1, skills: [personal], level: 5, site: main, from: "08:00", to: "12:30" }',
    '{ count: 2, skills: [personal, enterprise], from: "22:00", to: "06:00" }',
    '{ count: 1, skills: [personal], from: "18:00", to: "00:00" }',
  ];
  const head = 'calls: 10\nkinds:\n  all: { share: 100%, talk: 1m }\nmodes:\n  - { from: "09:00", mode: emergency }\n';
  writeFileSync(path, `${head}seats:\n${rows.map((row) => `  - ${row}\n`).join('')}`);
  const city = loadCity('dialplans');
  if (!city.ok) throw new Error('the city folder is broken');
  const read = readDayFile(path, city.city.settings);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { settings, shifts, modes, callers } = cityDay(city.city.settings, read.day, 1);
  const hour = (atMs: number) => (atMs - DAY_START_MS) / 3_600_000;
  expect(shifts.map(({ agent, fromMs, toMs }) => [agent, hour(fromMs), hour(toMs)])).toEqual([
    ['row1-00001', 0, Infinity],
    ['row2-00001', 8, 12.5],
    ['row3-00001', 0, 6],
    ['row3-00001', 22, Infinity],
    ['row3-00002', 0, 6],
    ['row3-00002', 22, Infinity],
    ['row4-00001', 18, Infinity],
  ]);
  expect(settings.agents.map(({ number, skills, site }) => [number, skills, site])).toEqual([
    ['10001', { personal: 3 }, undefined],
    ['10002', { personal: 5 }, 'main'],
    ['10003', { personal: 3, enterprise: 3 }, undefined],
    ['10004', { personal: 3, enterprise: 3 }, undefined],
    ['10005', { personal: 3 }, undefined],
  ]);
  expect(modes).toEqual([{ atMs: DAY_START_MS + 9 * 3_600_000, mode: 'emergency' }]);
  expect(callers.at(0)!.dialled).toBe('12345');
  const choices = read.day.demand.choices.map((choice) => ({ ...choice, dialled: '12319' }));
  const pickup = { after: fixed(2_000), declined: 1, missed: 0 };
  const other = cityDay(city.city.settings, { ...read.day, pickup, demand: { ...read.day.demand, choices } }, 1);
  expect(other.callers.at(0)!.dialled).toBe('12319');
  expect(other.phones({} as Ring)).toEqual({ does: 'declines', afterMs: 2_000 });
});

test('a day file says who calls, for how long, with which patience, and how phones are picked up', () => {
  const city = loadCity('dialplans');
  if (!city.ok) throw new Error('the city folder is broken');
  const path = join(folder, 'all.yaml');
  const read = (more: string) => {
    writeFileSync(path, `calls: 1000000\nseats:\n  - { count: 1, skills: [personal] }\n${more}`);
    const result = readDayFile(path, city.city.settings);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.day;
  };
  const all = read(
    [
      'number: "12345"',
      'profile: [0, 2.5, 1]',
      'patience: 3m',
      'talkShape: exponential',
      'pickup: { after: 2s, declined: 0.5%, missed: 12% }',
      'kinds:',
      '  a: { share: 33.3%, keys: ["7", ""], talk: 4m, wrapUp: 40s }',
      '  b: { share: 33.3%, talk: 1s, wrapUp: 0s }',
      '  c: { share: 33.3%, talk: 3600s }',
    ].join('\n'),
  );
  const lasts = (meanMs: number, shape: string) => ({ meanMs, shape });
  const kind = (keys: string[], talkMs: number, wrapUpMs: number) => ({
    weight: expect.closeTo(0.333, 9) as number,
    dialled: '12345',
    keys,
    talk: lasts(talkMs, 'exponential'),
    wrapUp: lasts(wrapUpMs, 'exponential'),
  });
  expect(all.demand).toEqual({
    startMs: DAY_START_MS,
    lengthMs: 86_400_000,
    calls: 1_000_000,
    profile: [0, 2.5, 1],
    choices: [kind(['7', ''], 240_000, 40_000), kind([], 1_000, 0), kind([], 3_600_000, 0)],
    patience: lasts(180_000, 'exponential'),
  });
  expect(all.pickup).toEqual({ after: lasts(2_000, 'lognormal'), declined: 0.005, missed: 0.12 });
  const least = read('kinds:\n  all: { share: 100%, talk: 1m }\n');
  expect(least.demand).toMatchObject({ profile: [1], patience: { meanMs: Infinity } });
  expect(least.demand.choices).toMatchObject([{ dialled: '', talk: lasts(60_000, 'lognormal') }]);
  expect(least.pickup).toEqual({ after: lasts(0, 'fixed'), declined: 0, missed: 0 });
});

test('seats of a day may have the skills that only a plan asks for', () => {
  const city = loadCity('dialplans');
  if (!city.ok) throw new Error('the city folder is broken');
  const path = join(folder, 'plan.yaml');
  writeFileSync(
    path,
    'calls: 10\nkinds:\n  all: { share: 100%, talk: 1m }\nseats:\n  - { count: 1, skills: [maritime] }\n',
  );
  const plans = { sea: [{ untilMs: null, needs: { skill: 'maritime', level: 1 } }] };
  expect(readDayFile(path, city.city.settings).ok).toBe(false);
  expect(readDayFile(path, { ...city.city.settings, plans }).ok).toBe(true);
});

test('a day may have 20,000 seats, and not one more', () => {
  const path = join(folder, 'seats.yaml');
  const city = loadCity('dialplans');
  if (!city.ok) throw new Error('the city folder is broken');
  for (const more of [0, 1]) {
    const seats = [10_000, 10_000 + more].map((count) => `  - { count: ${count}, skills: [personal] }\n`).join('');
    writeFileSync(path, `calls: 10\nkinds:\n  all: { share: 100%, talk: 1m }\nseats:\n${seats}`);
    expect(readDayFile(path, city.city.settings).ok, `${more}`).toBe(more === 0);
  }
});

test('the surge day of 61,154 calls loses nobody and is answered in time', async () => {
  const first = await run(SURGE, '--seed', '7', '--json');
  expect(first.status).toBe(0);
  const { answered, abandoned, serviceLevel15 } = JSON.parse(first.text);
  expect(answered + abandoned).toBe(61_154);
  expect(serviceLevel15).toBeGreaterThan(0.9);
}, 120_000);

test('a journal is charted by the hour of the city at which its calls came', async () => {
  const plain = plainDay({ rate: 60 / 3_600_000, ahtMs: 20_000, seats: 1, patienceMs: 60_000, hours: 1, seed: 4 });
  const late = 98 * 60_000 + 3 * 86_400_000;
  const callers = [...plain.callers].map((one) => ({ ...one, atMs: one.atMs + late }));
  const shifts = plain.shifts.map((shift) => ({ ...shift, fromMs: shift.fromMs + late }));
  const entries: Entry[] = [];
  playDay(
    { ...plain, callers, shifts },
    {
      entry: (event, commands) =>
        entries.push({ seq: entries.length + 1, atMs: event.atMs, event: { ...event }, commands }),
    },
  );
  const { journal } = await openJournal({ folder, segmentBytes: SEGMENT_BYTES }, () => {});
  await journal.append(entries);
  await journal.close();
  const { text } = await run('--journal', folder);
  const times = text.split('\n').flatMap((line) => /^ {2}(\d\d:\d\d) {2}/.exec(line)?.[1] ?? []);
  expect(times).toEqual(['01:30', '01:45', '02:00', '02:15', '02:30']);
});

test('a seat that was there for some minutes of a quarter hour is not nobody', () => {
  const quarter = { ...noCounts(), fromMs: 0, inbound: 1, queued: 1, answered: 1, seatsMs: 400_000, busyMs: 20_000 };
  expect(chart([quarter], 0)).toMatch(/ <0\.1\/0\.4\n/);
  expect(chart([{ ...quarter, seatsMs: 1_800_000, busyMs: 0 }], 0)).toMatch(/ 0\/2\n/);
});

test('a row of a chart sums its quarter hours up, and a long day has fewer and longer ones', () => {
  const quarter = (nth: number, inbound: number, queued: number, answeredWithin15: number) => {
    const counts = { ...noCounts(), inbound, queued, answeredWithin15, abandoned: queued - answeredWithin15 };
    return { ...counts, fromMs: nth * 900_000, seatsMs: 4 * 900_000, busyMs: nth * 900_000 };
  };
  const rowsOf = (count: number) => {
    const quarters = Array.from({ length: count }, (_, nth) => quarter(nth % 4, 10 - (nth % 4), 4, nth % 4));
    return chart(quarters, 0).trimEnd().split('\n').slice(1);
  };
  expect(
    chart([quarter(0, 8, 5, 4), quarter(1, 3, 3, 0), quarter(2, 0, 0, 0)], 0)
      .split('\n')
      .slice(1),
  ).toEqual([
    `  00:00       8  ${'█'.repeat(32)}    80.0%       1          0/4`,
    `  00:15       3  ${'█'.repeat(12).padEnd(32)}     0.0%       3          1/4`,
    `  00:30       0  ${''.padEnd(32)}        —       0          2/4`,
    '',
  ]);
  expect(rowsOf(100)).toHaveLength(100);
  expect(rowsOf(101)).toHaveLength(51);
  expect(rowsOf(201)).toHaveLength(51);
  expect(rowsOf(204)[0]).toBe(`  00:00      34  ${'█'.repeat(32)}    37.5%      10          2/4`);
});

test('programs and people read the same of a day: who was answered, how soon, and who was lost', () => {
  const total = {
    ...noCounts(),
    inbound: 40,
    selfServed: 4,
    queued: 32,
    answered: 30,
    answeredWithin15: 27,
    abandoned: 2,
  };
  const counts = { ...total, waitedMs: 123_456, handled: 30, handlingMs: 5_400_000 };
  const byQueue = new Map([['personal', counts]]);
  const figures = { total: counts, byQueue, quarters: [], outcomes: new Map(), waitsMs: new Float64Array() };
  expect(summary(figures)).toEqual({ answered: 30, abandoned: 2, within15s: 27, serviceLevel15: 0.8438, asaMs: 4_115 });
  expect(queueTable(figures)).toBe('  personal         32 排队 queued · 30 接听 answered · 84.38 % ≤ 15 s · 4.1 s\n');
  const table = measureTable(counts).split('\n');
  expect(table).toContain('     84.38 %  服务水平 within 15 s of those queued  (27 / 32)');
  expect(table).toContain('      6.25 %  呼损率 abandoned  (2 / 32)');
  expect(table).toContain('    180.00 s  平均处理时长 average handling time  (5400 s / 30)');
  const waiting = { serviceLevel: 0.5, asaMs: 1_234, abandoned: 0.125 };
  expect(formulaLine('Erlang A', waiting)).toBe('  Erlang A: 50.00 % ≤ 15 s   ASA 1.2 s   放弃 abandoned 12.50 %\n');
  expect(formulaLine('Erlang C', { ...waiting, abandoned: 0 })).toBe('  Erlang C: 50.00 % ≤ 15 s   ASA 1.2 s\n');
});

test('where call-backs make the connect rates of two days of unlike kinds, that is said', () => {
  const without = noCounts();
  expect(callBackLine(without, without)).toBe('');
  expect(callBackLine({ ...without, callbacks: 3 }, without)).toMatch(/实际 3，仿真 0.*3 as it was, 0 simulated/s);
});

/** Into a journal in the test's folder. */
async function play(day: Day) {
  const entries: Entry[] = [];
  const keep = (event: Event, commands: Entry['commands']): void => {
    entries.push({ seq: entries.length + 1, atMs: event.atMs, event: { ...event }, commands });
  };
  const { figures } = playDay(day, { entry: keep });
  const { journal } = await openJournal({ folder, segmentBytes: SEGMENT_BYTES }, () => {});
  await journal.append(entries);
  await journal.close();
  return figures;
}

test('a journal is played again: under its own rules the same comes of it', async () => {
  const figures = await play(
    plainDay({ rate: 300 / 3_600_000, ahtMs: 60_000, seats: 5, patienceMs: 60_000, hours: 1, seed: 4 }),
  );
  const told = JSON.parse((await run('--journal', folder, '--json')).text);
  expect(told.recorded).toMatchObject({
    answered: figures.total.answered,
    abandoned: figures.total.abandoned,
    within15s: figures.total.answeredWithin15,
  });
  expect(told.simulated).toEqual(told.recorded);
  const changed = await run('--journal', folder, '--city', 'dialplans');
  expect(changed.status).toBe(0);
  expect(changed.text).toContain('仿真 simulated: dialplans');
  expect((await run('--journal', join(folder, 'nowhere'))).status).toBe(1);
});

const minute = (nth: number): number => DAY_START_MS + nth * 60_000;

test('a journal is played again in the modes of operation that its days had', async () => {
  const day = plainDay({ rate: 300 / 3_600_000, ahtMs: 60_000, seats: 5, patienceMs: 60_000, hours: 1, seed: 4 });
  const modes = { emergency: { queues: { queue: { waitingMax: 0 } } } };
  const figures = await play({
    ...day,
    settings: { ...day.settings, modes },
    modes: [
      { atMs: minute(20), mode: 'emergency' },
      { atMs: minute(40), mode: 'normal' },
    ],
  });
  expect(figures.outcomes.get('ended')).toBeGreaterThan(10);
  const told = JSON.parse((await run('--journal', folder, '--json')).text);
  expect(told.simulated).toEqual(told.recorded);
});

test('a journal is played again with its sites as they were', async () => {
  const day = plainDay({ rate: 240 / 3_600_000, ahtMs: 60_000, seats: 6, patienceMs: Infinity, hours: 1, seed: 4 });
  const agents = day.settings.agents.map((agent, nth) => (nth < 2 ? { ...agent, site: 'sub' } : agent));
  const sites = [{ id: 'sub', name: 'sub', kind: 'subCentre' }] as const;
  const rules = { ...day, settings: { ...day.settings, agents, sites } };
  const down = await play({
    ...rules,
    sites: [
      { atMs: minute(10), site: 'sub', status: 'down' },
      { atMs: minute(50), site: 'sub', status: 'open' },
    ],
  });
  expect(down.total.waitedMs).toBeGreaterThan(1.5 * playDay(rules).figures.total.waitedMs);
  const told = JSON.parse((await run('--journal', folder, '--json')).text);
  expect(told.simulated).toEqual(told.recorded);
});
