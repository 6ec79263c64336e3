import { sql } from 'kysely';
import type { Db } from './store.ts';

export interface MattersWanted {
  readonly journal: string;
  readonly channel: string;
  readonly accounts: readonly string[];
  readonly remoteIds?: readonly string[];
  /** Came at or after, and before. Unix time, ms. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Unix time, ms. */
  readonly changedAfterMs?: number;
  readonly status?: 'open' | 'closed';
  readonly subjects?: readonly string[];
  readonly skip?: number;
  readonly limit: number;
}

/** A message that came, and how its contact stands; it may have none yet. */
export interface MatterRow {
  readonly content: unknown;
  readonly account: string;
  readonly at_ms: number;
  readonly closed_at_ms: number | null;
  readonly answered_at_ms: number | null;
  readonly disposition: string | null;
  readonly changed_at_ms: number;
}

const CHANGED = sql<number>`greatest(messages.at_ms, contacts.answered_at_ms, contacts.closed_at_ms, contacts.disposed_at_ms)`;

/** By these it is somebody else's to do, and not done: domain guide §3.9, wrap-up. */
const HANDED_ON: readonly string[] = ['ORDER', 'LINKAGE'];
const IS_DONE = sql<boolean>`(contacts.closed_at_ms is not null and coalesce(contacts.disposition, '') <> all(${HANDED_ON}))`;

export function isDone({ closed_at_ms, disposition }: MatterRow): boolean {
  return closed_at_ms !== null && !HANDED_ON.includes(disposition ?? '');
}

/** Newest first. What the core has not taken yet waits: whoever was told its number finds it. */
export async function readMatters(db: Db, wanted: MattersWanted): Promise<MatterRow[]> {
  const { remoteIds, fromMs, toMs, changedAfterMs, status, subjects, skip = 0, limit } = wanted;
  let query = db
    .selectFrom('messages')
    .leftJoin('contacts', 'contacts.id', 'messages.contact')
    .select([
      'messages.content',
      'messages.account',
      'messages.at_ms',
      'contacts.closed_at_ms',
      'contacts.answered_at_ms',
      'contacts.disposition',
      CHANGED.as('changed_at_ms'),
    ])
    .where('messages.channel', '=', wanted.channel)
    .where('messages.account', 'in', [...wanted.accounts])
    .where('messages.direction', '=', 'in')
    .where('messages.kind', '=', 'message')
    .where('messages.journal', '=', wanted.journal)
    .orderBy('messages.at_ms', 'desc')
    .orderBy('messages.id', 'desc')
    .offset(skip)
    .limit(limit);
  if (remoteIds !== undefined) query = query.where('messages.external_id', 'in', [...remoteIds]);
  if (fromMs !== undefined) query = query.where('messages.at_ms', '>=', fromMs);
  if (toMs !== undefined) query = query.where('messages.at_ms', '<', toMs);
  if (changedAfterMs !== undefined) query = query.where(CHANGED, '>', changedAfterMs);
  if (status !== undefined) query = query.where(status === 'closed' ? IS_DONE : sql<boolean>`not ${IS_DONE}`);
  if (subjects !== undefined) query = query.where(sql<boolean>`messages.content->>'subject' = any(${[...subjects]})`);
  return await query.execute();
}
