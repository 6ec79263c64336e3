import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { makeWav } from '../../src/city/wav.ts';
import { SHIPPED, ShippedCopy } from './shipped-copy.ts';

const city = new ShippedCopy();

describe('the shipped city folder', () => {
  test('has one main platform, eight sub-platforms and two sub-centres, and plans that end with anybody', () => {
    const result = loadCity(SHIPPED);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { sites, plans, queues } = result.city.settings;
    const kinds = sites!.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['main', ...Array(2).fill('subCentre'), ...Array(8).fill('subPlatform')]);
    expect(queues['enterprise']?.plan).toBe('enterprise');
    for (const steps of Object.values(plans!))
      expect(steps.at(-1)).toMatchObject({ untilMs: null, needs: { all: [] } });
  });

  test('has no file by a name that nothing reads: grades.yaml misspelt would be no grades at all', () => {
    renameSync(city.path('grades.yaml'), city.path('grade.yaml'));
    writeFileSync(city.path('modes.yml'), '');
    expect(city.problems()).toMatchObject([
      {
        file: 'grade.yaml',
        line: 1,
        message: expect.stringContaining('Nothing reads this file'),
        fix: expect.stringContaining('grades.yaml'),
      },
      { file: 'modes.yml', line: 1 },
    ]);
  });

  test.each([
    ['flows/other.yml', /flow ends with \.yaml|with \.yaml in small letters/],
    ['flows/OTHER.YAML', /\.yaml in small letters/],
    ['GRADES.YAML', /grades\.yaml/],
  ])('%s is told of: nothing reads it', (file, fix) => {
    writeFileSync(city.path(file), '');
    expect(city.problems()).toMatchObject([
      { file, message: expect.stringContaining('Nothing reads'), fix: expect.stringMatching(fix) },
    ]);
  });

  test("an editor's or a system's hidden files are none of ours", () => {
    for (const file of ['.#queues.yaml', '._queues.yaml', 'flows/._hotline.yaml']) writeFileSync(city.path(file), '');
    expect(city.problems()).toEqual([]);
  });

  test('the file of the channels may stand there by another name', () => {
    const file = city.path('channels-city.yaml');
    writeFileSync(file, '');
    expect(city.problems()).toHaveLength(1);
    expect(loadCity(city.folder, file).ok).toBe(true);
    symlinkSync(city.folder, `${city.folder}-link`);
    expect(loadCity(city.folder, `${city.folder}-link/channels-city.yaml`).ok).toBe(true);
    rmSync(`${city.folder}-link`);
  });

  test('a link that leads nowhere is a file that cannot be read, not one that is left out', () => {
    rmSync(city.path('grades.yaml'));
    symlinkSync('/nowhere/grades.yaml', city.path('grades.yaml'));
    expect(city.problems()).toMatchObject([{ file: 'grades.yaml' }]);
  });

  test("a mistake in what 12345's known callers go through is told once, where it stands", () => {
    const line = city.plant('flows/hotline.yaml', 'BLK-02', 'BLK-99');
    expect(city.problems()).toMatchObject([{ file: 'flows/hotline.yaml', line }]);
  });

  test('is still whole when the benchmarks make one queue of it', async () => {
    const bench = new URL('../bench/one-queue-hotline.mjs', import.meta.url).href;
    const { writeCity } = (await import(bench)) as { writeCity: (city: string, seats: number) => string };
    expect(loadCity(writeCity(city.folder, 3))).toMatchObject({
      ok: true,
      city: { settings: { lines: { 12345: 'hotline' } } },
    });
  });

  test('reminds the citizen of a chat, closes it and tells a lead by times of its own; a reminder after the close is a mistake', () => {
    const result = loadCity(SHIPPED);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { chat, mail } = result.city.settings.slots!.media;
    expect(chat).toMatchObject({ remindMs: 300_000, closeMs: 600_000, answerMs: 180_000 });
    expect(Object.keys(mail!).sort()).toEqual(['answerMs', 'boundMs', 'offerMs', 'reopenMs', 'waitingMax', 'wrapUpMs']);
    expect(mail?.answerMs).toBe(86_400_000);
    expect([chat?.reopenMs, mail?.reopenMs]).toEqual([86_400_000, 2_592_000_000]);
    const file = city.path('slots.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('closeAfter: 10m', 'closeAfter: 5m'));
    const wrong = loadCity(city.folder);
    expect(wrong.ok ? [] : wrong.problems.map(({ message }) => message).join()).toContain('closeAfter');
    writeFileSync(file, readFileSync(file, 'utf8').replace('offer: 60s', 'offer: 60s, closeAfter: 5m'));
    const mailIdle = loadCity(city.folder);
    expect(mailIdle.ok ? 0 : mailIdle.problems.length).toBe(2);
  });

  test('loads with six seats, three queues, both digests and the hotline on 12345', () => {
    const result = loadCity(SHIPPED);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { settings, seats, trunks } = result.city;
    expect(result.city.connectLimits).toEqual({ alarmPercent: 95, targetPercent: 98, callsMin: 20 });
    expect(settings.lines).toMatchObject({ '12345': 'hotline' });
    expect(Object.keys(settings.queues)).toEqual(['personal', 'enterprise', 'english']);
    expect(Object.values(settings.queues).map(({ returnMs }) => returnMs)).toEqual([30_000, 30_000, 30_000]);
    expect(seats.map((seat) => Object.keys(seat.skills).join('+')).sort()).toEqual([
      'enterprise',
      'enterprise',
      'personal',
      'personal',
      'personal',
      'personal+enterprise',
    ]);
    expect(seats.some((seat) => seat.digest === 'sha256')).toBe(true);
    expect(trunks).toMatchObject([{ name: 'local', from: ['127.0.0.0/8', '::1/128'] }]);
    expect(trunks[0]?.numbers[0]).toBe('12345');
    expect(settings.hours?.['always']?.week).toEqual(Array(7).fill([{ fromMinute: 0, toMinute: 1440 }]));
    expect(Object.keys(settings.workdays ?? {})).toEqual(['2023', '2024', '2025', '2026']);
  });

  test('asks as the hotline must: 1 personal, 2 enterprise, 8 English, 0 personal, * again, a wrong key once more, three seconds of silence to a person', () => {
    const result = loadCity(SHIPPED);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.city.settings.flows['hotline']?.steps['menu']).toEqual({
      kind: 'ask',
      opening: ['GRT-01', 'REC-01'],
      prompts: ['MNU-02'],
      choose: { '0': 'anybody', '1': 'personal', '2': 'enterprise', '8': 'english', '*': 'menu' },
      waitMs: 3_000,
      none: 'noKey',
      wrongPrompts: ['MNU-05'],
      wrongMax: 1,
      wrong: 'anybody',
    });
    expect(result.city.settings.flows['hotline']?.known?.direct).toEqual({
      step: 'direct',
      callers: ['elder', 'urgent', 'repeat'],
      repeatHeadStartMs: 30_000,
    });
    expect(result.city.settings.flows['hotline']?.steps['anybody']).toMatchObject({
      queue: 'personal',
      plan: 'anybody',
    });
  });
});

