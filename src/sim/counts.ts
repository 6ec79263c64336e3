/** What was counted among the calls of a period, in the words of the domain guide §3.7. Sums in ms. */
export interface Counts {
  inbound: number;
  /** Ended by the flow without a queue. */
  selfServed: number;
  /** Entered a human queue. */
  queued: number;
  answered: number;
  /** Within 15,000 ms of entering the queue. */
  answeredWithin15: number;
  /** Gone in the queue or while a phone rang. */
  abandoned: number;
  /** Of those, within 5,000 ms of entering the queue. */
  abandonedShort: number;
  /** From entering the queue to the agent, over all answered. */
  waitedMs: number;
  /** Answered and over, so that the handling is known. */
  handled: number;
  /** Talk with its holds, and wrap-up, over all handled. */
  handlingMs: number;
}

export function noCounts(): Counts {
  return {
    inbound: 0,
    selfServed: 0,
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

/** Answered within 15 s ÷ queued; null when nobody was. */
export function serviceLevel15({ answeredWithin15, queued }: Counts): number | null {
  return queued === 0 ? null : answeredWithin15 / queued;
}

/** Average speed of answer; null when nobody was answered. */
export function asaMs({ waitedMs, answered }: Counts): number | null {
  return answered === 0 ? null : waitedMs / answered;
}
