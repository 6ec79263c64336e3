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
  /** Whole numbers, for a reason, though the role alone would not. */
  readonly mayReveal?: true;
  /** Recordings, for a reason, though the role alone would not. */
  readonly mayPlay?: true;
}

/** A session that holds. */
export interface Session {
  readonly person: Person;
  /** Its name inside the program: nothing that a browser could show. */
  readonly key: string;
  /** When it ends whatever happens. Unix time, ms. */
  readonly endsAtMs: number;
  /** When its person did something last, to the minute. */
  readonly seenAtMs: number;
}

/** A working day with overtime; then the password is asked for again. */
export const SESSION_LIFE_MS = 12 * 3_600_000;
/** Nothing asked for in so long, by somebody who is not at work either: the session is over. */
export const SESSION_IDLE_MS = 3_600_000;
/** When something was asked for last is kept to the minute. */
const SEEN_EVERY_MS = 60_000;
/** Per user; the oldest ends when one more begins. */
const SESSIONS_PER_USER_MAX = 10;

/** What came of a name and a password. `person` is given for a wrong second factor, too: only then may it be asked for. */
export type LoginTry =
  | { readonly result: 'right'; readonly person: Person; readonly totpSecret: string | null }
  | { readonly result: 'wrong' }
  | { readonly result: 'locked'; readonly untilMs: number };

/** An unknown name, a wrong password and a disabled or locked user take the same time. */
export async function tryLogin(db: Db, user: string, password: string, nowMs: number): Promise<LoginTry> {
  const row = await db.selectFrom('users').selectAll().where('name', '=', user).executeTakeFirst();
  const right = row && !row.disabled ? await isPassword(row.password_hash, password) : await failSlowly(password);
  if (row && row.locked_until_ms !== null && row.locked_until_ms > nowMs)
    return { result: 'locked', untilMs: row.locked_until_ms };
  if (!right || !row) return { result: 'wrong' };
  const totpSecret = row.totp_confirmed_at_ms === null ? null : row.totp_secret;
  return { result: 'right', person: personOf(row), totpSecret };
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
      seen_at_ms: nowMs,
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

/** The person has done something. At most one write a minute for a session. */
export async function touchSession(
  db: Db,
  { key, seenAtMs }: Pick<Session, 'key' | 'seenAtMs'>,
  nowMs: number,
): Promise<void> {
  if (nowMs - seenAtMs < SEEN_EVERY_MS) return;
  await db
    .updateTable('sessions')
    .set({ seen_at_ms: nowMs })
    .where('token_hash', '=', Buffer.from(key, 'hex'))
    .where('seen_at_ms', '<', nowMs)
    .execute();
}

/** Those of these sessions that still hold, by key. */
export async function findSessions(db: Db, keys: Iterable<string>, nowMs: number): Promise<Map<string, Session>> {
  const hashes = [...keys].map((key) => Buffer.from(key, 'hex'));
  const rows = hashes.length === 0 ? [] : await holding(db, hashes, nowMs).execute();
  return new Map(rows.map((row) => [row.token_hash.toString('hex'), sessionOf(row)]));
}

/** Sessions of these users that still hold, each user's together. */
export async function sessionsOf(db: Db, users: readonly string[], nowMs: number): Promise<Map<string, Session[]>> {
  const rows = await current(db, nowMs).where('users.name', '=', sql<string>`any(${users})`).execute();
  const found = new Map<string, Session[]>();
  for (const session of rows.map(sessionOf)) {
    const { user } = session.person;
    found.set(user, [...(found.get(user) ?? []), session]);
  }
  return found;
}

/** The key of the session that a browser's token opens. */
export function sessionKey(token: string): string {
  return hashOf(token).toString('hex');
}

function holding(db: Db, hashes: readonly Buffer[], nowMs: number) {
  return current(db, nowMs).where('token_hash', '=', sql<Buffer>`any(${hashes})`);
}

function current(db: Db, nowMs: number) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.name', 'sessions.user_name')
    .where('expires_at_ms', '>', nowMs)
    .where('users.disabled', '=', false)
    .select([
      'users.name',
      'users.roles',
      'users.team',
      'users.may_reveal',
      'users.may_play',
      'token_hash',
      'expires_at_ms',
      'seen_at_ms',
    ]);
}

type Row = Awaited<ReturnType<ReturnType<typeof holding>['execute']>>[number];

function sessionOf(row: Row): Session {
  const { token_hash, expires_at_ms: endsAtMs, seen_at_ms: seenAtMs } = row;
  return { person: personOf(row), key: token_hash.toString('hex'), endsAtMs, seenAtMs };
}

function personOf(row: Pick<Row, 'name' | 'roles' | 'team' | 'may_reveal' | 'may_play'>): Person {
  return {
    ...{ user: row.name, roles: row.roles },
    ...(row.team === null ? {} : { team: row.team }),
    ...(row.may_reveal ? { mayReveal: true } : {}),
    ...(row.may_play ? { mayPlay: true } : {}),
  };
}

export async function closeSession(db: Db, key: string): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', Buffer.from(key, 'hex')).execute();
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
