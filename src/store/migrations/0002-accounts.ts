import { type Kysely, sql } from 'kysely';

/** Who may do what, and which phone is whose. A seat's agent id is its user's name. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table users (
    name text primary key, password_hash text not null, roles text[] not null, disabled boolean not null default false,
    created_at_ms bigint not null)`,
  `create table seats (
    user_name text primary key references users (name), number text not null unique, sip_user text not null unique,
    digest text not null check (digest in ('md5', 'sha256')), ha1_md5 text not null, ha1_sha256 text not null, skills jsonb not null)`,
  `create table sessions (
    token_hash bytea primary key, user_name text not null references users (name) on delete cascade, created_at_ms bigint not null,
    expires_at_ms bigint not null)`,
  `create index sessions_by_user on sessions (user_name)`,
  `create index sessions_by_expiry on sessions (expires_at_ms)`,
];
