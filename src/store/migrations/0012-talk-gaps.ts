import { type Kysely, sql } from 'kysely';

/** Times in a talk when the agent's phone was lost. `cause`: why its leg ended; `result`: how the gap did. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table talk_gaps (
        contact text not null, seq bigint not null, idx integer not null, agent text not null, cause text not null,
        started_at_ms bigint not null, ended_at_ms bigint, result text, primary key (contact, seq, idx))`,
    )
    .execute(db);
}
