import type { CallerKnown } from '../../core/event.ts';
import { Chance } from '../chance.ts';
import { durationMs } from '../duration.ts';
import type { Caller, Mishap } from '../people.ts';
import { LINE } from './rules.ts';
import type { AgentPlan, ConversationPlan, Fault, LeadAct, Scenario } from './scenario.ts';

const NAMES = ['ana', 'ben', 'eva', 'leo', 'mia', 'noa'];
const SKILLS = [['personal'], ['enterprise'], ['personal', 'enterprise']];
const KEYS = [['1'], ['2'], [''], ['7', '1'], ['7', '8'], ['9'], ['1'], ['2']];
const MISHAPS: readonly Mishap['kind'][] = ['phoneDies', 'pageLost', 'comesApart', 'hold', 'noBridge'];
const QUEUES = ['personal', 'enterprise'] as const;
const GRADES = ['business', 'expert', 'emergency', null] as const;
const MODES = ['normal', 'holiday', 'emergency'] as const;
const LISTENINGS = ['listen', 'whisper', 'barge'] as const;
const SUPERVISIONS = [...LISTENINGS, 'takeOver'] as const;
/** Besides those that callers call from. */
const CALL_BACK_NUMBERS = ['13700000001', '02164310001'] as const;
/** At the offer, at the confirmation. */
const CALL_BACK_KEYS = [['1', '1'], ['1', '1'], ['1', '2'], ['1', ''], undefined] as const;
const KNOWN: readonly CallerKnown[] = [
  { elder: true },
  { order: { no: 'G1', urgency: 'urgent' } },
  { grade: 'expert' },
  { stage: 'warned' },
  { stage: 'limited' },
  { stage: 'limited', order: { no: 'G2', urgency: 'emergency' } },
];
const POINTS = ['beforeWrite', 'beforeRelease', 'halfReleased'] as const;

/** A rough day of this seed: some twenty minutes of work, a handful of agents, up to a dozen faults. Of three days one has calls alone. */
export function drawScenario(seed: number): Scenario {
  const day = drawCalls(seed);
  const chance = new Chance(seed, 'work');
  if (chance.below(3) === 0) return day;
  const spanMs = day.callers.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  return {
    ...day,
    work: 'everything',
    callers: day.callers.map((caller) => drawHistory(chance, caller)),
    conversations: Array.from({ length: chance.below(20) }, (_, nth) => drawConversation(chance, nth, spanMs)),
    leads: Array.from({ length: chance.below(15) }, () => drawLeadAct(chance, spanMs, day.agents)),
  };
}

function drawCalls(seed: number): Scenario {
  const chance = new Chance(seed, 'scenario');
  const spanMs = 60_000 * (1 + chance.below(20));
  const agents = NAMES.slice(0, 1 + chance.below(NAMES.length)).map((name) => drawAgent(chance, name, spanMs));
  const calls = 1 + chance.below(40);
  return {
    seed,
    roughMs: chance.below(3) === 0 ? 0 : 1 + chance.below(60),
    promptMs: chance.below(2) * chance.below(4_000),
    routing: chance.below(2) === 0 ? 'plain' : 'twoSided',
    work: 'calls',
    callers: Array.from({ length: calls }, (_, nth) => drawCaller(chance, nth, spanMs)),
    agents,
    faults: Array.from({ length: chance.below(13) }, () => drawFault(chance, spanMs, calls, agents)),
    conversations: [],
    leads: [],
  };
}

/** What the number did before, is known for, and makes of a call-back that is offered. Some call a second time. */
function drawHistory(chance: Chance, caller: Caller): Caller {
  const other = pick(chance, CALL_BACK_NUMBERS);
  const keys = pick(chance, CALL_BACK_KEYS);
  const known = chance.below(4) === 0 ? pick(chance, KNOWN) : undefined;
  return {
    ...caller,
    ...(chance.below(5) === 0 ? { from: CALL_BACK_NUMBERS[0] } : {}),
    ...(keys === undefined ? {} : { callBackKeys: [...keys, other] }),
    ...(known === undefined ? {} : { known }),
  };
}

