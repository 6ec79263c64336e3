import { type Kysely, sql } from 'kysely';

/** Inbox and outbox of the channels, what became of what was sent, and where pulled sources go on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table messages (
    id bigint generated always as identity primary key,
    journal text not null,
    direction text not null,
    channel text not null,
    account text not null,
    conversation text not null,
    kind text not null,
    state text not null,
    external_id text,
    contact text,
    opened boolean not null default false,
    content jsonb not null,
    raw bytea,
    sent_at_ms bigint,
    at_ms bigint not null,
    by_user text,
    send_key text,
    tries integer not null default 0,
    due_at_ms bigint,
    gone_at_ms bigint,
    error text
  )`,
  `create unique index messages_taken_once on messages (channel, account, external_id) where direction = 'in'`,
  `create unique index messages_replied_once on messages (contact, send_key) where send_key is not null`,
  `create index messages_untaken on messages (id) where contact is null and kind = 'message'`,
  `create index messages_of_contact on messages (contact, id) where contact is not null`,
  `create index messages_of_conversation on messages (channel, account, conversation, id)`,
  `create index messages_opening on messages (at_ms) where opened`,
  `create index messages_waiting on messages (id) where state = 'waiting'`,
  `create index messages_amiss on messages (id) where state = 'dead' or kind = 'unreadable'`,
  `create index messages_named on messages (channel, account, external_id) where direction = 'out' and external_id is not null`,
  `create table message_receipts (
    channel text not null,
    account text not null,
    of_id text not null,
    status text not null,
    at_ms bigint not null,
    reason text,
    primary key (channel, account, of_id, status)
  )`,
  `create table channel_cursors (
    channel text not null,
    account text not null,
    cursor text not null,
    at_ms bigint not null,
    primary key (channel, account)
  )`,
];
