import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { City } from '../../src/city/city.ts';
import { loadCity } from '../../src/city/load.ts';
import { makeSettings } from '../../src/city/settings.ts';
import type { CallerKnown, SurveyedLeg } from '../../src/core/event.ts';
import { agentId, type ContactId, type LegId, legId, nodeId } from '../../src/core/ids.ts';
import type { AgentSetting } from '../../src/core/settings.ts';
import { initialState } from '../../src/core/state.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { step } from '../../src/core/step.ts';
import { serviceNumber } from '../../src/lib/phone-number.ts';
import { agent, Hotline } from './routing-day.ts';

const SHIPPED = new URL('../../dialplans/', import.meta.url).pathname;
const NODE = nodeId('switch');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The shipped city after `change` of one of its files. */
function cityAfter(change?: (text: string) => string, name = 'hotlines.yaml'): City {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-hotlines-'));
  folders.push(folder);
  cpSync(SHIPPED, folder, { recursive: true });
  const file = join(folder, name);
  const before = readFileSync(file, 'utf8');
  const after = change?.(before);
  if (after === before) throw new Error('nothing was changed');
  if (after !== undefined) writeFileSync(file, after);
  const read = loadCity(folder);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.city;
}

const STAFF = [agent('ana', { personal: 3 }), agent('ben', { enterprise: 3 })];

function open(city: City, staff: readonly AgentSetting[] = STAFF): Hotline {
  return new Hotline(makeSettings(city, staff));
}

interface Walk {
  readonly contact: ContactId;
  /** Prompts by id, in the order in which they are heard until the call waits. */
  readonly heard: readonly string[];
  readonly queue: string | undefined;
  readonly opened:
    | {
        readonly dialled: string;
        readonly diversion?: string | undefined;
        readonly line?: string | undefined;
        readonly flow: string;
      }
    | undefined;
}

let calls = 0;

/** A call whose prompts all play to their end. */
function walk(hotline: Hotline, dialled: string, diversion?: string, known: CallerKnown = {}): Walk {
  const leg = legId(`caller-${++calls}`);
  const before = hotline.commands.length;
  const diverted = diversion === undefined ? {} : { diversion };
  hotline.hear({ type: 'callArrived', node: NODE, leg, from: `138${calls}`, dialled, ...diverted, known });
  const heard: string[] = [];
  for (let at = before; at < hotline.commands.length; at++) {
    const command = hotline.commands[at]!;
    if (command.do !== 'play' && command.do !== 'music' && command.do !== 'collect') continue;
    heard.push(...command.files.map((file) => basename(file, '.wav')));
    if (command.do === 'play') hotline.hear({ type: 'playEnded', node: NODE, leg, key: command.key, outcome: 'done' });
  }
  const opened = hotline.commands
    .slice(before)
    .flatMap((command) => (command.do === 'record-fact' && command.fact === 'contactOpened' ? [command] : []));
  return { contact: opened[0]!.contact, heard, queue: queueOf(hotline, leg), opened: opened[0] };
}

function queueOf(hotline: Hotline, leg: LegId): string | undefined {
  const contact = hotline.state.legs.get(leg)?.contact;
  const stage = contact === undefined ? undefined : hotline.state.contacts.get(contact)?.stage;
  return stage?.in === 'queue' ? stage.wait.queue : undefined;
}

const shipped = cityAfter();

