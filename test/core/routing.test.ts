import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { ContactId } from '../../src/core/ids.ts';
import { agentId, nodeId } from '../../src/core/ids.ts';
import { siteViews } from '../../src/core/view.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const PERSONAL = { skill: 'personal', level: 1 };
const ANYBODY = { all: [] };
const NODE = nodeId('switch');

function talks(hotline: Hotline, contact: ContactId): string | undefined {
  const stage = hotline.state.contacts.get(contact)?.stage;
  return stage?.in === 'talk' ? stage.agent : undefined;
}

function told(commands: readonly Command[], wish: Command['do']): number {
  return commands.filter((command) => command.do === wish).length;
}

/** A call of ana's own queue that is answered after the time in which it counts. */
function talkTooLate(hotline: Hotline): void {
  const late = hotline.call('personal');
  hotline.pass(16_000);
  hotline.ready('ana');
  hotline.answer(late);
  hotline.hangUp(late);
}

describe('who gets a contact', () => {
  test('[Q3] the best fit by what the step prefers, then the longest idle, then the lower id', () => {
    const plans = { topic: [always(PERSONAL, { prefer: [{ skill: 'tax', weight: 2 }] })] };
    const staff = [
      agent('ana', { personal: 5 }),
      agent('ben', { personal: 1, tax: 3 }),
      agent('cai', { personal: 1, tax: 3 }),
    ];
    const hotline = new Hotline(rules([queue('personal', { plan: 'topic' })], staff, { plans }));
    hotline.ready('ana', 'cai');
    hotline.pass(1_000);
    hotline.ready('ben');
    const calls = [1, 2, 3].map(() => hotline.call('personal'));
    expect(calls.map((call) => hotline.ringing(call))).toEqual(['cai', 'ben', 'ana']);
  });

  test('[Q4][Q16] the better rank goes first, until the other class has waited for its bound', () => {
    const profile = [
      { queue: 'enterprise', rank: 1, delayMs: 0 },
      { queue: 'personal', rank: 2, delayMs: 0 },
    ];
    const hotline = new Hotline(
      rules(
        [queue('personal', { boundMs: 60_000 }), queue('enterprise')],
        [agent('ana', { personal: 1, enterprise: 1 }, { profile })],
      ),
    );
    const old = hotline.call('personal');
    hotline.pass(30_000);
    const young = hotline.call('enterprise');
    hotline.ready('ana');
    expect(hotline.ringing(young)).toBe('ana');
    hotline.ask('ana', 'notReady');
    hotline.pass(30_000);
    hotline.ready('ana');
    expect(hotline.ringing(old)).toBe('ana');
  });

  test('[Q12] an agent on loan is asked once the wait has lasted for the delay, and not before', () => {
    const profile = [{ queue: 'personal', rank: 2, delayMs: 25_000 }];
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 }, { profile })]));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.pass(24_999);
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[Q13] needs are joined by all, any and not', () => {
    const needs = {
      all: [
        PERSONAL,
        {
          any: [
            { skill: 'tax', level: 3 },
            { skill: 'law', level: 3 },
          ],
        },
        { not: { skill: 'trainee', level: 1 } },
      ],
    };
    const staff = [
      agent('ana', { personal: 1, tax: 2 }),
      agent('ben', { personal: 1, law: 3, trainee: 1 }),
      agent('cai', { law: 5 }),
      agent('dan', { personal: 1, law: 3 }),
    ];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans: { p: [always(needs)] } }));
    hotline.ready('ana', 'ben', 'cai', 'dan');
    expect(hotline.ringing(hotline.call('personal'))).toBe('dan');
  });

  test('[Q11] a step for a queue that is not long stays until the oldest contact has waited for longer than it says, then all go on', () => {
    const plans = { p: [until(60_000, { skill: 'law', level: 1 }, { skipIf: 20_000 }), always(PERSONAL)] };
    const hotline = new Hotline(
      rules([queue('personal', { plan: 'p' })], [agent('ana', { personal: 1 }), agent('leo', { law: 1 })], { plans }),
    );
    hotline.ready('ana');
    const oldest = hotline.call('personal');
    hotline.pass(20_000);
    const within = hotline.call('personal');
    const ringing = (calls: readonly ContactId[]) => calls.map((call) => hotline.ringing(call));
    expect(ringing([oldest, within])).toEqual([undefined, undefined]);
    hotline.pass(1);
    const beyond = hotline.call('personal');
    expect(ringing([oldest, within, beyond])).toEqual(['ana', undefined, undefined]);
    const steps = [within, beyond].map((call) => {
      const stage = hotline.state.contacts.get(call)!.stage;
      return stage.in === 'queue' && stage.wait.step;
    });
    expect(steps).toEqual([1, 1]);
  });

  test('[Q11][Q17] the needs relax step by step, and a step may count as time already waited', () => {
    const plans = {
      citizen: [
        until(10_000, { skill: 'tax', level: 3 }),
        until(25_000, { skill: 'tax', level: 1 }),
        always(ANYBODY, { headStartMs: 30_000 }),
      ],
    };
    const staff = [agent('ana', { tax: 1 }), agent('ben', { personal: 1 })];
    const hotline = new Hotline(rules([queue('personal', { plan: 'citizen' }), queue('other')], staff, { plans }));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.pass(10_000);
    expect(hotline.ringing(call)).toBe('ana');
    hotline.ask('ana', 'notReady');
    const second = hotline.call('personal');
    hotline.pass(25_000);
    hotline.ready('ben');
    expect(hotline.ringing(call)).toBe('ben');
    const stage = hotline.state.contacts.get(second)!.stage;
    expect(stage.in === 'queue' && stage.wait).toMatchObject({ step: 2, headStartMs: 30_000 });
  });

  test('[Q11] a step for people who are not there is passed over at once, and when the last of them leaves', () => {
    const plans = { p: [until(60_000, { skill: 'law', level: 1 }, { skipIf: 'noneLoggedIn' }), always(PERSONAL)] };
    const staff = [agent('ana', { personal: 1 }), agent('leo', { law: 1 })];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans }));
    hotline.ready('ana');
    expect(hotline.ringing(hotline.call('personal'))).toBe('ana');
    hotline.ask('leo', 'notReady');
    hotline.ready('ana');
    const patient = hotline.call('personal');
    expect(hotline.ringing(patient)).toBeUndefined();
    hotline.ask('leo', 'offline');
    const stage = hotline.state.contacts.get(patient)!.stage;
    expect(stage.in === 'queue' && stage.wait.step).toBe(1);
  });

  test('[Q13] a step that names agents is for them alone, for as long as it lasts, and passed over while none of them is there', () => {
    const few = { agents: [agentId('ben'), agentId('gus')], skipIf: 'noneLoggedIn' as const };
    const plans = { p: [until(10_000, PERSONAL, few), always(PERSONAL)] };
    const staff = ['ana', 'ben', 'cai'].map((name) => agent(name, { personal: 1 }));
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], staff, { plans }));
    hotline.ready('ana');
    expect(hotline.ringing(hotline.call('personal'))).toBe('ana');
    hotline.ready('cai');
    hotline.pass(1_000);
    hotline.ready('ben');
    expect(hotline.ringing(hotline.call('personal'))).toBe('ben');
    const next = hotline.call('personal');
    expect(hotline.ringing(next)).toBeUndefined();
    hotline.pass(10_000);
    expect(hotline.ringing(next)).toBe('cai');
  });

  test('[Q13][Q18] the last agent is asked only if the step names that one, too', () => {
    const last = { lastAgent: true as const, agents: [agentId('ana')] };
    const plans = { p: [until(10_000, PERSONAL, { ...last, skipIf: 'noneLoggedIn' }), always(PERSONAL)] };
    const staff = ['ana', 'ben'].map((name) => agent(name, { personal: 1 }));
    const hotline = new Hotline(rules([queue('personal', { plan: 'p', wrapUpMs: 0 })], staff, { plans }));
    hotline.ready('ben');
    const first = hotline.call('personal', '13800138000');
    hotline.answer(first);
    hotline.hangUp(first);
    hotline.ready('ana');
    hotline.pass(1_000);
    hotline.ask('ben', 'notReady');
    hotline.pass(1_000);
    hotline.ready('ben');
    expect(hotline.ringing(hotline.call('personal', '13800138000'))).toBe('ana');
  });

  test('[Q12][Q18] the last agent whose profile delays the queue is asked once the delay is over, and not before', () => {
    const plans = { p: [until(60_000, PERSONAL, { lastAgent: true }), always(PERSONAL)] };
    const profile = [{ queue: 'personal', rank: 1, delayMs: 20_000 }];
    const staff = [agent('ben', { personal: 1 }, { profile })];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p', wrapUpMs: 0 })], staff, { plans }));
    const first = hotline.call('personal', '13800138000');
    hotline.ready('ben');
    hotline.pass(60_000);
    hotline.answer(first);
    hotline.hangUp(first);
    const again = hotline.call('personal', '13800138000');
    expect(hotline.ringing(again)).toBeUndefined();
    hotline.pass(19_999);
    expect(hotline.ringing(again)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(again)).toBe('ben');
  });

  test('[Q18][C1] who spoke with the caller last is asked first, for as long as the step lasts', () => {
    const plans = { p: [until(10_000, PERSONAL, { lastAgent: true, skipIf: 'noneLoggedIn' }), always(PERSONAL)] };
    const staff = [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })];
    const hotline = new Hotline(rules([queue('personal', { plan: 'p', wrapUpMs: 0 })], staff, { plans }));
    hotline.ready('ben');
    const first = hotline.call('personal', '13800138000');
    hotline.answer(first);
    expect(talks(hotline, first)).toBe('ben');
    hotline.hangUp(first);
    hotline.ready('ana');
    expect(hotline.ringing(hotline.call('personal', '13800138000'))).toBe('ben');
    expect(hotline.ringing(hotline.call('personal', '13900139000'))).toBe('ana');
    const busy = hotline.call('personal', '13800138000');
    hotline.pass(10_000);
    hotline.ready('ana');
    expect(hotline.ringing(busy)).toBeUndefined();
    expect(hotline.state.standing.wanted.size).toBe(0);
  });

  test('[C1] at most 60,000 numbers are remembered, those heard of last; after a day none is', () => {
    const hotline = new Hotline(rules([queue('personal')], []));
    const { callers } = hotline.state;
    let most = 0;
    for (let n = 0; n < 60_200; n += 1) {
      hotline.hangUp(hotline.call('personal', String(13_000_000_000 + n)));
      most = Math.max(most, callers.size);
      // Heard of again, the first one is not the one that gives way.
      if (n === 50_000) hotline.hangUp(hotline.call('personal', '13000000000'));
    }
    expect(most).toBe(60_000);
    const kept = ['13000000000', '13000000001', '13000060199'].map((number) => callers.has(number));
    expect(kept).toEqual([true, false, true]);
    hotline.pass(86_400_000);
    for (let n = 0; n < 128; n += 1) hotline.hangUp(hotline.call('personal', '13900139000'));
    expect(callers.size).toBe(1);
  });

  test('[C2] who gave up and calls again within half an hour goes on waiting where it stood', () => {
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
    const gone = hotline.call('personal', '13800138000');
    hotline.pass(40_000);
    const waiting = hotline.call('personal', '13900139000');
    hotline.hangUp(gone);
    hotline.pass(1_000);
    const again = hotline.call('personal', '13800138000');
    hotline.ready('ana');
    expect([hotline.ringing(again), hotline.ringing(waiting)]).toEqual(['ana', undefined]);
    hotline.hangUp(again);
    hotline.ask('ana', 'notReady');
    hotline.pass(1_800_001);
    const late = hotline.call('personal', '13800138000');
    const stage = hotline.state.contacts.get(late)!.stage;
    expect(stage.in === 'queue' && stage.wait.headStartMs).toBe(0);
  });
});

