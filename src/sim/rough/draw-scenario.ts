import { Chance } from '../chance.ts';
import { durationMs } from '../duration.ts';
import type { Caller, Mishap } from '../people.ts';
import { LINE } from './rules.ts';
import type { AgentPlan, Fault, Scenario } from './scenario.ts';

const NAMES = ['ana', 'ben', 'eva', 'leo', 'mia', 'noa'];
const SKILLS = [['personal'], ['enterprise'], ['personal', 'enterprise']];
const KEYS = [['1'], ['2'], [''], ['7', '1'], ['7', '8'], ['9'], ['1'], ['2']];
const MISHAPS: readonly Mishap['kind'][] = ['phoneDies', 'pageLost', 'comesApart', 'hold'];
const POINTS = ['beforeWrite', 'beforeRelease', 'halfReleased'] as const;

/** A rough day of this seed: some twenty minutes of calls, a handful of agents, up to a dozen faults. */
export function drawScenario(seed: number): Scenario {
  const chance = new Chance(seed, 'scenario');
  const spanMs = 60_000 * (1 + chance.below(20));
  const agents = NAMES.slice(0, 1 + chance.below(NAMES.length)).map((name) => drawAgent(chance, name, spanMs));
  const calls = 1 + chance.below(40);
  return {
    seed,
    roughMs: chance.below(3) === 0 ? 0 : 1 + chance.below(60),
    promptMs: chance.below(2) * chance.below(4_000),
    routing: chance.below(2) === 0 ? 'plain' : 'twoSided',
    callers: Array.from({ length: calls }, (_, nth) => drawCaller(chance, nth, spanMs)),
    agents,
    faults: Array.from({ length: chance.below(13) }, () => drawFault(chance, spanMs, calls, agents)),
  };
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
