import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { quiet } from '../../src/cli/simulate/city-day.ts';
import type { AgentState, Command, RecordFact } from '../../src/core/command.ts';
import { agentId, contactId, legId } from '../../src/core/ids.ts';
import type { Settings } from '../../src/core/settings.ts';
import { Clock } from '../../src/sim/clock.ts';
import { asaMs, serviceLevel15 } from '../../src/sim/counts.ts';
import { Desks } from '../../src/sim/desks.ts';
import { drawPhones } from '../../src/sim/draw.ts';
import { fixed } from '../../src/sim/duration.ts';
import { erlangA, erlangC } from '../../src/sim/erlang.ts';
import type { SetByLeads } from '../../src/sim/leads.ts';
import { playLine } from '../../src/sim/line.ts';
import type { Caller } from '../../src/sim/people.ts';
import { plainDay } from '../../src/sim/plain-line.ts';
import { playDay } from '../../src/sim/simulate.ts';
import { erlangDay, seatsFor, shareWithin } from '../../src/sim/staffing.ts';

const perHour = (calls: number) => calls / 3_600_000;
const START_MS = Date.UTC(2025, 11, 1, 2);

test('the hotline agrees with Erlang C on the three sizings of the domain guide, within two points', () => {
  const sizings = [
    [960, 67],
    [960, 65],
    [2_880, 184],
    [28_274 * 0.12, 215],
  ] as const;
  for (const [calls, seats] of sizings) {
    const load = { rate: perHour(calls), ahtMs: 210_000, seats };
    const { total } = playDay(plainDay({ ...load, patienceMs: Infinity, hours: 8, seed: 7 })).figures;
    expect(Math.abs(serviceLevel15(total)! - erlangC(load, 15_000).serviceLevel)).toBeLessThan(0.02);
    expect(total.answered).toBe(Math.round(calls * 8));
    expect(total.abandoned).toBe(0);
  }
}, 120_000);

test('with impatient callers the hotline agrees with Erlang A', () => {
  const load = { rate: perHour(960), ahtMs: 210_000, seats: 56 };
  const { total } = playDay(plainDay({ ...load, patienceMs: 180_000, hours: 16, seed: 7 })).figures;
  const formula = erlangA(load, 180_000, 15_000);
  expect(Math.abs(serviceLevel15(total)! - formula.serviceLevel)).toBeLessThan(0.02);
  expect(total.abandoned / total.queued).toBeCloseTo(formula.abandoned, 1);
  expect(Math.abs(asaMs(total)! / formula.asaMs! - 1)).toBeLessThan(0.1);
}, 120_000);

test('[Q1][Q3][O7] call by call the hotline serves as a bare first-come line does, whoever leaves', () => {
  const lines = fc.record({
    seats: fc.integer({ min: 1, max: 12 }),
    ahtMs: fc.integer({ min: 1_000, max: 300_000 }),
    load: fc.double({ min: 0.2, max: 2.5, noNaN: true }),
    patienceMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1_000, max: 400_000 })),
    seed: fc.nat(1_000_000),
  });
  fc.assert(
    fc.property(lines, ({ seats, ahtMs, load, patienceMs, seed }) => {
      const rate = (seats / ahtMs) * load;
      const drawn = plainDay({ rate, ahtMs, seats, patienceMs, hours: 200 / rate / 3_600_000, seed });
      // Nobody leaves in the very millisecond in which a seat becomes free: which comes first would be anybody's guess.
      const even = (valueMs: number) => Math.floor(valueMs / 2) * 2;
      const callers = [...drawn.callers].map((one) => ({
        ...one,
        atMs: even(one.atMs),
        talkMs: even(one.talkMs) + 2,
        patienceMs: even(one.patienceMs) + 1,
      }));
      const day = { ...drawn, callers };
      const { total } = playDay(day).figures;
      const bare = playLine(
        seats,
        day.callers.map(({ atMs }) => atMs),
        (nth) => day.callers[nth]!.talkMs,
        (nth) => day.callers[nth]!.patienceMs,
      );
      expect(total).toMatchObject(bare);
      expect(total.answered + total.abandoned).toBe(day.callers.length);
    }),
    { numRuns: 40, seed: 12_345 },
  );
}, 120_000);

