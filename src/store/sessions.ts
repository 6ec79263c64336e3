import { createHash, randomBytes } from 'node:crypto';
import { failSlowly, isPassword } from './passwords.ts';
import type { Role } from './schema.ts';
import type { Db } from './store.ts';

/** Who is asking. */
export interface Person {
  readonly user: string;
  readonly roles: readonly Role[];
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

export async function findSession(db: Db, token: string, nowMs: number): Promise<Person | undefined> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.name', 'sessions.user_name')
    .where('token_hash', '=', hashOf(token))
    .where('expires_at_ms', '>', nowMs)
    .where('users.disabled', '=', false)
    .select(['users.name', 'users.roles'])
    .executeTakeFirst();
  return row && { user: row.name, roles: row.roles };
}

export async function closeSession(db: Db, token: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', hashOf(token)).execute();
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