test('a city does without the menu as the file says: everybody hears the greeting and waits for a person', () => {
  city.plant('flows/hotline.yaml', 'start: menu', 'start: direct');
  city.plant('flows/hotline.yaml', 'say: [GRT-01, REC-01]', 'say: [GRT-01, REC-01, DIR-01]');
  expect(city.problems()).toEqual([]);
});

describe('the language key', () => {
  test('is left out as the file says: MNU-01, no key 8, no step english', () => {
    city.plant('flows/hotline.yaml', 'ask: [MNU-02]', 'ask: [MNU-01]');
    city.plant('flows/hotline.yaml', ' "8": english,', '');
    city.plant('flows/hotline.yaml', '  english:\n    queue: english\n', '');
    expect(city.problems()).toEqual([]);
  });

  test('needs every word that the program says in English: a place read in half is understood by nobody', () => {
    city.plant('prompts.yaml', '  NUM-13: { text: thirteen }\n', '');
    const line = city.lineOf('queues.yaml', '  english: {');
    expect(city.problems()).toMatchObject([
      {
        file: 'queues.yaml',
        line,
        message: expect.stringContaining('NUM-13'),
        fix: expect.stringContaining('english'),
      },
    ]);
  });

  test('takes what the city has not put into English in Chinese', () => {
    city.plant('prompts.yaml', '  HOL-01: { text: Happy holidays. 1 2 3 4 5 is here for you around the clock. }\n', '');
    expect(city.problems()).toEqual([]);
  });

  test('is there in English alone', () => {
    city.plant('queues.yaml', 'language: en', 'language: fr');
    expect(city.problems()).toMatchObject([{ file: 'queues.yaml', fix: expect.stringContaining('en') }]);
  });

  test('a message takes as long as the longer of its languages', () => {
    writeFileSync(city.path('prompts/QUE-04.en.wav'), makeWav(new Int16Array(72_000)));
    const result = loadCity(city.folder);
    expect(result.ok && result.city.settings.messages?.['citizen']?.[0]?.lastsMs).toBe(9_000);
  });
});

