import { describe, expect, test } from 'vitest';
import { agent, always, Hotline, queue, rules } from './routing-day.ts';

const PERSONAL = { skill: 'personal', level: 1 };
const PROFILE = ['personal', 'enterprise'].map((name) => ({ queue: name, rank: 1, delayMs: 0 }));

describe('a contact that arrives, of agents who are alike in what the step asks but not in all else', () => {
  /** Each is of a kind of its own. */
  const staff = [agent('ana', { personal: 1 }), agent('ben', { personal: 2 }), agent('cai', { personal: 3 })];

  test.each([
    ['ana', 'ben', 'cai'],
    ['ben', 'cai', 'ana'],
    ['cai', 'ana', 'ben'],
    ['cai', 'ben', 'ana'],
  ])('[Q3] goes to who has been idle for longest: %s, %s, %s', (...names) => {
    const hotline = new Hotline(rules([queue('personal')], staff));
    for (const name of names) {
      hotline.ready(name);
      hotline.pass(1_000);
    }
    const calls = names.map(() => hotline.call('personal'));
    expect(calls.map((call) => hotline.ringing(call))).toEqual(names);
  });

  test.each([[['cai', 'ben', 'ana']], [['ana', 'ben', 'cai']], [['ben', 'cai', 'ana']]])(
    '[Q3] goes to the lower id of those who have been idle for as long, whoever was ready first: %s',
    (names) => {
      const hotline = new Hotline(rules([queue('personal')], staff.toReversed()));
      hotline.ready(...names);
      const calls = names.map(() => hotline.call('personal'));
      expect(calls.map((call) => hotline.ringing(call))).toEqual(['ana', 'ben', 'cai']);
    },
  );

  test('[Q3] goes to the best fit of them before one idle for longer, of those who fit alike to the longest idle', () => {
    const plans = { p: [always(PERSONAL, { prefer: [{ skill: 'tax', weight: 1 }] })] };
    const city = rules(
      [queue('personal', { plan: 'p' })],
      [
        agent('ana', { personal: 1 }),
        agent('ben', { personal: 1, tax: 2 }),
        agent('cai', { personal: 2, tax: 2 }),
        agent('dan', { personal: 3, tax: 2 }),
      ],
      { plans },
    );
    const hotline = new Hotline(city);
    for (const name of ['ana', 'cai', 'ben', 'dan']) {
      hotline.ready(name);
      hotline.pass(1_000);
    }
    const calls = [1, 2, 3, 4].map(() => hotline.call('personal'));
    expect(calls.map((call) => hotline.ringing(call))).toEqual(['cai', 'ben', 'dan', 'ana']);
  });
});

describe('an agent who becomes free', () => {
  test.each([[['personal', 'enterprise']], [['enterprise', 'personal']]])(
    '[Q4] gets the lower id of two contacts that have waited for as long in different queues: %s',
    (names) => {
      const hotline = new Hotline(
        rules(
          ['personal', 'enterprise'].map((name) => queue(name)),
          [agent('ana', { personal: 1, enterprise: 1 }, { profile: PROFILE })],
        ),
      );
      // Whatever queue was asked of first.
      hotline.hangUp(hotline.call('personal'));
      hotline.pass(1_000);
      const [first, second] = names.map((name) => hotline.call(name));
      hotline.ready('ana');
      expect([hotline.ringing(first!), hotline.ringing(second!)]).toEqual(['ana', undefined]);
    },
  );

  test('[Q4] without a profile gets those of the own skills before older ones of other queues', () => {
    const plans = { all: [always({ all: [] })] };
    const queues = ['personal', 'enterprise'].map((name) => queue(name, { plan: 'all' }));
    const hotline = new Hotline(rules(queues, [agent('ana', { enterprise: 1 })], { plans }));
    const older = hotline.call('personal');
    hotline.pass(1_000);
    const own = hotline.call('enterprise');
    hotline.ready('ana');
    expect([hotline.ringing(older), hotline.ringing(own)]).toEqual([undefined, 'ana']);
  });

  test('[Q16] gets who has waited for 600 s before every rank where the queue names no bound, and not a moment sooner', () => {
    const profile = [
      { queue: 'enterprise', rank: 1, delayMs: 0 },
      { queue: 'personal', rank: 2, delayMs: 0 },
    ];
    const offeredAfter = (ms: number) => {
      const queues = ['personal', 'enterprise'].map((name) => queue(name));
      const hotline = new Hotline(rules(queues, [agent('ana', { personal: 1, enterprise: 1 }, { profile })]));
      const old = hotline.call('personal');
      hotline.pass(ms);
      hotline.call('enterprise');
      hotline.ready('ana');
      return hotline.ringing(old);
    };
    expect([offeredAfter(599_999), offeredAfter(600_000)]).toEqual([undefined, 'ana']);
  });
});

