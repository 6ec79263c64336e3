import { type Selectable, sql } from 'kysely';
import type { ChatFileTable, ChatSessionTable } from './conversation-tables.ts';
import type { Db } from './store.ts';

export type ChatSession = Selectable<ChatSessionTable>;
export type ChatFile = Selectable<ChatFileTable>;

/** By what the web chat's messages are stored: the one account of a channel of that name. */
export const WEB_CHANNEL = 'web';
export const WEB_ACCOUNT = 'main';

/** One line of a conversation, as both sides see it. */
export interface ChatLine {
  readonly seq: number;
  readonly message: number;
  readonly direction: 'in' | 'out';
  readonly kind: string;
  readonly externalId: string | null;
  readonly content: unknown;
  readonly atMs: number;
}

const UNUSED_FORGOTTEN_MAX = 100;

export type NewChatSession = Pick<ChatSession, 'id' | 'entry' | 'name' | 'created_at_ms' | 'expires_at_ms'>;

/** Begins a conversation. Some in which nobody ever wrote, and which are over, are forgotten with it. */
export async function beginChat(db: Db, session: NewChatSession): Promise<void> {
  await db.insertInto('chat_sessions').values(session).execute();
  await sql`
    delete from chat_sessions where id in (
      select id from chat_sessions where last_seq = 0 and expires_at_ms < ${session.created_at_ms}
      limit ${UNUSED_FORGOTTEN_MAX}
    )`.execute(db);
}

/** @param generation of the token that is shown: with an older one it is as good as unknown. */
export async function findChat(db: Db, id: string, generation: number): Promise<ChatSession | undefined> {
  return await db
    .selectFrom('chat_sessions')
    .selectAll()
    .where('id', '=', id)
    .where('generation', '=', generation)
    .executeTakeFirst();
}

/** From now on no token that was made for this conversation holds. */
export async function endChatTokens(db: Db, id: string): Promise<void> {
  await sql`update chat_sessions set generation = generation + 1 where id = ${id}`.execute(db);
}

/** Lines after `seq`, in order, without a gap. */
export async function readLines(db: Db, session: string, seq: number, linesMax: number): Promise<ChatLine[]> {
  return await db
    .selectFrom('chat_lines')
    .innerJoin('messages', 'messages.id', 'chat_lines.message')
    .select([
      'chat_lines.seq',
      'messages.id as message',
      'messages.direction',
      'messages.kind',
      'messages.external_id as externalId',
      'messages.content',
      'messages.at_ms as atMs',
    ])
    .where('chat_lines.session', '=', session)
    .where('chat_lines.seq', '>', seq)
    .orderBy('chat_lines.seq')
    .limit(linesMax)
    .execute();
}

export type OwnLine = Pick<ChatLine, 'seq' | 'content'>;

