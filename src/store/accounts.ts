import type { AgentId } from '../core/ids.ts';
import type { AgentSetting, ProfileEntry, SlotCounts } from '../core/settings.ts';
import { announceChange } from './account-changes.ts';
import { hashPassword, sipHa1 } from './passwords.ts';
import type { Digest, Role } from './schema.ts';
import type { Db } from './store.ts';

export interface Account {
  readonly user: string;
  readonly roles: readonly Role[];
  readonly team: string | null;
  readonly disabled: boolean;
  /** Whole numbers, for a reason, though the role alone would not. */
  readonly mayReveal: boolean;
  /** Recordings, for a reason, though the role alone would not. */
  readonly mayPlay: boolean;
  readonly createdAtMs: number;
  /** After too many wrong passwords; null: not locked. */
  readonly lockedUntilMs: number | null;
  readonly secondFactor: boolean;
  readonly seat: Seat | null;
}

export interface Seat {
  readonly number: string;
  readonly sipUser: string;
  readonly digest: Digest;
  readonly skills: Readonly<Record<string, number>>;
  readonly site: string | null;
  readonly home: string | null;
  readonly profile: readonly ProfileEntry[] | null;
  readonly slots: SlotCounts | null;
}

export interface NewAccount {
  readonly user: string;
  readonly password: string;
  readonly roles: readonly Role[];
  readonly team?: string;
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
    readonly slots?: SlotCounts;
  };
}

/** Letters, digits, and `._-` between them; at most 32. Equals the agent's id, so it also stands in the journal. */
export const USER_NAME_PATTERN = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$';
const USERS_LISTED_MAX = 10_000;

export async function listAccounts(db: Db): Promise<Account[]> {
  const rows = await accountsOf(db).orderBy('users.name').limit(USERS_LISTED_MAX).execute();
  const nowMs = Date.now();
  return rows.map((row) => accountOf(row, nowMs));
}

export async function findAccount(db: Db, user: string): Promise<Account | undefined> {
  const row = await accountsOf(db).where('users.name', '=', user).executeTakeFirst();
  return row && accountOf(row, Date.now());
}

function accountsOf(db: Db) {
  return db
    .selectFrom('users')
    .leftJoin('seats', 'seats.user_name', 'users.name')
    .select([
      'users.name',
      'users.roles',
      'users.team',
      'users.disabled',
      'users.may_reveal',
      'users.may_play',
      'users.created_at_ms',
      'users.locked_until_ms',
    ])
    .select(['users.totp_confirmed_at_ms'])
    .select([
      'seats.number',
      'seats.sip_user',
      'seats.digest',
      'seats.skills',
      'seats.site',
      'seats.home',
      'seats.profile',
      'seats.slots',
    ]);
}

type AccountRow = Awaited<ReturnType<ReturnType<typeof accountsOf>['execute']>>[number];

function accountOf(row: AccountRow, nowMs: number): Account {
  const { number, sip_user: sipUser, digest, skills, site, home, profile, slots } = row;
  const locked = row.locked_until_ms !== null && row.locked_until_ms > nowMs;
  return {
    user: row.name,
    roles: row.roles,
    team: row.team,
    disabled: row.disabled,
    mayReveal: row.may_reveal,
    mayPlay: row.may_play,
    createdAtMs: row.created_at_ms,
    lockedUntilMs: locked ? row.locked_until_ms : null,
    secondFactor: row.totp_confirmed_at_ms !== null,
    seat:
      number === null || sipUser === null || digest === null || skills === null
        ? null
        : { number, sipUser, digest, skills, site, home, profile, slots },
  };
}

/** @returns false when the user name, or the seat's number or phone account, is taken; nothing was added then. */
export async function addAccount(db: Db, account: NewAccount): Promise<boolean> {
  const passwordHash = await hashPassword(account.password);
  try {
    await db.transaction().execute(async (transaction) => {
      const { user, roles, atMs, seat, team = null } = account;
      const row = { name: user, password_hash: passwordHash, roles: [...roles], team, created_at_ms: atMs };
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
    slots: seat.slots === undefined ? null : JSON.stringify(seat.slots),
  };
}

/** Ends the user's sessions too, and a lock. @returns false when there is no such user. */
export async function changePassword(db: Db, user: string, password: string): Promise<boolean> {
  const passwordHash = await hashPassword(password);
  return changeUser(db, user, { password_hash: passwordHash, locked_until_ms: null }, true);
}

/** A disabled user keeps the records but cannot log in, and is logged out. @returns false when there is no such user. */
export async function setDisabled(db: Db, user: string, disabled: boolean): Promise<boolean> {
  return changeUser(db, user, { disabled }, true);
}

/** Until when no password opens the account; null: unlocks it. Sessions go on. @returns false when there is no such user. */
export async function lockUser(db: Db, user: string, untilMs: number | null): Promise<boolean> {
  return changeUser(db, user, { locked_until_ms: untilMs }, false);
}

/** What is undefined stays as it is. */
export interface Rights {
  readonly roles?: readonly Role[] | undefined;
  readonly team?: string | null | undefined;
  readonly mayReveal?: boolean | undefined;
  readonly mayPlay?: boolean | undefined;
}

/** What it may do from its next request on. @returns false when there is no such user. */
export async function setRights(db: Db, user: string, rights: Rights): Promise<boolean> {
  const { roles, team, mayReveal, mayPlay } = rights;
  const change = {
    ...(roles === undefined ? {} : { roles: [...roles] }),
    ...(team === undefined ? {} : { team }),
    ...(mayReveal === undefined ? {} : { may_reveal: mayReveal }),
    ...(mayPlay === undefined ? {} : { may_play: mayPlay }),
  };
  return Object.keys(change).length === 0 || changeUser(db, user, change, false);
}

/** Admins keep the accounts and auditors look at what they did: nobody is both (GB/T 22239-2019 8.1.4). */
export function rolesConflict(roles: readonly Role[]): boolean {
  return roles.includes('auditor') && roles.includes('admin');
}

/** The first queue that a profile names twice: in which rank it is served nobody could say. */
export function servedTwice(profile: readonly { readonly queue: string }[]): string | undefined {
  const queues = profile.map(({ queue }) => queue);
  return queues.find((queue, nth) => queues.indexOf(queue) !== nth);
}

async function changeUser(db: Db, user: string, change: UserChange, endSessions: boolean): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const changed = await transaction.updateTable('users').set(change).where('name', '=', user).executeTakeFirst();
    if (endSessions) await transaction.deleteFrom('sessions').where('user_name', '=', user).execute();
    await announceChange(transaction);
    return changed.numUpdatedRows > 0n;
  });
}

