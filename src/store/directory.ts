import { replaceFile } from '../lib/replace-file.ts';
import { SIP_REALM } from './passwords.ts';
import type { Db } from './store.ts';

/**
 * Writes the seats that may register, for the embedded switch: `{realm, users: [{user, algorithm, ha1}], webCalls?}`, 0600, replaced
 * atomically. A seat has one algorithm, because a phone may fail at a second challenge. `webCalls`: what pages without a seat may do.
 */
export async function writeDirectory(db: Db, file: string, webCalls?: object): Promise<void> {
  const seats = await db
    .selectFrom('seats')
    .innerJoin('users', 'users.name', 'seats.user_name')
    .where('users.disabled', '=', false)
    .select(['sip_user', 'digest', 'ha1_md5', 'ha1_sha256'])
    .orderBy('sip_user')
    .execute();
  const users = seats.map((seat) =>
    seat.digest === 'sha256'
      ? { user: seat.sip_user, algorithm: 'sha256', ha1: seat.ha1_sha256 }
      : { user: seat.sip_user, algorithm: 'md5', ha1: seat.ha1_md5 },
  );
  await replaceFile(file, `${JSON.stringify({ realm: SIP_REALM, users, webCalls }, null, 2)}\n`);
}

/** A user's seat as the embedded switch's directory has it. */
export async function directoryEntryOf(db: Db, user: string): Promise<{ sipUser: string; ha1: string } | undefined> {
  const seat = await db.selectFrom('seats').selectAll().where('user_name', '=', user).executeTakeFirst();
  return seat && { sipUser: seat.sip_user, ha1: seat.digest === 'sha256' ? seat.ha1_sha256 : seat.ha1_md5 };
}

/** The HA1 that the embedded switch's directory would have for a seat that may register; undefined when there is no such seat. */
export async function directoryHa1Of(db: Db, sipUser: string): Promise<string | undefined> {
  const seat = await registrable(db, sipUser);
  return seat && (seat.digest === 'sha256' ? seat.ha1_sha256 : seat.ha1_md5);
}

/** The MD5 HA1 of a seat that may register, for FreeSWITCH, whose challenge is MD5 for every seat; undefined when there is no such seat. */
export async function md5Ha1Of(db: Db, sipUser: string): Promise<string | undefined> {
  return (await registrable(db, sipUser))?.ha1_md5;
}

function registrable(db: Db, sipUser: string) {
  return db
    .selectFrom('seats')
    .innerJoin('users', 'users.name', 'seats.user_name')
    .where('users.disabled', '=', false)
    .where('sip_user', '=', sipUser)
    .select(['digest', 'ha1_md5', 'ha1_sha256'])
    .executeTakeFirst();
}