describe('sites and donors', () => {
  const sites = [
    { id: 'main', name: '主平台', kind: 'main' as const },
    { id: 'east', name: '东区分平台', kind: 'subPlatform' as const, capacity: 1 },
  ];
  const plans = { city: [until(10_000, PERSONAL, { sites: ['main'] }), always(PERSONAL)] };
  const staff = [
    agent('ana', { personal: 1 }, { site: 'main' }),
    agent('eva', { personal: 1 }, { site: 'east' }),
    agent('fay', { personal: 1 }, { site: 'east' }),
  ];
  const city = rules([queue('personal', { plan: 'city' })], staff, { plans, sites });

  test('[Q14] with the main platform busy a caller is offered to a sub-platform within the overflow time', () => {
    const hotline = new Hotline(city);
    hotline.ready('ana', 'eva');
    const [first, second] = [hotline.call('personal'), hotline.call('personal')];
    hotline.pass(9_999);
    expect([hotline.ringing(first), hotline.ringing(second)]).toEqual(['ana', undefined]);
    hotline.pass(1);
    expect(hotline.ringing(second)).toBe('eva');
  });

  test('the records of offers and talks say where the agent sits, and nothing for the main platform', () => {
    const hotline = new Hotline(city);
    hotline.ready('ana', 'eva');
    const calls = [hotline.call('personal'), hotline.call('personal')];
    hotline.pass(10_000);
    for (const call of calls) hotline.answer(call);
    const said = hotline.commands.flatMap((command) =>
      command.do === 'record-fact' && (command.fact === 'offerMade' || command.fact === 'talkStarted')
        ? [[command.fact, command.agent, command.site]]
        : [],
    );
    expect(said).toEqual([
      ['offerMade', 'ana', undefined],
      ['offerMade', 'eva', 'east'],
      ['talkStarted', 'ana', undefined],
      ['talkStarted', 'eva', 'east'],
    ]);
  });

  test('[Q14] a site that is full is offered no more; the next call there comes when one ends', () => {
    const hotline = new Hotline(city);
    hotline.ready('eva', 'fay');
    const [first, second] = [hotline.call('personal'), hotline.call('personal')];
    hotline.pass(10_000);
    expect([hotline.ringing(first), hotline.ringing(second)]).toEqual(['eva', undefined]);
    expect(siteViews(hotline.state)).toEqual([
      { site: 'main', name: '主平台', kind: 'main', status: 'open', calls: 0, agents: 0, idleAgents: 0 },
      {
        ...{ site: 'east', name: '东区分平台', kind: 'subPlatform', status: 'open' },
        ...{ capacity: 1, calls: 1, agents: 2, idleAgents: 1 },
      },
    ]);
    hotline.hangUp(first);
    expect(hotline.ringing(second)).toBe('fay');
  });

  test('[Q14] a site that is down is offered nothing, and what rings there goes elsewhere; opened, it is asked again', () => {
    const hotline = new Hotline(city);
    hotline.ready('eva');
    const call = hotline.call('personal');
    hotline.pass(10_000);
    expect(hotline.ringing(call)).toBe('eva');
    hotline.hear({ type: 'siteAsked', site: 'east', status: 'down', by: 'lead' });
    expect(hotline.ringing(call)).toBeUndefined();
    expect(hotline.state.agents.get(agentId('eva'))?.misses).toBe(0);
    const asked = hotline.hear({ type: 'siteAsked', site: 'east', status: 'open', by: 'l'.repeat(99) });
    const said = { do: 'record-fact', fact: 'siteStatus', site: 'east', status: 'open', by: 'l'.repeat(64) };
    expect(asked[0]).toEqual(said);
    for (const [site, status] of [
      ['nowhere', 'down'],
      ['east', 'open'],
    ] as const) {
      expect(hotline.hear({ type: 'siteAsked', site, status, by: 'lead' })).toEqual([]);
    }
    expect(hotline.state.sites.size).toBe(0);
    expect(hotline.ringing(call)).toBe('eva');
    hotline.answer(call);
    hotline.hear({ type: 'siteAsked', site: 'east', status: 'draining', by: 'lead' });
    expect(talks(hotline, call)).toBe('eva');
    hotline.ready('fay');
    const next = hotline.call('personal');
    hotline.pass(10_000);
    expect(hotline.ringing(next)).toBeUndefined();
  });

  test('[Q15] an agent serves a foreign queue only while the own one keeps its floor, and again when it does', () => {
    const hotline = new Hotline(
      rules(
        [queue('personal', { floor: 0.8, wrapUpMs: 0 }), queue('enterprise')],
        [agent('ana', { personal: 1, enterprise: 1 }, { home: 'personal' })],
      ),
    );
    talkTooLate(hotline);
    const foreign = hotline.call('enterprise');
    expect(hotline.ringing(foreign)).toBeUndefined();
    hotline.pass(284_000);
    expect(hotline.ringing(foreign)).toBeUndefined();
    hotline.pass(16_000);
    expect(hotline.ringing(foreign)).toBe('ana');
  });
});

