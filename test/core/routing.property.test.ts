import fc from 'fast-check';
import { test } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import type { ContactId } from '../../src/core/ids.ts';
import type { AgentSetting, Need, PlanStep, QueueSetting, Settings } from '../../src/core/settings.ts';
import type { State, Wait } from '../../src/core/state.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';
import { ageMs, isExcludedFor, isFree, mayServe, openContacts, rankOf } from './routing-oracle.ts';

const QUEUES = ['personal', 'enterprise', 'english'];
const SITES = ['main', 'east', 'west'];
const NAMES = ['ana', 'ben', 'cai', 'dan', 'eva', 'fay'];
const RUNS = Number(process.env['ROUTING_RUNS'] ?? 150);

const need: fc.Arbitrary<Need> = fc.letrec<{ need: Need }>((tie) => ({
  need: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.record({ skill: fc.constantFrom(...QUEUES), level: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ any: fc.array(tie('need'), { maxLength: 2 }) }),
    fc.record({ all: fc.array(tie('need'), { maxLength: 2 }) }),
    fc.record({ not: tie('need') }),
  ),
})).need;

const stepParts = fc.record(
  {
    needs: need,
    sites: fc.subarray(SITES, { minLength: 1 }),
    prefer: fc.array(fc.record({ skill: fc.constantFrom(...QUEUES), weight: fc.integer({ min: 1, max: 3 }) }), {
      maxLength: 2,
    }),
    headStartMs: fc.constantFrom(5_000, 30_000),
    skipIf: fc.constantFrom<NonNullable<PlanStep['skipIf']>>('noneLoggedIn', 'noneAvailable', 20_000),
    lastAgent: fc.constant<true>(true),
  },
  { requiredKeys: ['needs'] },
);

const plan: fc.Arbitrary<readonly PlanStep[]> = fc
  .tuple(fc.array(stepParts, { maxLength: 3 }), fc.boolean())
  .map(([steps, anybody]) => [
    ...steps.map((parts, index) => ({ ...parts, untilMs: 10_000 * (index + 1) }) as PlanStep),
    { untilMs: null, needs: anybody ? { all: [] } : { skill: QUEUES[0]!, level: 1 } },
  ]);

const agents: fc.Arbitrary<AgentSetting[]> = fc.tuple(
  ...NAMES.map((name) =>
    fc
      .record(
        {
          skills: fc.dictionary(fc.constantFrom(...QUEUES), fc.integer({ min: 1, max: 5 }), {
            minKeys: 1,
            noNullPrototype: true,
          }),
          site: fc.constantFrom(...SITES),
          home: fc.constantFrom(...QUEUES),
          profile: fc.uniqueArray(
            fc.record({
              queue: fc.constantFrom(...QUEUES),
              rank: fc.integer({ min: 1, max: 3 }),
              delayMs: fc.constantFrom(0, 10_000, 25_000),
            }),
            { selector: (entry) => entry.queue, minLength: 1 },
          ),
        },
        { requiredKeys: ['skills'] },
      )
      .map(({ skills, ...more }) => agent(name, skills, more as Partial<AgentSetting>)),
  ),
);

const settings: fc.Arbitrary<Settings> = fc
  .record({
    plans: fc.dictionary(fc.constantFrom('a', 'b'), plan, { noNullPrototype: true }),
    floors: fc.array(fc.option(fc.constantFrom(0.5, 0.9), { nil: undefined }), { minLength: 3, maxLength: 3 }),
    planOf: fc.array(fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), { minLength: 3, maxLength: 3 }),
    capacity: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    agents,
  })
  .map(({ plans, floors, planOf, capacity, agents: staff }) => {
    const queues: QueueSetting[] = QUEUES.map((name, index) =>
      queue(name, {
        boundMs: 60_000,
        ...(floors[index] === undefined ? {} : { floor: floors[index] }),
        ...(planOf[index] === undefined ? {} : { plan: planOf[index] }),
      }),
    );
    const sites = SITES.map((id) => ({
      id,
      name: id,
      kind: 'subPlatform' as const,
      ...(id === 'east' && capacity !== undefined ? { capacity } : {}),
    }));
    const modes = { emergency: { queues: { personal: { plan: 'a' }, english: { boundMs: 20_000 } } } };
    return rules(queues, staff, { plans, sites, modes });
  });

