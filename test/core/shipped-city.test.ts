import { describe, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { makeSettings } from '../../src/city/settings.ts';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { AgentSetting } from '../../src/core/settings.ts';
import { agent, Hotline } from './routing-day.ts';

const NODE = nodeId('switch');
const read = loadCity(new URL('../../dialplans/', import.meta.url).pathname);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { city } = read;

const open = (...staff: readonly AgentSetting[]) => new Hotline(makeSettings(city, staff));
let calls = 0;

/** Calls 12345 and presses the key, or none, once the menu has been read. */
function call(hotline: Hotline, key: string, from?: string): ContactId {
  calls += 1;
  const leg = legId(`caller-${calls}`);
  hotline.hear({ type: 'callArrived', node: NODE, leg, from: from ?? `139${calls}`, dialled: '12345' });
  const contact = hotline.state.legs.get(leg)!.contact;
  for (let stage = hotline.state.contacts.get(contact)!.stage; stage.in === 'menu'; ) {
    const asks = stage.flow.steps[stage.step]?.kind === 'ask';
    if (asks) hotline.hear({ type: 'digitsCollected', node: NODE, leg, key: stage.key, digits: key });
    else hotline.hear({ type: 'playEnded', node: NODE, leg, key: stage.key, outcome: 'done' });
    stage = hotline.state.contacts.get(contact)!.stage;
  }
  return contact;
}

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
    const before = call(hotline, key, '13800138000');
    hotline.answer(before);
    hotline.hangUp(before);
    hotline.ready('ana', 'eva');
    expect(hotline.ringing(call(hotline, key, '13800138000'))).toBe('eva');
  });
});
