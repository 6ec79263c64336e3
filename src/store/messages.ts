import { sql } from 'kysely';
import type { MessageTable } from './schema.ts';
import type { Db } from './store.ts';

export interface MessagesWanted {
  readonly channel?: string;
  readonly account?: string;
  readonly contact?: string;
  /** `amiss`: dead letters, and deliveries that could not be read. */
  readonly only?: 'in' | 'out' | 'amiss';
  /** Goes on below this number, or above it. */
  readonly beforeId?: number;
  readonly afterId?: number;
  readonly rowsMax: number;
}

export type MessageRow = Omit<
  MessageTable,
  'id' | 'content' | 'opened' | 'tries' | 'raw' | 'journal' | 'identities' | 'shut_at_ms'
> & {
  readonly id: number;
  readonly content: unknown;
  readonly tries: number;
  /** A later edition of it in the same conversation, the newest. */
  readonly replaced_by: number | null;
};

const COLUMNS = [
  'id',
  'direction',
  'channel',
  'account',
  'conversation',
  'kind',
  'state',
  'external_id',
  'contact',
  'content',
  'sent_at_ms',
  'at_ms',
  'by_user',
  'send_key',
  'tries',
  'due_at_ms',
  'gone_at_ms',
  'error',
] as const;

/** Every later edition names the first one. */
const REPLACED_BY = sql<number | null>`case when messages.direction = 'in' then (
  select max(later.id) from messages as later
  where later.channel = messages.channel and later.account = messages.account and later.conversation = messages.conversation
    and later.content->>'replaces' = coalesce(messages.content->>'replaces', messages.external_id) and later.id > messages.id
) end`;

/** Newest first; with `afterId`, oldest first. */
export async function listMessages(db: Db, wanted: MessagesWanted): Promise<MessageRow[]> {
  const { channel, account, contact, only, beforeId, afterId, rowsMax } = wanted;
  let query = db
    .selectFrom('messages')
    .select(COLUMNS)
    .select(REPLACED_BY.as('replaced_by'))
    .orderBy('id', afterId === undefined ? 'desc' : 'asc')
    .limit(rowsMax);
  if (channel !== undefined) query = query.where('channel', '=', channel);
  if (account !== undefined) query = query.where('account', '=', account);
  if (contact !== undefined) query = query.where('contact', '=', contact);
  if (beforeId !== undefined) query = query.where('id', '<', beforeId);
  if (afterId !== undefined) query = query.where('id', '>', afterId);
  if (only === 'amiss')
    query = query.where(sql<boolean>`(state = 'dead' or (kind = 'unreadable' and state = 'stored'))`);
  else if (only !== undefined) query = query.where('direction', '=', only);
  return await query.execute();
}

const CONTINUED_MAX = 20;

/** By which conversation, and from whom, a contact's last message came, else that of the one it goes on from; undefined: none ever did. */
export async function lastMessageOf(db: Db, contact: string) {
  let id: string | null | undefined = contact;
  for (let steps = 0; id && steps < CONTINUED_MAX; steps += 1) {
    const last = await lastOwnMessageOf(db, id);
    if (last !== undefined) return last;
    const row = await db.selectFrom('contacts').select('continues').where('id', '=', id).executeTakeFirst();
    id = row?.continues;
  }
  return undefined;
}

async function lastOwnMessageOf(db: Db, contact: string) {
  return await db
    .selectFrom('messages')
    .select(['channel', 'account', 'conversation', 'external_id', 'content'])
    .where('contact', '=', contact)
    .where('direction', '=', 'in')
    .where('kind', '=', 'message')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** When something came last, and how much came between two instants. */
export async function countArrivals(
  db: Db,
  channel: string,
  account: string,
  fromMs: number,
  toMs: number,
): Promise<number> {
  const row = await db
    .selectFrom('messages')
    .select(sql<number>`count(*)`.as('count'))
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('direction', '=', 'in')
    .where('at_ms', '>=', fromMs)
    .where('at_ms', '<', toMs)
    .executeTakeFirst();
  return row?.count ?? 0;
}
