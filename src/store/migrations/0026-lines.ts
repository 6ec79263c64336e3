import { type Kysely, sql } from 'kysely';

/** A call that a carrier diverted from a merged hotline counts under that hotline's number. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table contacts add column line text').execute(db);
}