type UserChange = Partial<{
  password_hash: string;
  disabled: boolean;
  locked_until_ms: number | null;
  roles: Role[];
  team: string | null;
  may_reveal: boolean;
  may_play: boolean;
}>;

/** What of a seat may be changed without a new phone password. Null takes the rule for those who say nothing. */
export interface SeatChange {
  readonly number?: string;
  readonly skills?: Readonly<Record<string, number>>;
  readonly site?: string | null;
  readonly home?: string | null;
  readonly profile?: readonly ProfileEntry[] | null;
  readonly slots?: SlotCounts | null;
}

/** @returns `taken` when the number is another seat's, `none` when the user has no seat. */
export async function changeSeat(db: Db, user: string, change: SeatChange): Promise<'done' | 'none' | 'taken'> {
  const { skills, profile, slots, ...rest } = change;
  const row = {
    ...rest,
    ...(skills === undefined ? {} : { skills: JSON.stringify(skills) }),
    ...(profile === undefined ? {} : { profile: profile === null ? null : JSON.stringify(profile) }),
    ...(slots === undefined ? {} : { slots: slots === null ? null : JSON.stringify(slots) }),
  };
  return await whenFree(async () => {
    if (Object.keys(row).length === 0) return (await seatOf(db, user)) !== undefined;
    return await db.transaction().execute(async (transaction) => {
      const changed = await transaction.updateTable('seats').set(row).where('user_name', '=', user).executeTakeFirst();
      await announceChange(transaction);
      return changed.numUpdatedRows > 0n;
    });
  });
}

/** For a user without one. @returns `none` when there is no such user. */
export async function addSeat(
  db: Db,
  user: string,
  seat: NonNullable<NewAccount['seat']>,
): Promise<'done' | 'none' | 'taken'> {
  return await whenFree(async () =>
    db.transaction().execute(async (transaction) => {
      const owner = await transaction.selectFrom('users').select('name').where('name', '=', user).executeTakeFirst();
      if (owner === undefined) return false;
      await transaction.insertInto('seats').values(seatRow(user, seat)).execute();
      await announceChange(transaction);
      return true;
    }),
  );
}

/** The phone of the seat cannot register any more; a call under way is finished. @returns false when there was none. */
export async function dropSeat(db: Db, user: string): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const dropped = await transaction.deleteFrom('seats').where('user_name', '=', user).executeTakeFirst();
    await announceChange(transaction);
    return dropped.numDeletedRows > 0n;
  });
}

/** @returns false when the user has no seat. */
export async function changeSipPassword(db: Db, user: string, sipPassword: string): Promise<boolean> {
  const seat = await seatOf(db, user);
  if (seat === undefined) return false;
  const ha1 = sipHa1(seat.sipUser, sipPassword);
  return await db.transaction().execute(async (transaction) => {
    const changed = await transaction
      .updateTable('seats')
      .set({ ha1_md5: ha1.md5, ha1_sha256: ha1.sha256 })
      .where('user_name', '=', user)
      .executeTakeFirst();
    await announceChange(transaction);
    return changed.numUpdatedRows > 0n;
  });
}

async function whenFree(change: () => Promise<boolean>): Promise<'done' | 'none' | 'taken'> {
  try {
    return (await change()) ? 'done' : 'none';
  } catch (error) {
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return 'taken';
    throw error;
  }
}

/** The seats of users who are not disabled, as the core's settings want them. */
export async function loadAgents(db: Db): Promise<AgentSetting[]> {
  const rows = await db
    .selectFrom('seats')
    .innerJoin('users', 'users.name', 'seats.user_name')
    .where('users.disabled', '=', false)
    .select(['user_name', 'number', 'sip_user', 'skills', 'site', 'home', 'profile', 'slots'])
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
    ...(row.slots === null ? {} : { slots: row.slots }),
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