describe('the merged hotlines of the shipped city', () => {
  test('are 45 with different numbers, each with an owner, and trunks may call every one of them', () => {
    const numbers = shipped.hotlines.map(({ number }) => number);
    expect(new Set(numbers).size).toBe(45);
    expect(shipped.hotlines.every(({ owner, active }) => owner !== '' && active)).toBe(true);
    expect(new Set(shipped.hotlines.map(({ mergeMode }) => mergeMode))).toEqual(
      new Set(['whole', 'dual', 'subCentre']),
    );
    expect(shipped.trunks[0]?.numbers).toEqual(['12345', ...numbers]);
    const dialPlan = readFileSync(join(SHIPPED, 'freeswitch/dialplan.xml'), 'utf8');
    const admitted = /expression="(\^[^"]*\((12345[|\d]*)\)\$)"/.exec(dialPlan)!;
    expect(admitted[2]?.split('|').toSorted()).toEqual(['12345', ...numbers].toSorted());
    const admits = new RegExp(admitted[1]!);
    for (const codes of ['', '028', '010', '0371', '+86', '0086', '+8628', '+86028', '8628', '008610'])
      expect([codes, admits.test(`${codes}12345`), serviceNumber(`${codes}12345`)]).toEqual([codes, true, '12345']);
    for (const other of ['2812345', '8612345', '+112345', '0212345x', '123450'])
      expect([other, admits.test(other)]).toEqual([other, false]);
  });

  test.each(shipped.hotlines)(
    '$number $name: its greeting first, then its queue, and the number dialled in the record',
    ({ number, queue, greeting }) => {
      const line = open(shipped);
      line.ready('ana', 'ben');
      const call = walk(line, number);
      expect(greeting).toEqual([`GRT-${number}`]);
      expect(call.heard.slice(0, 2)).toEqual([`GRT-${number}`, 'REC-01']);
      expect(call.queue).toBe(queue);
      expect(call.opened).toMatchObject({ dialled: number, flow: `hotline:${number}` });
      expect(line.ringing(call.contact)).toBe(queue === 'personal' ? 'ana' : 'ben');
    },
  );

  test.each(shipped.hotlines.slice(0, 3))(
    '[G5] $number warns a warned caller before its greeting',
    ({ number, queue }) => {
      const call = walk(open(shipped), number, undefined, { stage: 'warned' });
      expect(call.heard.slice(0, 2)).toEqual(['BLK-01', `GRT-${number}`]);
      expect(call.queue).toBe(queue);
    },
  );

  test.each([
    ['dialled', '12315', undefined],
    ['diverted', '12345', '12315'],
  ])(
    '[G5] a limited caller of one (%s) reaches a person by a key, and without one behind the others',
    (_how, dialled, diversion) => {
      const line = open(shipped);
      const press = (digits: string) => {
        const { contact, heard } = walk(line, dialled, diversion, { stage: 'limited' });
        expect(heard).toEqual(['BLK-01', 'REC-01', 'BLK-02']);
        const { leg, stage } = line.state.contacts.get(contact)!;
        if (stage.in !== 'menu') throw new Error(`in ${stage.in}`);
        line.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits });
        const after = line.state.contacts.get(contact)!.stage;
        return after.in === 'queue' ? [after.wait.queue, after.wait.headStartMs] : after.in;
      };
      expect(press('0')).toEqual(['personal', 0]);
      expect(press('')).toEqual(['personal', -600_000]);
    },
  );

  test.each([
    ['12315', undefined, 'limited', { order: { no: 'E1', urgency: 'emergency' } }],
    ['12345', '12315', 'limited', { order: { no: 'E1', urgency: 'emergency' } }],
    ['12315', undefined, 'warned', { order: { no: 'E1', urgency: 'urgent' } }],
    ['12315', undefined, 'limited', { grade: 'emergency' }],
  ] as const)(
    '[G2][G5] who has an emergency (%s, diverted from %s, %s) hears no notice on them either',
    (dialled, diversion, stage, known) => {
      const call = walk(open(shipped), dialled, diversion, { stage, ...known });
      expect(call.heard.slice(0, 2)).toEqual(['GRT-12315', 'REC-01']);
      expect(call.heard.filter((id) => id.startsWith('BLK'))).toEqual([]);
      expect(call.queue).toBe('personal');
    },
  );

  test.each([
    ['+862812345', 'hotline', '12345'],
    ['02812345', 'hotline', '12345'],
    ['+8612315', 'hotline:12315', '12315'],
    ['12345', 'hotline', undefined],
    ['2812345', null, undefined],
  ] as const)(
    '[A1] %s is the number of the flow %s; it stays in the record as it was dialled, and counts as %s',
    (dialled, flow, line) => {
      const call = walk(open(shipped), dialled);
      expect(call.opened).toMatchObject({ dialled, flow: flow ?? '', line });
      expect(call.heard.slice(0, 1)).toEqual(flow === null ? [] : [flow === 'hotline' ? 'GRT-01' : 'GRT-12315']);
    },
  );

  test('[A1] a number that a city has written with its area code is that number', () => {
    const city = cityAfter(
      (text) => text.replace('numbers: ["12345"]', 'numbers: ["12345", "02812315"]'),
      'flows/hotline.yaml',
    );
    expect(walk(open(city), '02812315').opened).toMatchObject({ flow: 'hotline', line: undefined });
  });

  test('[A6] a number of ours with its codes before it is diverted like the number itself', () => {
    expect(walk(open(shipped), '+8612345', '02812315').opened).toMatchObject({ flow: 'hotline:12315', line: '12315' });
  });

  test('leave 12345 as it is: its greeting, its menu', () => {
    const call = walk(open(shipped), '12345');
    expect(call.opened?.flow).toBe('hotline');
    expect(call.heard).toEqual(['GRT-01', 'REC-01', 'MNU-02']);
    expect(call.queue).toBeUndefined();
  });
});

