import { sql, type Transaction } from 'kysely';
import type { Identity } from './identities.ts';
import { insertNamed, type NamedFile } from './message-files.ts';
import type { Database } from './schema.ts';
import type { Db } from './store.ts';

/** One thing that came in, ready to be stored. Texts hold neither NUL nor half a character. */
export interface InboxRow {
  readonly channel: string;
  readonly account: string;
  readonly externalId: string;
  readonly conversation: string;
  readonly kind: 'message' | 'event' | 'unreadable';
  /** JSON. */
  readonly content: string;
  readonly raw: Buffer | null;
  readonly sentAtMs: number;
  readonly atMs: number;
  readonly error: string | null;
  /** What proves who wrote it. */
  readonly identities?: readonly Identity[];
  /** That are to be fetched. */
  readonly files?: readonly NamedFile[];
  /** Of an event: the entry that it tells. Of a message: `told`, when it has the entry that an event told last. */
  readonly entry?: Entry | 'told';
}

type Entry = 'personal' | 'enterprise';

export interface ReceiptRow {
  readonly channel: string;
  readonly account: string;
  readonly of: string;
  readonly status: 'delivered' | 'read' | 'failed';
  readonly atMs: number;
  readonly reason: string | null;
}

export interface CursorRow {
  readonly channel: string;
  readonly account: string;
  readonly cursor: string;
  readonly atMs: number;
}

/** What is committed together. */
export interface InboxBatch {
  readonly journal: string;
  readonly rows: readonly InboxRow[];
  readonly receipts: readonly ReceiptRow[];
  readonly cursors: readonly CursorRow[];
  /** Numbers of rows that could not be read until now. */
  readonly settles: readonly number[];
}

/**
 * Stores a batch in one transaction. What was stored before, or stands twice in it, is stored once.
 *
 * @returns the numbers of those that are new, by their index in `rows`; they rise with it.
 * @throws while the database is away, or does not take it: nothing of the batch is stored then.
 */
export async function storeBatch(db: Db, batch: InboxBatch): Promise<ReadonlyMap<number, number>> {
  const { journal, rows, receipts, cursors, settles } = batch;
  const hasFiles = rows.some(({ files }) => files !== undefined);
  const rowsAlone = receipts.length === 0 && cursors.length === 0 && settles.length === 0 && !hasFiles;
  if (rowsAlone) return await insertRows(db, batch);
  return await db.transaction().execute(async (transaction) => {
    const stored = await insertRows(transaction, batch);
    for (const [index, id] of stored) {
      const { channel, account, files, atMs } = rows[index]!;
      if (files !== undefined) await insertNamed(transaction, { id, journal, channel, account }, files, atMs);
    }
    await applyReceipts(transaction, receipts);
    if (settles.length > 0) await settle(transaction, settles);
    await storeCursors(transaction, cursors);
    return stored;
  });
}

/**
 * Gives messages that say nothing of their entry the one that an event of their conversation told last, in this batch or before it: what is
 * stored then is what is decided on, whenever that is.
 */
export async function withEntries(db: Db, rows: readonly InboxRow[]): Promise<readonly InboxRow[]> {
  const asking = rows.filter(({ entry }) => entry === 'told');
  if (asking.length === 0) return rows;
  const last = await readEntries(db, asking);
  return rows.map((row) => {
    const conversation = keyOf(row.channel, row.account, row.conversation);
    const entry = row.entry === 'told' ? last.get(conversation) : row.entry;
    if (entry === undefined) return row;
    last.set(conversation, entry);
    return row.entry === 'told' ? { ...row, content: JSON.stringify({ ...JSON.parse(row.content), entry }) } : row;
  });
}