describe('several who become free in the same moment', () => {
  const sites = [
    { id: 'main', name: '主平台', kind: 'main' as const },
    { id: 'east', name: '东区分平台', kind: 'subPlatform' as const, capacity: 1 },
  ];
  const plans = { p: [always(PERSONAL, { prefer: [{ skill: 'personal', weight: 1 }] })] };
  const queues = [queue('personal', { plan: 'p' })];
  const ask = (hotline: Hotline, status: 'open' | 'draining') =>
    hotline.hear({ type: 'siteAsked', site: 'east', status, by: 'lead' });

  test('[Q3][Q14] leave a contact that waits to the best fit of them, not to who has been idle for longest', () => {
    const staff = [1, 2, 3].map((level) => agent(`a${4 - level}`, { personal: level }, { site: 'east' }));
    const hotline = new Hotline(rules(queues, staff, { plans, sites }));
    ask(hotline, 'draining');
    for (const name of ['a3', 'a1', 'a2']) {
      hotline.ready(name);
      hotline.pass(1_000);
    }
    const call = hotline.call('personal');
    ask(hotline, 'open');
    expect(hotline.ringing(call)).toBe('a1');
  });

  test('[Q3][Q14] when a site has room again by a decline, the call goes to the best fit of all, at whatever site', () => {
    const staff = [
      agent('ana', { personal: 2 }, { site: 'main' }),
      agent('eva', { personal: 3 }, { site: 'east' }),
      agent('fay', { personal: 1 }, { site: 'east' }),
    ];
    const hotline = new Hotline(rules(queues, staff, { plans, sites }));
    hotline.ready('fay', 'ana', 'eva');
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBe('eva');
    hotline.decline(call);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[Q3][Q4] have each the contact that is first for it, of those for which it is the best fit', () => {
    const needs = (skill: string) => [always({ skill, level: 1 }, { prefer: [{ skill, weight: 1 }] })];
    const serves = (...names: string[]) => ({
      site: 'east',
      profile: names.map((name, nth) => ({ queue: name, rank: nth + 1, delayMs: 0 })),
    });
    const staff = [
      agent('ana', { personal: 1 }, serves('personal')),
      agent('ben', { personal: 3, enterprise: 2 }, serves('enterprise', 'personal')),
      agent('cai', { enterprise: 3 }, serves('enterprise')),
    ];
    const both = ['personal', 'enterprise'].map((name) => queue(name, { plan: name }));
    const plan = { personal: needs('personal'), enterprise: needs('enterprise') };
    const unlimited = sites.map(({ id, name, kind }) => ({ id, name, kind }));
    const hotline = new Hotline(rules(both, staff, { plans: plan, sites: unlimited }));
    ask(hotline, 'draining');
    hotline.ready('ana', 'ben', 'cai');
    const calls = ['personal', 'enterprise'].map((name) => hotline.call(name));
    ask(hotline, 'open');
    // Ben is the best for the first call and due to the second, for which cai is better.
    expect(calls.map((call) => hotline.ringing(call))).toEqual(['ben', 'cai']);
  });
});
