import { createHash, createHmac } from 'node:crypto';

/**
 * What a page's telephone registers with instead of its seat's password: a name that says until when it is good, and an HA1 (RFC 7616
 * §3.4.2, MD5) that follows from the name and from the seat's own HA1. Whoever knows the seat can check it, so nothing is kept
 * about it anywhere; it ends by itself, and at once when the seat's password changes or the seat goes.
 */
export interface PageLogin {
  /** `SEAT~SECONDS~SALT`: the user name of the digest, not of the address. */
  readonly username: string;
  readonly ha1: string;
}

export const PAGE_LOGIN_LIFE_MS = 3_600_000;
/** Clocks of two processes of one machine: a name further in the future was not made here. */
const SLACK_MS = 60_000;
const SALT_BYTES = 9;
const NAME = /^(.{1,64})~(\d{10,12})~([A-Za-z0-9_-]{12})$/;

/** `random` gives bytes; `seatHa1` is the one that the switch's directory holds for this seat. */
export function makePageLogin(
  seat: { readonly sipUser: string; readonly ha1: string; readonly realm: string },
  expiresAtMs: number,
  random: (bytes: number) => Buffer,
): PageLogin {
  const salt = random(SALT_BYTES).toString('base64url');
  const username = `${seat.sipUser}~${Math.floor(expiresAtMs / 1_000)}~${salt}`;
  return { username, ha1: pageHa1(username, seat.realm, seat.ha1) };
}

/** The seat that a name belongs to while it is good; undefined for a name of another form, or one that is over. */
export function seatOfPageLogin(username: string, nowMs: number): string | undefined {
  const match = NAME.exec(username);
  if (match === null) return undefined;
  const expiresAtMs = Number(match[2]) * 1_000;
  return expiresAtMs > nowMs && expiresAtMs <= nowMs + PAGE_LOGIN_LIFE_MS + SLACK_MS ? match[1] : undefined;
}

/** The seat that registers under this name: of a page's login, good or over, the seat in it; every other name is a seat's own. */
export function seatOfName(username: string): string {
  return NAME.exec(username)?.[1] ?? username;
}

export function pageHa1(username: string, realm: string, seatHa1: string): string {
  const password = createHmac('sha256', seatHa1).update(username).digest('base64url');
  return createHash('md5').update(`${username}:${realm}:${password}`).digest('hex');
}
