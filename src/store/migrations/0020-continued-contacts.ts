import { type Kysely, sql } from 'kysely';

/** Which closed conversation a contact goes on from. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table contacts add column continues text`.execute(db);
  await sql`create index contacts_continuing on contacts (continues) where continues is not null`.execute(db);
}