test('[E1] the same seed plays the same day, another seed another', () => {
  const play = (seed: number) =>
    JSON.stringify(
      playDay(plainDay({ rate: perHour(600), ahtMs: 200_000, seats: 34, patienceMs: 90_000, hours: 2, seed })).figures
        .quarters,
    );
  expect(play(3)).toBe(play(3));
  expect(play(3)).not.toBe(play(4));
});

test('who calls is the same however often and in whatever order it is asked', () => {
  const { callers } = plainDay({
    rate: perHour(300),
    ahtMs: 100_000,
    seats: 12,
    patienceMs: 60_000,
    hours: 1,
    seed: 5,
  });
  const all = [...callers];
  expect(all).toHaveLength(callers.length);
  expect(all.toReversed()).toEqual(all.map((_, nth) => callers.at(callers.length - 1 - nth)));
  expect(all.map(({ atMs }) => atMs)).toEqual(all.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  expect(callers.at(callers.length)).toBeUndefined();
});

test('the figure of a day hardly depends on its seed', () => {
  const load = { rate: perHour(960), ahtMs: 210_000, seats: 67 };
  const expected = erlangC(load, 15_000).serviceLevel;
  const levels = Array.from({ length: 20 }, (_, seed) => {
    const callers = [...plainDay({ ...load, patienceMs: Infinity, hours: 8, seed }).callers];
    const line = playLine(
      67,
      callers.map(({ atMs }) => atMs),
      (nth) => callers[nth]!.talkMs,
      () => Infinity,
    );
    return line.answeredWithin15 / callers.length;
  });
  expect(levels.filter((level) => Math.abs(level - expected) > 0.02)).toEqual([]);
}, 120_000);

/** The city's own rules with these seats. */
function cityRules(seats: Readonly<Record<string, readonly string[]>>): Settings {
  const city = loadCity('dialplans');
  if (!city.ok) throw new Error('the city folder is broken');
  const agents = Object.entries(seats).map(([name, skills], nth) => ({
    id: agentId(name),
    number: `${1001 + nth}`,
    sipUser: `${1001 + nth}`,
    skills: Object.fromEntries(skills.map((skill) => [skill, 3])),
  }));
  return quiet({ ...city.city.settings, version: 'test', agents });
}

const caller = (from: string, atMs: number, keys: readonly string[], talkMs: number, more: Partial<Caller> = {}) => ({
  from,
  dialled: '12345',
  atMs: START_MS + atMs,
  keys,
  keyAfterMs: 0,
  menuPatienceMs: Infinity,
  patienceMs: Infinity,
  talkMs,
  talkEndedBy: 'citizen' as const,
  wrapUpMs: 0,
  ...more,
});

function playScene(settings: Settings, callers: readonly Caller[]) {
  const facts: (RecordFact & { readonly atMs: number })[] = [];
  const shifts = settings.agents.map(({ id }) => ({ agent: id, fromMs: START_MS - 1_000, toMs: Infinity }));
  const keep = (atMs: number, commands: readonly Command[]): void => {
    for (const command of commands) if (command.do === 'record-fact') facts.push({ ...command, atMs });
  };
  const played = playDay(
    { settings, callers, shifts, phones: drawPhones({ after: fixed(0), declined: 0, missed: 0 }, 1) },
    { entry: (event, commands) => keep(event.atMs, commands) },
  );
  return { played, facts };
}

test('A6: an enterprise caller on key 2 waits twelve seconds for a seat of that skill, whoever else is free', () => {
  const settings = cityRules({ personal: ['personal'], enterprise: ['enterprise'] });
  const { played, facts } = playScene(settings, [
    caller('13800000001', 0, ['2'], 60_000),
    caller('13800000002', 48_000, ['2'], 30_000),
  ]);
  const talks = facts.filter((fact) => fact.fact === 'talkStarted');
  expect(talks.map(({ agent, atMs }) => [agent, atMs - START_MS])).toEqual([
    ['enterprise', 0],
    ['enterprise', 60_000],
  ]);
  expect([...played.figures.byQueue.keys()]).toEqual(['enterprise']);
  expect([...played.figures.waitsMs]).toEqual([0, 12_000]);
  expect(played.figures.total).toMatchObject({ queued: 2, answered: 2, answeredWithin15: 2 });
});

test('[F3][F4] no key and a second wrong key lead to queue personal, a key 2 after a wrong one to queue enterprise', () => {
  const settings = cityRules({ ana: ['personal'], eva: ['enterprise'] });
  const { facts } = playScene(settings, [
    caller('1', 0, [''], 1_000),
    caller('2', 60_000, ['7', '9'], 1_000),
    caller('3', 120_000, ['7', '2'], 1_000),
  ]);
  const queues = facts.filter((fact) => fact.fact === 'waitStarted').map(({ queue }) => queue);
  expect(queues).toEqual(['personal', 'personal', 'enterprise']);
});

test('notes, declined and missed calls keep agents as long as they say, and nobody is lost', () => {
  const day = plainDay({ rate: perHour(300), ahtMs: 100_000, seats: 12, patienceMs: 60_000, hours: 4, seed: 5 });
  const phones = drawPhones({ after: { meanMs: 3_000, shape: 'lognormal' }, declined: 0.05, missed: 0.05 }, 5);
  const queues = Object.values(day.settings.queues).map((queue) => [queue.name, { ...queue, wrapUpMs: 120_000 }]);
  const settings = { ...day.settings, queues: Object.fromEntries(queues) };
  const callers = [...day.callers].map((one) => ({ ...one, wrapUpMs: 20_000 }));
  const { total, outcomes } = playDay({ ...day, settings, callers, phones }).figures;
  expect(total.answered + total.abandoned).toBe(1_200);
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(1_200);
  const talked = total.handlingMs / total.handled;
  expect(talked).toBeGreaterThan(115_000);
  expect(talked).toBeLessThan(125_000);
});

test('an agent is back half a minute after being set aside, and after the notes; not when it went home or was asked for since', () => {
  const clock = new Clock(0);
  const asked: unknown[] = [];
  const notes = caller('1', 0, [], 1_000, { wrapUpMs: 7_000 });
  const desks = new Desks(
    clock,
    (event) => asked.push([event.type === 'agentStateAsked' && event.state, event.atMs]),
    () => notes,
  );
  const ana = agentId('ana');
  const sees = (atMs: number, state: AgentState) =>
    clock.at(atMs, () => desks.see({ fact: 'agentState', agent: ana, state }));
  desks.begin([{ agent: ana, fromMs: 1_000, toMs: 200_000 }]);
  sees(10_000, 'notReady');
  clock.at(50_000, () =>
    desks.see({ fact: 'talkStarted', contact: contactId('C'), agent: ana, citizenLeg: legId('call-1') }),
  );
  sees(60_000, 'wrapUp');
  sees(100_000, 'notReady');
  sees(110_000, 'ready');
  sees(190_000, 'notReady');
  while (clock.size > 0) clock.next();
  expect(asked).toEqual([
    ['ready', 1_000],
    ['ready', 40_000],
    ['ready', 67_000],
    ['offline', 200_000],
  ]);
  expect(desks.isOnDuty(ana)).toBe(false);
});

test('a day on which no phone is ever picked up ends, though callers never hang up: they are not served', () => {
  const day = plainDay({ rate: perHour(100), ahtMs: 60_000, seats: 5, patienceMs: Infinity, hours: 3, seed: 4 });
  const lastMs = day.callers.at(299)!.atMs;
  for (const habits of [
    { declined: 1, missed: 0 },
    { declined: 0, missed: 1 },
  ]) {
    const phones = drawPhones({ after: { meanMs: 2_000, shape: 'lognormal' }, ...habits }, 4);
    const { figures, endMs } = playDay({ ...day, phones });
    expect(figures.total).toMatchObject({ inbound: 300, queued: 300, answered: 0, abandoned: 0 });
    expect(figures.outcomes).toEqual(new Map());
    expect(endMs - lastMs).toBeLessThan(3 * 3_600_000);
  }
});

test('a day on which nobody is served lasts to its last change of mode, of site, and of shift', () => {
  const settings = cityRules({ personal: ['personal'] });
  const phones = drawPhones({ after: fixed(1_000), declined: 1, missed: 0 }, 1);
  const callers = [caller('1', 0, ['1'], 1_000)];
  const lateMs = START_MS + 10 * 3_600_000;
  const endMs = (toMs: number, leads: SetByLeads = {}) =>
    playDay({ settings, callers, shifts: [{ agent: agentId('personal'), fromMs: START_MS, toMs }], phones, ...leads })
      .endMs;
  expect(endMs(Infinity)).toBeLessThan(lateMs);
  expect(endMs(Infinity, { modes: [{ atMs: lateMs, mode: 'holiday' }] })).toBeGreaterThanOrEqual(lateMs);
  expect(endMs(Infinity, { sites: [{ atMs: lateMs, site: 'sub', status: 'down' }] })).toBeGreaterThanOrEqual(lateMs);
  expect(endMs(lateMs)).toBeGreaterThanOrEqual(lateMs);
});

test('a day goes on as long as anybody talks, writes notes, comes later or may still leave', () => {
  const settings = cityRules({ personal: ['personal'] });
  const queues = Object.entries(settings.queues).map(([name, queue]) => [name, { ...queue, wrapUpMs: 12 * 3_600_000 }]);
  const rules = { ...settings, queues: Object.fromEntries(queues) };
  const long = 5 * 3_600_000;
  const talked = [caller('1', 0, ['1'], long), caller('2', 1_000, ['1'], 1_000), caller('3', 2_000, ['1'], 1_000)];
  const noted = talked.map((one) => ({ ...one, talkMs: 1_000, wrapUpMs: long }));
  for (const callers of [talked, noted]) {
    expect(playScene(rules, callers).played.figures.outcomes).toEqual(new Map([['answered', 3]]));
  }
  const patient = caller('1', 0, ['1'], 1_000, { patienceMs: long });
  const phones = drawPhones({ after: fixed(1_000), declined: 1, missed: 0 }, 1);
  const shift = (fromMs: number) => [{ agent: agentId('personal'), fromMs, toMs: Infinity }];
  const left = playDay({ settings: rules, callers: [patient], shifts: shift(START_MS), phones });
  expect(left.figures.outcomes).toEqual(new Map([['abandonedInQueue', 1]]));
  const late = { settings: rules, callers: [caller('1', 0, ['1'], 1_000)], shifts: shift(START_MS + long) };
  const answered = playDay({ ...late, phones: drawPhones({ after: fixed(0), declined: 0, missed: 0 }, 1) });
  expect(answered.figures.outcomes).toEqual(new Map([['answered', 1]]));
});

test('a day goes on for a caller whom nobody may serve before half an hour is over', () => {
  const settings = cityRules({ ana: ['personal'] });
  const enterprise = [
    { untilMs: 1_800_000, needs: { skill: 'enterprise', level: 1 } },
    { untilMs: null, needs: { all: [] } },
  ];
  const rules = { ...settings, plans: { ...settings.plans, enterprise } };
  const { played } = playScene(rules, [caller('1', 0, ['2'], 1_000)]);
  expect([...played.figures.waitsMs]).toEqual([1_800_000]);
});

test('a day on which nobody was served for hours goes on with its last call or shift: it is answered, or leaves', () => {
  const settings = cityRules({ personal: ['personal'] });
  const hours = (count: number) => count * 3_600_000;
  const shift = (fromMs: number) => [{ agent: agentId('personal'), fromMs: START_MS + fromMs, toMs: Infinity }];
  const early = [0, hours(2)].map((atMs, nth) => caller(`${nth}`, atMs, ['1'], 1_000));
  const late = { settings, callers: early, shifts: shift(hours(5)) };
  const answered = playDay({ ...late, phones: drawPhones({ after: fixed(2_000), declined: 0, missed: 0 }, 1) });
  expect(answered.figures.outcomes).toEqual(new Map([['answered', 2]]));
  const callers = [0, hours(4)].map((atMs, nth) => caller(`${nth}`, atMs, ['1'], 1_000, { patienceMs: hours(5) }));
  const phones = drawPhones({ after: fixed(1_000), declined: 1, missed: 0 }, 1);
  const left = playDay({ settings, callers, shifts: shift(0), phones });
  expect(left.figures.outcomes).toEqual(new Map([['abandonedInQueue', 2]]));
  // Who presses no key comes to the queue, and to the patience for it, some seconds after the call; some phone is declined in every one.
  const noKey = [caller('0', 0, ['1'], 1_000, { patienceMs: 1 }), { ...callers[1]!, keys: [''] }];
  const many = cityRules(Object.fromEntries(Array.from({ length: 60 }, (_, nth) => [`agent${nth}`, ['personal']])));
  const shifts = many.agents.map(({ id }) => ({ agent: id, fromMs: START_MS, toMs: Infinity }));
  const last = playDay({ settings: many, callers: noKey, shifts, phones });
  expect(last.figures.outcomes).toEqual(new Map([['abandonedInQueue', 2]]));
});

test('a day begins with its first call or shift; one without either is over at once', () => {
  const settings = cityRules({ personal: ['personal'] });
  const phones = drawPhones({ after: fixed(0), declined: 0, missed: 0 }, 1);
  const began = (callers: readonly Caller[], fromMs: number[]) => {
    const times: number[] = [];
    const shifts = fromMs.map((atMs) => ({ agent: agentId('personal'), fromMs: START_MS + atMs, toMs: Infinity }));
    const { endMs } = playDay({ settings, callers, shifts, phones }, { entry: ({ atMs }) => times.push(atMs) });
    return { times, endMs };
  };
  const call = [caller('1', 5_000, ['1'], 1_000)];
  expect(began(call, [9_000]).times[0]).toBe(START_MS + 5_000);
  expect(began(call, [1_000, 3_000]).times[0]).toBe(START_MS + 1_000);
  expect(began([], [])).toEqual({ times: [0, 0, 0], endMs: 0 });
});

test('a mode brought into force in the middle of a day changes its rules from then on', () => {
  const day = plainDay({ rate: perHour(60), ahtMs: 60_000, seats: 1, patienceMs: Infinity, hours: 2, seed: 1 });
  const [name] = Object.keys(day.settings.queues);
  const modes = { emergency: { queues: { [name!]: { waitingMax: 0 } } } };
  const { atMs } = day.callers.at(60)!;
  const changed = { ...day, settings: { ...day.settings, modes }, modes: [{ atMs, mode: 'emergency' as const }] };
  const { outcomes } = playDay(changed).figures;
  expect(playDay(day).figures.outcomes).toEqual(new Map([['answered', 120]]));
  expect(outcomes.get('ended')).toBeGreaterThan(30);
});

test('the fewest seats for a target reach it, and one less does not', () => {
  const play = (seats: number) =>
    playDay(plainDay({ rate: perHour(480), ahtMs: 180_000, seats, patienceMs: Infinity, hours: 4, seed: 2 })).figures;
  const target = { share: 0.9, withinMs: 20_000 };
  const found = seatsFor(target, 24, play)!;
  expect(shareWithin(found.figures, 20_000)).toBeGreaterThanOrEqual(0.9);
  expect(shareWithin(play(found.seats - 1), 20_000)).toBeLessThan(0.9);
  // A day by the formula, quarter hour by quarter hour, is near the same.
  expect(erlangDay(found.figures, Infinity, 20_000)!.serviceLevel).toBeGreaterThan(0.8);
});
