import { type Kysely, sql } from 'kysely';

/** 登记单: what an agent writes down of a contact, as a draft and then for good. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      create table contact_forms (
        contact text primary key,
        by_user text not null,
        type text not null,
        urgency text not null,
        category text not null,
        title text not null,
        place text not null,
        content text not null,
        occurred text not null,
        resolution text not null,
        wants_callback boolean not null,
        confidential boolean not null,
        anonymous boolean not null,
        revision integer not null,
        saved_at_ms bigint not null,
        submitted_at_ms bigint,
        submit_key text
      );
      create index contacts_from on contacts (from_number, opened_at_ms desc);
    `)
    .execute(db);
}
