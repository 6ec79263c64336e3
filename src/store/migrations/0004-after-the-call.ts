import { type Kysely, sql } from 'kysely';

/** What the caller thought of the service, and what came of the contact. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`alter table contacts
      add column rating smallint, add column rated_agent text, add column rated_at_ms bigint,
      add column disposition text, add column disposition_note text, add column disposed_by text, add column disposed_at_ms bigint`)
    .execute(db);
}
