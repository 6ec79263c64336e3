import { type Kysely, sql } from 'kysely';

/** Teams, lock-out, idle sessions, second factors, tokens for programs, and an audit trail that can only grow. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table teams (name text primary key, title text not null, created_at_ms bigint not null)`,
  `alter table users add column team text references teams (name), add column locked_until_ms bigint,
    add column totp_secret text, add column totp_confirmed_at_ms bigint, add column totp_step bigint not null default 0`,
  `create index users_by_team on users (team)`,
  `create table recovery_codes (
    user_name text not null references users (name) on delete cascade, code_hash bytea not null, primary key (user_name, code_hash))`,
  `alter table sessions add column seen_at_ms bigint`,
  `update sessions set seen_at_ms = created_at_ms`,
  `alter table sessions alter column seen_at_ms set not null`,
  `create table api_tokens (
    id text primary key, token_hash bytea not null unique, user_name text not null references users (name) on delete cascade,
    title text not null, scopes text[] not null, created_at_ms bigint not null, created_by text not null, expires_at_ms bigint not null,
    revoked_at_ms bigint, used_at_ms bigint)`,
  `create index api_tokens_by_user on api_tokens (user_name)`,
  `create table audit (
    seq bigint primary key, at_ms bigint not null, who text not null, via text not null, source text not null, action text not null,
    target text not null, status integer not null, code text not null, detail text not null, hash bytea not null)`,
  `create index audit_by_time on audit (at_ms)`,
  `create index audit_by_who on audit (who, seq)`,
  `create function audit_only_grows() returns trigger language plpgsql as
    $$ begin raise exception 'the audit trail only grows' using errcode = 'insufficient_privilege'; end $$`,
  `create trigger audit_only_grows before update or delete on audit for each row execute function audit_only_grows()`,
  `create trigger audit_is_kept before truncate on audit for each statement execute function audit_only_grows()`,
];
