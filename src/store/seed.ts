import type { ProfileEntry, SlotCounts } from '../core/settings.ts';
import { replaceFile } from '../lib/replace-file.ts';
import { seatRow } from './accounts.ts';
import { hashPassword, makePassword } from './passwords.ts';
import type { Digest, Role } from './schema.ts';
import type { Db } from './store.ts';

/** A seat as the city folder lists it (`seats.yaml`). Read on the first run only; SQL is the truth from then on. */
export interface SeatSeed {
  readonly user: string;
  /** 工号. */
  readonly number: string;
  readonly sipUser: string;
  readonly digest: Digest;
  readonly skills: Readonly<Record<string, number>>;
  readonly site?: string;
  readonly home?: string;
  readonly profile?: readonly ProfileEntry[];
  readonly slots?: SlotCounts;
}

/** `MINHU_DATA/first-run.json`: the only place where these passwords ever stand. */
export interface FirstRun {
  readonly admin: Login;
  readonly lead: Login;
  readonly seats: readonly (Login & {
    readonly sipUser: string;
    readonly sipPassword: string;
    readonly number: string;
    readonly skills: Readonly<Record<string, number>>;
  })[];
}

interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * Makes the first accounts: an admin, a lead and the city's seats, all with random passwords, which are written to `file` (0600).
 * Does nothing when there are users already. The file is written before the commit: passwords that work are always known.
 *
 * @returns whether accounts were made.
 */
export async function seedAccounts(db: Db, seats: readonly SeatSeed[], file: string, nowMs: number): Promise<boolean> {
  if (await db.selectFrom('users').select('name').limit(1).executeTakeFirst()) return false;
  const firstRun = makeFirstRun(seats);
  const users = await Promise.all(usersOf(firstRun).map((user) => userRow(user, nowMs)));
  return await db.transaction().execute(async (transaction) => {
    const added = await transaction
      .insertInto('users')
      .values(users)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    // Somebody else was first, between our look and our write.
    if (Number(added.numInsertedOrUpdatedRows) !== users.length)
      throw new Error('The first accounts are being made elsewhere.');
    for (const [index, seat] of seats.entries()) {
      await transaction
        .insertInto('seats')
        .values(seatRow(seat.user, { ...seat, sipPassword: firstRun.seats[index]!.sipPassword }))
        .execute();
    }
    await replaceFile(file, `${JSON.stringify(firstRun, null, 2)}\n`);
    return true;
  });
}

function makeFirstRun(seats: readonly SeatSeed[]): FirstRun {
  return {
    admin: { user: 'admin', password: makePassword() },
    lead: { user: 'lead', password: makePassword() },
    seats: seats.map(({ user, sipUser, number, skills }) => ({
      user,
      password: makePassword(),
      sipUser,
      sipPassword: makePassword(),
      number,
      skills,
    })),
  };
}

function usersOf({ admin, lead, seats }: FirstRun): (Login & { roles: Role[] })[] {
  return [
    { ...admin, roles: ['admin'] },
    { ...lead, roles: ['lead'] },
    ...seats.map(({ user, password }) => ({ user, password, roles: ['agent' as const] })),
  ];
}

async function userRow({ user, password, roles }: Login & { roles: Role[] }, nowMs: number) {
  return { name: user, password_hash: await hashPassword(password), roles, created_at_ms: nowMs };
}
