import { type Kysely, sql } from 'kysely';

/** Where a seat is and what it serves; null: the rule for those who say nothing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table seats add column site text, add column home text, add column profile jsonb').execute(db);
}
