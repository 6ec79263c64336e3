import { type Kysely, sql } from 'kysely';

/** One person and one contact over all channels: what proves who somebody is, and by which proof each contact came. What stands here already is taken over. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const PLAIN_NUMBER = `regexp_replace(contacts.from_number, '^(\\+86|0086)', '')`;

const STATEMENTS = [
  `alter table messages add column identities jsonb`,
  `alter table contacts add column part_of text`,
  `create index contacts_parts on contacts (part_of) where part_of is not null`,
  `create index contacts_by_platform on contacts (split_part(dialled, '/', 1), opened_at_ms, id) where medium in ('chat', 'mail')`,
  `drop index messages_untaken`,
  `create index messages_untaken on messages (id)
    where contact is null and (kind = 'message' or (kind = 'event' and content->>'event' = 'left'))`,
  `create table persons (id bigint generated always as identity primary key, created_at_ms bigint not null)`,
  `create table person_identities (
    id bigint generated always as identity primary key,
    kind text not null,
    realm text not null,
    value text not null,
    person bigint not null,
    by_hand boolean not null default false,
    at_ms bigint not null,
    unique (kind, realm, value)
  )`,
  `create index person_identities_of_person on person_identities (person)`,
  `create index person_identities_by_value on person_identities (value)`,
  `create table contact_identities (contact text primary key, identity bigint not null, opened_at_ms bigint not null)`,
  `create index contact_identities_by_identity on contact_identities (identity, opened_at_ms, contact)`,
  `create table person_changes (
    id bigint generated always as identity primary key,
    kind text not null,
    from_person bigint not null,
    to_person bigint not null,
    identities jsonb not null,
    by_user text,
    reason text not null,
    at_ms bigint not null,
    undoes bigint unique
  )`,
  `create index person_changes_from on person_changes (from_person)`,
  `create index person_changes_to on person_changes (to_person)`,
  // One person for each, and numbers of persons in the order in which they were first heard of.
  `create temporary table first_heard on commit drop as
    select kind, realm, value, min(at_ms) as at_ms from (
      select 'phone' as kind, '' as realm, ${PLAIN_NUMBER} as value, opened_at_ms as at_ms
      from contacts where medium = 'voice' and ${PLAIN_NUMBER} ~ '^\\+?[0-9]{7,15}$'
      union all
      select case channel when 'mailbox' then 'mail' else channel end,
        case channel when 'mailbox' then '' else account end,
        case channel when 'mailbox' then lower(content->'from'->>'id') else content->'from'->>'id' end, at_ms
      from messages where direction = 'in' and opened and channel not in ('letterbox', 'open311')
    ) as heard where value <> '' group by kind, realm, value`,
  `do $$
  declare
    each record;
    made bigint;
  begin
    for each in select * from first_heard order by at_ms, kind, realm, value loop
      insert into persons (created_at_ms) values (each.at_ms) returning id into made;
      insert into person_identities (kind, realm, value, person, at_ms) values (each.kind, each.realm, each.value, made, each.at_ms);
    end loop;
  end $$`,
  `insert into contact_identities (contact, identity, opened_at_ms)
    select contacts.id, known.id, contacts.opened_at_ms from contacts
    join person_identities as known on known.kind = 'phone' and known.value = ${PLAIN_NUMBER}
    where contacts.medium = 'voice'`,
  `insert into contact_identities (contact, identity, opened_at_ms)
    select distinct on (contacts.id) contacts.id, known.id, contacts.opened_at_ms from messages
    join contacts on contacts.id = messages.contact
    join person_identities as known on known.kind = case channel when 'mailbox' then 'mail' else channel end
      and known.realm = case channel when 'mailbox' then '' else account end
      and known.value = case channel when 'mailbox' then lower(content->'from'->>'id') else content->'from'->>'id' end
    where messages.opened and messages.direction = 'in'
    on conflict do nothing`,
];
