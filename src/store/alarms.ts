import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import { type ConnectLimits, tooFewConnected } from '../lib/measure-alarm.ts';
import { QUARTER_MS } from '../lib/measure-counts.ts';
import { countCallsBy } from './measures.ts';
import type { AlarmScope, AlarmTable, Database } from './schema.ts';
import type { Db } from './store.ts';

export type Alarm = Omit<AlarmTable, 'id'> & { readonly id: number };

/** Quarters that are judged after a long time away; older ones are history. */
export const QUARTERS_BACK_MAX = 96;
/** Sites or numbers of one quarter; a city has 11 and about 50. */
const SCOPES_MAX = 1_000;
const SCOPES: readonly AlarmScope[] = ['site', 'number'];
const KIND = 'connectRate';

/** The next quarter that nobody has judged: never older than `QUARTERS_BACK_MAX`. On a new database watching begins with the one that runs. */
export async function nextQuarter(db: Db, nowMs: number): Promise<number> {
  const running = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
  await db
    .insertInto('supervision')
    .values({ kind: KIND, judged_to_ms: running })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { judged_to_ms } = await db
    .selectFrom('supervision')
    .select('judged_to_ms')
    .where('kind', '=', KIND)
    .executeTakeFirstOrThrow();
  return Math.max(judged_to_ms, running - QUARTERS_BACK_MAX * QUARTER_MS);
}

/**
 * Judges the quarter that begins at `fromMs`, once for all times: its alarms and that it was judged are one transaction, and an alarm that
 * stands already is not raised again.
 *
 * @returns the alarms that are new.
 */
export async function judgeQuarter(db: Db, fromMs: number, limits: ConnectLimits, nowMs: number): Promise<Alarm[]> {
  return await db.transaction().execute(async (transaction) => {
    if (!(await takeQuarter(transaction, fromMs))) return [];
    const raised: Alarm[] = [];
    for (const scope of SCOPES) raised.push(...(await raise(transaction, scope, fromMs, limits, nowMs)));
    return raised;
  });
}

/** @returns false when it was judged before; two programs take turns. */
async function takeQuarter(transaction: Transaction<Database>, fromMs: number): Promise<boolean> {
  const taken = await transaction
    .insertInto('supervision')
    .values({ kind: KIND, judged_to_ms: fromMs + QUARTER_MS })
    .onConflict((conflict) =>
      conflict
        .column('kind')
        .doUpdateSet({ judged_to_ms: fromMs + QUARTER_MS })
        .where('supervision.judged_to_ms', '<=', fromMs),
    )
    .executeTakeFirst();
  return Number(taken.numInsertedOrUpdatedRows) === 1;
}

async function raise(
  transaction: Transaction<Database>,
  scope: AlarmScope,
  fromMs: number,
  limits: ConnectLimits,
  nowMs: number,
): Promise<Alarm[]> {
  const period = { fromMs, toMs: fromMs + QUARTER_MS };
  const groups = await countCallsBy(transaction, period, scope, SCOPES_MAX);
  const rows = groups.flatMap(({ key, counts }) => {
    const figure = tooFewConnected(counts, limits);
    if (figure === undefined) return [];
    const stood = { kind: KIND, scope, key: String(key), from_ms: period.fromMs, to_ms: period.toMs } as const;
    return [{ ...stood, raised_at_ms: nowMs, ...figure, limit_percent: limits.alarmPercent }];
  });
  if (rows.length === 0) return [];
  return (await transaction
    .insertInto('alarms')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .execute()) as Alarm[];
}

export interface AlarmsWanted {
  /** Of quarters that begin in `[fromMs, toMs)`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Only those that nobody has acknowledged. */
  readonly open: boolean;
  readonly rowsMax: number;
}

/** Newest quarter first. */
export async function listAlarms(db: Db, { fromMs, toMs, open, rowsMax }: AlarmsWanted): Promise<Alarm[]> {
  let query = db.selectFrom('alarms').selectAll().where('from_ms', '>=', fromMs).where('from_ms', '<', toMs);
  if (open) query = query.where('acknowledged_at_ms', 'is', null);
  return (await query.orderBy('from_ms', 'desc').orderBy('id', 'desc').limit(rowsMax).execute()) as Alarm[];
}

/** The first acknowledgement stands; a later one changes nothing. Undefined: there is no such alarm. */
export async function acknowledgeAlarm(
  db: Db,
  id: number,
  { by, note, atMs }: { readonly by: string; readonly note: string | null; readonly atMs: number },
): Promise<Alarm | undefined> {
  await db
    .updateTable('alarms')
    .set({ acknowledged_at_ms: atMs, acknowledged_by: by, note })
    .where('id', '=', id)
    .where('acknowledged_at_ms', 'is', null)
    .execute();
  return (await db.selectFrom('alarms').selectAll().where('id', '=', id).executeTakeFirst()) as Alarm | undefined;
}

/** Alarms that nobody has acknowledged. */
export async function countOpenAlarms(db: Db): Promise<Readonly<Record<AlarmScope, number>>> {
  const { rows } = await sql<{ scope: AlarmScope; count: number }>`
    select scope, count(*) as count from alarms where acknowledged_at_ms is null group by scope`.execute(db);
  return { site: 0, number: 0, ...Object.fromEntries(rows.map(({ scope, count }) => [scope, count])) };
}
