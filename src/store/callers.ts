import { type Selectable, sql, type Transaction } from 'kysely';
import type { CallerKnown, Grade } from '../core/event.ts';
import { ownNumber } from '../lib/phone-number.ts';
import { announceCaller } from './account-changes.ts';
import type { CallerTable, Database } from './schema.ts';
import type { Db } from './store.ts';

/** Domain guide §4.4: a limit needs two approvals and holds for 30 days at most. */
export const LIMIT_DAYS_MAX = 30;
/** A proposal that nobody approves is no longer there. */
export const PROPOSAL_MS_MAX = 7 * 86_400_000;
const DAY_MS = 86_400_000;
const ROWS_MAX = 1_000;

export type Stage = 'none' | 'warned' | 'limited';
export type CallerRow = Selectable<CallerTable>;

/** What the core is told when the number calls, and until when the stage of it holds. */
export interface BookEntry {
  readonly number: string;
  readonly known: CallerKnown;
  readonly stageUntilMs: number | null;
}

/** Under which a number's row stands: the same however the number is written. */
export function callerKey(number: string): string {
  return ownNumber(number) ?? number;
}

export interface StageWish {
  readonly number: string;
  readonly stage: Stage;
  readonly reason: string;
  /** Absent: as was proposed, else `LIMIT_DAYS_MAX`. */
  readonly days?: number | undefined;
  readonly by: string;
  /** Of the two who ask for a limit one must be such. */
  readonly mayApprove: boolean;
  readonly nowMs: number;
}

/** `proposed`: one more person, who may approve, must ask for the same. `sameUser`: that person may not be the one who proposed it. */
export type StageAnswer = 'done' | 'proposed' | 'sameUser';

/** Elder, grade: what the city knows of a number for good. */
export async function noteCaller(
  db: Db,
  caller: string,
  change: { readonly elder?: boolean; readonly grade?: Grade | null },
  by: string,
  nowMs: number,
): Promise<void> {
  const number = callerKey(caller);
  await db.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('callers')
      .values({ number, ...change, changed_by: by, changed_at_ms: nowMs })
      .onConflict((conflict) =>
        conflict.column('number').doUpdateSet({ ...change, changed_by: by, changed_at_ms: nowMs }),
      )
      .execute();
    await announceCaller(transaction, number);
  });
}

/** A warning, and its end, hold at once; a limit once a second person has asked for it, one of the two being somebody who may approve it. */
export async function setStage(db: Db, wish: StageWish): Promise<StageAnswer> {
  const { stage, reason, days, by, mayApprove, nowMs } = wish;
  const number = callerKey(wish.number);
  return await db.transaction().execute(async (transaction) => {
    const before = await lockCaller(transaction, number, by, nowMs);
    const proposed = stage === 'limited' && (!isProposed(before, nowMs) || before.proposed_by === null);
    if (stage === 'limited' && !proposed && before.proposed_by === by) return 'sameUser';
    if (stage === 'limited' && !proposed && !mayApprove && !before.proposed_by_approver) return 'proposed';
    const daysHeld = days ?? (stage === 'limited' ? before.proposed_days : null) ?? LIMIT_DAYS_MAX;
    const change = proposed
      ? {
          ...{ proposed_by: by, proposed_at_ms: nowMs, proposed_by_approver: mayApprove },
          ...{ proposed_reason: reason, proposed_days: days ?? null },
        }
      : {
          stage: stage === 'none' ? null : stage,
          stage_until_ms: stage === 'none' ? null : nowMs + Math.min(daysHeld, LIMIT_DAYS_MAX) * DAY_MS,
          // Whoever is second says yes; why it is wished was said by the first.
          stage_reason: stage === 'limited' ? (before.proposed_reason ?? before.stage_reason ?? reason) : reason,
          // A warning is no answer to who asks for more.
          ...(stage === 'warned' ? {} : NOT_PROPOSED),
        };
    await transaction
      .updateTable('callers')
      .set({ ...change, changed_by: by, changed_at_ms: nowMs })
      .where('number', '=', number)
      .execute();
    await announceCaller(transaction, number);
    return proposed ? 'proposed' : 'done';
  });
}

