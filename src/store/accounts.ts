import type { AgentId } from '../core/ids.ts';
import type { AgentSetting, ProfileEntry } from '../core/settings.ts';
import { announceChange } from './account-changes.ts';
import { hashPassword, sipHa1 } from './passwords.ts';
import type { Digest, Role } from './schema.ts';
import type { Db } from './store.ts';

export interface Account {
  readonly user: string;
  readonly roles: readonly Role[];
  readonly disabled: boolean;
  readonly createdAtMs: number;
  readonly seat: { readonly number: string; readonly sipUser: string } | null;
}

export interface NewAccount {
  readonly user: string;
  readonly password: string;
  readonly roles: readonly Role[];
  readonly atMs: number;
  readonly seat?: {
    readonly number: string;
    readonly sipUser: string;
    readonly sipPassword: string;
    readonly digest: Digest;
    readonly skills: Readonly<Record<string, number>>;
    readonly site?: string;
    readonly home?: string;
    readonly profile?: readonly ProfileEntry[];
  };
}

/** Letters, digits, and `._-` between them; at most 32. Equals the agent's id, so it also stands in the journal. */
export const USER_NAME_PATTERN = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$';
const USERS_LISTED_MAX = 10_000;

export async function listAccounts(db: Db): Promise<Account[]> {
  const rows = await db
    .selectFrom('users')
    .leftJoin('seats', 'seats.user_name', 'users.name')
    .select(['users.name', 'users.roles', 'users.disabled', 'users.created_at_ms', 'seats.number', 'seats.sip_user'])
    .orderBy('users.name')
    .limit(USERS_LISTED_MAX)
    .execute();
  return rows.map((row) => ({
    user: row.name,
    roles: row.roles,
    disabled: row.disabled,
    createdAtMs: row.created_at_ms,
    seat: row.number !== null && row.sip_user !== null ? { number: row.number, sipUser: row.sip_user } : null,
  }));
}

/** @returns false when the user name, or the seat's number or phone account, is taken; nothing was added then. */
export async function addAccount(db: Db, account: NewAccount): Promise<boolean> {
  const passwordHash = await hashPassword(account.password);
  try {
    await db.transaction().execute(async (transaction) => {
      const { user, roles, atMs, seat } = account;
      const row = { name: user, password_hash: passwordHash, roles: [...roles], created_at_ms: atMs };
      await transaction.insertInto('users').values(row).execute();
      if (seat) await transaction.insertInto('seats').values(seatRow(user, seat)).execute();
      await announceChange(transaction);
    });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

/** SQLSTATE. */
const UNIQUE_VIOLATION = '23505';

/** A seat as it is stored: what its phone proves its password with, never the password. */
export function seatRow(user: string, seat: NonNullable<NewAccount['seat']>) {
  const ha1 = sipHa1(seat.sipUser, seat.sipPassword);
  return {
    user_name: user,
    number: seat.number,
    sip_user: seat.sipUser,
    digest: seat.digest,
    ha1_md5: ha1.md5,
    ha1_sha256: ha1.sha256,
    skills: JSON.stringify(seat.skills),
    site: seat.site ?? null,
    home: seat.home ?? null,
    profile: seat.profile === undefined ? null : JSON.stringify(seat.profile),
  };
}

/** Ends the user's sessions too. @returns false when there is no such user. */
export async function changePassword(db: Db, user: string, password: string): Promise<boolean> {
  const passwordHash = await hashPassword(password);
  return changeUser(db, user, { password_hash: passwordHash });
}

/** A disabled user keeps the records but cannot log in, and is logged out. @returns false when there is no such user. */
export async function setDisabled(db: Db, user: string, disabled: boolean): Promise<boolean> {
  return changeUser(db, user, { disabled });
}

async function changeUser(
  db: Db,
  user: string,
  change: { password_hash: string } | { disabled: boolean },
): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const changed = await transaction.updateTable('users').set(change).where('name', '=', user).executeTakeFirst();
    await transaction.deleteFrom('sessions').where('user_name', '=', user).execute();
    await announceChange(transaction);
    return changed.numUpdatedRows > 0n;
  });
}

/** The seats of users who are not disabled, as the core's settings want them. */
export async function loadAgents(db: Db): Promise<AgentSetting[]> {
  const rows = await db
    .selectFrom('seats')
    .innerJoin('users', 'users.name', 'seats.user_name')
    .where('users.disabled', '=', false)
    .select(['user_name', 'number', 'sip_user', 'skills', 'site', 'home', 'profile'])
    .orderBy('user_name')
    .execute();
  return rows.map((row) => ({
    id: row.user_name as AgentId,
    number: row.number,
    sipUser: row.sip_user,
    skills: row.skills,
    ...(row.site === null ? {} : { site: row.site }),
    ...(row.home === null ? {} : { home: row.home }),
    ...(row.profile === null ? {} : { profile: row.profile }),
  }));
}

/** The agent that a user is, when the user has a seat. */
export async function seatOf(
  db: Db,
  user: string,
): Promise<{ agent: AgentId; number: string; sipUser: string } | undefined> {
  const row = await db.selectFrom('seats').selectAll().where('user_name', '=', user).executeTakeFirst();
  return row && { agent: row.user_name as AgentId, number: row.number, sipUser: row.sip_user };
}