/** A citizen's own lines, by what the channel calls them. */
export async function readOwnLines(db: Db, externalIds: readonly string[]): Promise<ReadonlyMap<string, OwnLine>> {
  if (externalIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('messages')
    .innerJoin('chat_lines', 'chat_lines.message', 'messages.id')
    .select(['messages.external_id as externalId', 'messages.content', 'chat_lines.seq'])
    .where('messages.channel', '=', WEB_CHANNEL)
    .where('messages.account', '=', WEB_ACCOUNT)
    .where('messages.direction', '=', 'in')
    .where('messages.external_id', 'in', externalIds)
    .execute();
  return new Map(rows.flatMap(({ externalId, ...line }) => (externalId === null ? [] : [[externalId, line] as const])));
}

export type Watermark = 'citizen_delivered' | 'citizen_read' | 'agent_delivered' | 'agent_read';

/**
 * Raises a watermark, never beyond the last line.
 *
 * @returns what it was, and what it is now; undefined when it has not risen.
 */
export async function raiseWatermark(
  db: Db,
  id: string,
  mark: Watermark,
  upto: number,
): Promise<{ readonly from: number; readonly to: number } | undefined> {
  const { rows } = await sql<{ was: number; now: number }>`
    update chat_sessions set ${sql.ref(mark)} = least(${upto}::bigint, chat_sessions.last_seq)
    from (select id, ${sql.ref(mark)} as was from chat_sessions where id = ${id} for update) as old
    where chat_sessions.id = old.id and least(${upto}::bigint, chat_sessions.last_seq) > old.was
    returning old.was, chat_sessions.${sql.ref(mark)} as now`.execute(db);
  const [row] = rows;
  return row && { from: row.was, to: row.now };
}

/** Of the agent's messages in `(from, to]`, what the channel calls them. */
export async function repliesBetween(db: Db, session: string, from: number, to: number): Promise<number[]> {
  const rows = await db
    .selectFrom('chat_lines')
    .innerJoin('messages', 'messages.id', 'chat_lines.message')
    .select('messages.id')
    .where('chat_lines.session', '=', session)
    .where('chat_lines.seq', '>', from)
    .where('chat_lines.seq', '<=', to)
    .where('messages.direction', '=', 'out')
    .execute();
  return rows.map(({ id }) => id);
}

/** Announces a file. @returns false when this conversation has as many as it may. */
export async function announceFile(db: Db, file: Omit<ChatFile, 'type' | 'place'>, filesMax: number): Promise<boolean> {
  const { rows } = await sql`
    insert into chat_files (id, session, name, bytes, sha256, at_ms)
    select ${file.id}, ${file.session}, ${file.name}, ${file.bytes}, ${file.sha256}, ${file.at_ms}
    where (select count(*) from chat_files where session = ${file.session}) < ${filesMax}
    returning id`.execute(db);
  return rows.length > 0;
}

export async function findFiles(db: Db, ids: readonly string[]): Promise<ChatFile[]> {
  return ids.length === 0 ? [] : await db.selectFrom('chat_files').selectAll().where('id', 'in', ids).execute();
}

/** Announced in `[fromMs, beforeMs)`, and no message names it. @returns the names of those files. */
export async function forgetUnsentFiles(db: Db, fromMs: number, beforeMs: number, rowsMax: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    delete from chat_files where id in (
      select file.id from chat_files as file where file.at_ms >= ${fromMs} and file.at_ms < ${beforeMs}
        and not exists (select 1 from messages where channel = ${WEB_CHANNEL} and account = ${WEB_ACCOUNT}
          and conversation = file.session and content -> 'media' @> jsonb_build_array(jsonb_build_object('id', file.id)))
      limit ${rowsMax}
    ) returning id`.execute(db);
  return rows.map(({ id }) => id);
}

/** The file is there and is what it says; so many bytes of it are kept. */
export async function fileArrived(
  db: Db,
  id: string,
  { type, bytes, place }: { readonly type: string; readonly bytes: number; readonly place: object | undefined },
): Promise<void> {
  const kept = { type, bytes, place: place === undefined ? null : JSON.stringify(place) };
  await db.updateTable('chat_files').set(kept).where('id', '=', id).execute();
}

/** Where a message of this contact stands in its conversation; undefined: not in one of the web chat. */
export async function lineOfMessage(
  db: Db,
  contact: string,
  message: number,
): Promise<{ readonly session: string; readonly seq: number } | undefined> {
  return await db
    .selectFrom('chat_lines')
    .innerJoin('messages', 'messages.id', 'chat_lines.message')
    .select(['chat_lines.session', 'chat_lines.seq'])
    .where('messages.id', '=', message)
    .where('messages.contact', '=', contact)
    .executeTakeFirst();
}

/** A file that a message of this contact brought. */
export async function fileOfContact(db: Db, contact: string, id: string): Promise<ChatFile | undefined> {
  return await db
    .selectFrom('chat_files')
    .selectAll()
    .where('id', '=', id)
    .where('type', 'is not', null)
    .where((where) =>
      where.exists(
        where
          .selectFrom('messages')
          .select('messages.id')
          .where('messages.contact', '=', contact)
          .where('messages.channel', '=', WEB_CHANNEL)
          .whereRef('messages.conversation', '=', 'chat_files.session')
          .where(sql<boolean>`messages.content -> 'media' @> ${JSON.stringify([{ id }])}::jsonb`),
      ),
    )
    .executeTakeFirst();
}
