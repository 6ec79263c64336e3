import { type Kysely, sql } from 'kysely';

/**
 * Conversations of the web chat. Every line of one, whoever stores it, has its number in the transaction that stores it: the row lock on its
 * session makes the numbers dense, and visible in their order.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table chat_sessions (
    id text primary key,
    entry text not null,
    name text not null,
    created_at_ms bigint not null,
    expires_at_ms bigint not null,
    last_seq bigint not null default 0,
    citizen_delivered bigint not null default 0,
    citizen_read bigint not null default 0,
    agent_delivered bigint not null default 0,
    agent_read bigint not null default 0
  )`,
  `create index chat_sessions_unused on chat_sessions (expires_at_ms) where last_seq = 0`,
  `create table chat_lines (
    session text not null,
    seq bigint not null,
    message bigint not null unique,
    primary key (session, seq)
  )`,
  `create table chat_files (
    id text primary key,
    session text not null,
    name text not null,
    bytes bigint not null,
    sha256 text not null,
    type text,
    at_ms bigint not null
  )`,
  `create index chat_files_of_session on chat_files (session)`,
  `create function number_chat_line() returns trigger language plpgsql as $$
  declare
    line bigint;
  begin
    update chat_sessions set last_seq = last_seq + 1 where id = new.conversation returning last_seq into line;
    if found then
      insert into chat_lines (session, seq, message) values (new.conversation, line, new.id);
    end if;
    return null;
  end $$`,
  // Numbers of messages are drawn before the row is locked: two that are stored at once would stand one way for the citizen and the other way
  // for the agent. The second number is drawn under the lock.
  `create function order_chat_message() returns trigger language plpgsql as $$
  begin
    perform 1 from chat_sessions where id = new.conversation for update;
    new.id := nextval(pg_get_serial_sequence('messages', 'id'));
    return new;
  end $$`,
  `create trigger chat_messages_are_ordered before insert on messages for each row
    when (new.channel = 'web' and new.kind in ('message', 'reply', 'receipt'))
    execute function order_chat_message()`,
  `create trigger chat_lines_are_numbered after insert on messages for each row
    when (new.channel = 'web' and new.kind in ('message', 'reply', 'receipt'))
    execute function number_chat_line()`,
];
