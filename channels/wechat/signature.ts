import { createHash } from 'node:crypto';
import { sameSecret } from '../../src/channel/channel.ts';

/** A push is tried three times within seconds; one that is signed a day ago is somebody's recording. */
const AGE_MAX_MS = 86_400_000;

/** SHA-1 over the parts, sorted as byte strings: `signature` without, `msg_signature` with the ciphertext. */
export function signatureOf(...parts: readonly string[]): string {
  const sorted = parts.map((part) => Buffer.from(part)).sort(Buffer.compare);
  return createHash('sha1').update(Buffer.concat(sorted)).digest('hex');
}

/**
 * Whether WeChat signed the query: `signature` over token, timestamp and nonce for an address check and a plain push, `msg_signature` over the
 * ciphertext as well in safe mode.
 */
export function isSigned(query: URLSearchParams, token: string, nowMs: number, ciphertext?: string): boolean {
  const [timestamp, nonce] = [only(query, 'timestamp'), only(query, 'nonce')];
  if (timestamp === undefined || nonce === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs - Number(timestamp) * 1_000) > AGE_MAX_MS) return false;
  return ciphertext === undefined
    ? sameSecret(only(query, 'signature'), signatureOf(token, timestamp, nonce))
    : sameSecret(only(query, 'msg_signature'), signatureOf(token, timestamp, nonce, ciphertext));
}

/** A parameter that stands there twice says nothing: which one was signed? */
function only(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}