describe('the skill group of a hotline', () => {
  test('is asked first; after its time anybody of the queue is', () => {
    const expert = agent('eva', { personal: 3, market: 3 });
    const line = open(shipped, [...STAFF, expert]);
    line.ready('ana');
    line.ask('eva', 'notReady');
    const call = walk(line, '12315');
    expect(line.ringing(call.contact)).toBeUndefined();
    line.pass(19_999);
    expect(line.ringing(call.contact)).toBeUndefined();
    line.pass(1);
    expect(line.ringing(call.contact)).toBe('ana');
  });

  test('has the call before those who are idle for longer', () => {
    const line = open(shipped, [...STAFF, agent('eva', { market: 1 })]);
    line.ready('ana');
    line.pass(60_000);
    line.ready('eva');
    expect(line.ringing(walk(line, '12315').contact)).toBe('eva');
  });

  test('holds up nobody when none of it is there', () => {
    const line = open(shipped, [...STAFF, agent('eva', { market: 1 })]);
    line.ready('ana');
    expect(line.ringing(walk(line, '12315').contact)).toBe('ana');
  });

  test('may be those of a site: they are asked first, wherever others are idle', () => {
    const city = cityAfter((text) => text.replace('skill: fund }', 'site: centre1 }'));
    const line = open(city, [...STAFF, agent('eva', { personal: 1 }, { site: 'centre1' })]);
    line.ready('ana');
    line.pass(60_000);
    line.ready('eva');
    expect(line.ringing(walk(line, '12329').contact)).toBe('eva');
    expect(line.ringing(walk(line, '12333').contact)).toBe('ana');
  });

  test('keeps its hours: later its callers hear so, and 12345 answers for it', () => {
    const staff = [...STAFF, agent('eva', { tax: 1 })];
    const line = open(shipped, staff);
    line.ready('eva', 'ben');
    // Thursday 10:46 in China, then ten hours later.
    const day = walk(line, '12366');
    expect(day.heard).not.toContain('CLS-01');
    expect(line.ringing(day.contact)).toBe('eva');
    line.hangUp(day.contact);
    line.pass(36_000_000);
    line.ready('eva', 'ben');
    const night = walk(line, '12366');
    expect(night.heard.slice(0, 3)).toEqual(['GRT-12366', 'REC-01', 'CLS-01']);
    expect(night.queue).toBe('enterprise');
    expect(line.ringing(night.contact)).toBe('ben');
  });
});

describe('[M2] a merged hotline in a mode', () => {
  const EXPERTS = [agent('eva', { market: 3 }), agent('fay', { safety: 3 })];
  const inMode = (mode: 'emergency' | 'majorTask' | 'holiday' | 'normal', line: Hotline) =>
    line.hear({ type: 'modeAsked', mode, by: 'lead', reason: '测试' });
  /** The experts are there, and none of them is free. */
  const busy = () => {
    const line = open(shipped, [...STAFF, ...EXPERTS]);
    line.ask('eva', 'notReady');
    line.ask('fay', 'notReady');
    return line;
  };

  test('asks its own group for as long as the mode says, then goes by its queue in that mode', () => {
    const line = busy();
    inMode('emergency', line);
    line.ready('ben');
    // In an emergency the queue personal is anybody's, and so are its hotlines.
    expect(line.ringing(walk(line, '12315').contact)).toBe('ben');
  });

  test('asks the group that the mode keeps for longer', () => {
    const line = busy();
    inMode('emergency', line);
    line.ready('ben');
    const call = walk(line, '12350');
    expect(line.ringing(call.contact)).toBeUndefined();
    line.pass(20_000);
    expect(line.ringing(call.contact)).toBe('ben');
  });

  test('has who waits already offered at once, and waits as always when the mode is over', () => {
    const line = busy();
    line.ready('ana');
    const early = walk(line, '12315');
    expect(line.ringing(early.contact)).toBeUndefined();
    inMode('emergency', line);
    expect(line.ringing(early.contact)).toBe('ana');
    line.hangUp(early.contact);
    inMode('normal', line);
    line.ready('ana');
    const late = walk(line, '12315');
    line.pass(19_999);
    expect(line.ringing(late.contact)).toBeUndefined();
    line.pass(1);
    expect(line.ringing(late.contact)).toBe('ana');
  });

  test('is sent with its number to another flow, whoever diverted the call', () => {
    const sent = (text: string) => text.replace('"12345": emergency', '"12350": hotline');
    const line = open(cityAfter(sent, 'modes.yaml'));
    inMode('emergency', line);
    expect(walk(line, '12350').opened?.flow).toBe('hotline');
    expect(walk(line, '12345', '12350').opened?.flow).toBe('hotline');
    expect(walk(line, '12345', '12315').opened?.flow).toBe('hotline:12315');
    inMode('normal', line);
    expect(walk(line, '12345', '12350').opened?.flow).toBe('hotline:12350');
  });
});

