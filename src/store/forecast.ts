import { type RawBuilder, sql } from 'kysely';
import { type CivilDay, DAY_MS, dateOfDay } from '../lib/civil-day.ts';
import { QUARTER_MS } from '../lib/measure-counts.ts';
import type { Db } from './store.ts';

/** The city's clock: China has one, without summer time. */
const CITY_MS = 8 * 3_600_000;
const WEEK_DAYS = 7;
const WEEKS = 4;
const QUARTERS = DAY_MS / QUARTER_MS;

/** What a day may bring, by what the same weekday of the last weeks brought. */
export interface Forecast {
  /** The day that is foreseen: its first instant in the city, Unix ms. */
  readonly dayMs: number;
  /** The days that it is made of, such as `2026-02-13`, newest first. Empty: there is no forecast yet. */
  readonly days: readonly string[];
  /** Calls that arrive in each quarter of an hour of the day: the mean of those days. As many as a day has quarters; empty without days. */
  readonly inbound: readonly number[];
}

export function cityDayMs(nowMs: number): number {
  return dayOf(nowMs) * DAY_MS - CITY_MS;
}

/**
 * A day counts when records reach back to before it began, and somebody called on it: neither a day on which the hotline was only set up,
 * nor one on which it stood still, says anything of today.
 */
export async function readForecast(db: Db, nowMs: number): Promise<Forecast> {
  const today = dayOf(nowMs);
  const dayMs = cityDayMs(nowMs);
  const past = Array.from({ length: WEEKS }, (_, week) => today - (week + 1) * WEEK_DAYS);
  const { rows } = await sql<{ quarter: number; count: number }>`
    select opened_at_ms / ${sql.lit(QUARTER_MS)} * ${sql.lit(QUARTER_MS)} as quarter, count(*) as count from contacts
    where medium = 'voice' and (${sql.join(past.map(within), sql` or `)}) group by 1`.execute(db);
  const first = await db
    .selectFrom('contacts')
    .select('opened_at_ms')
    .orderBy('opened_at_ms')
    .limit(1)
    .executeTakeFirst();
  const sums = new Map<CivilDay, number[]>();
  for (const { quarter, count } of rows) {
    const day = dayOf(quarter);
    if (first === undefined || first.opened_at_ms >= startOf(day)) continue;
    const counts = sums.get(day) ?? new Array<number>(QUARTERS).fill(0);
    counts[(quarter - startOf(day)) / QUARTER_MS] = count;
    sums.set(day, counts);
  }
  const known = past.filter((day) => sums.has(day));
  const mean = (at: number): number => known.reduce((sum, day) => sum + sums.get(day)![at]!, 0) / known.length;
  const inbound =
    known.length === 0 ? [] : Array.from({ length: QUARTERS }, (_, at) => Math.round(mean(at) * 100) / 100);
  return { dayMs, days: known.map(dateOfDay), inbound };
}

function dayOf(atMs: number): CivilDay {
  return Math.floor((atMs + CITY_MS) / DAY_MS);
}

function startOf(day: CivilDay): number {
  return day * DAY_MS - CITY_MS;
}

function within(day: CivilDay): RawBuilder<unknown> {
  return sql`(opened_at_ms >= ${startOf(day)}::bigint and opened_at_ms < ${startOf(day + 1)}::bigint)`;
}