const NOT_PROPOSED = {
  proposed_by: null,
  proposed_at_ms: null,
  proposed_by_approver: false,
  proposed_reason: null,
  proposed_days: null,
};

/** One person asks for a limit, and it is not too late for another. */
export function isProposed({ proposed_at_ms: atMs }: Pick<CallerRow, 'proposed_at_ms'>, nowMs: number): boolean {
  return atMs !== null && nowMs - atMs <= PROPOSAL_MS_MAX;
}

async function lockCaller(transaction: Transaction<Database>, number: string, by: string, nowMs: number) {
  await transaction
    .insertInto('callers')
    .values({ number, changed_by: by, changed_at_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return await transaction
    .selectFrom('callers')
    .selectAll()
    .where('number', '=', number)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** An order of this number is open, or is not any more. */
export async function setCallerOrder(
  db: Db,
  order: { readonly number: string; readonly no: string; readonly urgency: string; readonly open: boolean },
): Promise<void> {
  const { no, urgency, open } = order;
  const number = callerKey(order.number);
  await db.transaction().execute(async (transaction) => {
    if (open) {
      await transaction
        .insertInto('caller_orders')
        .values({ number, order_no: no, urgency })
        .onConflict((conflict) => conflict.columns(['number', 'order_no']).doUpdateSet({ urgency }))
        .execute();
    } else {
      await transaction.deleteFrom('caller_orders').where('number', '=', number).where('order_no', '=', no).execute();
    }
    await announceCaller(transaction, number);
  });
}

/** Null: without a stage. */
export async function stageUntilMs(db: Db, caller: string): Promise<number | null> {
  const row = await db
    .selectFrom('callers')
    .select('stage_until_ms')
    .where('number', '=', callerKey(caller))
    .executeTakeFirst();
  return row?.stage_until_ms ?? null;
}

/** Those with a stage that holds, or for whom one is proposed. */
export async function listStages(db: Db, nowMs: number): Promise<CallerRow[]> {
  return await db
    .selectFrom('callers')
    .selectAll()
    .where((at) => {
      const holds = at.and([at('stage', 'is not', null), at('stage_until_ms', '>', nowMs)]);
      const proposed = at.and([at('proposed_by', 'is not', null), at('proposed_at_ms', '>=', nowMs - PROPOSAL_MS_MAX)]);
      return at.or([holds, proposed]);
    })
    .orderBy('changed_at_ms', 'desc')
    .limit(ROWS_MAX)
    .execute();
}

/** All of them, or one number's; nothing is known of a number that is not in the answer. */
export async function readBook(db: Db, number?: string): Promise<BookEntry[]> {
  const only = number === undefined ? sql`true` : sql`number = ${number}`;
  const { rows } = await sql<BookRow>`
    with worst as (
      select distinct on (number) number, order_no, urgency from caller_orders where ${only}
      order by number, array_position(array['emergency', 'urgent', 'normal'], urgency), order_no
    )
    select coalesce(callers.number, worst.number) as number, elder, grade, stage, stage_until_ms, order_no, urgency
    from (select * from callers where ${only}) callers full join worst on worst.number = callers.number`.execute(db);
  return rows.flatMap((row) => {
    const known = knownOf(row);
    return Object.keys(known).length === 0 ? [] : [{ number: row.number, known, stageUntilMs: row.stage_until_ms }];
  });
}

interface BookRow {
  readonly number: string;
  readonly elder: boolean | null;
  readonly grade: Grade | null;
  readonly stage: 'warned' | 'limited' | null;
  readonly stage_until_ms: number | null;
  readonly order_no: string | null;
  readonly urgency: 'emergency' | 'urgent' | 'normal' | null;
}

function knownOf({ elder, grade, stage, order_no: no, urgency }: BookRow): CallerKnown {
  return {
    ...(elder === true ? { elder } : {}),
    ...(grade === null ? {} : { grade }),
    ...(stage === null ? {} : { stage }),
    ...(no === null || urgency === null ? {} : { order: { no, urgency } }),
  };
}
