import { type RawBuilder, sql } from 'kysely';
import { type Counts, IN_TIME_MS, QUARTER_MS, SHORT_ABANDON_MS } from '../lib/measure-counts.ts';
import type { Db } from './store.ts';

/** What the calls of a period may be told apart by; every call is in exactly one group of each. */
export type Grouping = 'site' | 'number' | 'queue' | 'quarter';

/** Voice calls that arrived in `[fromMs, toMs)`, Unix time. A filter leaves only those of one site, number or queue. */
export interface CallsWanted {
  readonly fromMs: number;
  readonly toMs: number;
  readonly site?: string;
  readonly number?: string;
  readonly queue?: string;
}

export interface Group {
  /** Site, dialled number, queue, or a quarter's start (Unix ms); null: never in a queue. */
  readonly key: string | number | null;
  readonly counts: Counts;
}

/** A call counts at the site of the agent who answered, else of the one whose phone rang last, else at `main`. */
const SITE = sql`coalesce(site, 'main')`;
/** The number dialled, or the merged hotline that the call was diverted from (A6). */
const LINE = sql`coalesce(line, dialled)`;
const KEYS: Readonly<Record<Grouping, RawBuilder<unknown>>> = {
  site: SITE,
  number: LINE,
  queue: sql`queue`,
  quarter: sql`opened_at_ms / ${sql.lit(QUARTER_MS)} * ${sql.lit(QUARTER_MS)}`,
};

/**
 * One scan of the period's calls; their talks and wrap-ups are found by index. Who took a call-back is not answered by it for the rates: the talk counts as
 * handled, the wait as nobody's.
 */
export async function countCalls(db: Db, wanted: CallsWanted): Promise<Counts> {
  const { rows } = await sql<Counts>`${scope(wanted, sql`0`)} select ${COUNTS} from scope`.execute(db);
  return rows[0]!;
}

/** Groups in order of their key; at most `groupsMax` of them. */
export async function countCallsBy(db: Db, wanted: CallsWanted, by: Grouping, groupsMax: number): Promise<Group[]> {
  const { rows } = await sql<Counts & { key: Group['key'] }>`
    ${scope(wanted, KEYS[by])} select key, ${COUNTS} from scope group by key order by key nulls last limit ${groupsMax}`.execute(
    db,
  );
  return rows.map(({ key, ...counts }) => ({ key, counts }));
}

/** What the calls of one dialled number, one site and one quarter of an hour were. */
export interface Cell {
  readonly quarterMs: number;
  readonly line: string;
  readonly site: string;
  readonly counts: Counts;
}

/** The finest groups there are, in one scan. They share no call. */
export async function countCells(db: Db, wanted: CallsWanted, cellsMax: number): Promise<Cell[]> {
  const key = sql`jsonb_build_array(${KEYS.quarter}, ${LINE}, ${SITE})`;
  const { rows } = await sql<Counts & { key: [number, string, string] }>`
    ${scope(wanted, key)} select key, ${COUNTS} from scope group by key limit ${cellsMax}`.execute(db);
  return rows.map(({ key: [quarterMs, line, site], ...counts }) => ({ quarterMs, line, site, counts }));
}

/** Calls of the period that are neither answered nor over: how they count is not known yet. */
export async function countUndecided(db: Db, wanted: CallsWanted): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from contacts
    where ${within(wanted)} and answered_at_ms is null and closed_at_ms is null and call_back_number is null`.execute(
    db,
  );
  return rows[0]!.count;
}

function within({ fromMs, toMs, site, number, queue }: CallsWanted): RawBuilder<unknown> {
  const conditions = [
    sql`medium = 'voice' and opened_at_ms >= ${fromMs}::bigint and opened_at_ms < ${toMs}::bigint`,
    ...(site === undefined ? [] : [sql`${SITE} = ${site}::text`]),
    ...(number === undefined ? [] : [sql`${LINE} = ${number}::text`]),
    ...(queue === undefined ? [] : [sql`queue = ${queue}::text`]),
  ];
  return sql.join(conditions, sql` and `);
}

function scope(wanted: CallsWanted, key: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    with calls as (
      select id, outcome, queued_at_ms, closed_at_ms, ${key} as key, call_back_number is not null as called_back,
        case when call_back_number is null then answered_at_ms end as answered_at_ms,
        answered_at_ms is not null and closed_at_ms is not null as handled
      from contacts where ${within(wanted)}
    ), talked as (
      select contact, sum(ended_at_ms - started_at_ms) as ms from talks
      where contact in (select id from calls where handled) group by contact
    ), wrapped as (
      select contact, sum(until_ms - from_ms) as ms from agent_states
      where state = 'wrapUp' and contact in (select id from calls where handled) group by contact
    ), scope as (
      select calls.*, coalesce(talked.ms, 0) + coalesce(wrapped.ms, 0) as handling_ms
      from calls left join talked on talked.contact = calls.id left join wrapped on wrapped.contact = calls.id
    )`;
}

const COUNTS = sql`
  count(*) as "inbound",
  count(*) filter (where outcome = 'ended' and queued_at_ms is null) as "selfServed",
  count(*) filter (where called_back) as "callbacks",
  count(queued_at_ms) as "queued",
  count(answered_at_ms) as "answered",
  count(*) filter (where answered_at_ms - queued_at_ms <= ${sql.lit(IN_TIME_MS)}) as "answeredWithin15",
  count(*) filter (where outcome = 'abandonedInQueue' and answered_at_ms is null and not called_back) as "abandoned",
  count(*) filter (
    where outcome = 'abandonedInQueue' and answered_at_ms is null and not called_back
      and closed_at_ms - queued_at_ms <= ${sql.lit(SHORT_ABANDON_MS)}
  ) as "abandonedShort",
  coalesce(sum(answered_at_ms - queued_at_ms), 0) as "waitedMs",
  count(*) filter (where handled) as "handled",
  coalesce(sum(handling_ms) filter (where handled), 0) as "handlingMs"`;
