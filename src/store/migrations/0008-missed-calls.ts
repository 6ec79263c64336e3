import { type Kysely, sql } from 'kysely';

/** Who was missed, until somebody has spoken with them or nobody will. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      create table missed_calls (
        contact text primary key,
        number text not null,
        queue text not null,
        calls integer not null,
        missed_at_ms bigint not null,
        due_at_ms bigint not null,
        call_back text,
        closed_at_ms bigint,
        result text,
        handled_by text,
        note text
      );
      create index missed_calls_open on missed_calls (due_at_ms) where closed_at_ms is null;
      create index missed_calls_time on missed_calls (missed_at_ms desc, contact desc);
    `)
    .execute(db);
}
