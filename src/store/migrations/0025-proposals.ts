import { type Kysely, sql } from 'kysely';

/** What the first of two persons says of a limit stands beside the stage in force: why, for how long, and whether that person may approve. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `alter table callers add column proposed_reason text, add column proposed_days integer,
        add column proposed_by_approver boolean not null default false`,
    )
    .execute(db);
}
