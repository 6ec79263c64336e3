import { describe, expect, test } from 'vitest';
import type { SlotRules } from '../../src/core/settings.ts';
import { MEDIUM, SLOTS } from './digital-day.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const PERSONAL = { skill: 'personal', level: 1 };
const CALLER = '13800138000';
const SITES = [
  { id: 'main', name: '主平台', kind: 'main' as const },
  { id: 'east', name: '东区分平台', kind: 'subPlatform' as const, capacity: 1 },
];
const QUEUES = [queue('personal', { plan: 'p', wrapUpMs: 0 }), queue('english', { floor: 0.8, wrapUpMs: 0 })];

type Parts = Partial<Parameters<typeof rules>[2]> & { readonly staff: Parameters<typeof rules>[1] };

function hotlineOf({ staff, ...more }: Parts): Hotline {
  const hotline = new Hotline(rules(QUEUES, staff, { plans: { p: [always(PERSONAL)] }, ...more }));
  hotline.asksWhy = true;
  return hotline;
}

/** Of the last offer: who had it, and each of the others with the rule. */
function lastOf({ why }: Hotline): string {
  const { chosen, others } = why.at(-1)!;
  return [chosen, ...others.map(({ agent: who, because }) => `${who} ${because}`)].join(', ');
}

const talk = (hotline: Hotline, queueName = 'personal', from = '') => {
  const call = hotline.call(queueName, from);
  hotline.answer(call);
  return call;
};

/** Ana and ben alike but for what is said of ben, who has been idle for longer. */
function oneOther(ben: Parameters<typeof agent>[2] & { skills?: Record<string, number> }, more = {}): Hotline {
  const { skills = { personal: 1 }, ...rest } = ben;
  const hotline = hotlineOf({ staff: [agent('ana', { personal: 1 }), agent('ben', skills, rest)], ...more });
  hotline.ready('ben');
  hotline.pass(1_000);
  hotline.ready('ana');
  return hotline;
}

