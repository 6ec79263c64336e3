import fc from 'fast-check';
import { test } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import { agentId, type ContactId, type OfferToken } from '../../src/core/ids.ts';
import type { SlotName } from '../../src/core/medium.ts';
import type { AgentSetting, Need, PlanStep, QueueSetting, Settings, SlotRules } from '../../src/core/settings.ts';
import type { Agent, Contact, State, Wait } from '../../src/core/state.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';
import {
  ageMs,
  countOf,
  isBetterFor,
  isExcludedFor,
  isFree,
  isPassedOver,
  mayServe,
  mostOf,
  openContacts,
  rankOf,
  siteOf,
  slotNameOf,
} from './routing-oracle.ts';

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
    agents: fc.subarray(NAMES.map(agentId), { minLength: 1, maxLength: 2 }),
    prefer: fc.array(fc.record({ skill: fc.constantFrom(...QUEUES), weight: fc.integer({ min: 1, max: 3 }) }), {
      maxLength: 2,
    }),
    headStartMs: fc.constantFrom(5_000, 30_000),
    skipIf: fc.constantFrom<NonNullable<PlanStep['skipIf']>>('noneLoggedIn', 'noneAvailable', 2_000, 20_000),
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
          slots: fc.record({ chat: fc.integer({ min: 0, max: 3 }), mail: fc.integer({ min: 0, max: 2 }) }),
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

const slotName = fc.constantFrom('voice' as const, 'chat' as const, 'mail' as const);

const medium = fc.record({
  offerMs: fc.constantFrom(10_000, 30_000),
  boundMs: fc.constantFrom(30_000, 120_000),
  wrapUpMs: fc.constantFrom(0, 15_000),
  waitingMax: fc.constantFrom(3, 100),
});

/** W16, W17, U6. */
const chat = fc
  .tuple(
    medium,
    fc.record(
      { remindMs: fc.constant(12_000), closeMs: fc.constantFrom(20_000, 45_000), answerMs: fc.constant(15_000) },
      { requiredKeys: [] },
    ),
  )
  .map(([times, idle]) => ({ ...times, ...idle }));

const slots: fc.Arbitrary<SlotRules> = fc.record({
  each: fc.record({ chat: fc.integer({ min: 0, max: 3 }), mail: fc.integer({ min: 0, max: 2 }) }),
  beside: fc.dictionary(
    slotName,
    fc.record(
      {
        voice: fc.integer({ min: 0, max: 1 }),
        chat: fc.integer({ min: 0, max: 2 }),
        mail: fc.integer({ min: 0, max: 2 }),
      },
      { requiredKeys: [] },
    ),
    { noNullPrototype: true },
  ),
  media: fc.record({ chat, mail: medium }),
}) as fc.Arbitrary<SlotRules>;

const settings: fc.Arbitrary<Settings> = fc
  .record({
    plans: fc.dictionary(fc.constantFrom('a', 'b'), plan, { noNullPrototype: true }),
    floors: fc.array(fc.option(fc.constantFrom(0.5, 0.9), { nil: undefined }), { minLength: 3, maxLength: 3 }),
    planOf: fc.array(fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), { minLength: 3, maxLength: 3 }),
    capacity: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    slots: fc.option(slots, { nil: undefined, freq: 4 }),
    agents,
  })
  .map(({ plans, floors, planOf, capacity, slots, agents: staff }) => {
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
    return rules(queues, staff, { plans, sites, modes, ...(slots === undefined ? {} : { slots }) });
  });

type Act =
  | { readonly do: 'call'; readonly queue: string; readonly from: string }
  | { readonly do: 'state'; readonly agent: string; readonly state: 'ready' | 'notReady' | 'offline' }
  | { readonly do: 'answer' | 'decline' | 'hangUp'; readonly nth: number }
  | { readonly do: 'open'; readonly medium: 'chat' | 'mail'; readonly queue: string; readonly from: string }
  | { readonly do: 'take' | 'refuse' | 'leave' | 'end' | 'replied' | 'wrote'; readonly nth: number }
  | { readonly do: 'give'; readonly nth: number; readonly queue: string }
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
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      medium: fc.constantFrom('chat' as const, 'mail' as const),
      queue: fc.constantFrom(...QUEUES),
      from: fc.constantFrom('1', '2', '3', ''),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'take' as const,
        'take' as const,
        'take' as const,
        'refuse' as const,
        'leave' as const,
        'end' as const,
        'replied' as const,
        'wrote' as const,
      ),
      nth: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('give' as const), nth: fc.nat(30), queue: fc.constantFrom(...QUEUES) }),
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

