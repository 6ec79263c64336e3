import { describe, expect, test } from 'vitest';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { agent } from './routing-day.ts';
import { call, heard, hearsWithin, NODE, open, openWithTrunk, putInMode } from './shipped-hotline.ts';

const CHINESE_ALONE = ['GRT-01', 'REC-01', 'MNU-02', 'EMR-02', 'TONE-FAULT', 'music'];
const inChinese = (said: readonly string[]) => said.filter((id) => !id.endsWith('.en') && !CHINESE_ALONE.includes(id));
const nobodyFree = () => openWithTrunk(agent('ana', { english: 3 }));

describe.each(['normal', 'holiday', 'majorTask', 'emergency'] as const)('[F2] key 8 of 12345, mode %s', (mode) => {
  const openInMode: typeof open = (...staff) => {
    const hotline = open(...staff);
    putInMode(hotline, mode);
    return hotline;
  };

  test('rings who speaks English, not the longest idle', () => {
    const hotline = openInMode(agent('ana', { personal: 5, enterprise: 5 }), agent('bob', { english: 2 }));
    hotline.ready('ana');
    hotline.pass(1_000);
    hotline.ready('bob');
    expect(hotline.ringing(call(hotline, '8'))).toBe('bob');
  });

  test('waits a minute for the one who speaks it, then for anybody', () => {
    const hotline = openInMode(agent('ana', { personal: 5 }), agent('bob', { english: 2 }));
    hotline.ready('ana');
    hotline.ask('bob', 'notReady');
    const contact = call(hotline, '8');
    hotline.pass(59_999);
    expect(hotline.ringing(contact)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(contact)).toBe('ana');
  });

  test('rings anybody at once while nobody who speaks it is there', () => {
    const hotline = openInMode(agent('ana', { personal: 1 }), agent('bob', { english: 2 }));
    hotline.ready('ana');
    expect(hotline.ringing(call(hotline, '8'))).toBe('ana');
  });

  test('[F10] while it waits nothing is said in Chinese any more', () => {
    const hotline = openInMode();
    for (let n = 0; n < 14; n++) call(hotline, '8');
    expect(inChinese(heard(hotline.commands))).toEqual([]);
    const said = hearsWithin(hotline, 300_000);
    expect(said).toEqual(expect.arrayContaining(['QUE-02.en', 'QUE-03a.en', 'NUM-12.en', 'NUM-13.en', 'QUE-03b.en']));
    expect(inChinese(said)).toEqual([]);
  });
});

test.each(['business', 'expert'] as const)(
  '[G3] who is graded %s is served by who speaks English all the same, before the others',
  (grade) => {
    const hotline = open(agent('ana', { personal: 5, enterprise: 5 }), agent('bob', { english: 2 }));
    hotline.ready('ana', 'bob');
    expect(hotline.ringing(call(hotline, '8', { known: { grade } }))).toBe('bob');
    const [first, graded] = [call(hotline, '8'), call(hotline, '8', { known: { grade } })];
    hotline.pass(1_000);
    hotline.hangUp([...hotline.state.contacts.keys()][0]!);
    hotline.ready('bob');
    expect([first, graded].map((each) => hotline.ringing(each))).toEqual([undefined, 'bob']);
  },
);

test('[F10] 1 and 2 are served in Chinese', () => {
  const hotline = nobodyFree();
  for (const key of ['1', '2', '']) call(hotline, key);
  hotline.pass(120_000);
  const said = heard(hotline.commands);
  expect(said).toEqual(expect.arrayContaining(['QUE-02', 'ENT-01', 'MNU-04', 'CBK-01']));
  expect(said.filter((id) => id.endsWith('.en'))).toEqual([]);
});

test('[F10] the language outlasts a restart', () => {
  const hotline = nobodyFree();
  const contact = call(hotline, '8');
  const again = decodeState(encodeState(hotline.state));
  expect(again.contacts.get(contact)?.language).toBe('en');
});

test('[F10][K1][K2][K3][K4] a call-back is offered, confirmed and promised in English', () => {
  const hotline = nobodyFree();
  const contact = call(hotline, '8');
  expect(hearsWithin(hotline, 60_000)).toContain('CBK-01.en');
  const before = hotline.commands.length;
  const { leg } = hotline.state.contacts.get(contact)!;
  for (const digit of ['1', '2', '#', '*', ...'13900001111', '#']) {
    hotline.hear({ type: 'digitPressed', node: NODE, leg, digit, durationMs: 100 });
  }
  const said = heard(hotline.commands.slice(before));
  expect(said).toEqual(['CBK-02.en', 'CBK-03.en', 'MNU-05.en', 'CBK-03.en', 'CBK-04.en']);
});

test('[F10][Q7][K8] with no room in the queue they hear so in English', () => {
  for (const [hotline, prompt] of [
    [open(), 'FUL-01.en'],
    [nobodyFree(), 'FUL-02.en'],
  ] as const) {
    for (let n = 0; n < 50; n++) call(hotline, '8');
    const before = hotline.commands.length;
    call(hotline, '8');
    expect(inChinese(heard(hotline.commands.slice(before)))).toEqual([]);
    expect(heard(hotline.commands.slice(before))).toContain(prompt);
  }
});

test('[F10][T7] after the talk they rate it in English', () => {
  const hotline = open(agent('ana', { english: 3 }));
  hotline.ready('ana');
  const contact = call(hotline, '8');
  hotline.answer(contact);
  const { legs } = hotline.state.contacts.get(contact)!;
  const phone = legs.find((leg) => hotline.state.legs.get(leg)?.role === 'agent')!;
  hotline.hear({ type: 'legEnded', node: NODE, leg: phone, cause: 'NORMAL_CLEARING' });
  const stage = hotline.state.contacts.get(contact)!.stage;
  if (stage.in !== 'rating') throw new Error(stage.in);
  const { leg } = hotline.state.contacts.get(contact)!;
  hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits: '5' });
  expect(heard(hotline.commands).filter((id) => id.startsWith('RAT'))).toEqual(['RAT-01.en', 'RAT-02.en']);
});

test('[G2] who calls again within the day is served in English without the menu', () => {
  const hotline = open(agent('ana', { personal: 1 }), agent('bob', { english: 2 }));
  hotline.ready('ana', 'bob');
  const first = call(hotline, '8', { from: '13900002222' });
  hotline.answer(first);
  hotline.hangUp(first);
  hotline.ask('bob', 'notReady');
  hotline.ask('ana', 'notReady');
  const before = hotline.commands.length;
  const again = call(hotline, '', { from: '13900002222' });
  expect(hotline.state.contacts.get(again)?.stage).toMatchObject({ in: 'queue', wait: { queue: 'english' } });
  expect(heard(hotline.commands.slice(before))).toEqual(['GRT-01', 'REC-01', 'QUE-02.en']);
});
