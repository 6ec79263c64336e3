import { type Kysely, sql } from 'kysely';

/** Where a call counts, and what was alarmed about. Calls of before count at the site where their agent's seat stands now. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `alter table contacts add column site text, add column queue text`,
  `update contacts set queue = first.queue
    from (select distinct on (contact) contact, queue from waits order by contact, seq, idx) first
    where first.contact = contacts.id`,
  `update contacts set site = seats.site
    from (select distinct on (contact) contact, agent from offers
      order by contact, result = 'accepted' desc nulls last, token desc) offered
    join seats on seats.user_name = offered.agent
    where offered.contact = contacts.id and seats.site is not null`,
  `create index talks_by_contact on talks (contact)`,
  `create table alarms (
    id bigint generated always as identity primary key, kind text not null, scope text not null, key text not null,
    from_ms bigint not null, to_ms bigint not null, raised_at_ms bigint not null, numerator integer not null,
    denominator integer not null, limit_percent integer not null, acknowledged_at_ms bigint, acknowledged_by text, note text,
    unique (kind, scope, key, from_ms))`,
  `create index alarms_open on alarms (id) where acknowledged_at_ms is null`,
  `create index alarms_by_period on alarms (from_ms, id)`,
  `create table supervision (kind text primary key, judged_to_ms bigint not null)`,
];
