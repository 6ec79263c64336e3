import { sql } from 'kysely';
import { moveOn } from './inbox.ts';
import { attachFiles } from './message-files.ts';
import type { MessageState } from './schema.ts';
import type { Db } from './store.ts';

/** A message of ours that is to go, or has gone. */
export interface OutboxRow {
  readonly id: number;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly contact: string | null;
  /** As it is handed to the channel, without what the host adds. */
  readonly content: unknown;
  readonly tries: number;
  readonly due_at_ms: number | null;
  readonly state: MessageState;
}

export interface NewReply {
  readonly journal: string;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly contact: string;
  /** `receipt`: by the program itself. */
  readonly kind: 'reply' | 'receipt';
  /** JSON. */
  readonly content: string;
  readonly byUser: string | null;
  readonly sendKey: string;
  readonly atMs: number;
  /** What its content's media name, in order. */
  readonly files?: readonly string[];
}

/** Of the words that end a conversation: one for each contact. */
export const CLOSING_KEY = 'closing-words';
/** Of its journal's id, in a contact's. */
const CONTACT_TAIL = 6;

const COLUMNS = [
  'id',
  'channel',
  'account',
  'conversation',
  'contact',
  'content',
  'tries',
  'due_at_ms',
  'state',
] as const;

/** How many automatic receipts may have gone before one more. */
export interface ReceiptLimits {
  /** To one address. Undefined: any number. */
  readonly sender: { readonly to: string; readonly most: number; readonly withinMs: number } | undefined;
  /** In one conversation. */
  readonly conversation: { readonly most: number; readonly withinMs: number };
}

/**
 * Stores a receipt unless there were enough of them when the message came that it is for (`receipt.atMs`): a later look says the same.
 *
 * @returns undefined: none is to go, or it was stored before.
 */
export async function addReceipt(db: Db, receipt: NewReply, limits: ReceiptLimits): Promise<OutboxRow | undefined> {
  const { channel, account, conversation, atMs } = receipt;
  const { sender } = limits;
  return await db.transaction().execute(async (transaction) => {
    // Two contacts that one sender opens at once are counted one after the other.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`receipt ${channel}/${account}/${sender?.to ?? conversation}`}, 0))`.execute(
      transaction,
    );
    const { rows } = await sql<{ enough: boolean }>`select (
      (select count(*) from messages where channel = ${channel} and account = ${account} and conversation = ${conversation}
        and kind = 'receipt' and send_key = 'receipt' and at_ms > ${atMs - limits.conversation.withinMs}) >= ${limits.conversation.most}
      or (select count(*) from messages where channel = ${channel} and account = ${account} and content->>'to' = ${sender?.to ?? null}
        and kind = 'receipt' and send_key = 'receipt' and at_ms > ${atMs - (sender?.withinMs ?? 0)}) >= ${sender?.most ?? Number.MAX_SAFE_INTEGER}
    ) as enough`.execute(transaction);
    if (rows[0]?.enough !== false) return undefined;
    const { row, isNew } = await addReply(transaction, receipt);
    return isNew ? row : undefined;
  });
}

/** @returns the row; `isNew` false: the same key was there before, and nothing was stored. */
export async function addReply(db: Db, reply: NewReply): Promise<{ readonly row: OutboxRow; readonly isNew: boolean }> {
  const row =
    reply.files === undefined || reply.files.length === 0
      ? await insertReply(db, reply)
      : await insertWithFiles(db, reply, reply.files);
  if (row !== undefined) return { row, isNew: true };
  const known = await db
    .selectFrom('messages')
    .select(COLUMNS)
    .where('contact', '=', reply.contact)
    .where('send_key', '=', reply.sendKey)
    .executeTakeFirstOrThrow();
  return { row: known, isNew: false };
}

/** Together: a message that names a file has it. */
async function insertWithFiles(db: Db, reply: NewReply, files: readonly string[]): Promise<OutboxRow | undefined> {
  return await db.transaction().execute(async (transaction) => {
    const row = await insertReply(transaction, reply);
    if (row !== undefined) await attachFiles(transaction, row.id, files);
    return row;
  });
}

/** What the contact was told under this key. */
export async function findSaid(
  db: Db,
  contact: string,
  key: string,
): Promise<{ readonly id: number; readonly kind: string; readonly content: unknown } | undefined> {
  return await db
    .selectFrom('messages')
    .select(['id', 'kind', 'content'])
    .where('contact', '=', contact)
    .where('send_key', '=', key)
    .executeTakeFirst();
}

/** Undefined: the same key was there before. */
async function insertReply(
  db: Db,
  { byUser, sendKey, atMs, files: _, ...same }: NewReply,
): Promise<OutboxRow | undefined> {
  return await db
    .insertInto('messages')
    .values({
      ...same,
      direction: 'out',
      state: 'waiting',
      by_user: byUser,
      send_key: sendKey,
      at_ms: atMs,
      due_at_ms: atMs,
    })
    .onConflict((conflict) => conflict.columns(['contact', 'send_key']).where('send_key', 'is not', null).doNothing())
    .returning(COLUMNS)
    .executeTakeFirst();
}

/** What has still to go, in order. */
export async function readWaiting(db: Db, journal: string, afterId: number, rowsMax: number): Promise<OutboxRow[]> {
  return await db
    .selectFrom('messages')
    .select(COLUMNS)
    .where('state', '=', 'waiting')
    .where('journal', '=', journal)
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(rowsMax)
    .execute();
}