test('[Q3][Q4][Q6][Q11][Q12][Q13][Q14][Q15][Q16][Q17][Q18][W2][W3][W5][W6][W7][W8][W9][W10][W11][W16][W17][W18] on random days of calls, chats and mails every offer is the right one and nobody waits for an agent who is free', () => {
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
    case 'open':
      return void hotline.open(one.medium, one.queue, one.from);
    case 'answer':
    case 'decline':
    case 'hangUp': {
      const contact = nthOf(hotline, one.nth, true);
      return contact === undefined ? undefined : hotline[one.do](contact);
    }
    default: {
      const contact = nthOf(hotline, one.nth, false);
      return contact === undefined ? undefined : converse(hotline, one, contact);
    }
  }
}

type Converse = Extract<Act, { do: 'take' | 'refuse' | 'leave' | 'end' | 'give' | 'replied' | 'wrote' }>;

function converse(hotline: Hotline, one: Converse, contact: ContactId): void {
  switch (one.do) {
    case 'take':
    case 'refuse':
      return hotline.reply(contact, one.do === 'take');
    case 'leave':
    case 'end':
      return hotline.end(contact, one.do === 'leave' ? 'citizen' : 'agent');
    case 'give':
      return hotline.give(contact, one.queue);
    case 'replied':
      return void hotline.replied(contact);
    case 'wrote':
      return hotline.wrote(contact);
  }
}

function nthOf(hotline: Hotline, nth: number, calls: boolean): ContactId | undefined {
  const open = [...hotline.state.contacts.values()].filter(({ medium }) => (medium === 'voice') === calls);
  return open[nth % (open.length || 1)]?.id;
}

function check(state: State, decided: readonly Command[], before: Map<ContactId, Wait>): void {
  oneEach(state);
  const open = openContacts(state);
  for (const each of open) {
    const { contact, wait } = each;
    const slot = slotNameOf(contact.medium);
    const idle = [...state.agents.values()].find((who) => isFree(state, who, slot) && mayServe(state, who, wait, slot));
    if (idle !== undefined) throw new Error(`${contact.id} waits at step ${wait.step} while ${idle.id} is free`);
    if ((before.get(contact.id) ?? wait).enqueuedAtMs !== wait.enqueuedAtMs)
      throw new Error(`${contact.id} lost its place`);
    // Nobody is free for it, as was just seen: the step that it is in is the one that it should be in, and nobody waits by an old one.
    if (isPassedOver(state, each)) throw new Error(`${contact.id} waits in step ${wait.step}, which it should not`);
  }
  // The offers that stand: nobody who still waits had the better right to that agent at the time.
  for (const command of decided) {
    if (command.do !== 'record-fact' || command.fact !== 'offerMade') continue;
    const contact = state.contacts.get(command.contact);
    const offered = state.agents.get(command.agent)!;
    if (contact?.stage.in !== 'queue' || contact.stage.offer?.token !== command.token) continue;
    const { wait } = contact.stage;
    const slot = slotNameOf(contact.medium);
    if (!mayServe(state, offered, wait, slot, 1))
      throw new Error(`${offered.id} was offered ${contact.id}, which is not for that agent at step ${wait.step}`);
    isBest(state, contact, wait, offered, decided, command.token);
    for (const other of open) {
      const theirs = slotNameOf(other.contact.medium);
      // The offer itself may have ended a step for this one, which made it older than it was.
      if (before.get(other.contact.id)?.step !== other.wait.step) continue;
      if (contact.openedAtMs === state.nowMs || isExcludedFor(state, offered, contact)) continue;
      if (!couldHave(state, offered, slot, theirs)) continue;
      // Being asked for one, the agent could be asked for no other until the call took that offer back (W7).
      if (theirs !== 'voice' && isTakenBack(decided, offered)) continue;
      // So it is with one that stood offered to somebody else until a call took that agent back.
      if (theirs !== 'voice' && wasTakenBack(decided, other.contact)) continue;
      if (!mayServe(state, offered, other.wait, theirs) || isExcludedFor(state, offered, other.contact)) continue;
      const [mine, others] = [rankOf(state, offered, wait, slot), rankOf(state, offered, other.wait, theirs)];
      const older = ageMs(state, other.wait) - ageMs(state, wait);
      if (others < mine || (others === mine && older > 0))
        throw new Error(`${offered.id} was offered ${contact.id} before ${other.contact.id}`);
    }
  }
  before.clear();
  for (const { contact, wait } of open) before.set(contact.id, wait);
}

