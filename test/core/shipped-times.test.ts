import { describe, expect, test } from 'vitest';
import { instantOf } from '../../src/core/calendar.ts';
import { type ContactId, legId } from '../../src/core/ids.ts';
import { MINUTE_MS } from '../../src/lib/civil-day.ts';
import { agent, type Hotline } from './routing-day.ts';
import { call, heard, hearsWithin, NODE, open, openWithTrunk, putInMode } from './shipped-hotline.ts';

const LINES = [
  ['1', 'personal'],
  ['2', 'enterprise'],
] as const;
const OFFSETS = [{ fromMs: 0, offsetMinutes: 480 }];

/** Its agent hangs up first. */
function letGo(hotline: Hotline, contact: ContactId): void {
  const { stage } = hotline.state.contacts.get(contact)!;
  if (stage.in !== 'talk') throw new Error(`in ${stage.in}`);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'NORMAL_CLEARING' });
}

describe.each(LINES)('the queue after key %s', (key, skill) => {
  const ana = agent('ana', { [skill]: 3 });

  test('[T7] asks for a rating when the agent has hung up, for eight seconds, and thanks for it', () => {
    const hotline = open(ana);
    hotline.ready('ana');
    const contact = call(hotline, key);
    hotline.answer(contact);
    const before = hotline.commands.length;
    letGo(hotline, contact);
    const asked = hotline.commands.slice(before).find((command) => command.do === 'collect');
    expect(asked).toMatchObject({ waitMs: 8_000 });
    expect(heard([asked!])).toEqual(['RAT-01']);
    const { leg, stage } = hotline.state.contacts.get(contact)!;
    if (stage.in !== 'rating') throw new Error(stage.in);
    const said = hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits: '5' });
    expect(said).toContainEqual(expect.objectContaining({ fact: 'rated', score: 5 }));
    expect(heard(said)).toEqual(['RAT-02']);
  });

  test.each([
    ['normal', 120_000],
    ['holiday', 60_000],
    ['majorTask', skill === 'personal' ? 60_000 : 120_000],
    ['emergency', 15_000],
  ] as const)('[P3] in the mode %s leaves at most %d ms for notes', (mode, wrapUpMs) => {
    const hotline = open(ana);
    putInMode(hotline, mode);
    hotline.ready('ana');
    const contact = call(hotline, skill === 'personal' ? '0' : key);
    hotline.answer(contact);
    hotline.hangUp(contact);
    const next = call(hotline, skill === 'personal' ? '0' : key);
    hotline.pass(wrapUpMs - 1);
    expect(hotline.ringing(next)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(next)).toBe('ana');
  });

  test('[O3] rings for twenty seconds', () => {
    const hotline = open(ana);
    hotline.ready('ana');
    const contact = call(hotline, key);
    hotline.pass(19_999);
    expect(hotline.ringing(contact)).toBe('ana');
    hotline.pass(1);
    expect(hotline.ringing(contact)).toBeUndefined();
  });

  test('[Q8] says the place after 15 s and every 30 s from then on', () => {
    const hotline = open();
    call(hotline, key);
    expect(hearsWithin(hotline, 14_999)).not.toContain('QUE-02');
    expect(hearsWithin(hotline, 1)).toContain('QUE-02');
    expect(hearsWithin(hotline, 29_999)).not.toContain('QUE-02');
    expect(hearsWithin(hotline, 1)).toContain('QUE-02');
  });

  test('[K1] offers a call-back after 45 s, or with ten callers ahead', () => {
    const hotline = openWithTrunk();
    call(hotline, key);
    expect(hearsWithin(hotline, 44_999)).not.toContain('CBK-01');
    expect(hearsWithin(hotline, 1)).toContain('CBK-01');
    const crowd = openWithTrunk();
    for (let n = 0; n < 10; n++) call(crowd, key);
    expect(hearsWithin(crowd, 15_000)).not.toContain('CBK-01');
    call(crowd, key);
    expect(hearsWithin(crowd, 15_000)).toContain('CBK-01');
  });

  test('[K5][K6] dials three times, rings for 30 s each, and waits two minutes between', () => {
    const hotline = openWithTrunk(ana);
    const contact = call(hotline, key, { from: '13800138000' });
    hotline.pass(45_000);
    const { leg } = hotline.state.contacts.get(contact)!;
    for (let n = 0; n < 2; n++) hotline.hear({ type: 'digitPressed', node: NODE, leg, digit: '1', durationMs: 100 });
    hotline.hangUp(contact);
    const dials = () => hotline.commands.filter((command) => command.do === 'dial');
    for (let nth = 1; nth <= 3; nth++) {
      hotline.ready('ana');
      expect(hotline.ringing(contact)).toBe('ana');
      hotline.answer(contact);
      expect(dials()).toHaveLength(nth);
      expect(dials().at(-1)).toMatchObject({ number: '13800138000', timeoutMs: 30_000 });
      hotline.hear({ type: 'legEnded', node: NODE, leg: dials().at(-1)!.leg, cause: 'NO_ANSWER' });
      if (nth === 3) break;
      hotline.pass(119_999);
      expect(hotline.ringing(contact)).toBeUndefined();
      hotline.pass(1);
    }
    expect(hotline.commands.at(-1)).toMatchObject({ fact: 'contactClosed', outcome: 'unreached' });
  });
});