test('[Q15] waits that a switch lost count for no floor, and a queue without one counts nothing', () => {
  const hotline = new Hotline(rules([queue('personal', { floor: 0.5 }), queue('enterprise')], []));
  hotline.call('personal');
  hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'another', legs: [], devices: [], ended: [] } });
  hotline.hangUp(hotline.call('enterprise'));
  expect(hotline.state.contacts.size).toBe(0);
  expect([...hotline.state.levels.keys()]).toEqual([]);
  hotline.hangUp(hotline.call('personal'));
  expect(hotline.state.levels.get('personal')?.slots).toEqual([[expect.any(Number), 0, 1]]);
});

test('[Q15] a floor is kept by the share of all answers that counts, to the very share', () => {
  const offeredAfter = (floor: number) => {
    const staff = [agent('ana', { personal: 1, enterprise: 1 }, { home: 'personal' })];
    const hotline = new Hotline(rules([queue('personal', { floor, wrapUpMs: 0 }), queue('enterprise')], staff));
    talkTooLate(hotline);
    const foreign = hotline.call('enterprise');
    const inTime = hotline.call('personal');
    expect([hotline.ringing(inTime), hotline.ringing(foreign)]).toEqual(['ana', undefined]);
    hotline.answer(inTime);
    hotline.hangUp(inTime);
    return hotline.ringing(foreign);
  };
  expect([offeredAfter(0.5), offeredAfter(0.51)]).toEqual(['ana', undefined]);
});

