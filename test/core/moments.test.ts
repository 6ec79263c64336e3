import { describe, expect, test } from 'vitest';
import type { ContactId } from '../../src/core/ids.ts';
import { held, NODE, SLOTS } from './digital-day.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const CALLER = '13800138000';
const STAFF = ['ana', 'ben'].map((name) => agent(name, { personal: 1 }));

function waitOf(hotline: Hotline, contact: ContactId) {
  const stage = hotline.state.contacts.get(contact)!.stage;
  if (stage.in !== 'queue') throw new Error(`is in ${stage.in}`);
  return stage.wait;
}

describe('to the millisecond', () => {
  test('[Q15] a wait that is answered after 15,000 ms is in time for the floor, after one more it is not', () => {
    const inTimeAfter = (ms: number) => {
      const hotline = new Hotline(rules([queue('personal', { floor: 0.8 })], STAFF));
      const call = hotline.call('personal');
      hotline.pass(ms);
      hotline.ready('ana');
      hotline.answer(call);
      return hotline.state.levels.get('personal')!.slots.map(([, inTime, all]) => [inTime, all]);
    };
    expect([15_000, 15_001].map(inTimeAfter)).toEqual([[[1, 1]], [[0, 1]]]);
  });

  test('[Q15] good answers count for 300,000 ms too: what is left may miss the floor', () => {
    const cities = [queue('personal', { wrapUpMs: 0 }), queue('enterprise', { floor: 0.8, wrapUpMs: 0 })];
    const hotline = new Hotline(rules(cities, [agent('ana', { personal: 1, enterprise: 1 }, { home: 'enterprise' })]));
    hotline.ready('ana');
    const answered = () => {
      const call = hotline.call('enterprise');
      hotline.answer(call);
      hotline.hangUp(call);
    };
    for (let n = 0; n < 4; n++) answered();
    hotline.ask('ana', 'notReady');
    const late = hotline.call('enterprise');
    hotline.pass(200_000);
    hotline.ready('ana');
    hotline.answer(late);
    hotline.hangUp(late);
    const within = hotline.call('personal');
    expect(hotline.ringing(within)).toBe('ana');
    hotline.hangUp(within);
    hotline.restart();
    hotline.pass(100_000);
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(200_000);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[C1][Q18] who spoke with a number last is remembered for 86,400,000 ms', () => {
    const lastAfter = (ms: number) => {
      const hotline = new Hotline(rules([queue('personal', { wrapUpMs: 0 })], STAFF));
      hotline.ready('ana');
      const call = hotline.call('personal', CALLER);
      hotline.answer(call);
      hotline.hangUp(call);
      hotline.pass(ms);
      return waitOf(hotline, hotline.call('personal', CALLER)).lastAgent;
    };
    expect([86_399_999, 86_400_000].map(lastAfter)).toEqual(['ana', null]);
  });

  test('[S8][Q10] the place of a caller whose switch died is kept for 600,000 ms', () => {
    const waitedAfter = (ms: number) => {
      const hotline = new Hotline(rules([queue('personal')], []));
      hotline.call('personal', CALLER);
      hotline.pass(20_000);
      hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'another', legs: [], devices: [], ended: [] } });
      hotline.pass(ms);
      const { enqueuedAtMs } = waitOf(hotline, hotline.call('personal', CALLER));
      return hotline.state.nowMs - enqueuedAtMs;
    };
    expect([599_999, 600_000].map(waitedAfter)).toEqual([619_999, 0]);
  });

  test('[Q8][K2] for 20,000 ms after a key of the call-back nothing is said of the place', () => {
    const callBack = { afterMs: 15_000, ahead: 10, tries: 2, pauseMs: 60_000, ringMs: 30_000 };
    const prompts = Object.fromEntries(['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04', 'QUE-02'].map((id) => [id, `/${id}`]));
    const often = queue('personal', { callBack, positionEveryMs: 3_000 });
    const hotline = new Hotline(rules([often], [], { dialsOut: true, prompts }));
    const call = hotline.call('personal', CALLER);
    hotline.pass(16_000);
    const { leg } = hotline.state.contacts.get(call)!;
    hotline.hear({ type: 'digitPressed', node: NODE, leg, digit: '1', durationMs: 100 });
    const said = () => hotline.commands.filter((one) => one.do === 'music').length;
    const before = said();
    hotline.pass(19_999);
    expect(said()).toBe(before);
    hotline.pass(1);
    expect(said()).toBe(before + 1);
  });

  test('[W4] each thing that an agent has counts as 86,400,000 ms less of idle time', () => {
    const offeredAfter = (ms: number) => {
      const hotline = new Hotline(rules([queue('personal')], STAFF, { slots: SLOTS }));
      hotline.ready('ana');
      held(hotline);
      hotline.pass(ms);
      hotline.ready('ben');
      return hotline.ringing(hotline.call('personal'));
    };
    expect([86_399_999, 86_400_001].map(offeredAfter)).toEqual(['ben', 'ana']);
  });
});

test.each([
  ['at once', false],
  ['after a restart', true],
])('[T10][E1] a caller whose talk broke off comes first for that agent, before every rank, %s', (_when, restarted) => {
  const profile = ['personal', 'english'].map((name, nth) => ({ queue: name, rank: nth + 1, delayMs: 0 }));
  const english = { skill: 'english', level: 1 };
  const plans = { steps: [until(60_000, english), always(english)] };
  const queues = [queue('personal'), queue('english', { plan: 'steps' })];
  const hotline = new Hotline(rules(queues, [agent('ana', { personal: 1, english: 1 }, { profile })], { plans }));
  hotline.ready('ana');
  const lost = hotline.call('english');
  hotline.answer(lost);
  const better = hotline.call('personal');
  const { stage } = hotline.state.contacts.get(lost)!;
  if (stage.in !== 'talk') throw new Error(`is in ${stage.in}`);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
  hotline.pass(30_000);
  hotline.pass(30_000);
  expect(waitOf(hotline, lost)).toMatchObject({ returnTo: 'ana', step: 1 });
  if (restarted) hotline.restart();
  hotline.ready('ana');
  expect([hotline.ringing(lost), hotline.ringing(better)]).toEqual(['ana', undefined]);
});
