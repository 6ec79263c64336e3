import { type Selectable, sql, type Transaction } from 'kysely';
import type { MessageFileTable } from './conversation-tables.ts';
import type { Database } from './schema.ts';
import type { Db } from './store.ts';

/** A file that a message names, and that its platform keeps for us. */
export interface NamedFile {
  readonly id: string;
  /** Among the message's media, from 0. */
  readonly position: number;
  readonly kind: MessageFileTable['kind'];
  readonly name: string;
}

export type MessageFile = Selectable<MessageFileTable>;

/** With the message that names them, so that none is forgotten. */
export async function insertNamed(
  transaction: Transaction<Database>,
  message: { readonly id: number; readonly journal: string; readonly channel: string; readonly account: string },
  files: readonly NamedFile[],
  atMs: number,
): Promise<void> {
  const { id, ...whose } = message;
  const rows = files.map((file) => ({
    ...whose,
    ...file,
    message: id,
    state: 'waiting' as const,
    due_at_ms: atMs,
    at_ms: atMs,
  }));
  await transaction.insertInto('message_files').values(rows).execute();
}

/** A file that is still at its platform. */
export interface WaitingFile {
  readonly id: string;
  readonly channel: string;
  readonly account: string;
  readonly message: number;
  readonly name: string;
  /** As the message names it: the contract's `MediaReference`. */
  readonly reference: unknown;
  /** The message says itself where it is about. */
  readonly placed: boolean;
  readonly tries: number;
  readonly due_at_ms: number;
  readonly at_ms: number;
}

export interface WaitingWanted {
  readonly journal: string;
  /** `CHANNEL/ACCOUNT`. */
  readonly accounts: readonly string[];
  /** Being fetched already. */
  readonly except: readonly string[];
  readonly rowsMax: number;
}

/** Soonest due first, whether due or not. */
export async function readWaitingFiles(db: Db, wanted: WaitingWanted): Promise<WaitingFile[]> {
  const { journal, accounts, except, rowsMax } = wanted;
  const { rows } = await sql<WaitingFile>`
    select file.id, file.channel, file.account, file.message, file.name, file.tries, file.due_at_ms, file.at_ms,
      messages.content -> 'media' -> file.position as reference, jsonb_exists(messages.content, 'place') as placed
    from message_files as file join messages on messages.id = file.message
    where file.state = 'waiting' and file.journal = ${journal}
      and file.channel || '/' || file.account = any(${accounts}::text[]) and file.id <> all(${except}::text[])
    order by file.due_at_ms, file.id limit ${rowsMax}`.execute(db);
  return rows;
}

export interface FetchedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  readonly place: object | undefined;
}

/** It is in its folder. @returns the contact of its message, where there is one yet. */
export async function fileFetched(
  db: Db,
  id: string,
  { name, type, bytes, place }: FetchedFile,
): Promise<string | undefined> {
  const here = { state: 'here' as const, name, type, bytes, place: place === undefined ? null : JSON.stringify(place) };
  return await settle(db, id, { ...here, error: null });
}

/** It will not be tried any more. @returns the contact of its message, where there is one yet. */
export async function fileGone(db: Db, id: string, tries: number, error: string): Promise<string | undefined> {
  return await settle(db, id, { state: 'gone', tries, error });
}

async function settle(db: Db, id: string, row: Partial<MessageFileRow>): Promise<string | undefined> {
  const found = await db
    .updateTable('message_files')
    .set({ ...row, due_at_ms: null })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .returning((file) =>
      file
        .selectFrom('messages')
        .select('messages.contact')
        .whereRef('messages.id', '=', 'message_files.message')
        .as('contact'),
    )
    .executeTakeFirst();
  return found?.contact ?? undefined;
}

type MessageFileRow = Pick<MessageFile, 'state' | 'name' | 'type' | 'bytes' | 'tries' | 'error'> & {
  place: string | null;
};

export async function fileTried(db: Db, id: string, tries: number, dueAtMs: number): Promise<void> {
  await db.updateTable('message_files').set({ tries, due_at_ms: dueAtMs }).where('id', '=', id).execute();
}

/** What nobody could fetch since then is no longer asked for: its account may be gone. */
export async function giveUpOld(db: Db, journal: string, beforeMs: number, error: string): Promise<void> {
  await db
    .updateTable('message_files')
    .set({ state: 'gone', error, due_at_ms: null })
    .where('state', '=', 'waiting')
    .where('journal', '=', journal)
    .where('at_ms', '<', beforeMs)
    .execute();
}

