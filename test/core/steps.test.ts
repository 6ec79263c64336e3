import { describe, expect, test } from 'vitest';
import type { ContactId } from '../../src/core/ids.ts';
import type { AgentSetting, PlanStep } from '../../src/core/settings.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const PERSONAL = { skill: 'personal', level: 1 };
const LAW = { skill: 'law', level: 1 };
const ENGLISH = { skill: 'english', level: 1 };
const SITES = [
  { id: 'main', name: '主平台', kind: 'main' as const },
  { id: 'east', name: '东区分平台', kind: 'subPlatform' as const, capacity: 1 },
];

const stepOf = (hotline: Hotline, contact: ContactId): number | undefined => {
  const stage = hotline.state.contacts.get(contact)?.stage;
  return stage?.in === 'queue' ? stage.wait.step : undefined;
};
const ask = (hotline: Hotline, site: string, status: 'open' | 'draining' | 'down') =>
  hotline.hear({ type: 'siteAsked', site, status, by: 'lead' });

/** The caller spoke with eva; ana is ready, too. */
function lastWasEva(hotline: Hotline): void {
  hotline.ready('eva');
  const before = hotline.call('personal', '13800138000');
  hotline.answer(before);
  hotline.hangUp(before);
  hotline.ready('ana');
}

describe('steps of a plan', () => {
  test('[Q11][Q17] do not change while a phone rings for the contact: the next one begins when it has stopped', () => {
    const plans = { p: [until(10_000, PERSONAL), always(LAW, { headStartMs: 30_000 })] };
    const staff = [agent('ana', { personal: 1 }), agent('leo', { law: 1 })];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans }));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.pass(15_000);
    hotline.ready('leo');
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([0, 'ana']);
    hotline.hear({ type: 'tick' });
    hotline.hear({ type: 'modeAsked', mode: 'holiday', by: 'lead', reason: '' });
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([0, 'ana']);
    hotline.decline(call);
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([1, 'leo']);
  });
});

