import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { failSlowly, isPassword } from './passwords.ts';
import type { Role } from './schema.ts';
import type { Db } from './store.ts';

/** Who is asking. */
export interface Person {
  readonly user: string;
  readonly roles: readonly Role[];
  /** Whose agents a lead sees; absent: everybody's. */
  readonly team?: string;
}

/** A session that holds. */
export interface Session {
  readonly person: Person;
  /** Its name inside the program: nothing that a browser could show. */
  readonly key: string;
  /** When it ends whatever happens. Unix time, ms. */
  readonly endsAtMs: number;
}

/** A working day with overtime; then the password is asked for again. */
export const SESSION_LIFE_MS = 12 * 3_600_000;
/** Per user; the oldest ends when one more begins. */
const SESSIONS_PER_USER_MAX = 10;

/** The person with this name and password; undefined for any wrong name, wrong password or disabled user, after the same time. */
export async function findPerson(db: Db, user: string, password: string): Promise<Person | undefined> {
  const row = await db.selectFrom('users').selectAll().where('name', '=', user).executeTakeFirst();
  const right = row && !row.disabled ? await isPassword(row.password_hash, password) : await failSlowly(password);
  return right && row ? { user: row.name, roles: row.roles } : undefined;
}

/** @returns the token for the browser, 256 random bits. */
export async function openSession(db: Db, user: string, nowMs: number): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await db
    .insertInto('sessions')
    .values({
      token_hash: hashOf(token),
      user_name: user,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + SESSION_LIFE_MS,
    })
    .execute();
  await db.deleteFrom('sessions').where('expires_at_ms', '<=', nowMs).execute();
  await db
    .deleteFrom('sessions')
    .where('token_hash', 'in', (from) =>
      from
        .selectFrom('sessions')
        .where('user_name', '=', user)
        .orderBy('created_at_ms', 'desc')
        .orderBy('token_hash')
        .offset(SESSIONS_PER_USER_MAX)
        .select('token_hash'),
    )
    .execute();
  return token;
}

export async function findSession(db: Db, token: string, nowMs: number): Promise<Session | undefined> {
  const [row] = await holding(db, [hashOf(token)], nowMs).execute();
  return row && sessionOf(row);
}

/** Those of these sessions that still hold, by key. */
export async function findSessions(db: Db, keys: Iterable<string>, nowMs: number): Promise<Map<string, Session>> {
  const hashes = [...keys].map((key) => Buffer.from(key, 'hex'));
  const rows = hashes.length === 0 ? [] : await holding(db, hashes, nowMs).execute();
  return new Map(rows.map((row) => [row.token_hash.toString('hex'), sessionOf(row)]));
}

/** The key of the session that a browser's token opens. */
export function sessionKey(token: string): string {
  return hashOf(token).toString('hex');
}

function holding(db: Db, hashes: readonly Buffer[], nowMs: number) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.name', 'sessions.user_name')
    .where('token_hash', '=', sql<Buffer>`any(${hashes})`)
    .where('expires_at_ms', '>', nowMs)
    .where('users.disabled', '=', false)
    .select(['users.name', 'users.roles', 'token_hash', 'expires_at_ms']);
}

function sessionOf(row: { name: string; roles: Role[]; token_hash: Buffer; expires_at_ms: number }): Session {
  const person = { user: row.name, roles: row.roles };
  return { person, key: row.token_hash.toString('hex'), endsAtMs: row.expires_at_ms };
}

export async function closeSession(db: Db, token: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', hashOf(token)).execute();
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