function drawConversation(chance: Chance, nth: number, spanMs: number): ConversationPlan {
  const exponentialMs = (meanMs: number) => 1 + durationMs({ meanMs, shape: 'exponential' }, chance.unit());
  const medium = chance.below(3) === 0 ? 'mail' : 'chat';
  return {
    medium,
    queue: pick(chance, QUEUES),
    from: chance.below(4) === 0 ? CALL_BACK_NUMBERS[0] : `openid-${nth}`,
    reference: `${medium}-${nth}`,
    atMs: 1_000 + chance.below(spanMs),
    patienceMs: medium === 'mail' ? Infinity : exponentialMs(60_000),
    talkMs: exponentialMs(60_000),
    endedBy: chance.below(3) === 0 ? 'agent' : 'citizen',
    ...(chance.below(5) === 0 ? { givenTo: pick(chance, QUEUES) } : {}),
  };
}

function drawLeadAct(chance: Chance, spanMs: number, agents: readonly AgentPlan[]): LeadAct {
  const atMs = 1_000 + chance.below(spanMs);
  const agent = pick(chance, agents).name;
  const nth = chance.below(6);
  switch (chance.below(8)) {
    case 0:
      return { atMs, does: 'mark', nth, sensitive: chance.below(3) > 0 };
    case 2:
      return { atMs, does: 'regrade', nth, grade: pick(chance, GRADES) };
    case 3:
      return { atMs, does: 'setMode', mode: pick(chance, MODES) };
    case 4:
      return { atMs, does: 'force', agent, state: pick(chance, ['ready', 'notReady'] as const) };
    default: {
      const [mode, thenMode] = [pick(chance, SUPERVISIONS), pick(chance, LISTENINGS)];
      const leavesAfterMs = 1_000 + chance.below(40_000);
      const sensitive = chance.below(3) === 0;
      return { atMs, does: 'supervise', by: agent, nth, mode, thenMode, leavesAfterMs, sensitive };
    }
  }
}

function pick<Item>(chance: Chance, items: readonly Item[]): Item {
  return items[chance.below(items.length)]!;
}

function drawCaller(chance: Chance, nth: number, spanMs: number): Caller {
  const exponentialMs = (meanMs: number) => durationMs({ meanMs, shape: 'exponential' }, chance.unit());
  const impatient = chance.below(10) === 0;
  const mishap: Mishap = {
    kind: MISHAPS[chance.below(MISHAPS.length)]!,
    afterMs: exponentialMs(10_000),
    backAfterMs: chance.below(3) === 0 ? Infinity : chance.below(35_000),
  };
  return {
    from: `139${(10_000_000 + nth).toString()}`,
    dialled: LINE,
    atMs: 1_000 + chance.below(spanMs),
    keys: KEYS[chance.below(KEYS.length)]!,
    keyAfterMs: chance.below(6_000),
    menuPatienceMs: impatient ? exponentialMs(4_000) : Infinity,
    patienceMs: 1 + exponentialMs(60_000),
    talkMs: 1 + exponentialMs(40_000),
    talkEndedBy: chance.below(3) === 0 ? 'agent' : 'citizen',
    wrapUpMs: exponentialMs(15_000),
    ...(chance.below(5) === 0 ? { mishap } : {}),
  };
}

function drawAgent(chance: Chance, name: string, spanMs: number): AgentPlan {
  const goesEarly = chance.below(4) === 0;
  return {
    name,
    skills: SKILLS[chance.below(SKILLS.length)]!,
    fromMs: chance.below(3) === 0 ? chance.below(spanMs) : 0,
    toMs: goesEarly ? chance.below(spanMs) : Infinity,
    phones: chance.below(4) === 0 ? 2 : 1,
    answersAfterMs: chance.below(3) === 0 ? 0 : chance.below(12_000),
    declined: chance.below(3) === 0 ? 0.3 : 0,
    missed: chance.below(3) === 0 ? 0.3 : 0,
  };
}

function drawFault(chance: Chance, spanMs: number, calls: number, agents: readonly AgentPlan[]): Fault {
  const atMs = 1_000 + chance.below(spanMs);
  const downMs = chance.below(4) === 0 ? 0 : chance.below(8_000);
  const agent = agents[chance.below(agents.length)]!.name;
  switch (chance.below(10)) {
    case 0:
    case 1:
      return { kind: 'loseLink', atMs, downMs };
    case 2:
      return { kind: 'killSwitch', atMs, downMs, callsBackAfterMs: chance.below(30_000) };
    case 3:
      return { kind: 'unplug', agent, atMs, downMs };
    case 5:
      return { kind: 'closeSite', status: chance.below(2) === 0 ? 'draining' : 'down', atMs, downMs };
    case 4:
      return { kind: 'pause', agent, atMs, downMs };
    default:
      return { kind: 'killCore', entry: 1 + chance.below(calls * 14), point: POINTS[chance.below(3)]!, downMs };
  }
}
