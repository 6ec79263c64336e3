import { type Kysely, sql } from 'kysely';

/** Who set which mode of operation, when and why; a row without `by_user` is a proposal. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table mode_changes (
        seq bigint not null, idx integer not null, at_ms bigint not null, mode text not null, from_mode text, by_user text, reason text,
        proposed boolean not null, primary key (seq, idx))`,
    )
    .execute(db);
}