/** What was given up is to be fetched once more, as if it were named now. @returns false when this contact has no such file. */
export async function wantAgain(
  db: Db,
  { journal, accounts, contact, id }: Pick<WaitingWanted, 'journal' | 'accounts'> & Record<'contact' | 'id', string>,
  atMs: number,
): Promise<boolean> {
  const { rows } = await sql`
    update message_files as file set state = 'waiting', tries = 0, due_at_ms = ${atMs}, at_ms = ${atMs}, error = null
    from messages where messages.id = file.message and messages.contact = ${contact}
      and file.id = ${id} and file.state = 'gone' and file.journal = ${journal}
      and file.channel || '/' || file.account = any(${accounts}::text[])
    returning file.id`.execute(db);
  return rows.length > 0;
}

export async function filesOfMessages(db: Db, messages: readonly number[]): Promise<MessageFile[]> {
  if (messages.length === 0) return [];
  return await db
    .selectFrom('message_files')
    .selectAll()
    .where('message', 'in', messages)
    .orderBy('position')
    .execute();
}

/** A file that is here, of a message of this contact. */
export async function fileOfMessage(db: Db, contact: string, id: string): Promise<MessageFile | undefined> {
  return await db
    .selectFrom('message_files')
    .innerJoin('messages', 'messages.id', 'message_files.message')
    .selectAll('message_files')
    .where('message_files.id', '=', id)
    .where('message_files.state', '=', 'here')
    .where('messages.contact', '=', contact)
    .executeTakeFirst();
}

/** What an agent brought, to be sent in a conversation. */
export type UploadedFile = Pick<MessageFile, 'id' | 'journal' | 'channel' | 'account' | 'name' | 'kind' | 'at_ms'> & {
  readonly contact: string;
  readonly by_user: string;
  readonly type: string;
  readonly bytes: number;
};

/** @returns false when as many as may be are waiting in this contact to be sent. */
export async function addUpload(db: Db, file: UploadedFile, filesMax: number): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('message_files')
    .columns([
      'id',
      'journal',
      'channel',
      'account',
      'name',
      'kind',
      'at_ms',
      'contact',
      'by_user',
      'type',
      'bytes',
      'state',
    ])
    .expression(
      sql`select ${file.id}, ${file.journal}, ${file.channel}, ${file.account}, ${file.name}, ${file.kind}, ${file.at_ms}::bigint,
        ${file.contact}, ${file.by_user}, ${file.type}, ${file.bytes}::bigint, 'here'
        where (select count(*) from message_files where contact = ${file.contact} and message is null) < ${filesMax}` as never,
    )
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Of those, what this agent brought and has not sent, in the order asked for. */
export async function unsentFiles(
  db: Db,
  { contact, byUser, ids }: { readonly contact: string; readonly byUser: string; readonly ids: readonly string[] },
): Promise<MessageFile[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('message_files')
    .selectAll()
    .where('id', 'in', ids)
    .where('contact', '=', contact)
    .where('by_user', '=', byUser)
    .where('message', 'is', null)
    .execute();
  return ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);
}

/** @throws when one of them was sent already: nothing of the message is stored then. */
export async function attachFiles(db: Db, message: number, ids: readonly string[]): Promise<void> {
  for (const [position, id] of ids.entries()) {
    const { numUpdatedRows } = await db
      .updateTable('message_files')
      .set({ message, position })
      .where('id', '=', id)
      .where('message', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows !== 1n) throw new Error(`file ${id} was sent already`);
  }
}

/** What nobody sent since then. @returns the names of those files. */
export async function forgetUnsent(db: Db, beforeMs: number, rowsMax: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    delete from message_files where id in (
      select id from message_files where message is null and at_ms < ${beforeMs} limit ${rowsMax}
    ) returning id`.execute(db);
  return rows.map(({ id }) => id);
}

/** A file that an agent sent to this conversation. */
export async function fileOfConversation(
  db: Db,
  { channel, account, conversation, id }: Record<'channel' | 'account' | 'conversation' | 'id', string>,
): Promise<MessageFile | undefined> {
  return await db
    .selectFrom('message_files')
    .innerJoin('messages', 'messages.id', 'message_files.message')
    .selectAll('message_files')
    .where('message_files.id', '=', id)
    .where('message_files.state', '=', 'here')
    .where('messages.direction', '=', 'out')
    .where('messages.channel', '=', channel)
    .where('messages.account', '=', account)
    .where('messages.conversation', '=', conversation)
    .executeTakeFirst();
}
