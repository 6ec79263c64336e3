import { type Kysely, sql } from 'kysely';

/** What happened: folded from the journal, and only from there. No foreign keys, so that one odd fact stops nothing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table projection (journal text primary key, seq bigint not null)`,
  `create table projection_refusals (
    journal text not null, seq bigint not null, idx integer not null, fact jsonb not null, error text not null,
    primary key (journal, seq, idx))`,
  `create table contacts (
    id text primary key, medium text not null, from_number text not null, from_name text, dialled text not null, diversion text,
    flow text not null, opened_at_ms bigint not null, closed_at_ms bigint, outcome text, approximate boolean not null default false,
    queued_at_ms bigint, answered_at_ms bigint)`,
  `create index contacts_by_opening on contacts (opened_at_ms, id)`,
  `create table legs (
    id text primary key, contact text not null, node text not null, role text not null, agent text, address text not null,
    opened_at_ms bigint not null, answered_at_ms bigint, closed_at_ms bigint, cause text, sip_status integer,
    approximate boolean not null default false)`,
  `create index legs_by_contact on legs (contact)`,
  `create table waits (
    contact text not null, seq bigint not null, idx integer not null, queue text not null, enqueued_at_ms bigint not null,
    started_at_ms bigint not null, ended_at_ms bigint, result text, primary key (contact, seq, idx))`,
  `create table digits (
    contact text not null, seq bigint not null, idx integer not null, step text not null, digits text not null, at_ms bigint not null,
    primary key (contact, seq, idx))`,
  `create table offers (
    contact text not null, token bigint not null, agent text not null, made_at_ms bigint not null, lease_until_ms bigint not null,
    ended_at_ms bigint, result text, primary key (contact, token))`,
  `create index offers_by_agent on offers (agent, contact)`,
  `create table talks (
    contact text not null, seq bigint not null, idx integer not null, agent text not null, citizen_leg text not null,
    agent_leg text not null, started_at_ms bigint not null, ended_at_ms bigint, ended_by text, primary key (contact, seq, idx))`,
  `create index talks_by_agent on talks (agent, started_at_ms)`,
  `create table holds (
    contact text not null, seq bigint not null, idx integer not null, agent text not null, started_at_ms bigint not null,
    ended_at_ms bigint, primary key (contact, seq, idx))`,
  `create table agent_states (
    agent text not null, seq bigint not null, idx integer not null, state text not null, reason text, contact text,
    from_ms bigint not null, until_ms bigint, primary key (agent, seq, idx))`,
  `create index agent_states_open on agent_states (agent) where until_ms is null`,
  `create index agent_states_by_contact on agent_states (contact) where contact is not null`,
  `create table recordings (
    file text primary key, contact text not null, leg text not null, number integer not null, started_at_ms bigint not null,
    ended_at_ms bigint, expected_ms bigint, duration_ms bigint, bytes bigint, differs boolean not null default false,
    unique (contact, number))`,
  `create index recordings_differing on recordings (started_at_ms) where differs`,
];
