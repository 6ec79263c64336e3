/** Answered so soon after entering the queue counts as answered in time (GB/T 33358-2016, domain guide §3.7). */
export const IN_TIME_MS = 15_000;
/** Who leaves so soon after entering the queue may have dialled by mistake. */
export const SHORT_ABANDON_MS = 5_000;
/** Figures are compared by quarters of an hour; they begin at full quarters in every zone of the world. */
export const QUARTER_MS = 900_000;

/**
 * What was counted among the voice calls that arrived in a period: every measure is made of these alone. Sums in ms.
 * Two periods, sites, numbers or queues that share no call add up field by field.
 */
export interface Counts {
  /** All calls that came in, answered or not. */
  inbound: number;
  /** Ended by the flow without a queue: fully served by self-service. */
  selfServed: number;
  /** Gave up the line for a call-back that keeps the place. Not among the answered or the abandoned, whatever came of it. */
  callbacks: number;
  /** Entered a human queue. */
  queued: number;
  /** Spoke with an agent. */
  answered: number;
  /** Of those, within `IN_TIME_MS` of entering the queue. */
  answeredWithin15: number;
  /** Gone in the queue or while a phone rang. */
  abandoned: number;
  /** Of those, within `SHORT_ABANDON_MS` of entering the queue. */
  abandonedShort: number;
  /** From entering the queue to the agent, over all answered. */
  waitedMs: number;
  /** Answered, also by a call-back, and over, so that the handling is known. */
  handled: number;
  /** Talk with its holds, and wrap-up, over all handled. */
  handlingMs: number;
}

export function noCounts(): Counts {
  return {
    inbound: 0,
    selfServed: 0,
    callbacks: 0,
    queued: 0,
    answered: 0,
    answeredWithin15: 0,
    abandoned: 0,
    abandonedShort: 0,
    waitedMs: 0,
    handled: 0,
    handlingMs: 0,
  };
}

/** The counts of several groups that share no call. */
export function sumOfCounts(groups: Iterable<Counts>): Counts {
  const sum = noCounts();
  for (const counts of groups) {
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name];
  }
  return sum;
}