type Act =
  | { readonly do: 'call'; readonly queue: string; readonly from: string }
  | { readonly do: 'state'; readonly agent: string; readonly state: 'ready' | 'notReady' | 'offline' }
  | { readonly do: 'answer' | 'decline' | 'hangUp'; readonly nth: number }
  | { readonly do: 'site'; readonly site: string; readonly status: 'open' | 'draining' | 'down' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'mode'; readonly mode: 'normal' | 'emergency' }
  | { readonly do: 'restart' };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      queue: fc.constantFrom(...QUEUES),
      from: fc.constantFrom('1', '2', '3', ''),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('state' as const),
      agent: fc.constantFrom(...NAMES),
      state: fc.constantFrom(
        'ready' as const,
        'ready' as const,
        'ready' as const,
        'notReady' as const,
        'offline' as const,
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('answer' as const, 'answer' as const, 'decline' as const, 'hangUp' as const),
      nth: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('site' as const),
      site: fc.constantFrom(...SITES),
      status: fc.constantFrom('open' as const, 'draining' as const, 'down' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(500, 3_000, 10_000, 40_000, 320_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mode' as const),
      mode: fc.constantFrom('normal' as const, 'emergency' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

test('[Q3][Q4][Q6][Q11][Q12][Q13][Q14][Q15][Q16][Q17][Q18] on random days every offer is the right one and nobody waits for an agent who is free', () => {
  fc.assert(
    fc.property(settings, fc.array(act, { maxLength: 80, size: 'max' }), (city, acts) => {
      const before = new Map<ContactId, Wait>();
      const hotline = new Hotline(city, (state, decided) => check(state, decided, before));
      hotline.ready(...NAMES.slice(0, 3));
      for (const one of acts) play(hotline, one);
    }),
    { numRuns: RUNS },
  );
});

function play(hotline: Hotline, one: Act): void {
  switch (one.do) {
    case 'call':
      return void hotline.call(one.queue, one.from);
    case 'state':
      return hotline.ask(one.agent, one.state);
    case 'site':
      return void hotline.hear({ type: 'siteAsked', site: one.site, status: one.status, by: 'lead' });
    case 'mode':
      return void hotline.hear({ type: 'modeAsked', mode: one.mode, by: 'lead', reason: '' });
    case 'pass':
      return hotline.pass(one.ms);
    case 'restart': {
      const before = encodeState(hotline.state);
      hotline.restart();
      if (encodeState(hotline.state) !== before) throw new Error('a restart changes the state');
      return;
    }
    case 'answer':
    case 'decline':
    case 'hangUp': {
      const open = [...hotline.state.contacts.keys()];
      const contact = open[one.nth % (open.length || 1)];
      return contact === undefined ? undefined : hotline[one.do](contact);
    }
  }
}

function check(state: State, decided: readonly Command[], before: Map<ContactId, Wait>): void {
  oneEach(state);
  const open = openContacts(state);
  for (const { contact, wait } of open) {
    const idle = [...state.agents.values()].find((each) => isFree(state, each) && mayServe(state, each, wait));
    if (idle !== undefined) throw new Error(`${contact.id} waits at step ${wait.step} while ${idle.id} is free`);
    if ((before.get(contact.id) ?? wait).enqueuedAtMs !== wait.enqueuedAtMs)
      throw new Error(`${contact.id} lost its place`);
  }
  // The offers that stand: nobody who still waits had the better right to that agent at the time.
  for (const command of decided) {
    if (command.do !== 'record-fact' || command.fact !== 'offerMade') continue;
    const contact = state.contacts.get(command.contact);
    const offered = state.agents.get(command.agent)!;
    if (contact?.stage.in !== 'queue' || contact.stage.offer?.token !== command.token) continue;
    const { wait } = contact.stage;
    for (const other of open) {
      // The offer itself may have ended a step for this one, which made it older than it was.
      if (before.get(other.contact.id)?.step !== other.wait.step) continue;
      if (contact.openedAtMs === state.nowMs || isExcludedFor(state, offered, contact)) continue;
      if (!mayServe(state, offered, other.wait) || isExcludedFor(state, offered, other.contact)) continue;
      const [mine, others] = [rankOf(state, offered, wait), rankOf(state, offered, other.wait)];
      const older = ageMs(state, other.wait) - ageMs(state, wait);
      if (others < mine || (others === mine && older > 0))
        throw new Error(`${offered.id} was offered ${contact.id} before ${other.contact.id}`);
    }
  }
  before.clear();
  for (const { contact, wait } of open) before.set(contact.id, wait);
}

/** An agent has one offer or contact at most, and a contact one agent. */
function oneEach(state: State): void {
  const taken = new Map<string, string>();
  for (const { id, stage } of state.contacts.values()) {
    const who = stage.in === 'queue' ? stage.offer?.agent : 'agent' in stage ? stage.agent : undefined;
    if (who === undefined) continue;
    if (taken.has(who)) throw new Error(`${who} has ${taken.get(who)} and ${id}`);
    taken.set(who, id);
  }
  for (const each of state.agents.values()) {
    if (each.work !== null && each.work.in !== 'wrapUp' && !taken.has(each.id)) throw new Error(`${each.id} is stuck`);
  }
}