/** The platform took it; what it told of it before is made good at once. */
export async function markSent(db: Db, row: OutboxRow, externalId: string | null, atMs: number): Promise<void> {
  const { id, channel, account } = row;
  await db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('messages')
      .set({ state: 'sent', external_id: externalId, gone_at_ms: atMs, tries: row.tries, due_at_ms: null, error: null })
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .execute();
    if (externalId !== null) await moveOn(transaction, { channel, account, of: externalId });
  });
}

export async function markTried(db: Db, id: number, tries: number, dueAtMs: number, error: string): Promise<void> {
  await db.updateTable('messages').set({ tries, due_at_ms: dueAtMs, error }).where('id', '=', id).execute();
}

export interface DeadEnd {
  readonly tries: number;
  readonly error: string;
  /** Because the platform's reply window is shut, at this moment. */
  readonly shutAtMs?: number | undefined;
}

/** What somebody sent again meanwhile, before it was known here that it is written down, stays so. */
export async function markDead(db: Db, { id, due_at_ms }: OutboxRow, end: DeadEnd): Promise<void> {
  const { tries, error, shutAtMs } = end;
  const shut = shutAtMs === undefined ? {} : { shut_at_ms: shutAtMs };
  await db
    .updateTable('messages')
    .set({ state: 'dead', tries, due_at_ms: null, error, ...shut })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where('due_at_ms', 'is not distinct from', due_at_ms)
    .execute();
}

/** A dead letter is to go again. Undefined: it is none. */
export async function revive(db: Db, journal: string, id: number, atMs: number): Promise<OutboxRow | undefined> {
  return await db
    .updateTable('messages')
    .set({ state: 'waiting', tries: 0, due_at_ms: atMs })
    .where('id', '=', id)
    .where('journal', '=', journal)
    .where('direction', '=', 'out')
    .where('state', '=', 'dead')
    .returning(COLUMNS)
    .executeTakeFirst();
}

/** A message that opened its contact, and whose citizen was not told of it. */
export interface Unreceipted {
  readonly id: number;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly contact: string;
  /** What the citizen first wrote; null: a machine alone has written so far. */
  readonly content: unknown;
  readonly at_ms: number;
}

/** Stored since then; a receipt that comes later than that helps nobody. */
export async function readUnreceipted(
  db: Db,
  journal: string,
  sinceMs: number,
  afterId: number,
  rowsMax: number,
): Promise<Unreceipted[]> {
  const { rows } = await sql<Unreceipted>`
    select opening.id, opening.contact, own.content, coalesce(own.at_ms, opening.at_ms) as at_ms,
      coalesce(own.channel, opening.channel) as channel, coalesce(own.account, opening.account) as account,
      coalesce(own.conversation, opening.conversation) as conversation
    from messages as opening left join lateral (
      select channel, account, conversation, content, at_ms from messages
      where contact = opening.contact and direction = 'in' and kind = 'message' and content ->> 'automatic' is distinct from 'true'
      order by id limit 1) as own on true
    where opening.opened and opening.at_ms >= ${sinceMs} and opening.id > ${afterId} and opening.journal = ${journal}
      and not exists (select 1 from messages as receipt where receipt.contact = opening.contact and receipt.send_key = 'receipt')
    order by opening.id limit ${rowsMax}`.execute(db);
  return rows;
}

/**
 * Conversations that ended since then because nobody wrote any more, and whose citizens were not told; none in which somebody has written again.
 * Each names its talk's place in the journal, which rises.
 */
export async function readUnparted(
  db: Db,
  journal: string,
  sinceMs: number,
  afterSeq: number,
  rowsMax: number,
): Promise<{ readonly id: number; readonly contact: string }[]> {
  const { rows } = await sql<{ id: number; contact: string }>`
    select talks.seq as id, talks.contact from talks
    join contacts on contacts.id = talks.contact and contacts.closed_at_ms is not null
    where talks.ended_by = 'idle' and talks.ended_at_ms >= ${sinceMs} and talks.seq > ${afterSeq}
      and right(talks.contact, ${CONTACT_TAIL}) = ${journal.slice(0, CONTACT_TAIL)}
      and not exists (select 1 from messages where messages.contact = talks.contact and send_key = ${CLOSING_KEY})
      and not exists (select 1 from contacts as later
        where later.medium in ('chat', 'mail') and later.reference = contacts.reference and later.opened_at_ms >= talks.ended_at_ms)
    order by talks.seq limit ${rowsMax}`.execute(db);
  return rows;
}

/** What came in and went out in a conversation lately, newest first. */
export interface RecentRow {
  readonly id: number;
  readonly direction: 'in' | 'out';
  readonly kind: string;
  readonly state: MessageState;
  readonly event: string | null;
  /** What the platform counts: each file, and the text. Default 1. */
  readonly parts?: number;
  readonly sent_at_ms: number | null;
  readonly at_ms: number;
  /** When the platform said, at this one, that its window is shut. */
  readonly shut_at_ms: number | null;
}

const RECENT_MAX = 50;

/** The newest first. Templates are left out: platforms let them through at any time, and count them elsewhere. */
export async function readRecent(db: Db, channel: string, account: string, conversation: string): Promise<RecentRow[]> {
  return await db
    .selectFrom('messages')
    .select([
      'id',
      'direction',
      'kind',
      'state',
      'sent_at_ms',
      'at_ms',
      'shut_at_ms',
      sql<string | null>`content->>'event'`.as('event'),
      sql<number>`greatest(1, coalesce(jsonb_array_length(content -> 'media'), 0)
        + (coalesce(content ->> 'text', '') <> '')::int)`.as('parts'),
    ])
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('conversation', '=', conversation)
    .where(sql<boolean>`content -> 'template' is null`)
    .orderBy('id', 'desc')
    .limit(RECENT_MAX)
    .execute();
}
