import { agentId } from '../core/ids.ts';
import type { Settings } from '../core/settings.ts';
import { type Demand, drawCallers, drawnServiceLevel, drawPhones } from './draw.ts';
import { ALWAYS, type Duration, exponential, fixed } from './duration.ts';
import type { Load } from './erlang.ts';
import type { Day } from './simulate.ts';

export const LINE = '12345';
const QUEUE = 'queue';
const HOUR_MS = 3_600_000;
/** A Monday at midnight in the city. */
export const DAY_START_MS = Date.UTC(2026, 0, 4, 16);
const NEVER_MS = 8_640_000_000;

/** The line of the Erlang formulas: Poisson calls, one queue, equal seats that answer at once, service that is exponential. */
export interface PlainLine extends Load {
  readonly patienceMs: number;
  readonly hours: number;
  readonly seed: number;
}

/** Days that one is chosen from; fewer when they are long, since a long day is much like any other. */
const CANDIDATES_MAX = 31;
const CANDIDATE_CALLS_MAX = 500_000;

/** The same rules as a city's, without a menu: what does not change the figures is left out. */
export function plainDay(line: PlainLine): Day {
  const { seats, seed } = line;
  const settings = plainSettings(seats);
  const demand = plainDemand(line);
  return {
    settings,
    callers: drawCallers(demand, typicalSeed(demand, seats, seed)),
    shifts: settings.agents.map(({ id }) => ({ agent: id, fromMs: DAY_START_MS, toMs: Infinity })),
    phones: drawPhones({ after: fixed(0), declined: 0, missed: 0 }, seed),
  };
}

function plainDemand({ rate, ahtMs, patienceMs, hours }: PlainLine): Demand {
  const lengthMs = hours * HOUR_MS;
  const patience: Duration = patienceMs === Infinity ? ALWAYS : exponential(patienceMs);
  const choice = { weight: 1, dialled: LINE, keys: [], talk: exponential(ahtMs), wrapUp: fixed(0) };
  return {
    startMs: DAY_START_MS,
    lengthMs,
    calls: Math.round(rate * lengthMs),
    profile: [1],
    choices: [choice],
    patience,
  };
}

/**
 * One day of eight hours says little: with 67 seats its service level strays by two points either way. So many days are drawn, each is
 * played as a bare line, and the one nearest to their mean is the day that the hotline plays.
 */
function typicalSeed(demand: Demand, seats: number, seed: number): number {
  const count = Math.max(1, Math.min(CANDIDATES_MAX, Math.floor(CANDIDATE_CALLS_MAX / Math.max(1, demand.calls))));
  const candidates = Array.from({ length: count }, (_, nth) => {
    const own = seed * CANDIDATES_MAX + nth;
    return { seed: own, level: demand.calls === 0 ? 0 : drawnServiceLevel(demand, own, seats) };
  });
  const mean = candidates.reduce((sum, { level }) => sum + level, 0) / count;
  const distance = ({ level }: { level: number }): number => Math.abs(level - mean);
  return candidates.reduce((best, one) => (distance(one) < distance(best) ? one : best)).seed;
}

function plainSettings(seats: number): Settings {
  return {
    version: `plain-${seats}`,
    lines: { [LINE]: 'wait' },
    flows: { wait: { start: 'wait', steps: { wait: { kind: 'queue', queue: QUEUE, prompts: [] } } } },
    queues: {
      [QUEUE]: {
        name: QUEUE,
        skill: QUEUE,
        ringMs: 20_000,
        wrapUpMs: 0,
        positionFirstMs: NEVER_MS,
        positionEveryMs: NEVER_MS,
        waitingMax: 1_000_000,
      },
    },
    agents: Array.from({ length: seats }, (_, nth) => ({
      id: agentId(`seat${(nth + 1).toString().padStart(5, '0')}`),
      number: `${nth + 1}`,
      sipUser: `${nth + 1}`,
      skills: { [QUEUE]: 3 },
    })),
    prompts: {},
  };
}
