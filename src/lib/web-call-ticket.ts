import { createHash, createHmac } from 'node:crypto';

/**
 * With what a page that anybody may open calls the hotline once: a name that says which number until when, and an HA1 (RFC 7616 §3.4.2,
 * MD5) that follows from the name and a key which the core and the switch share. Nothing is stored; the switch remembers a name that was
 * used until it is over.
 */
export interface WebCallTicket {
  /** `web~NUMBER~SECONDS~SALT`: the user of From, and of the digest. */
  readonly username: string;
  readonly ha1: string;
}

export interface WebCallGrant {
  /** The only number that it calls. */
  readonly number: string;
  readonly expiresAtMs: number;
}

/** The microphone is allowed before a ticket is drawn: what is left is a connection and two messages. */
export const WEB_CALL_TICKET_LIFE_MS = 30_000;
/** Clocks of two processes of one machine. */
const SLACK_MS = 60_000;
const SALT_BYTES = 12;
const NAME = /^web~(\d{1,20})~(\d{10,12})~[A-Za-z0-9_-]{16}$/;

/** `random` gives bytes. */
export function makeWebCallTicket(
  { number, expiresAtMs }: WebCallGrant,
  key: string,
  realm: string,
  random: (bytes: number) => Buffer,
): WebCallTicket {
  const salt = random(SALT_BYTES).toString('base64url');
  const username = `web~${number}~${Math.ceil(expiresAtMs / 1_000)}~${salt}`;
  return { username, ha1: webCallHa1(username, realm, key) };
}

/** What a name grants while it is good; undefined for a name of another form, or one that is over. */
export function readWebCallTicket(username: string, nowMs: number): WebCallGrant | undefined {
  const match = NAME.exec(username);
  if (match === null) return undefined;
  const expiresAtMs = Number(match[2]) * 1_000;
  if (expiresAtMs <= nowMs || expiresAtMs > nowMs + WEB_CALL_TICKET_LIFE_MS + SLACK_MS) return undefined;
  return { number: match[1]!, expiresAtMs };
}

export function webCallHa1(username: string, realm: string, key: string): string {
  const password = createHmac('sha256', key).update(username).digest('base64url');
  return createHash('md5').update(`${username}:${realm}:${password}`).digest('hex');
}
