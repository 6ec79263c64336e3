import { sql } from 'kysely';
import type { MissedCallTable } from './schema.ts';
import type { Db } from './store.ts';

export interface MissedCallsWanted {
  /** Missed at or after. Unix time, ms. */
  readonly fromMs: number;
  /** Missed before. Unix time, ms. */
  readonly toMs: number;
  /** Only those that nobody has made good yet: the first due first. Else the latest first. */
  readonly open: boolean;
  readonly rowsMax: number;
}

export type MissedCallRow = MissedCallTable & {
  /** Times that the citizen was dialled in vain. */
  readonly tries: number;
};

export async function listMissedCalls(db: Db, { fromMs, toMs, open, rowsMax }: MissedCallsWanted) {
  const query = db
    .selectFrom('missed_calls')
    .leftJoin('contacts', 'contacts.id', 'missed_calls.call_back')
    .selectAll('missed_calls')
    .select(sql<number>`coalesce(contacts.call_back_tries, 0)`.as('tries'))
    .where('missed_at_ms', '>=', fromMs)
    .where('missed_at_ms', '<', toMs)
    .limit(rowsMax);
  const rows = open
    ? query.where('missed_calls.closed_at_ms', 'is', null).orderBy('due_at_ms').orderBy('missed_calls.contact')
    : query.orderBy('missed_at_ms', 'desc').orderBy('missed_calls.contact', 'desc');
  return (await rows.execute()) satisfies MissedCallRow[];
}

export async function findMissedCall(db: Db, contact: string): Promise<MissedCallTable | undefined> {
  return await db.selectFrom('missed_calls').selectAll().where('contact', '=', contact).executeTakeFirst();
}