describe('[A6] a call that was diverted from a merged hotline', () => {
  test('has the hotline’s greeting and queue, and both numbers in the record', () => {
    const call = walk(open(shipped), '12345', '12366');
    const both = { dialled: '12345', diversion: '12366', line: '12366' };
    expect(call.opened).toMatchObject({ ...both, flow: 'hotline:12366' });
    expect(call.heard[0]).toBe('GRT-12366');
    expect(call.queue).toBe('enterprise');
  });

  test.each(['02812366', '+862812366', '86-28-12366'])(
    'is known by its number behind codes of area and country: %s',
    (diversion) => {
      const { opened } = walk(open(shipped), '12345', diversion);
      expect(opened).toMatchObject({ diversion, line: '12366', flow: 'hotline:12366' });
    },
  );

  test('goes by the number dialled when that is a hotline itself, and when the first number is none', () => {
    expect(walk(open(shipped), '12315', '12366').opened?.flow).toBe('hotline:12315');
    const other = walk(open(shipped), '12345', '86880000').opened;
    expect(other).toMatchObject({ diversion: '86880000', flow: 'hotline', line: undefined });
    expect(walk(open(shipped), '99999', '12366').opened?.flow).toBe('');
    expect(walk(open(shipped), '12345', 'constructor').opened?.flow).toBe('hotline');
  });

  test('[S9] that a survey finds has them as well', () => {
    const line = open(shipped);
    const found: SurveyedLeg = {
      ...{ leg: legId('found'), direction: 'inbound', state: 'ringing', from: '138', dialled: '12345' },
      ...{ diversion: '12333', doing: 'nothing' },
    };
    const survey = { bootId: 'boot', legs: [found], devices: [], ended: [] };
    const opened = line.hear({ type: 'surveyed', node: NODE, survey });
    expect(opened).toContainEqual(
      expect.objectContaining({ fact: 'contactOpened', diversion: '12333', flow: 'hotline:12333' }),
    );
  });
});

test('[A2][A6] a diverted call that came before the rules keeps its first number until they are there', () => {
  const state = initialState('0123456789abcdef');
  step(state, { type: 'started', atMs: 1 }, 1);
  const leg = legId('early');
  step(state, { type: 'callArrived', node: NODE, leg, from: '138', dialled: '12345', diversion: '12366', atMs: 2 }, 2);
  const later = decodeState(encodeState(state));
  step(later, { type: 'settingsLoaded', settings: makeSettings(shipped, STAFF), atMs: 3 }, 3);
  const contact = later.contacts.get(later.legs.get(leg)!.contact);
  expect(contact?.stage).toMatchObject({ in: 'answering', flow: 'hotline:12366' });
});

describe('a hotline that is out of service', () => {
  const without = (how: string) =>
    cityAfter((text) => text.replace('skill: culture }', `skill: culture, active: false${how} }`));

  test('is refused as a number that nobody has, and the record says so', () => {
    const city = without('');
    const line = open(city);
    const call = walk(line, '12318');
    expect(city.hotlines.find(({ number }) => number === '12318')).toMatchObject({ active: false, inactive: 'refuse' });
    expect(city.trunks[0]?.numbers).toContain('12318');
    expect(call.opened).toMatchObject({ dialled: '12318', flow: '' });
    expect(line.commands).toContainEqual(expect.objectContaining({ do: 'hangUp', cause: 'UNALLOCATED_NUMBER' }));
    expect(line.commands).toContainEqual(expect.objectContaining({ fact: 'contactClosed', outcome: 'refused' }));
  });

  test('is answered as 12345 when the city says so', () => {
    expect(walk(open(without(', inactive: main')), '12318').opened).toMatchObject({
      dialled: '12318',
      flow: 'hotline',
    });
  });

  test('[M2] goes with 12345 in a mode that sends that elsewhere, unless the mode names it itself', () => {
    const line = open(without(', inactive: main'));
    line.hear({ type: 'modeAsked', mode: 'emergency', by: 'lead', reason: '测试' });
    expect(walk(line, '12318').opened).toMatchObject({ flow: 'emergency' });
    const refused = open(without(''));
    refused.hear({ type: 'modeAsked', mode: 'emergency', by: 'lead', reason: '测试' });
    expect(walk(refused, '12318').opened).toMatchObject({ flow: '' });
    line.hear({ type: 'modeAsked', mode: 'normal', by: 'lead', reason: '测试' });
    expect(walk(line, '12318').opened).toMatchObject({ flow: 'hotline' });
  });
});

test('one agent of the whole city is enough for every hotline of the queue', () => {
  const line = open(shipped, [agent('ana', { personal: 3, enterprise: 3 })]);
  line.ready('ana');
  for (const { number } of shipped.hotlines) {
    const { contact } = walk(line, number);
    expect(line.ringing(contact), number).toBe('ana');
    line.hangUp(contact);
    line.hear({ type: 'agentStateAsked', agent: agentId('ana'), state: 'ready' });
  }
});
