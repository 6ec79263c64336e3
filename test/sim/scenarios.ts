import fc from 'fast-check';
import type { ListeningMode, SupervisionMode } from '../../src/core/command.ts';
import type { CallerKnown, Grade } from '../../src/core/event.ts';
import type { ModeName } from '../../src/core/settings.ts';
import type { Caller, Mishap } from '../../src/sim/people.ts';
import { LINE } from '../../src/sim/rough/rules.ts';
import { type AgentPlan, type Fault, type LeadAct, type Scenario, tellScenario } from '../../src/sim/rough/scenario.ts';

const NAMES = ['ana', 'ben', 'eva', 'leo'] as const;
const SPAN_MS = 600_000;
const SLOTS = 64;

const keys = fc.constantFrom<readonly string[]>(['1'], ['2'], [''], ['7', '1'], ['7', '9'], ['8']);
const routing = fc.constantFrom<Scenario['routing']>('plain', 'twoSided');
const spanMs = fc.nat(SPAN_MS / SLOTS).map((slots) => slots * SLOTS);
const shortMs = (maxMs: number) => fc.nat(Math.floor(maxMs / SLOTS)).map((slots) => (slots + 1) * SLOTS);

/** Moments are of one of 64 milliseconds for each caller, so that two callers' paths seldom meet in the same one. */
const caller = fc.record({
  atMs: spanMs,
  keys,
  keyAfterMs: fc.constantFrom(0, 640, 1_280, 2_560),
  menuPatienceMs: fc.oneof({ weight: 9, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: shortMs(6_000) }),
  patienceMs: shortMs(180_000),
  talkMs: shortMs(90_000),
  talkEndedBy: fc.constantFrom<Caller['talkEndedBy']>('citizen', 'agent'),
  wrapUpMs: shortMs(40_000),
});

const agent = fc.record({
  skills: fc.constantFrom<readonly string[]>(['personal'], ['enterprise'], ['personal', 'enterprise']),
  fromMs: fc.oneof(fc.constant(0), spanMs),
  toMs: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: spanMs }),
  answersAfterMs: fc.oneof(fc.constant(0), shortMs(15_000)),
  declined: fc.constantFrom(0, 0, 0.4),
  missed: fc.constantFrom(0, 0, 0.4),
});

const point = fc.constantFrom<'beforeWrite' | 'beforeRelease' | 'halfReleased'>(
  'beforeWrite',
  'beforeRelease',
  'halfReleased',
);

function killOf(downMs: fc.Arbitrary<number>): fc.Arbitrary<Fault> {
  return fc.record({
    kind: fc.constant('killCore' as const),
    entry: fc.integer({ min: 1, max: 300 }),
    point,
    downMs,
  });
}

const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: killOf(fc.nat(8_000)) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('loseLink' as const), atMs: spanMs, downMs: fc.nat(8_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('killSwitch' as const),
      atMs: spanMs,
      downMs: fc.nat(8_000),
      callsBackAfterMs: fc.nat(30_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom<'unplug' | 'pause'>('unplug', 'pause'),
      agent: fc.constantFrom<string>(NAMES[0]),
      atMs: spanMs,
      downMs: fc.nat(30_000),
    }),
  },
);

const siteFault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant('closeSite' as const),
  status: fc.constantFrom<'draining' | 'down'>('draining', 'down'),
  atMs: spanMs,
  downMs: fc.nat(60_000),
});

const mishap = fc.option(
  fc.record({
    kind: fc.constantFrom<Mishap['kind']>('phoneDies', 'pageLost', 'comesApart', 'hold', 'noBridge'),
    afterMs: shortMs(20_000),
    backAfterMs: fc.oneof({ weight: 3, arbitrary: shortMs(35_000) }, { weight: 1, arbitrary: fc.constant(Infinity) }),
  }),
  { nil: undefined, freq: 3 },
);

const pageLost: fc.Arbitrary<Mishap> = fc.record({
  kind: fc.constant('pageLost' as const),
  afterMs: shortMs(20_000),
  backAfterMs: shortMs(28_000),
});

const NUMBERS = ['13700000001', '02164310001'] as const;

/** What a caller was before, and makes of a call-back that is offered. */
const history = fc.record({
  callBackKeys: fc.option(
    fc.tuple(fc.constant('1'), fc.constantFrom('1', '2', ''), fc.constantFrom<string>(...NUMBERS)),
    { nil: undefined },
  ),
  known: fc.option(
    fc.constantFrom<CallerKnown>(
      { elder: true },
      { order: { no: 'G1', urgency: 'urgent' } },
      { grade: 'expert' },
      { stage: 'warned' },
      { stage: 'limited' },
    ),
    { nil: undefined, freq: 4 },
  ),
  again: fc.boolean(),
});

const conversation = fc.record({
  medium: fc.constantFrom<'chat' | 'mail'>('chat', 'chat', 'mail'),
  queue: fc.constantFrom('personal', 'enterprise'),
  atMs: spanMs,
  patienceMs: shortMs(180_000),
  talkMs: shortMs(90_000),
  endedBy: fc.constantFrom<'citizen' | 'agent'>('citizen', 'agent'),
  givenTo: fc.option(fc.constantFrom('personal', 'enterprise'), { nil: undefined, freq: 4 }),
});

