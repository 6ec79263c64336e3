import { createHash, randomBytes, randomInt } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Shortest password that a person may choose. Made ones are longer. */
export const PASSWORD_LENGTH_MIN = 10;
export const PASSWORD_LENGTH_MAX = 200;
const MADE_LENGTH = 20;
/** No 0/O, 1/l/I: passwords are read out and typed into phones. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** A random password of 20 characters (about 116 bits). */
export function makePassword(): string {
  return Array.from({ length: MADE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Argon2id with the library's defaults (19 MiB, two passes: OWASP's first choice). */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

export function isPassword(passwordHash: string, password: string): Promise<boolean> {
  return verify(passwordHash, password);
}

let decoy: Promise<string> | undefined;

/** Takes as long as `isPassword`, so that an unknown user cannot be told from a wrong password. */
export async function failSlowly(password: string): Promise<false> {
  decoy ??= hashPassword(randomBytes(16).toString('hex'));
  await isPassword(await decoy, password);
  return false;
}

/** The realm of every seat. HA1 holds it, so it can never change without new passwords. */
export const SIP_REALM = 'minhu';

export interface Ha1 {
  readonly md5: string;
  readonly sha256: string;
}

/** H(user:realm:password), lower-case hex: all that a registrar needs to know (RFC 7616 §3.4.2). */
export function sipHa1(sipUser: string, password: string): Ha1 {
  const text = `${sipUser}:${SIP_REALM}:${password}`;
  const digest = (algorithm: string) => createHash(algorithm).update(text).digest('hex');
  return { md5: digest('md5'), sha256: digest('sha256') };
}
