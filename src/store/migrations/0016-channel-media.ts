import { type Kysely, sql } from 'kysely';

/** Files of messages: what platforms keep for us until it is fetched, and what agents send. Where a photo of the web chat was taken. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table message_files (
    id text primary key,
    journal text not null,
    channel text not null,
    account text not null,
    message bigint,
    position integer,
    contact text,
    by_user text,
    name text not null,
    kind text not null,
    state text not null,
    type text,
    bytes bigint,
    place jsonb,
    tries integer not null default 0,
    due_at_ms bigint,
    error text,
    at_ms bigint not null
  )`,
  `create unique index message_files_of_message on message_files (message, position) where message is not null`,
  `create index message_files_waiting on message_files (journal, due_at_ms, id) where state = 'waiting'`,
  `create index message_files_unsent on message_files (contact) where message is null`,
  `alter table chat_files add column place jsonb`,
  // By which entry a citizen came last is told by events alone.
  `create index messages_entries on messages (channel, account, conversation, id) where kind = 'event'`,
];