const leadAct: fc.Arbitrary<LeadAct> = fc
  .record({
    atMs: spanMs,
    act: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          does: fc.constant('supervise' as const),
          by: fc.constantFrom<string>(NAMES[0]),
          nth: fc.nat(3),
          mode: fc.constantFrom<SupervisionMode>('listen', 'whisper', 'barge', 'takeOver'),
          thenMode: fc.constantFrom<ListeningMode>('listen', 'whisper', 'barge'),
          leavesAfterMs: shortMs(40_000),
          sensitive: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ does: fc.constant('mark' as const), nth: fc.nat(3), sensitive: fc.boolean() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          does: fc.constant('regrade' as const),
          nth: fc.nat(3),
          grade: fc.constantFrom<Grade | null>('expert', 'emergency', null),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          does: fc.constant('setMode' as const),
          mode: fc.constantFrom<ModeName>('normal', 'holiday', 'emergency'),
        }),
      },
    ),
  })
  .map(({ atMs, act }) => ({ ...act, atMs }));

/** Beside calls: nothing, or everything else that the core can do. */
const work = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 2,
    arbitrary: fc.record({
      histories: fc.array(history, { minLength: 20, maxLength: 20 }),
      conversations: fc.array(conversation, { maxLength: 12 }),
      leads: fc.array(leadAct, { maxLength: 6 }),
    }),
  },
);
type Work = typeof work extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** Everything may happen. */
export const roughScenario: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.nat(1_000),
    roughMs: fc.constantFrom(0, 0, 5, 60),
    promptMs: fc.constantFrom(0, 1_500),
    routing,
    work,
    callers: fc.array(fc.record({ caller, mishap }), { minLength: 1, maxLength: 20 }),
    agents: fc.array(fc.record({ agent, phones: fc.constantFrom<1 | 2>(1, 1, 2) }), { minLength: 1, maxLength: 4 }),
    faults: fc.array(fc.oneof({ weight: 8, arbitrary: anyFault }, { weight: 1, arbitrary: siteFault }), {
      maxLength: 8,
    }),
  })
  .map(({ callers, agents, work, ...rest }) =>
    readable({
      ...rest,
      ...beside(work),
      callers: callers.map(({ caller, mishap }, nth) => ({
        ...placed(caller, nth),
        ...(mishap === undefined ? {} : { mishap }),
        ...historyOf(work, nth),
      })),
      agents: agents.map(({ agent, phones }, nth) => named(agent, phones, nth)),
    }),
  );

/** Only the core dies, and is back in the same moment: nobody may notice. */
export const unnoticeable: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.nat(1_000),
    routing,
    work,
    callers: fc.array(fc.record({ caller, lost: fc.option(pageLost, { nil: undefined, freq: 2 }) }), {
      minLength: 1,
      maxLength: 20,
    }),
    agents: fc.array(agent, { minLength: 1, maxLength: 4 }),
    faults: fc.array(killOf(fc.constant(0)), { minLength: 1, maxLength: 12 }),
  })
  .map(({ seed, routing, work, callers, agents, faults }) =>
    readable({
      seed,
      roughMs: 0,
      promptMs: 0,
      routing,
      ...beside(work),
      // Who writes may notice: until the switch has said what it holds only chats and mails can be offered, and may come before calls.
      conversations: [],
      callers: callers.map(({ caller, lost }, nth) => ({
        ...placed(caller, nth),
        ...(lost === undefined ? {} : { mishap: lost }),
        ...withoutKeys(historyOf(work, nth)),
      })),
      agents: agents.map((plan, nth) => named(plan, 1, nth)),
      faults,
    }),
  );

function placed(drawn: Omit<Caller, 'from' | 'dialled'>, nth: number): Caller {
  return { ...drawn, atMs: 1_024 + drawn.atMs + nth, from: `139${10_000_000 + nth}`, dialled: LINE };
}

function beside(work: Work): Pick<Scenario, 'work' | 'conversations' | 'leads'> {
  if (work === null) return { work: 'calls', conversations: [], leads: [] };
  const conversations = work.conversations.map(({ givenTo, ...drawn }, nth) => ({
    ...drawn,
    // Of other milliseconds than callers.
    atMs: 1_024 + drawn.atMs + 32 + nth,
    from: `openid-${nth}`,
    reference: `${drawn.medium}-${nth}`,
    ...(givenTo === undefined ? {} : { givenTo }),
  }));
  const leads = work.leads.map((act, nth) => ({ ...act, atMs: 1_024 + act.atMs + 48 + nth }));
  return { work: 'everything', conversations, leads };
}

function historyOf(work: Work, nth: number): Partial<Caller> {
  const { callBackKeys, known, again } = work?.histories[nth] ?? { again: false };
  return {
    ...(callBackKeys === undefined ? {} : { callBackKeys }),
    ...(known === undefined ? {} : { known }),
    ...(again ? { from: NUMBERS[0] } : {}),
  };
}

/** A key that is pressed while music plays and nobody listens is lost, on a real line as well: whoever pressed it notices. */
function withoutKeys({ callBackKeys: _, ...history }: Partial<Caller>): Partial<Caller> {
  return history;
}

function named(plan: Omit<AgentPlan, 'name' | 'phones'>, phones: 1 | 2, nth: number): AgentPlan {
  return { ...plan, name: NAMES[nth]!, phones };
}

/** A counterexample is shown in words. */
function readable(scenario: Scenario): Scenario {
  return Object.defineProperty({ ...scenario }, fc.toStringMethod, { value: () => tellScenario(scenario) });
}
