import { type Kysely, sql } from 'kysely';

/** Where the citizen was to be called back, and how often in vain. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('alter table contacts add column call_back_number text, add column call_back_tries integer')
    .execute(db);
}
