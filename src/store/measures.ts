import { sql } from 'kysely';
import type { Db } from './store.ts';

/** A measure is never a bare number: who reads it can check it. `value` is rounded half up to two decimals; null when nothing was counted. */
export interface Measure {
  readonly numerator: number;
  readonly denominator: number;
  readonly unit: 'percent' | 'seconds';
  readonly value: number | null;
}

export type MeasureName =
  | 'connectRate'
  | 'humanConnectRate'
  | 'humanConnectRateWithoutShortAbandons'
  | 'answeredWithin15Rate'
  | 'serviceLevel15'
  | 'averageSpeedOfAnswer'
  | 'abandonRate'
  | 'averageHandlingTime';

/** What was counted among the calls that arrived in a period. Sums in ms. */
export interface Counts {
  /** 全部呼入. */
  readonly inbound: number;
  /** Ended by the flow without a queue: fully served by self-service. */
  readonly selfServed: number;
  /** Entered a human queue. */
  readonly queued: number;
  readonly answered: number;
  readonly answeredWithin15: number;
  /** Gone in the queue or while a phone rang. */
  readonly abandoned: number;
  /** Of those, within 5 s of entering the queue. */
  readonly abandonedShort: number;
  /** From entering the queue to the agent, over all answered. */
  readonly waitedMs: number;
  /** Answered and over, so that the handling is known. */
  readonly handled: number;
  /** Talk with its holds, and wrap-up, over all handled. */
  readonly handlingMs: number;
}

/** The measures of answering, from the counts alone (domain guide §3.7). */
export function measuresOf(counts: Counts): Record<MeasureName, Measure> {
  const { inbound, selfServed, queued, answered, answeredWithin15, abandoned, abandonedShort } = counts;
  return {
    connectRate: share(answered, inbound - selfServed),
    humanConnectRate: share(answered, queued),
    humanConnectRateWithoutShortAbandons: share(answered, queued - abandonedShort),
    answeredWithin15Rate: share(answeredWithin15, answered),
    serviceLevel15: share(answeredWithin15, queued),
    averageSpeedOfAnswer: mean(counts.waitedMs, answered),
    abandonRate: share(abandoned, queued),
    averageHandlingTime: mean(counts.handlingMs, counts.handled),
  };
}

/** Counts the voice contacts that were opened in `[fromMs, toMs)`. */
export async function countContacts(db: Db, fromMs: number, toMs: number): Promise<Counts> {
  const { rows } = await sql<Counts>`
    with scope as (
      select id, outcome, queued_at_ms, answered_at_ms, closed_at_ms from contacts
      where medium = 'voice' and opened_at_ms >= ${fromMs}::bigint and opened_at_ms < ${toMs}::bigint
    ), handled as (
      select id from scope where answered_at_ms is not null and closed_at_ms is not null
    )
    select
      count(*) as "inbound",
      count(*) filter (where outcome = 'ended' and queued_at_ms is null) as "selfServed",
      count(queued_at_ms) as "queued",
      count(answered_at_ms) as "answered",
      count(*) filter (where answered_at_ms - queued_at_ms <= 15000) as "answeredWithin15",
      count(*) filter (where outcome = 'abandonedInQueue' and answered_at_ms is null) as "abandoned",
      count(*) filter (where outcome = 'abandonedInQueue' and answered_at_ms is null and closed_at_ms - queued_at_ms <= 5000)
        as "abandonedShort",
      coalesce(sum(answered_at_ms - queued_at_ms), 0) as "waitedMs",
      (select count(*) from handled) as "handled",
      (select coalesce(sum(ended_at_ms - started_at_ms), 0) from talks where contact in (select id from handled))
        + (select coalesce(sum(until_ms - from_ms), 0) from agent_states
           where state = 'wrapUp' and contact in (select id from handled)) as "handlingMs"
    from scope`.execute(db);
  return rows[0]!;
}

function share(numerator: number, denominator: number): Measure {
  return { numerator, denominator, unit: 'percent', value: hundredths(numerator * 100, denominator) };
}

function mean(sumMs: number, denominator: number): Measure {
  return { numerator: sumMs / 1_000, denominator, unit: 'seconds', value: hundredths(sumMs, denominator * 1_000) };
}

/** Half up to two decimals, in whole numbers: 0.5 of a hundredth never depends on a binary fraction. */
function hundredths(numerator: number, denominator: number): number | null {
  if (denominator <= 0) return null;
  return Number((BigInt(numerator) * 200n + BigInt(denominator)) / (2n * BigInt(denominator))) / 100;
}