async function readEntries(db: Db, rows: readonly InboxRow[]): Promise<Map<string, Entry>> {
  const column = (name: 'channel' | 'account' | 'conversation') => rows.map((row) => row[name]);
  const { rows: found } = await sql<Pick<InboxRow, 'channel' | 'account' | 'conversation'> & { entry: Entry }>`
    select wanted.*, told.entry
    from (select distinct * from unnest(${column('channel')}::text[], ${column('account')}::text[], ${column('conversation')}::text[])
      as row (channel, account, conversation)) as wanted
    cross join lateral (
      select content ->> 'entry' as entry from messages
      where messages.channel = wanted.channel and messages.account = wanted.account and messages.conversation = wanted.conversation
        and kind = 'event' and content ->> 'entry' is not null
      order by id desc limit 1
    ) as told`.execute(db);
  return new Map(
    found.map(({ channel, account, conversation, entry }) => [keyOf(channel, account, conversation), entry]),
  );
}

async function insertRows(
  db: Db | Transaction<Database>,
  { journal, rows }: InboxBatch,
): Promise<ReadonlyMap<number, number>> {
  if (rows.length === 0) return new Map();
  const column = <Name extends keyof InboxRow>(name: Name) => rows.map((row) => row[name]);
  const identities = rows.map(({ identities: proofs = [] }) => (proofs.length === 0 ? null : JSON.stringify(proofs)));
  const { rows: stored } = await sql<{ id: number; channel: string; account: string; external_id: string }>`
    insert into messages
      (journal, direction, state, channel, account, external_id, conversation, identities, kind, content, raw, sent_at_ms, at_ms, error)
    select ${journal}, 'in', 'stored', channel, account, external_id, conversation, identities::jsonb, kind, content::jsonb, raw, sent_at_ms, at_ms, error
    from unnest(
      ${column('channel')}::text[], ${column('account')}::text[], ${column('externalId')}::text[],
      ${column('conversation')}::text[], ${identities}::text[], ${column('kind')}::text[], ${column('content')}::text[], ${column('raw')}::bytea[],
      ${column('sentAtMs')}::bigint[], ${column('atMs')}::bigint[], ${column('error')}::text[]
    ) with ordinality
      as row (channel, account, external_id, conversation, identities, kind, content, raw, sent_at_ms, at_ms, error, place)
    order by place
    on conflict (channel, account, external_id) where direction = 'in' do nothing
    returning id, channel, account, external_id`.execute(db);
  const idOf = new Map(stored.map((row) => [keyOf(row.channel, row.account, row.external_id), row.id]));
  const found = new Map<number, number>();
  for (const [index, { channel, account, externalId }] of rows.entries()) {
    const key = keyOf(channel, account, externalId);
    const id = idOf.get(key);
    if (id === undefined) continue;
    idOf.delete(key);
    found.set(index, id);
  }
  return found;
}

function keyOf(channel: string, account: string, externalId: string): string {
  return `${channel}/${account}/${externalId}`;
}

/** Forward only: `read` is not undone by a late `delivered`, nor what arrived by a late `failed`. */
const MOVES_ON = sql<boolean>`(messages.state = 'sent' or (receipt.status = 'read' and messages.state = 'delivered'))`;

