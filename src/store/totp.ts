import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import { announceChange } from './account-changes.ts';
import type { Db } from './store.ts';

/** RFC 6238 with what every authenticator app takes: SHA-1, 30 s, six digits. */
const STEP_MS = 30_000;
const DIGITS = 6;
const SECRET_BYTES = 20;
/** A phone's clock may be so many steps off, either way (RFC 6238 §5.2). */
const SKEW_STEPS = 1;
const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4226 §5.3. */
export function hotp(secret: Buffer, counter: number, digits = DIGITS): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', secret).update(moving).digest();
  const offset = mac[19]! & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0');
}

/** @returns the step for which the code is right, later than `afterStep`; undefined: none. */
export function stepOf(secret: Buffer, code: string, nowMs: number, afterStep: number): number | undefined {
  const now = Math.floor(nowMs / STEP_MS);
  for (let step = Math.max(now - SKEW_STEPS, afterStep + 1); step <= now + SKEW_STEPS; step += 1)
    if (isSame(hotp(secret, step), code)) return step;
  return undefined;
}

/** Begins to set up a second factor; nothing is asked for until it is confirmed. Undefined: there is one already, or no such user. */
export async function beginTotp(db: Db, key: Buffer, user: string): Promise<string | undefined> {
  const secret = randomBytes(SECRET_BYTES);
  const changed = await db
    .updateTable('users')
    .set({ totp_secret: seal(key, user, secret), totp_step: 0 })
    .where('name', '=', user)
    .where('totp_confirmed_at_ms', 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n ? base32(secret) : undefined;
}

/** @returns the recovery codes, said once; undefined when the code is wrong or nothing was begun. */
export async function confirmTotp(
  db: Db,
  key: Buffer,
  { user, code, nowMs }: { readonly user: string; readonly code: string; readonly nowMs: number },
): Promise<string[] | undefined> {
  const row = await db
    .selectFrom('users')
    .select(['totp_secret', 'totp_confirmed_at_ms'])
    .where('name', '=', user)
    .executeTakeFirst();
  if (!row || row.totp_secret === null || row.totp_confirmed_at_ms !== null) return undefined;
  const step = stepOf(unseal(key, user, row.totp_secret), code, nowMs, 0);
  if (step === undefined) return undefined;
  const codes = Array.from({ length: RECOVERY_CODES }, makeRecoveryCode);
  return await db.transaction().execute(async (transaction) => {
    const confirmed = await transaction
      .updateTable('users')
      .set({ totp_confirmed_at_ms: nowMs, totp_step: step })
      .where('name', '=', user)
      .where('totp_secret', '=', row.totp_secret)
      .where('totp_confirmed_at_ms', 'is', null)
      .executeTakeFirst();
    if (confirmed.numUpdatedRows === 0n) return undefined;
    await transaction.deleteFrom('recovery_codes').where('user_name', '=', user).execute();
    const rows = codes.map((each) => ({ user_name: user, code_hash: hashOf(each) }));
    await transaction.insertInto('recovery_codes').values(rows).execute();
    return codes;
  });
}

/** Whether the code opens this account now; if so, it never does again. */
export async function takeCode(
  db: Db,
  key: Buffer,
  {
    user,
    secret,
    code,
    nowMs,
  }: { readonly user: string; readonly secret: string; readonly code: string; readonly nowMs: number },
): Promise<boolean> {
  if (code.length !== DIGITS) return await takeRecoveryCode(db, user, code);
  const step = stepOf(unseal(key, user, secret), code, nowMs, 0);
  if (step === undefined) return false;
  // In one statement: of two that come at once, one is taken.
  const taken = await db
    .updateTable('users')
    .set({ totp_step: step })
    .where('name', '=', user)
    .where('totp_step', '<', step)
    .executeTakeFirst();
  return taken.numUpdatedRows > 0n;
}

/** @returns false when there was none, or no such user. */
export async function dropTotp(db: Db, user: string): Promise<boolean> {
  return await db.transaction().execute(async (transaction) => {
    const dropped = await transaction
      .updateTable('users')
      .set({ totp_secret: null, totp_confirmed_at_ms: null, totp_step: 0 })
      .where('name', '=', user)
      .where('totp_secret', 'is not', null)
      .executeTakeFirst();
    await transaction.deleteFrom('recovery_codes').where('user_name', '=', user).execute();
    await announceChange(transaction);
    return dropped.numUpdatedRows > 0n;
  });
}

/** What an authenticator app takes as a QR code. */
export function totpUri(user: string, secret: string): string {
  return `otpauth://totp/Minhu:${encodeURIComponent(user)}?secret=${secret}&issuer=Minhu&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1_000}`;
}

async function takeRecoveryCode(db: Db, user: string, code: string): Promise<boolean> {
  const taken = await db
    .deleteFrom('recovery_codes')
    .where('user_name', '=', user)
    .where('code_hash', '=', sql<Buffer>`${hashOf(code.toUpperCase().replace(/[^A-Z2-7]/g, ''))}`)
    .executeTakeFirst();
  return taken.numDeletedRows > 0n;
}

function makeRecoveryCode(): string {
  return base32(randomBytes(RECOVERY_BYTES));
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

/** RFC 4648 §6, without padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** AES-256-GCM, bound to the user: a secret that is moved to another row does not open. `k1.` names the key. */
function seal(key: Buffer, user: string, secret: Buffer): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(user));
  const sealed = Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return `k1.${sealed.toString('base64url')}`;
}

/** @throws when it was sealed with another key, for another user, or changed since. */
function unseal(key: Buffer, user: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed.slice(3), 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(boundTo(user))
    .setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
}

function boundTo(user: string): Buffer {
  return Buffer.from(`k1|users.totp_secret|${user}`);
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