/** Of all who are free still, and so were so when the offer was made, nobody who may have it comes before the one who was offered it. */
function isBest(
  state: State,
  contact: Contact,
  wait: Wait,
  chosen: Agent,
  decided: readonly Command[],
  token: OfferToken,
): void {
  if (wait.returnTo === chosen.id) return;
  const slot = slotNameOf(contact.medium);
  const taken = slot === 'voice' && !wasTakenBack(decided, contact) && isTakenBack(decided, chosen) ? 1 : 0;
  const facts = decided.filter((one) => one.do === 'record-fact');
  const since = facts.filter((one) => one.fact === 'offerMade' && one.agent === chosen.id && one.token >= token).length;
  for (const other of state.agents.values()) {
    if (other === chosen || !isFree(state, other, slot) || isTakenBack(decided, other)) continue;
    if (!mayServe(state, other, wait, slot, siteOf(state, other) === siteOf(state, chosen) ? 1 : 0)) continue;
    if (isBetterFor(state, contact, wait, other, chosen, taken - since))
      throw new Error(`${chosen.id} was offered ${contact.id}, which ${other.id} had the better right to`);
  }
}

/** Whether the agent, without the offer that it has just been made, could have had something of the other medium in its place. */
function isTakenBack(decided: readonly Command[], { id }: Agent): boolean {
  return decided.some(
    (one) => one.do === 'record-fact' && one.fact === 'offerEnded' && one.agent === id && one.result === 'cancelled',
  );
}

function wasTakenBack(decided: readonly Command[], { id }: Contact): boolean {
  return decided.some(
    (one) => one.do === 'record-fact' && one.fact === 'offerEnded' && one.contact === id && one.result === 'cancelled',
  );
}

function couldHave(state: State, agent: Agent, mine: SlotName, theirs: SlotName): boolean {
  if (mine === theirs) return true;
  const before: Agent = {
    ...agent,
    work: mine === 'voice' ? null : agent.work,
    legs: mine === 'voice' ? [] : agent.legs,
    conversations: mine === 'voice' ? agent.conversations : agent.conversations.filter((each) => each.in !== 'offer'),
  };
  return isFree(state, before, theirs);
}

/** An agent has one call at most, one digital offer, and of each medium no more than there is room for; a contact has one agent. */
function oneEach(state: State): void {
  const taken = new Map<string, string>();
  const digital = new Map<ContactId, string>();
  for (const { id, medium, stage } of state.contacts.values()) {
    if (medium !== 'voice') {
      const has = stage.in === 'queue' ? stage.offer?.agent : stage.in === 'conversation' ? stage.agent : undefined;
      if (has !== undefined) digital.set(id, has);
      continue;
    }
    const who = stage.in === 'queue' ? stage.offer?.agent : 'agent' in stage ? stage.agent : undefined;
    if (who === undefined) continue;
    if (taken.has(who)) throw new Error(`${who} has ${taken.get(who)} and ${id}`);
    taken.set(who, id);
  }
  for (const each of state.agents.values()) {
    if (each.work !== null && each.work.in !== 'wrapUp' && !taken.has(each.id)) throw new Error(`${each.id} is stuck`);
    for (const { contact } of each.conversations) {
      if (digital.get(contact) !== each.id) throw new Error(`${each.id} has ${contact}, which does not know`);
      digital.delete(contact);
    }
    if (each.conversations.filter((one) => one.in === 'offer').length > 1) throw new Error(`${each.id} is asked twice`);
    for (const one of each.conversations) {
      if (one.in !== 'offer') continue;
      const slot = slotNameOf(state.contacts.get(one.contact)!.medium);
      const most = mostOf(state, { ...each, work: one.firm ? null : each.work }, slot);
      if (countOf(each, slot) > most) throw new Error(`${each.id} is offered ${one.contact} without room for it`);
    }
  }
  for (const [contact, who] of digital) throw new Error(`${contact} has ${who}, who does not know`);
}