async function applyReceipts(transaction: Transaction<Database>, receipts: readonly ReceiptRow[]): Promise<void> {
  if (receipts.length === 0) return;
  await transaction
    .insertInto('message_receipts')
    .values(receipts.map(({ of, atMs, ...receipt }) => ({ ...receipt, of_id: of, at_ms: atMs })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (const { channel, account, of } of receipts) await moveOn(transaction, { channel, account, of });
}

/** Brings one of our messages, known by the platform's name, to what was told of it so far. */
export async function moveOn(
  db: Db | Transaction<Database>,
  { channel, account, of }: Pick<ReceiptRow, 'channel' | 'account' | 'of'>,
): Promise<void> {
  await sql`
    update messages set state = receipt.status, error = coalesce(receipt.reason, messages.error)
    from (
      select status, reason from message_receipts
      where channel = ${channel} and account = ${account} and of_id = ${of}
      order by case status when 'read' then 0 when 'delivered' then 1 else 2 end limit 1
    ) as receipt
    where messages.direction = 'out' and messages.channel = ${channel} and messages.account = ${account}
      and messages.external_id = ${of} and ${MOVES_ON}`.execute(db);
}

/** Contacts to whose citizens these messages went. */
export async function contactsOf(db: Db, receipts: readonly ReceiptRow[]): Promise<readonly string[]> {
  if (receipts.length === 0) return [];
  const rows = await db
    .selectFrom('messages')
    .select('contact')
    .distinct()
    .where('direction', '=', 'out')
    .where('contact', 'is not', null)
    .where(({ or, and }) => or(receipts.map(({ channel, account, of }) => and({ channel, account, external_id: of }))))
    .execute();
  return rows.flatMap(({ contact }) => contact ?? []);
}

/** A source has one place: of two in a batch the later holds. */
async function storeCursors(transaction: Transaction<Database>, cursors: readonly CursorRow[]): Promise<void> {
  if (cursors.length === 0) return;
  const last = new Map(cursors.map((row) => [`${row.channel}/${row.account}`, row]));
  await transaction
    .insertInto('channel_cursors')
    .values([...last.values()].map(({ atMs, ...cursor }) => ({ ...cursor, at_ms: atMs })))
    .onConflict((conflict) =>
      conflict.columns(['channel', 'account']).doUpdateSet(({ ref }) => ({
        cursor: ref('excluded.cursor'),
        at_ms: ref('excluded.at_ms'),
      })),
    )
    .execute();
}

async function settle(transaction: Transaction<Database>, ids: readonly number[]): Promise<void> {
  await transaction
    .updateTable('messages')
    .set({ state: 'settled' })
    .where('id', 'in', ids)
    .where('kind', '=', 'unreadable')
    .execute();
}

/** Something that could not be read, and was not read since. Undefined: it is none. */
export async function readSetAside(db: Db, journal: string, id: number) {
  return await db
    .selectFrom('messages')
    .select(['id', 'channel', 'account', 'content', 'raw', 'at_ms'])
    .where('id', '=', id)
    .where('journal', '=', journal)
    .where('kind', '=', 'unreadable')
    .where('state', '=', 'stored')
    .executeTakeFirst();
}

/** The delivery that brought it first; null: it was kept with another, undefined: nothing such came. */
export async function readRaw(
  db: Db,
  channel: string,
  account: string,
  externalId: string,
): Promise<Buffer | null | undefined> {
  const row = await db
    .selectFrom('messages')
    .select('raw')
    .where('channel', '=', channel)
    .where('account', '=', account)
    .where('external_id', '=', externalId)
    .where('direction', '=', 'in')
    .executeTakeFirst();
  return row?.raw;
}

/** Where the sources of these channels are; one that was never read has none. */
export async function readCursors(db: Db, channels: readonly string[]): Promise<readonly Omit<CursorRow, 'atMs'>[]> {
  if (channels.length === 0) return [];
  return await db
    .selectFrom('channel_cursors')
    .select(['channel', 'account', 'cursor'])
    .where('channel', 'in', [...channels])
    .execute();
}

export interface UntakenMessage {
  readonly id: number;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly content: unknown;
}

/** A citizen who left longer ago has been forgotten by whoever had the conversation. */
const LEFT_SINCE_MS = 86_400_000;

/**
 * Messages that belong to no contact yet, in order; and that a citizen has left, unless something came of the conversation since: said again it
 * must not end what began later.
 */
export async function readUntaken(
  db: Db,
  journal: string,
  afterId: number,
  rowsMax: number,
  nowMs = Date.now(),
): Promise<UntakenMessage[]> {
  const { rows } = await sql<UntakenMessage>`
    select id, channel, account, conversation, content from messages
    where contact is null and (kind = 'message' or (kind = 'event' and content->>'event' = 'left'))
      and (kind = 'message' or (at_ms >= ${nowMs - LEFT_SINCE_MS} and not exists (
        select 1 from messages as later
        where later.channel = messages.channel and later.account = messages.account
          and later.conversation = messages.conversation and later.id > messages.id and later.kind = 'message')))
      and journal = ${journal} and id > ${afterId}
    order by id limit ${rowsMax}`.execute(db);
  return rows;
}