describe('[B2] who gave up in the queue', () => {
  /** Unix ms of a time of day in the city, on the first day or a later one. */
  const at = (time: string, day = 0) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return instantOf(OFFSETS, day, hours * 60 + minutes);
  };

  test.each([
    ['12:00', '14:00', 0],
    ['08:00', '10:00', 1],
    ['19:29', '21:29', 0],
    ['19:30', '09:30', 1],
    ['21:29', '09:30', 1],
    ['21:30', '09:30', 1],
    ['07:59', '09:30', 1],
  ] as const)('at %s is called back by %s', (missed, due, dueDay) => {
    const hotline = openWithTrunk();
    const missedAtMs = at(missed, missed < '10:47' ? 1 : 0);
    hotline.pass(missedAtMs - hotline.state.nowMs);
    hotline.hangUp(call(hotline, '1', { from: '13800138000' }));
    const facts = hotline.commands.filter((command) => command.do === 'record-fact' && command.fact === 'callMissed');
    expect(facts).toMatchObject([{ dueAtMs: at(due, dueDay) }]);
  });

  test('[B3] is called from 08:00 until 21:30, and not at night', () => {
    const hotline = openWithTrunk();
    const ours = () => [...hotline.state.contacts.values()].filter(({ medium }) => medium === 'callback').length;
    hotline.pass(at('21:29') - hotline.state.nowMs);
    hotline.hangUp(call(hotline, '1', { from: '13800138000' }));
    hotline.pass(MINUTE_MS - 1);
    expect(ours()).toBe(1);
    hotline.pass(1);
    expect(ours()).toBe(0);
    hotline.pass(at('08:00', 1) - at('21:30') - 1);
    expect(ours()).toBe(0);
    hotline.pass(1);
    expect(ours()).toBe(1);
  });

  test('[B3] twenty of them wait for agents at once, the others until one is over', () => {
    const hotline = openWithTrunk();
    const calls = Array.from({ length: 25 }, () => call(hotline, '1'));
    for (const each of calls) hotline.hangUp(each);
    hotline.pass(0);
    const ours = [...hotline.state.contacts.values()].filter(({ medium }) => medium === 'callback');
    expect(ours).toHaveLength(20);
  });
});

describe('[M3] a mode is proposed', () => {
  const crowd = (count: number): [Hotline, ContactId[]] => {
    const hotline = open();
    return [hotline, Array.from({ length: count }, () => call(hotline, '1'))];
  };

  test('to be emergency when more than 200 callers have waited for five minutes', () => {
    const [busy] = crowd(200);
    busy.pass(600_000);
    expect(busy.state.mode.proposed).toBeNull();
    const [hotline] = crowd(201);
    hotline.pass(299_999);
    expect(hotline.state.mode.proposed).toBeNull();
    hotline.pass(1);
    expect(hotline.state.mode).toMatchObject({ name: 'normal', proposed: { mode: 'emergency' } });
  });

  test('to be normal again when fewer than 20 have waited for half an hour', () => {
    const [hotline, calls] = crowd(20);
    putInMode(hotline, 'emergency');
    hotline.pass(3_600_000);
    expect(hotline.state.mode.proposed).toBeNull();
    hotline.hangUp(calls[0]!);
    hotline.pass(1_799_999);
    expect(hotline.state.mode.proposed).toBeNull();
    hotline.pass(1);
    expect(hotline.state.mode).toMatchObject({ name: 'emergency', proposed: { mode: 'normal' } });
  });
});

test.each([
  ['normal', '1', 500],
  ['normal', '2', 200],
  ['emergency', '0', 2_000],
  ['emergency', '2', 500],
] as const)('[Q7] in the mode %s, after key %s, %d may wait on the line', (mode, key, most) => {
  const hotline = open();
  putInMode(hotline, mode);
  const calls = Array.from({ length: most }, () => call(hotline, key));
  expect(hotline.state.contacts.get(calls.at(-1)!)!.stage.in).toBe('queue');
  expect(heard(hotline.commands)).not.toContain('FUL-01');
  const over = call(hotline, key);
  expect(hotline.state.contacts.get(over)!.stage.in).not.toBe('queue');
  expect(heard(hotline.commands)).toContain('FUL-01');
});

describe('[M2] a merged hotline', () => {
  let calls = 0;
  /** How long a call to it waits for somebody of the queue alone, while its own group is there but away. */
  function offeredAfter(mode: 'normal' | 'holiday' | 'majorTask' | 'emergency', dialled: string, own: string): number {
    const hotline = open(agent('own', { [own]: 3 }), agent('gen', { personal: 3 }));
    putInMode(hotline, mode);
    hotline.ask('own', 'notReady');
    hotline.ready('gen');
    calls += 1;
    const leg = legId(`merged-${calls}`);
    hotline.hear({ type: 'callArrived', node: NODE, leg, from: `137${calls}`, dialled });
    const contact = hotline.state.legs.get(leg)!.contact;
    for (let stage = hotline.state.contacts.get(contact)!.stage; stage.in === 'menu'; ) {
      hotline.hear({ type: 'playEnded', node: NODE, leg, key: stage.key, outcome: 'done' });
      stage = hotline.state.contacts.get(contact)!.stage;
    }
    let waitedMs = 0;
    for (; hotline.ringing(contact) === undefined && waitedMs < 120_000; waitedMs += 1_000) hotline.pass(1_000);
    expect(hotline.ringing(contact)).toBe('gen');
    return waitedMs;
  }

  test.each([
    ['normal', '12315', 'market', 20_000],
    ['holiday', '12315', 'market', 20_000],
    ['majorTask', '12315', 'market', 10_000],
    ['emergency', '12315', 'market', 0],
    ['emergency', '12350', 'safety', 20_000],
    ['emergency', '12320', 'health', 20_000],
  ] as const)('in the mode %s: %s waits for its own group (%s) for %d ms', (mode, dialled, own, afterMs) => {
    expect(offeredAfter(mode, dialled, own)).toBe(afterMs);
  });
});
