import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CityProblem } from '../../src/city/city.ts';
import { loadCity } from '../../src/city/load.ts';
import { makeWav } from '../../src/city/wav.ts';

const SHIPPED = new URL('../../dialplans/', import.meta.url).pathname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-city-'));
  cpSync(SHIPPED, folder, { recursive: true, dereference: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

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

  test('is still whole when the benchmarks make one queue of it', async () => {
    const bench = new URL('../bench/one-queue-hotline.mjs', import.meta.url).href;
    const { writeCity } = (await import(bench)) as { writeCity: (city: string, seats: number) => string };
    expect(loadCity(writeCity(folder, 3))).toMatchObject({
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
    const file = join(folder, 'slots.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('closeAfter: 10m', 'closeAfter: 5m'));
    const wrong = loadCity(folder);
    expect(wrong.ok ? [] : wrong.problems.map(({ message }) => message).join()).toContain('closeAfter');
    writeFileSync(file, readFileSync(file, 'utf8').replace('offer: 60s', 'offer: 60s, closeAfter: 5m'));
    const mailIdle = loadCity(folder);
    expect(mailIdle.ok ? 0 : mailIdle.problems.length).toBe(2);
  });

  test('loads with six seats, two queues, both digests and the hotline on 12345', () => {
    const result = loadCity(SHIPPED);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { settings, seats, trunks } = result.city;
    expect(result.city.connectLimits).toEqual({ alarmPercent: 95, targetPercent: 98, callsMin: 20 });
    expect(settings.lines).toMatchObject({ '12345': 'hotline' });
    expect(Object.keys(settings.queues)).toEqual(['personal', 'enterprise']);
    expect(Object.values(settings.queues).map(({ returnMs }) => returnMs)).toEqual([30_000, 30_000]);
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

  test('asks as the hotline must: 1 personal, 2 enterprise, 0 personal, a wrong key once more, three seconds of silence to a person', () => {
    const result = loadCity(SHIPPED);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(result.city.settings.flows['hotline']?.steps['menu']).toEqual({
      kind: 'ask',
      opening: ['GRT-01', 'REC-01'],
      prompts: ['MNU-01'],
      choose: { '0': 'anybody', '1': 'personal', '2': 'enterprise' },
      waitMs: 3_000,
      none: 'noKey',
      wrongPrompts: ['MNU-05'],
      wrongMax: 1,
      wrong: 'anybody',
    });
    expect(result.city.settings.flows['hotline']?.steps['anybody']).toMatchObject({
      queue: 'personal',
      plan: 'anybody',
    });
  });
});

/** One planted mistake: what to write where, and the line and words it must be answered with. */
const MISTAKES: readonly {
  readonly title: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Where the problem must be shown, when not where it was planted. */
  readonly at?: string;
  readonly says: RegExp;
  readonly fix: RegExp;
}[] = [
  {
    title: 'an unknown name',
    file: 'queues.yaml',
    find: 'wrapUp:',
    put: 'wrapup:',
    says: /"wrapup" is not a name/,
    fix: /wrapUp/,
  },
  {
    title: 'a rating that asks with a prompt that is not there',
    file: 'queues.yaml',
    find: '[RAT-01]',
    put: '[RAT-99]',
    says: /RAT-99/,
    fix: /Add it there/,
  },
  {
    title: 'a duration without its unit',
    file: 'queues.yaml',
    find: 'ring: 20s',
    put: 'ring: 20',
    says: /"20"/,
    fix: /5s to 120s/,
  },
  {
    title: 'a duration out of range',
    file: 'flows/hotline.yaml',
    find: 'wait: 3s',
    put: 'wait: 30s',
    says: /"30s"/,
    fix: /1s to 10s/,
  },
  {
    title: 'a talk kept for too long',
    file: 'queues.yaml',
    find: 'return: 30s',
    put: 'return: 10m',
    says: /"10m"/,
    fix: /0s to 300s/,
  },
  {
    title: 'a limit out of range',
    file: 'queues.yaml',
    find: 'waitingMax: 500',
    put: 'waitingMax: 0',
    says: /"0"/,
    fix: /1 to 10000/,
  },
  {
    title: 'a queue that does not exist',
    file: 'flows/hotline.yaml',
    find: 'queue: personal',
    put: 'queue: persnal',
    says: /no queue "persnal"/,
    fix: /personal, enterprise/,
  },
  {
    title: 'a step that does not exist',
    file: 'flows/hotline.yaml',
    find: 'none: noKey',
    put: 'none: noKye',
    says: /no step "noKye"/,
    fix: /menu, noKey/,
  },
  {
    title: 'a prompt that does not exist',
    file: 'flows/hotline.yaml',
    find: '[MNU-04]',
    put: '[MNU-40]',
    says: /no prompt "MNU-40"/,
    fix: /prompts.yaml/,
  },
  {
    title: 'a plan that does not exist',
    file: 'flows/hotline.yaml',
    find: 'plan: anybody',
    put: 'plan: everybody',
    says: /no plan "everybody"/,
    fix: /citizen, enterprise, anybody/,
  },
  {
    title: "a queue's plan that does not exist",
    file: 'queues.yaml',
    find: 'plan: citizen',
    put: 'plan: town',
    says: /There is no "town" in plans.yaml/,
    fix: /citizen/,
  },
  {
    title: 'a plan whose last step ends',
    file: 'plans.yaml',
    find: '{ needs: anybody, headStart: 30s }',
    put: '{ until: 90s, needs: anybody }',
    says: /every step but the last/,
    fix: /in the end/,
  },
  {
    title: 'steps that do not follow each other',
    file: 'plans.yaml',
    find: 'until: 25s, needs: personal 3',
    put: 'until: 9s, needs: personal 3',
    says: /must grow/,
    fix: /longer/,
  },
  {
    title: 'a level that nobody can have',
    file: 'plans.yaml',
    find: 'personal 3',
    put: 'personal 6',
    says: /"personal 6"/,
    fix: /least level/,
  },
  {
    title: 'a site that does not exist',
    file: 'seats.yaml',
    find: 'skills: { personal: 3 } }',
    put: 'skills: { personal: 3 }, site: sub9 }',
    says: /no "sub9"/,
    fix: /main, sub1/,
  },
  {
    title: 'a mode that there is not',
    file: 'modes.yaml',
    find: '  majorTask:',
    put: '  majorTasks:',
    says: /"majorTasks"/,
    fix: /holiday, majorTask, emergency/,
  },
  {
    title: 'a rule that proposes a mode without a condition',
    file: 'modes.yaml',
    find: '{ mode: emergency, waitingOver: 200, for: 5m }',
    put: '{ mode: emergency, for: 5m }',
    says: /no condition/,
    fix: /waitingOver or waitingUnder/,
  },
  {
    title: 'a mode with a plan that does not exist',
    file: 'modes.yaml',
    find: 'plan: anybody',
    put: 'plan: everybody',
    says: /no "everybody"/,
    fix: /citizen/,
  },
  {
    title: 'a mode with a time for a group of hotlines that there is not',
    file: 'modes.yaml',
    find: 'safety: 20s',
    put: 'safe: 20s',
    says: /no "safe"/,
    fix: /safety/,
  },
  {
    title: 'a kind of site that there is not',
    file: 'sites.yaml',
    find: 'kind: subCentre',
    put: 'kind: branch',
    says: /"branch"/,
    fix: /subPlatform, subCentre/,
  },
  {
    title: 'a connect rate above all calls',
    file: 'supervision.yaml',
    find: 'alarm: 95',
    put: 'alarm: 101',
    says: /alarm/,
    fix: /1 to 100/,
  },
  {
    title: 'a page that calls a number which nobody answers',
    file: 'web-call.yaml',
    find: 'numbers: ["12345"]',
    put: 'numbers: ["12346"]',
    says: /No flow answers the number 12346/,
    fix: /flow/,
  },
  {
    title: 'pages that may place more calls at once than a city has',
    file: 'web-call.yaml',
    find: 'atOnce: 20',
    put: 'atOnce: 0',
    says: /atOnce/,
    fix: /1 to 1000/,
  },
  {
    title: 'a number to call out that is there twice',
    file: 'dial-out.yaml',
    find: 'number: "119", name: 消防',
    put: 'number: "110", name: 消防',
    says: /110 is there twice/,
    fix: /Remove one/,
  },
  {
    title: 'a queue to serve that does not exist',
    file: 'seats.yaml',
    find: 'skills: { personal: 3 } }',
    put: 'skills: { personal: 3 }, serves: { persnal: { rank: 1 } } }',
    says: /no "persnal"/,
    fix: /personal, enterprise/,
  },
  {
    title: 'a key that no telephone has',
    file: 'flows/hotline.yaml',
    find: '"2": enterprise',
    put: '"22": enterprise',
    says: /"22" is not a key/,
    fix: /"0" to "9"/,
  },
  {
    title: 'a way back that traps the caller',
    file: 'flows/hotline.yaml',
    find: 'say: [MNU-04]\n    then: anybody',
    put: 'say: [MNU-04]\n    then: menu',
    at: 'menu:\n    opening',
    says: /come back to this step/,
    fix: /wrong\.times/,
  },
  {
    title: 'a step nobody reaches',
    file: 'flows/hotline.yaml',
    find: '"2": enterprise,',
    put: '',
    at: 'enterprise:\n    say',
    says: /No caller ever comes/,
    fix: /Remove it/,
  },
  {
    title: 'an unknown start',
    file: 'flows/hotline.yaml',
    find: 'start: menu',
    put: 'start: hello',
    says: /no step "hello"/,
    fix: /menu/,
  },
  {
    title: 'a step that does nothing',
    file: 'flows/hotline.yaml',
    find: 'personal:\n    queue: personal',
    put: 'personal:\n    {}',
    says: /does not say what to do/,
    fix: /say with then/,
  },
  {
    title: 'a skill that no queue asks for',
    file: 'seats.yaml',
    find: 'skills: { enterprise: 3 }',
    put: 'skills: { enterprize: 3 }',
    says: /No queue asks for the skill "enterprize"/,
    fix: /personal, enterprise/,
  },
  {
    title: 'a skill level out of range',
    file: 'seats.yaml',
    find: 'skills: { personal: 3 }',
    put: 'skills: { personal: 9 }',
    says: /"9"/,
    fix: /1 to 5/,
  },
  {
    title: 'an unknown digest',
    file: 'seats.yaml',
    find: 'digest: sha256',
    put: 'digest: sha1',
    says: /"sha1"/,
    fix: /md5, sha256/,
  },
  {
    title: 'a seat number used twice',
    file: 'seats.yaml',
    find: 'number: "1002"',
    put: 'number: "1001"',
    at: 'user: seat1002',
    says: /"1001" belongs to another seat/,
    fix: /not used yet/,
  },
  {
    title: 'a network that is none',
    file: 'trunks.yaml',
    find: '127.0.0.0/8',
    put: '127.0.0.0/33',
    says: /not a network/,
    fix: /10\.1\.2\.0\/24/,
  },
  {
    title: 'a trunk number that nobody answers',
    file: 'trunks.yaml',
    find: '"::1/128"], numbers: ["12345"]',
    put: '"::1/128"], numbers: ["12346"]',
    says: /No flow answers the number 12346/,
    fix: /12345/,
  },
  {
    title: 'a shift that ends before it starts',
    file: 'hours.yaml',
    find: '["00:00-24:00"]',
    put: '["13:00-12:00"]',
    says: /out of order/,
    fix: /without overlap/,
  },
  {
    title: 'a time zone that does not exist',
    file: 'hours.yaml',
    find: 'Asia/Shanghai',
    put: 'Asia/Shangri',
    says: /no time zone/,
    fix: /Asia\/Shanghai/,
  },
  {
    title: 'a merged hotline of a queue that does not exist',
    file: 'hotlines.yaml',
    find: 'queue: personal, skill: market',
    put: 'queue: persnal, skill: market',
    says: /no queue "persnal"/,
    fix: /personal, enterprise/,
  },
  {
    title: 'a merged hotline whose greeting nobody has recorded',
    file: 'hotlines.yaml',
    find: '[GRT-12318]',
    put: '[GRT-00000]',
    says: /no prompt "GRT-00000"/,
    fix: /prompts.yaml/,
  },
  {
    title: 'words of all hotlines that nobody has recorded',
    file: 'hotlines.yaml',
    find: 'closed: [CLS-01]',
    put: 'closed: [CLS-99]',
    says: /no prompt "CLS-99"/,
    fix: /prompts.yaml/,
  },
  {
    title: 'a way of merging that there is not',
    file: 'hotlines.yaml',
    find: 'mergeMode: subCentre',
    put: 'mergeMode: half',
    says: /"half"/,
    fix: /whole, dual, subCentre/,
  },
  {
    title: 'a merged hotline with the number of a flow',
    file: 'hotlines.yaml',
    find: 'number: "12318"',
    put: 'number: "12345"',
    at: 'number: "12345"',
    says: /12345 is answered by the flow "hotline" already/,
    fix: /one flow only/,
  },
  {
    title: 'hotlines out of service that lead to a number without a flow',
    file: 'hotlines.yaml',
    find: 'main: "12345"',
    put: 'main: "12346"',
    says: /No flow answers "12346"/,
    fix: /12345/,
  },
  {
    title: 'hours that no calendar has',
    file: 'flows/hotline.yaml',
    find: 'start: menu\n\nsteps:\n',
    put: 'start: when\n\nsteps:\n  when: { hours: offfice, open: menu, closed: menu }\n',
    at: '  when: {',
    says: /no hours "offfice"/,
    fix: /always, office/,
  },
  {
    title: 'a queue that closes without anybody to stand in',
    file: 'queues.yaml',
    find: 'enterprise: { skill',
    put: 'enterprise: { hours: office, skill',
    says: /both hours and closed/,
    fix: /queue: personal/,
  },
  {
    title: 'a queue whose stand-in closes itself',
    file: 'queues.yaml',
    find: 'enterprise: { skill',
    put: 'enterprise: { hours: office, closed: { say: [], queue: enterprise }, skill',
    says: /no "enterprise" in queues.yaml/,
    fix: /personal/,
  },
  {
    title: 'make-up days of a calendar that keeps no holidays',
    file: 'hours.yaml',
    find: '    holidays: closed',
    put: '    makeUp: closed',
    at: 'makeUp: closed',
    says: /makeUp without holidays/,
    fix: /holidays: closed/,
  },
  {
    title: 'a single date that no calendar has',
    file: 'hours.yaml',
    find: '    holidays: closed',
    put: '    holidays: closed\n    dates: { "2026-02-29": closed }',
    at: 'dates: { "2026-02-29"',
    says: /no day 2026-02-29/,
    fix: /2026-02-16/,
  },
  {
    title: 'a holiday that its year does not have',
    file: 'workdays.yaml',
    find: '06-19..06-21',
    put: '06-19..06-31',
    says: /no "06-19\.\.06-31" in 2026/,
    fix: /10-01\.\.10-07/,
  },
  {
    title: 'a make-up day that is worked anyway',
    file: 'workdays.yaml',
    find: '"09-20", "10-10"',
    put: '"09-21", "10-10"',
    says: /2026-09-21 is worked anyway/,
    fix: /notice/,
  },
  {
    title: 'a day written twice',
    file: 'hours.yaml',
    find: 'sat, sun',
    put: 'sat, mon',
    says: /"mon" is there twice/,
    fix: /one open list/,
  },
  {
    title: 'a message that nobody has recorded',
    file: 'messages.yaml',
    find: '[QUE-04]',
    put: '[QUE-99]',
    says: /no prompt "QUE-99"/,
    fix: /prompts.yaml/,
  },
  {
    title: 'a message that says nothing',
    file: 'messages.yaml',
    find: '[QUE-04]',
    put: '[]',
    says: /says nothing/,
    fix: /QUE-04/,
  },
  {
    title: 'a message that is said without a pause',
    file: 'messages.yaml',
    find: 'say: [QUE-04], after: 60s, every: 120s',
    put: 'say: [RAT-01, RAT-01], after: 60s, every: 15s',
    says: /too long to be said so often/,
    fix: /s or longer/,
  },
  {
    title: 'messages that no queue can name',
    file: 'queues.yaml',
    find: 'messages: citizen',
    put: 'messages: citizens',
    says: /no "citizens" in messages.yaml/,
    fix: /citizen/,
  },
  {
    title: 'messages that no step can name',
    file: 'flows/hotline.yaml',
    find: 'queue: enterprise',
    put: 'queue: enterprise\n    messages: traders',
    at: 'messages: traders',
    says: /no messages "traders"/,
    fix: /messages.yaml: citizen/,
  },
  {
    title: 'messages that no hotline can name',
    file: 'hotlines.yaml',
    find: 'skill: culture }',
    put: 'skill: culture, messages: culture }',
    says: /no messages "culture"/,
    fix: /messages.yaml: citizen/,
  },
  {
    title: 'messages that no mode can name',
    file: 'modes.yaml',
    find: 'messages: emergency',
    put: 'messages: flood',
    says: /no "flood"/,
    fix: /citizen/,
  },
  {
    title: 'a mode for a number that nobody answers',
    file: 'modes.yaml',
    find: '  emergency:\n',
    put: '  emergency:\n    lines: { "12344": hotline }\n',
    at: '"12344"',
    says: /answers the number 12344/,
    fix: /that is answered/,
  },
  {
    title: 'needs side by side, of which one would be overlooked',
    file: 'plans.yaml',
    find: 'needs: personal 3',
    put: 'needs: { all: [personal 3], not: enterprise 5 }',
    says: /cannot stand side by side/,
    fix: /one inside the other/,
  },
  {
    title: 'needs that nobody can meet',
    file: 'plans.yaml',
    find: 'any: [personal 3, enterprise 3]',
    put: 'any: []',
    says: /does not say what is needed/,
    fix: /Write a skill/,
  },
  {
    title: 'a prompt without words',
    file: 'prompts.yaml',
    find: 'QUE-04: { text: 当前来电较多，请您谅解。 }',
    put: 'QUE-04: { }',
    says: /QUE-04 needs either text or sound/,
    fix: /text:/,
  },
  {
    title: 'a recording that is missing',
    file: 'prompts.yaml',
    find: 'file: music.wav',
    put: 'file: song.wav',
    says: /song\.wav of the prompt MUSIC cannot be read/,
    fix: /8 kHz mono 16-bit/,
  },
];

describe('a mistake is named with its file, its line and what to write instead', () => {
  test.each(MISTAKES)('$title', ({ file, find, put, at, says, fix }) => {
    plant(file, find, put);
    const problem = problems().find((candidate) => says.test(candidate.message));
    expect(problem, JSON.stringify(problems(), null, 1)).toBeDefined();
    expect(problem?.file).toBe(file);
    expect(problem?.fix).toMatch(fix);
    expect(`${problem?.message}${problem?.fix}`).toMatch(/\p{Script=Han}.*[A-Z]/su);
    expect(problem?.line).toBe(lineOf(file, at ?? put));
  });

  test('the line is exact where one value is meant', () => {
    const line = plant('queues.yaml', 'ring: 20s', 'ring: soon');
    expect(problems()).toMatchObject([{ file: 'queues.yaml', line }]);
  });

  test('broken YAML is named once, and what refers to that file is not blamed', () => {
    const line = plant('queues.yaml', '  personal: {', '  personal: {{');
    const found = problems();
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((problem) => problem.file === 'queues.yaml' || problem.file === 'seats.yaml')).toBe(true);
    expect(found[0]?.line).toBeGreaterThanOrEqual(line);
  });

  test.each(['prompts.yaml', 'queues.yaml', 'seats.yaml', 'trunks.yaml', 'hours.yaml', 'flows/hotline.yaml'])(
    'a missing %s is named, with where to get one',
    (file) => {
      rmSync(join(folder, file));
      expect(problems().length).toBeGreaterThan(0);
      const named = problems().find((problem) => file.startsWith(problem.file));
      expect(named?.fix).toMatch(/dialplans/);
    },
  );

  test('a prompt that the program itself plays cannot be left out', () => {
    plant('prompts.yaml', '  NUM-7: { text: 七 }\n', '');
    expect(problems()).toMatchObject([{ file: 'prompts.yaml', message: expect.stringContaining('NUM-7') }]);
  });

  test('two flows cannot answer the same number', () => {
    cpSync(join(folder, 'flows/hotline.yaml'), join(folder, 'flows/second.yaml'));
    expect(problems()).toMatchObject([
      { file: 'flows/second.yaml', message: expect.stringContaining('"hotline" already') },
    ]);
  });

  test('several mistakes in several files are all named in one run', () => {
    plant('queues.yaml', 'ring: 20s', 'ring: 1s');
    plant('trunks.yaml', '127.0.0.0/8', 'everyone');
    plant('hours.yaml', 'Asia/Shanghai', '8');
    expect(new Set(problems().map((problem) => problem.file))).toEqual(
      new Set(['queues.yaml', 'trunks.yaml', 'hours.yaml']),
    );
  });
});

describe("an operator's recording", () => {
  test('replaces ours by its file name, and is measured', () => {
    writeFileSync(join(folder, 'prompts/GRT-01.wav'), makeWav(new Int16Array(16_000)));
    const result = loadCity(folder);
    expect(result.ok && result.city.recordings['GRT-01']?.durationMs).toBe(2_000);
  });

  test('of another format is named with the format found and the one wanted', () => {
    const stereo = makeWav(new Int16Array(16_000), 2);
    writeFileSync(join(folder, 'prompts/GRT-01.wav'), stereo);
    const [problem] = problems();
    expect(problem?.file).toBe('prompts.yaml');
    expect(problem?.message).toMatch(/PCM 8000 Hz, 2 channel/);
    expect(problem?.fix).toMatch(/sox .* -r 8000 -c 1 -b 16 GRT-01\.wav/);
  });

  test('that is no sound at all is named too', () => {
    writeFileSync(join(folder, 'prompts/GRT-01.wav'), 'not a sound');
    expect(problems()[0]?.message).toMatch(/not RIFF/);
  });

  test('so long that the menu comes after twelve seconds is refused', () => {
    writeFileSync(join(folder, 'prompts/GRT-01.wav'), makeWav(new Int16Array(8_000 * 8)));
    expect(problems()).toMatchObject([
      { file: 'flows/hotline.yaml', message: expect.stringContaining('more than 12 s') },
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
      writeFileSync(join(folder, file), text);
      expect(loadCity(folder).ok, `${file}: ${text}`).toBe(false);
      cpSync(join(SHIPPED, file), join(folder, file));
    }
  }
});

function problems(): readonly CityProblem[] {
  const result = loadCity(folder);
  return result.ok ? [] : result.problems;
}

/** Changes the first place; the answer is its line. */
function plant(file: string, find: string, put: string): number {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const at = text.indexOf(find);
  if (at < 0) throw new Error(`${file} lacks ${find}`);
  writeFileSync(path, text.replace(find, put));
  return text.slice(0, at).split('\n').length;
}

function lineOf(file: string, part: string): number {
  const text = readFileSync(join(folder, file), 'utf8');
  return text.slice(0, text.indexOf(part)).split('\n').length;
}
