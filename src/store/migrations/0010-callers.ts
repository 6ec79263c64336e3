import { type Kysely, sql } from 'kysely';

/** What is known of calling numbers, and by which grade a contact was answered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      create table callers (
        id bigint generated always as identity primary key,
        number text not null unique,
        elder boolean not null default false,
        grade text,
        stage text,
        stage_until_ms bigint,
        stage_reason text,
        proposed_by text,
        proposed_at_ms bigint,
        changed_at_ms bigint not null,
        changed_by text not null
      );
      create index callers_stage on callers (stage) where stage is not null or proposed_by is not null;
      create table caller_orders (
        number text not null,
        order_no text not null,
        urgency text not null,
        primary key (number, order_no)
      );
      alter table contacts add column grade text, add column order_no text;
    `)
    .execute(db);
}
