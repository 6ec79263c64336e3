import { type Kysely, sql } from 'kysely';

/** Which closed conversation a contact goes on from, and which ended because nobody wrote any more; which token of a web chat holds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table contacts add column continues text`.execute(db);
  await sql`create index contacts_continuing on contacts (continues) where continues is not null`.execute(db);
  await sql`create index talks_idle on talks (ended_at_ms) where ended_by = 'idle'`.execute(db);
  await sql`alter table chat_sessions add column generation integer not null default 1`.execute(db);
}