describe("an operator's recording", () => {
  test('replaces ours by its file name, and is measured', () => {
    writeFileSync(city.path('prompts/GRT-01.wav'), makeWav(new Int16Array(16_000)));
    const result = loadCity(city.folder);
    expect(result.ok && result.city.recordings['GRT-01']?.durationMs).toBe(2_000);
  });

  test('of another format is named with the format found and the one wanted', () => {
    const stereo = makeWav(new Int16Array(16_000), 2);
    writeFileSync(city.path('prompts/GRT-01.wav'), stereo);
    const [problem] = city.problems();
    expect(problem?.file).toBe('prompts.yaml');
    expect(problem?.message).toMatch(/PCM 8000 Hz, 2 channel/);
    expect(problem?.fix).toMatch(/sox .* -r 8000 -c 1 -b 16 GRT-01\.wav/);
  });

  test('that is no sound at all is named too', () => {
    writeFileSync(city.path('prompts/GRT-01.wav'), 'not a sound');
    expect(city.problems()[0]?.message).toMatch(/not RIFF/);
  });

  test('so long that the menu comes after twelve seconds is refused', () => {
    writeFileSync(city.path('prompts/GRT-01.wav'), makeWav(new Int16Array(8_000 * 8)));
    const message = expect.stringContaining('more than 12 s');
    expect(city.problems()).toMatchObject([
      { file: 'flows/emergency.yaml', message },
      { file: 'flows/hotline.yaml', message },
    ]);
  });
});

test('no text whatever in any file makes the loader throw', () => {
  for (const text of [
    '',
    '[]',
    '42',
    '*x',
    '&a [*a]',
    '? {a: b}\n: c',
    '{seats: {prompts: [null, ~]}}',
    '\u0000',
    '__proto__: {}',
    'a: 1\na: 2',
    '%YAML 9\n---\n- !!map x',
  ]) {
    for (const file of [
      'prompts.yaml',
      'queues.yaml',
      'seats.yaml',
      'trunks.yaml',
      'hours.yaml',
      'workdays.yaml',
      'messages.yaml',
      'hotlines.yaml',
      'flows/hotline.yaml',
    ]) {
      writeFileSync(city.path(file), text);
      expect(loadCity(city.folder).ok, `${file}: ${text}`).toBe(false);
      cpSync(join(SHIPPED, file), city.path(file));
    }
  }
});
