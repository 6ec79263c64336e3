import { describe, expect, test } from 'vitest';
import { agentId } from '../../src/core/ids.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const ANYBODY = { all: [] };
const PERSONAL = { skill: 'personal', level: 1 };
const BY_LEVEL = { prefer: [{ skill: 'personal', weight: 1 }] };

const isReady = (hotline: Hotline, name: string) => hotline.state.agents.get(agentId(name))!.wish === 'ready';

/** One who is offered the call and declines it, so often; the pauses are over at the end. */
function decline(hotline: Hotline, contact: ReturnType<Hotline['call']>, times: number): void {
  for (let nth = 0; nth < times; nth++) {
    hotline.decline(contact);
    hotline.pass(5_000);
  }
}

describe('three misses in a row', () => {
  test('[O6] a call that is answered between them clears those before it, one that is only offered does not', () => {
    const hotline = new Hotline(rules([queue('personal', { wrapUpMs: 0 })], [agent('ana', { personal: 1 })]));
    hotline.ready('ana');
    const call = hotline.call('personal');
    decline(hotline, call, 2);
    hotline.answer(call);
    hotline.hangUp(call);
    const next = hotline.call('personal');
    decline(hotline, next, 2);
    expect([isReady(hotline, 'ana'), hotline.ringing(next)]).toEqual([true, 'ana']);
    hotline.hangUp(next);
    decline(hotline, hotline.call('personal'), 1);
    expect(isReady(hotline, 'ana')).toBe(false);
  });
});

describe('who has missed a contact', () => {
  const profile = [
    { queue: 'personal', rank: 1, delayMs: 0 },
    { queue: 'enterprise', rank: 2, delayMs: 0 },
  ];
  const queues = [queue('personal'), queue('enterprise')];

  /** One is declined, and the next one offered in its place. */
  function otherBefore(hotline: Hotline) {
    hotline.ready('ana');
    const missed = hotline.call('personal');
    hotline.decline(missed);
    const other = hotline.call('enterprise');
    hotline.pass(5_000);
    expect([hotline.ringing(missed), hotline.ringing(other)]).toEqual([undefined, 'ana']);
    return { missed, other };
  }

  test('[O5][Q4] gets another one before it, of whatever queue and rank, and it when there is no other', () => {
    const staff = [agent('ana', { personal: 1, enterprise: 1 }, { profile })];
    const hotline = new Hotline(rules([queue('personal', { wrapUpMs: 0 }), ...queues.slice(1)], staff));
    const { missed, other } = otherBefore(hotline);
    hotline.hangUp(other);
    expect(hotline.ringing(missed)).toBe('ana');
  });

  test('[O5][Q16] gets another one before it even when it has waited for its bound', () => {
    const staff = [agent('ana', { personal: 1, enterprise: 1 }, { profile })];
    const hotline = new Hotline(rules([queue('personal', { boundMs: 3_000 }), queue('enterprise')], staff));
    otherBefore(hotline);
  });

  test('[O5][Q14] leaves it to those who become free in the same moment, though idle for longer', () => {
    const sites = [
      { id: 'main', name: '主平台', kind: 'main' as const },
      { id: 'east', name: '东区分平台', kind: 'subPlatform' as const },
    ];
    const staff = ['ana', 'ben'].map((name) => agent(name, { personal: 1 }, { site: 'east' }));
    const hotline = new Hotline(rules([queue('personal')], staff, { sites }));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.hear({ type: 'siteAsked', site: 'east', status: 'draining', by: 'lead' });
    hotline.decline(call);
    hotline.pass(5_000);
    hotline.ready('ben');
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.hear({ type: 'siteAsked', site: 'east', status: 'open', by: 'lead' });
    expect(hotline.ringing(call)).toBe('ben');
    hotline.pass(20_000);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test.each([
    ['who is idle for less long, of other skills', { personal: 1, tax: 1 }, {}],
    ['who fits less well', { personal: 1 }, BY_LEVEL],
  ])('[O5][Q3] comes after somebody %s', (_title, skills, preferring) => {
    const staff = [agent('ana', { personal: 5 }), agent('ben', { personal: 4 }), agent('cai', skills)];
    const plans = { p: [until(120_000, PERSONAL, preferring), always(ANYBODY)] };
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans }));
    hotline.ready('ana');
    hotline.pass(1_000);
    hotline.ready('ben');
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBe('ana');
    hotline.decline(call);
    expect(hotline.ringing(call)).toBe('ben');
    hotline.pass(6_000);
    hotline.ready('cai');
    hotline.decline(call);
    expect(hotline.ringing(call)).toBe('cai');
  });

  test('[O5][Q3] is asked again, when all have missed it, in the order of the best fit', () => {
    const staff = [agent('ana', { personal: 2 }), agent('ben', { personal: 4 })];
    const plans = { p: [until(120_000, PERSONAL, BY_LEVEL), always(ANYBODY)] };
    const sites = [{ id: 'main', name: '主平台', kind: 'main' as const }];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans, sites }));
    hotline.ready('ana');
    hotline.pass(1_000);
    const call = hotline.call('personal');
    hotline.decline(call);
    hotline.ready('ben');
    hotline.decline(call);
    hotline.hear({ type: 'siteAsked', site: 'main', status: 'draining', by: 'lead' });
    hotline.pass(10_000);
    hotline.hear({ type: 'siteAsked', site: 'main', status: 'open', by: 'lead' });
    expect(hotline.ringing(call)).toBe('ben');
  });

  test('[O5] is remembered with 63 others, those who missed it last', () => {
    const staff = Array.from({ length: 66 }, (_, nth) => agent(`a${nth + 10}`, { personal: 1 }));
    const hotline = new Hotline(rules([queue('personal')], staff));
    hotline.ready(...staff.map(({ id }) => id));
    const call = hotline.call('personal');
    for (const _ of staff) hotline.decline(call);
    const { excluded } = hotline.state.contacts.get(call)!;
    expect(excluded.map((entry) => entry.agent)).toEqual(staff.slice(2).map(({ id }) => id));
  });
});
