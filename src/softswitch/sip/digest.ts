import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { quote, splitOutside, unquote } from './characters.ts';

/** HTTP digest as SIP uses it: RFC 3261 §22, RFC 7616, RFC 8760. Everything here is hex, lower case. */
export type Algorithm = 'md5' | 'sha256';

/** How long a nonce lives. */
export const NONCE_LIFE_MS = 60_000;
const FIELDS_MAX = 24;
const NAMES: Readonly<Record<Algorithm, string>> = { md5: 'MD5', sha256: 'SHA-256' };

export function hash(algorithm: Algorithm, text: string): string {
  return createHash(algorithm).update(text, 'latin1').digest('hex');
}

/** H(user:realm:password), arguments as binary strings. */
export function ha1Of(algorithm: Algorithm, user: string, realm: string, password: string): string {
  return hash(algorithm, `${user}:${realm}:${password}`);
}

export interface DigestInput {
  readonly algorithm: Algorithm;
  readonly ha1: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Undefined: the form of RFC 2069, without qop. */
  readonly qop: { readonly nc: string; readonly cnonce: string } | undefined;
}

export function responseOf(input: DigestInput): string {
  const ha2 = hash(input.algorithm, `${input.method}:${input.uri}`);
  const middle = input.qop === undefined ? '' : `${input.qop.nc}:${input.qop.cnonce}:auth:`;
  return hash(input.algorithm, `${input.ha1}:${input.nonce}:${middle}${ha2}`);
}

/** The fields of a challenge or of credentials, names in lower case, quotes removed. Undefined when it is not digest. */
export function parseDigest(value: string): ReadonlyMap<string, string> | undefined {
  const scheme = /^digest[ \t]+/i.exec(value);
  const parts = scheme === null ? undefined : splitOutside(value.slice(scheme[0].length), ',');
  if (parts === undefined || parts.length > FIELDS_MAX) return undefined;
  const fields = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals <= 0) return undefined;
    const name = part.slice(0, equals).trim().toLowerCase();
    const text = part.slice(equals + 1).trim();
    if (fields.has(name)) return undefined;
    fields.set(name, text.startsWith('"') && text.endsWith('"') && text.length > 1 ? unquote(text) : text);
  }
  return fields;
}

/** Time (48 bits), salt and their HMAC with the source address: nothing need be remembered about a nonce until it was used well. */
export function makeNonce(secret: Uint8Array, nowMs: number, ip: string, salt: Uint8Array): string {
  const plain = Buffer.alloc(12);
  plain.writeUIntBE(nowMs, 0, 6);
  plain.set(salt.subarray(0, 6), 6);
  return Buffer.concat([plain, nonceMac(secret, plain, ip)]).toString('base64url');
}

export function checkNonce(secret: Uint8Array, nonce: string, ip: string, nowMs: number): 'fresh' | 'stale' | 'forged' {
  const bytes = Buffer.from(nonce, 'base64url');
  if (bytes.length !== 24 || bytes.toString('base64url') !== nonce) return 'forged';
  const plain = bytes.subarray(0, 12);
  if (!timingSafeEqual(bytes.subarray(12), nonceMac(secret, plain, ip))) return 'forged';
  const ageMs = nowMs - plain.readUIntBE(0, 6);
  return ageMs >= 0 && ageMs <= NONCE_LIFE_MS ? 'fresh' : 'stale';
}

function nonceMac(secret: Uint8Array, plain: Uint8Array, ip: string): Uint8Array {
  return createHmac('sha256', secret).update(plain).update(ip).digest().subarray(0, 12);
}

export function challengeValue(realm: string, nonce: string, algorithm: Algorithm, stale: boolean): string {
  const end = stale ? ',stale=true' : '';
  return `Digest realm=${quote(realm)},nonce="${nonce}",algorithm=${NAMES[algorithm]},qop="auth"${end}`;
}

/** Credentials that nobody can have, the same for the same name: an unknown user costs what a known one costs. */
export function fakeHa1(secret: Uint8Array, user: string): string {
  return createHmac('md5', secret).update(user, 'latin1').digest('hex');
}

export function sameHex(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

export function algorithmOf(name: string | undefined): Algorithm | undefined {
  if (name === undefined) return 'md5';
  return (['md5', 'sha256'] as const).find((algorithm) => NAMES[algorithm] === name.toUpperCase());
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * The Authorization value for the first of these challenges that we can answer: digest, an algorithm we know, our own realm.
 * Credentials are never computed for another realm (a peer could collect them).
 */
export function answerChallenge(
  challenges: readonly string[],
  login: Login,
  realm: string,
  request: { readonly method: string; readonly uri: string },
  cnonce: string,
): string | undefined {
  for (const challenge of challenges) {
    const fields = parseDigest(challenge);
    const algorithm = algorithmOf(fields?.get('algorithm'));
    const nonce = fields?.get('nonce');
    if (algorithm === undefined || nonce === undefined || fields?.get('realm') !== realm) continue;
    const ha1 = ha1Of(algorithm, login.user, realm, login.password);
    const offersAuth = (fields.get('qop') ?? '').split(',').some((qop) => qop.trim().toLowerCase() === 'auth');
    const qop = offersAuth ? { nc: '00000001', cnonce } : undefined;
    const response = responseOf({ algorithm, ha1, ...request, nonce, qop });
    const opaque = fields.get('opaque');
    return [
      `Digest username=${quote(login.user)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(request.uri)}`,
      `response="${response}", algorithm=${NAMES[algorithm]}`,
      ...(qop === undefined ? [] : [`qop=auth, nc=${qop.nc}, cnonce="${cnonce}"`]),
      ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ].join(', ');
  }
  return undefined;
}