describe('what goes wrong elsewhere', () => {
  const two = () =>
    new Hotline(
      rules([queue('personal'), queue('enterprise')], [agent('ana', { personal: 2 }), agent('ben', { personal: 1 })]),
    );

  test('[Q4] callers whom the agent cannot take have no weight in what the agent is offered', () => {
    const plans = { p: [always({ skill: 'personal', level: 3 })] };
    const city = rules(
      [queue('personal', { plan: 'p' }), queue('enterprise')],
      [agent('ana', { personal: 2, enterprise: 1 })],
      { plans },
    );
    const hotline = new Hotline(city);
    hotline.call('personal');
    hotline.call('personal');
    hotline.pass(60_000);
    const mine = hotline.call('enterprise');
    hotline.ready('ana');
    expect(hotline.ringing(mine)).toBe('ana');
  });

  test('[O5] a step that is shorter than a ring still reaches the second-best agent after a decline', () => {
    const plans = {
      p: [
        until(15_000, PERSONAL, { prefer: [{ skill: 'personal', weight: 1 }] }),
        always({ skill: 'nobody', level: 1 }),
      ],
    };
    const hotline = new Hotline(
      rules([queue('personal', { plan: 'p' })], [agent('ana', { personal: 5 }), agent('ben', { personal: 1 })], {
        plans,
      }),
    );
    hotline.ready('ana', 'ben');
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBe('ana');
    hotline.pass(8_000);
    hotline.decline(call);
    expect(hotline.ringing(call)).toBe('ben');
  });

  test.each([
    ['60 s in a step without end', null, 60_000],
    ['60 s in a step that is over sooner', 30_000, 60_000],
    ['the rest of a longer step', 200_000, 200_000],
    ['5 min in a step that lasts for longer still', 900_000, 300_000],
  ])('[O5] who missed a call comes last for it for %s', (_title, stepMs, excludedMs) => {
    /** Whom it is offered to, of two who are idle, the one who missed it for longer, so long after the miss. */
    const offeredAfter = (ms: number) => {
      const steps = stepMs === null ? [always(ANYBODY)] : [until(stepMs, ANYBODY), always(ANYBODY)];
      const staff = ['ana', 'ben', 'cai'].map((name) => agent(name, {}));
      const city = rules([queue('personal', { plan: 'p', ringMs: 120_000 })], staff, { plans: { p: steps } });
      const hotline = new Hotline(city);
      hotline.ready('ana');
      const call = hotline.call('personal');
      hotline.decline(call);
      hotline.ask('ana', 'notReady');
      hotline.pass(ms - 1_000);
      hotline.ready('ben', 'ana');
      hotline.pass(999);
      hotline.ready('cai');
      hotline.pass(1);
      expect(hotline.ringing(call)).toBe('ben');
      hotline.decline(call);
      return hotline.ringing(call);
    };
    expect([offeredAfter(excludedMs - 1), offeredAfter(excludedMs)]).toEqual(['cai', 'ana']);
  });

  test('[Q5][O9] one call is never answered by two agents', () => {
    const hotline = two();
    hotline.ready('ana', 'ben');
    const call = hotline.call('personal');
    const stage = hotline.state.contacts.get(call)!.stage;
    const [ring] = stage.in === 'queue' ? stage.offer!.legs : [];
    hotline.pass(20_000);
    expect(hotline.ringing(call)).toBe('ben');
    const answer: EventBody = { type: 'legAnswered', node: NODE, leg: ring! };
    expect(told(hotline.hear(answer), 'bridge')).toBe(0);
    hotline.answer(call);
    expect(talks(hotline, call)).toBe('ben');
  });

  test('[P3] a wrap-up is not cut short by a call of another queue', () => {
    const hotline = new Hotline(
      rules([queue('personal'), queue('enterprise')], [agent('ana', { personal: 1, enterprise: 1 })]),
    );
    hotline.ready('ana');
    const first = hotline.call('personal');
    hotline.answer(first);
    hotline.hangUp(first);
    const other = hotline.call('enterprise');
    hotline.pass(29_999);
    expect(hotline.ringing(other)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(other)).toBe('ana');
  });

  test('[O3] an agent whose phone says nothing at all is free again when the lease and the pause are over', () => {
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.pass(20_000);
    expect(hotline.state.agents.get(agentId('ana'))?.reported).toBe('ready');
    hotline.pass(10_000);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[O7] the phones stop ringing when the caller leaves, and whoever logs in later is not rung', () => {
    const hotline = two();
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.hangUp(call);
    expect(hotline.state.legs.size).toBe(0);
    const left = hotline.call('personal');
    hotline.hangUp(left);
    const rings = told(hotline.commands, 'ring');
    hotline.ready('ben');
    expect(told(hotline.commands, 'ring')).toBe(rings);
  });

  test('[O6][P2] after three misses an agent is set aside, and `ready` is the way back', () => {
    const hotline = new Hotline(rules([queue('personal')], [agent('ana', { personal: 1 })]));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.pass(120_000);
    expect(hotline.state.agents.get(agentId('ana'))).toMatchObject({ wish: 'notReady', reason: 'missedOffers' });
    hotline.ready('ana');
    expect(hotline.ringing(call)).toBe('ana');
  });

  test("[Q17] a restart changes nobody's age, step or place", () => {
    const plans = { p: [until(10_000, { skill: 'law', level: 1 }), always(PERSONAL, { headStartMs: 5_000 })] };
    const hotline = new Hotline(rules([queue('personal', { plan: 'p' })], [agent('ana', { personal: 1 })], { plans }));
    const calls = [hotline.call('personal', '1'), hotline.call('personal', '2')];
    hotline.pass(12_000);
    hotline.restart();
    hotline.ready('ana');
    expect(hotline.ringing(calls[0]!)).toBe('ana');
    const stage = hotline.state.contacts.get(calls[1]!)!.stage;
    expect(stage.in === 'queue' && stage.wait).toMatchObject({ step: 1, headStartMs: 5_000, enqueuedAtMs: 10_000_000 });
  });
});
