import { type Kysely, sql } from 'kysely';

/** When a platform said that its reply window is shut. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table messages add column shut_at_ms bigint`.execute(db);
}
