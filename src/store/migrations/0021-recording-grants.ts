import { type Kysely, sql } from 'kysely';

/** Whom an admin lets play recordings, beside those whose role does. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table users add column may_play boolean not null default false`.execute(db);
}