describe('a step that is skipped when nobody is free', () => {
  const first = until(60_000, PERSONAL, { sites: ['east'], skipIf: 'noneAvailable' });
  const city = (step: PlanStep, east: readonly AgentSetting[]) =>
    new Hotline(
      rules(
        [queue('personal', { plan: 'p', wrapUpMs: 0 }), queue('english')],
        [agent('ana', { personal: 1 }, { site: 'main' }), ...east],
        { plans: { p: [step, always(PERSONAL)] }, sites: SITES },
      ),
    );
  const east = ['eva', 'fay'].map((name) => agent(name, { personal: 1 }, { site: 'east' }));

  test.each(['draining', 'down'] as const)('[Q11][Q14] is over when their site is %s', (status) => {
    const hotline = city(first, east);
    hotline.ready('ana', 'eva');
    ask(hotline, 'east', status);
    expect(hotline.ringing(hotline.call('personal'))).toBe('ana');
  });

  test('[Q11][Q14] is over when their site has as many calls as it may have', () => {
    const hotline = city(first, east);
    hotline.ready('eva', 'fay', 'ana');
    const calls = [hotline.call('personal'), hotline.call('personal')];
    expect(calls.map((call) => hotline.ringing(call))).toEqual(['eva', 'ana']);
  });

  test('[Q11][Q12] is over while the profiles of all who are free delay the queue, and does not come back', () => {
    const later = [{ queue: 'personal', rank: 1, delayMs: 20_000 }];
    const hotline = city(first, [agent('eva', { personal: 1 }, { site: 'east', profile: later })]);
    hotline.ready('eva');
    const call = hotline.call('personal');
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([1, undefined]);
    hotline.pass(20_000);
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([1, 'eva']);
  });

  /** All who wait come to their second step at once, in the order in which they called; `english` goes to gus of the east, which has room for one. */
  const atOnce = (second: PlanStep) => {
    const plans = { p: [until(20_000, LAW), second, always(PERSONAL)], q: [until(20_000, LAW), always(ENGLISH)] };
    const queues = [queue('personal', { plan: 'p', wrapUpMs: 0 }), queue('english', { plan: 'q' })];
    const staff = [
      agent('ana', { personal: 1 }, { site: 'main' }),
      agent('eva', { personal: 1 }, { site: 'east' }),
      agent('gus', { english: 1 }, { site: 'east' }),
    ];
    return new Hotline(rules(queues, staff, { plans, sites: SITES }));
  };
  const where = (hotline: Hotline, call: ContactId) => [stepOf(hotline, call), hotline.ringing(call)];

  test('[Q11] is over for who comes to it in the moment in which somebody else gets the only one who was free', () => {
    const hotline = atOnce({ ...first, sites: ['main'] });
    hotline.ready('ana', 'eva');
    const calls = [hotline.call('personal'), hotline.call('personal')];
    hotline.pass(20_000);
    expect(calls.map((call) => where(hotline, call))).toEqual([
      [1, 'ana'],
      [2, 'eva'],
    ]);
  });

  test('[Q11][Q14] is over for who comes to it in the moment in which a call of another queue takes the last place of their site', () => {
    const hotline = atOnce(first);
    hotline.ready('ana', 'eva', 'gus');
    const calls = [hotline.call('english'), hotline.call('personal')];
    hotline.pass(20_000);
    expect(calls.map((call) => where(hotline, call))).toEqual([
      [1, 'gus'],
      [2, 'ana'],
    ]);
  });

  test('[Q11][Q14][Q18] is over for who comes to its last agent in the moment in which a call of another queue takes the last place of the site', () => {
    const hotline = atOnce(until(60_000, PERSONAL, { lastAgent: true, skipIf: 'noneAvailable' }));
    hotline.ready('eva');
    const before = hotline.call('personal', '13800138000');
    hotline.pass(20_000);
    hotline.answer(before);
    hotline.hangUp(before);
    hotline.ready('ana', 'eva', 'gus');
    const calls = [hotline.call('english'), hotline.call('personal', '13800138000')];
    hotline.pass(20_000);
    expect(calls.map((call) => where(hotline, call))).toEqual([
      [1, 'gus'],
      [2, 'ana'],
    ]);
  });

  test.each(['draining', 'down'] as const)(
    '[Q11][Q14][Q18] is over when the last agent is free at a site that is %s',
    (status) => {
      const hotline = city(until(60_000, PERSONAL, { lastAgent: true, skipIf: 'noneAvailable' }), east);
      lastWasEva(hotline);
      ask(hotline, 'east', status);
      expect(hotline.ringing(hotline.call('personal', '13800138000'))).toBe('ana');
    },
  );

  test('[Q11][Q12][Q18] is over while the profile of the last agent delays the queue: others are free', () => {
    const later = [{ queue: 'personal', rank: 1, delayMs: 20_000 }];
    const hotline = city(until(60_000, PERSONAL, { lastAgent: true, skipIf: 'noneAvailable' }), [
      agent('eva', { personal: 1 }, { site: 'east', profile: later }),
    ]);
    hotline.ready('eva');
    const before = hotline.call('personal', '13800138000');
    hotline.pass(20_000);
    hotline.answer(before);
    hotline.hangUp(before);
    hotline.ready('ana', 'eva');
    const call = hotline.call('personal', '13800138000');
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([1, 'ana']);
  });

  test('[Q11][Q18] is over for who comes to it in the moment in which its last agent takes another call', () => {
    const last = until(60_000, PERSONAL, { lastAgent: true, skipIf: 'noneAvailable' });
    const staff = [agent('ana', { personal: 1 }), agent('eva', { personal: 1 })];
    const plans = { p: [until(20_000, LAW), last, always(PERSONAL)], q: [always(PERSONAL)] };
    const queues = [queue('personal', { plan: 'p', wrapUpMs: 0 }), queue('first', { plan: 'q', wrapUpMs: 0 })];
    const hotline = new Hotline(rules(queues, staff, { plans }));
    for (const from of ['13800138000', '13800138001']) {
      hotline.ready('eva');
      const before = hotline.call('first', from);
      hotline.answer(before);
      hotline.hangUp(before);
    }
    hotline.ready('eva', 'ana');
    const calls = ['13800138000', '13800138001'].map((from) => hotline.call('personal', from));
    hotline.pass(20_000);
    expect(calls.map((call) => [stepOf(hotline, call), hotline.ringing(call)])).toEqual([
      [1, 'eva'],
      [2, 'ana'],
    ]);
  });
});

test.each(['draining', 'down'] as const)(
  '[Q14][Q18] the last agent is not asked at a site that is %s, for as long as the step lasts, and is when it opens',
  (status) => {
    const plans = { p: [until(60_000, PERSONAL, { lastAgent: true }), always(PERSONAL)] };
    const staff = [agent('ana', { personal: 1 }, { site: 'main' }), agent('eva', { personal: 1 }, { site: 'east' })];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p', wrapUpMs: 0 })], staff, { plans, sites: SITES }));
    lastWasEva(hotline);
    ask(hotline, 'east', status);
    const call = hotline.call('personal', '13800138000');
    expect([stepOf(hotline, call), hotline.ringing(call)]).toEqual([0, undefined]);
    ask(hotline, 'east', 'open');
    expect(hotline.ringing(call)).toBe('eva');
  },
);
