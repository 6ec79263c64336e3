import { type Kysely, sql } from 'kysely';

/** Whom automatic receipts went to lately, what came by an account in which time, and which message replaces which. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create index messages_receipted on messages (channel, account, (content->>'to'), at_ms) where kind = 'receipt'`,
  `create index messages_arrived on messages (channel, account, at_ms) where direction = 'in'`,
  `create index messages_replacing on messages (channel, account, (content->>'replaces'), id) where content->>'replaces' is not null`,
];
