import { createHash, randomBytes } from 'node:crypto';
import type { Db } from './store.ts';

/** What a program's token may be good for. A route names one, or no token opens it. */
export const SCOPES = ['metrics:read', 'queues:read', 'callers:write', 'contacts:write'] as const;
export type Scope = (typeof SCOPES)[number];

export const TOKEN_DAYS_MAX = 365;
export const TOKENS_PER_USER_MAX = 20;
const DAY_MS = 86_400_000;
const PREFIX = 'mht_';
/** The time of the last use is kept to the minute. */
const USED_EVERY_MS = 60_000;

export interface ApiToken {
  readonly id: string;
  readonly user: string;
  readonly title: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly usedAtMs: number | null;
}

export interface NewToken {
  readonly user: string;
  readonly title: string;
  readonly scopes: readonly Scope[];
  readonly days: number;
  readonly by: string;
  readonly nowMs: number;
}

/** @returns the token, said once; undefined when there is no such integrator, or too many tokens. */
export async function makeToken(db: Db, wanted: NewToken): Promise<{ id: string; token: string } | undefined> {
  const { user, title, scopes, days, by, nowMs } = wanted;
  const owner = await db.selectFrom('users').select('roles').where('name', '=', user).executeTakeFirst();
  if (!owner?.roles.includes('integrator')) return undefined;
  const held = (await listTokens(db, user)).filter(
    ({ revokedAtMs, expiresAtMs }) => revokedAtMs === null && expiresAtMs > nowMs,
  );
  if (held.length >= TOKENS_PER_USER_MAX) return undefined;
  const id = randomBytes(9).toString('base64url');
  const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  await db
    .insertInto('api_tokens')
    .values({
      id,
      token_hash: hashOf(token),
      user_name: user,
      title,
      scopes: [...scopes],
      created_at_ms: nowMs,
      created_by: by,
      expires_at_ms: nowMs + days * DAY_MS,
      revoked_at_ms: null,
      used_at_ms: null,
    })
    .execute();
  return { id, token };
}

export async function listTokens(db: Db, user: string): Promise<ApiToken[]> {
  const rows = await db
    .selectFrom('api_tokens')
    .selectAll()
    .where('user_name', '=', user)
    .orderBy('created_at_ms', 'desc')
    .limit(1_000)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    user: row.user_name,
    title: row.title,
    scopes: row.scopes,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
    usedAtMs: row.used_at_ms,
  }));
}

/** @returns false when there is no such token, or it was revoked before. */
export async function revokeToken(db: Db, id: string, nowMs: number): Promise<boolean> {
  const revoked = await db
    .updateTable('api_tokens')
    .set({ revoked_at_ms: nowMs })
    .where('id', '=', id)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirst();
  return revoked.numUpdatedRows > 0n;
}

/** Whose token this is and what it is good for; undefined: revoked, expired, of a disabled user or of nobody. */
export async function findToken(
  db: Db,
  token: string,
  nowMs: number,
): Promise<{ readonly id: string; readonly user: string; readonly scopes: readonly string[] } | undefined> {
  if (!token.startsWith(PREFIX) || token.length > 128) return undefined;
  const row = await db
    .selectFrom('api_tokens')
    .innerJoin('users', 'users.name', 'api_tokens.user_name')
    .where('token_hash', '=', hashOf(token))
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .where('users.disabled', '=', false)
    .select(['api_tokens.id', 'users.name', 'users.roles', 'scopes', 'used_at_ms'])
    .executeTakeFirst();
  if (!row?.roles.includes('integrator')) return undefined;
  if (row.used_at_ms === null || nowMs - row.used_at_ms > USED_EVERY_MS)
    await db.updateTable('api_tokens').set({ used_at_ms: nowMs }).where('id', '=', row.id).execute();
  return { id: row.id, user: row.name, scopes: row.scopes };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