describe('of an agent who was free and did not get the contact it is told', () => {
  test('[Q3] that the other has been idle for longer, or for as long with a lower id', () => {
    const hotline = hotlineOf({ staff: ['ana', 'ben', 'cai'].map((name) => agent(name, { personal: 1 })) });
    hotline.ready('cai', 'ben');
    hotline.pass(1_000);
    hotline.ready('ana');
    hotline.call('personal');
    expect(lastOf(hotline)).toBe('ben, cai Q3, ana Q3');
  });

  test('[Q11] that it serves another queue, or the step asks for somebody else', () => {
    const unable = oneOther({ skills: { english: 5 } });
    unable.call('personal');
    expect(lastOf(unable)).toBe('ana, ben Q11');
    const elsewhere = oneOther({ profile: [{ queue: 'english', rank: 1, delayMs: 0 }] });
    elsewhere.call('personal');
    expect(lastOf(elsewhere)).toBe('ana, ben Q11');
  });

  test('[Q12] that its profile delays the queue, until the delay is over', () => {
    const hotline = oneOther({ profile: [{ queue: 'personal', rank: 1, delayMs: 25_000 }] });
    const call = hotline.call('personal');
    expect(lastOf(hotline)).toBe('ana, ben Q12');
    hotline.decline(call);
    hotline.pass(24_999);
    expect(hotline.why.map(({ others }) => others.map(({ because }) => because))).toEqual([['Q12'], ['Q12']]);
    hotline.pass(1);
    expect(lastOf(hotline)).toBe('ben');
  });

  test.each(['draining', 'down'] as const)('[Q14] that its site is %s', (status) => {
    const hotline = oneOther({ site: 'east' }, { sites: SITES });
    hotline.hear({ type: 'siteAsked', site: 'east', status, by: 'lead' });
    hotline.call('personal');
    expect(lastOf(hotline)).toBe('ana, ben Q14');
  });

  test('[Q14] that its site has as many calls as it may have', () => {
    const staff = [
      agent('ana', { personal: 1 }),
      ...['ben', 'cai'].map((n) => agent(n, { personal: 1 }, { site: 'east' })),
    ];
    const hotline = hotlineOf({ staff, sites: SITES });
    hotline.ready('cai');
    talk(hotline);
    hotline.ready('ben');
    hotline.pass(1_000);
    hotline.ready('ana');
    hotline.call('personal');
    expect(lastOf(hotline)).toBe('ana, ben Q14');
  });

  test('[Q15] that it is kept for its own queue, which misses its floor', () => {
    const hotline = oneOther({ home: 'english', skills: { personal: 1, english: 1 } });
    hotline.hangUp(hotline.call('english'));
    hotline.ask('ben', 'notReady');
    hotline.hangUp(hotline.call('english'));
    hotline.ready('ben');
    hotline.pass(1_000);
    hotline.ask('ana', 'notReady');
    hotline.ready('ana');
    hotline.call('personal');
    expect(lastOf(hotline)).toBe('ana, ben Q15');
  });

  test('[Q18] that the caller spoke with another one last', () => {
    const plans = { p: [until(10_000, PERSONAL, { lastAgent: true, skipIf: 'noneLoggedIn' }), always(PERSONAL)] };
    const hotline = oneOther({}, { plans });
    hotline.ask('ben', 'notReady');
    hotline.hangUp(talk(hotline, 'personal', CALLER));
    hotline.ready('ben');
    hotline.pass(1_000);
    hotline.ask('ana', 'notReady');
    hotline.ready('ana');
    hotline.call('personal', CALLER);
    expect(lastOf(hotline)).toBe('ana, ben Q18');
    expect(hotline.why.at(-1)).toMatchObject({ step: 0 });
    hotline.hangUp(hotline.why.at(-1)!.contact);
    hotline.call('personal', '13900139000');
    expect(hotline.why.at(-1)).toMatchObject({ chosen: 'ben', step: 1 });
  });

  test('[Q13] that it fits less what the step prefers, however long it has been idle', () => {
    const prefer = [{ skill: 'tax', weight: 2 }];
    const staff = [agent('ana', { personal: 1, tax: 3 }), agent('ben', { personal: 1, tax: 1 })];
    const hotline = hotlineOf({ staff, plans: { p: [always(PERSONAL, { prefer })] } });
    hotline.ready('ben');
    hotline.pass(1_000);
    hotline.ready('ana');
    hotline.call('personal');
    expect(lastOf(hotline)).toBe('ana, ben Q13');
    expect(hotline.why.at(-1)).toMatchObject({ key: { score: 6 }, others: [{ score: 2 }] });
  });

  test('[W4] that it has more to do, however long it has been idle', () => {
    const hotline = oneOther({}, { slots: SLOTS });
    const chat = hotline.open('chat', 'personal')!;
    hotline.reply(chat);
    hotline.pass(1_000);
    hotline.call('personal');
    expect(lastOf(hotline)).toBe('ana, ben W4');
    expect(hotline.why.at(-1)).toMatchObject({ key: { has: 0 }, others: [{ has: 1 }] });
  });

  test('[O5] that it has just missed the contact, which goes to one idle for less long', () => {
    const staff = ['ana', 'ben', 'cai'].map((name) => agent(name, { personal: 1 }));
    const hotline = hotlineOf({ staff });
    hotline.ready('ana', 'ben');
    const call = hotline.call('personal');
    hotline.decline(call);
    hotline.pass(6_000);
    hotline.ready('cai');
    hotline.decline(call);
    expect(lastOf(hotline)).toBe('cai, ana O5');
  });

  test('[W13] that a call-back of ours takes back nothing that it is being asked', () => {
    const slots: SlotRules = { each: { chat: 1 }, beside: { voice: { chat: 0 } }, media: { chat: MEDIUM } };
    const missedCalls = { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 2 };
    const staff = ['ana', 'ben'].map((name) => agent(name, { personal: 1 }));
    const hotline = hotlineOf({ staff, slots, missedCalls, dialsOut: true });
    hotline.hangUp(hotline.call('personal', CALLER));
    const chat = hotline.open('chat', 'personal')!;
    hotline.ready('ben');
    expect([hotline.ringing(chat), lastOf(hotline)]).toEqual(['ben', 'ben']);
    hotline.pass(1_000);
    hotline.ready('ana');
    expect(lastOf(hotline)).toBe('ana, ben W13');
  });
});

test('[W2] of who has no slot free for the contact nothing is told', () => {
  const staff = ['ana', 'ben'].map((name) => agent(name, { personal: 1 }));
  const callsOnly = agent('cai', { personal: 1 }, { slots: { chat: 0, mail: 0 } });
  const hotline = hotlineOf({ staff: [...staff, callsOnly], slots: SLOTS });
  hotline.ready('cai', 'ana', 'ben');
  hotline.open('chat', 'personal');
  expect(lastOf(hotline)).toBe('ana, ben Q3');
});

test('[Q3] of twenty others it is told, all who came next before the others, each group by how long they have been idle', () => {
  const serving = Array.from({ length: 12 }, (_, nth) => agent(`s${String(nth).padStart(2, '0')}`, { personal: 1 }));
  const others = Array.from({ length: 12 }, (_, nth) => agent(`o${String(nth).padStart(2, '0')}`, { english: 1 }));
  const hotline = hotlineOf({ staff: [...serving, ...others] });
  for (let nth = 11; nth >= 0; nth--) {
    hotline.ready(others[nth]!.id, serving[nth]!.id);
    hotline.pass(1_000);
  }
  hotline.call('personal');
  const { chosen, others: told } = hotline.why.at(-1)!;
  const downTo = (letter: string, from: number, to: number) =>
    Array.from({ length: from - to + 1 }, (_, nth) => `${letter}${String(from - nth).padStart(2, '0')}`);
  expect(chosen).toBe('s11');
  expect(told.map(({ agent: who }) => who)).toEqual([...downTo('s', 10, 0), ...downTo('o', 11, 3)]);
});
