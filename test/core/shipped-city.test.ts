import { describe, expect, test } from 'vitest';
import { agent } from './routing-day.ts';
import { call, heard, hearsWithin, open, putInMode } from './shipped-hotline.ts';

describe.each([
  ['1', 'personal'],
  ['2', 'enterprise'],
])('[Q11][Q13] sites, after key %s', (key, skill) => {
  const main = agent('ana', { [skill]: 3 });
  const east = agent('eva', { [skill]: 3 }, { site: 'sub1' });
  const newcomer = agent('fay', { [skill]: 1 }, { site: 'sub2' });

  test('with the main platform busy the caller is offered to another site after ten seconds, and not before', () => {
    const hotline = open(main, east, newcomer);
    hotline.ready('ana', 'fay', 'eva');
    expect(hotline.ringing(call(hotline, key))).toBe('ana');
    const second = call(hotline, key);
    hotline.pass(9_999);
    expect(hotline.ringing(second)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(second)).toBe('eva');
  });

  test('at the other sites, too, levels relax at 25 s and skills at 60 s', () => {
    const hotline = open(main, newcomer, agent('gus', { cooking: 1 }, { site: 'sub3' }));
    hotline.ask('ana', 'notReady');
    hotline.ready('fay', 'gus');
    const [first, second] = [call(hotline, key), call(hotline, key)];
    hotline.pass(24_999);
    expect(hotline.ringing(first)).toBeUndefined();
    hotline.pass(1);
    expect([hotline.ringing(first), hotline.ringing(second)]).toEqual(['fay', undefined]);
    hotline.answer(first);
    hotline.pass(34_999);
    expect(hotline.ringing(second)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(second)).toBe('gus');
  });

  test('with nobody of the main platform there, or while it takes no calls, nobody waits for it', () => {
    const hotline = open(main, east);
    hotline.ready('eva');
    const alone = call(hotline, key);
    expect(hotline.ringing(alone)).toBe('eva');
    hotline.hangUp(alone);
    hotline.ask('ana', 'notReady');
    const waits = call(hotline, key);
    expect(hotline.ringing(waits)).toBeUndefined();
    hotline.hear({ type: 'siteAsked', site: 'main', status: 'draining', by: 'lead' });
    expect(hotline.ringing(waits)).toBe('eva');
    hotline.hangUp(waits);
    expect(hotline.ringing(call(hotline, key))).toBe('eva');
  });

  test('[Q18] the agent of the last call is asked first wherever it sits', () => {
    const hotline = open(main, east);
    hotline.ready('eva');
    const before = call(hotline, key, { from: '13800138000' });
    hotline.answer(before);
    hotline.hangUp(before);
    hotline.ready('ana', 'eva');
    expect(hotline.ringing(call(hotline, key, { from: '13800138000' }))).toBe('eva');
  });
});

describe('[M2][Q21] what waiting callers are told in a mode', () => {
  test.each([
    ['emergency', '0', 'EMR-01'],
    ['emergency', '2', 'EMR-01'],
    ['holiday', '1', 'HOL-01'],
    ['holiday', '2', 'HOL-01'],
  ] as const)('in %s, after key %s: %s, five seconds after it began to wait', (name, key, prompt) => {
    const hotline = open();
    putInMode(hotline, name);
    call(hotline, key);
    expect(hearsWithin(hotline, 4_999)).toEqual([]);
    expect(hearsWithin(hotline, 1)).toContain(prompt);
  });

  test('callers who wait already hear of the emergency as well, every minute, until a lead ends the mode', () => {
    const hotline = open();
    call(hotline, '1');
    hotline.pass(20_000);
    putInMode(hotline, 'emergency');
    expect(hearsWithin(hotline, 60_000)).toContain('EMR-01');
    expect(hearsWithin(hotline, 60_000)).toContain('EMR-01');
    putInMode(hotline, 'normal');
    expect(hearsWithin(hotline, 120_000)).not.toContain('EMR-01');
  });

  test('whom somebody can answer at once is not held up by it', () => {
    const hotline = open(agent('ana', { personal: 1 }));
    putInMode(hotline, 'emergency');
    hotline.ready('ana');
    expect(hotline.ringing(call(hotline, '0'))).toBe('ana');
    expect(heard(hotline.commands)).not.toContain('EMR-01');
  });

  test.each([
    ['1', 'personal'],
    ['2', 'enterprise'],
    ['8', 'english'],
    ['0', 'personal'],
    ['', 'personal'],
  ])('in an emergency the menu offers the latest, and every key still reaches a person: %j', (key, skill) => {
    const hotline = open(agent('ana', { [skill]: 3 }));
    putInMode(hotline, 'emergency');
    hotline.ready('ana');
    const contact = call(hotline, key);
    expect(hotline.ringing(contact)).toBe('ana');
    const said = heard(hotline.commands);
    expect(said).toContain('EMR-02');
    expect(said).not.toContain('MNU-02');
    expect(said.filter((id) => id === 'EMR-01')).toHaveLength(key === '1' ? 1 : 0);
  });

  test('who has just heard the latest by key hears it again after a minute, not at once', () => {
    const hotline = open();
    putInMode(hotline, 'emergency');
    call(hotline, '1');
    expect(hearsWithin(hotline, 59_999)).not.toContain('EMR-01');
    expect(hearsWithin(hotline, 1)).toContain('EMR-01');
  });
});
