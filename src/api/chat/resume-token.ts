import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a conversation may be gone on with. */
export const CHAT_LIFE_MS = 7 * 86_400_000;

/** Whose conversation a page goes on with. */
export interface ChatToken {
  readonly session: string;
  readonly expiresAtMs: number;
  /** 1 at first; a session whose tokens are void gets the next. */
  readonly generation: number;
}

const FORM = /^v1\.([A-Za-z0-9_-]{1,64})\.(\d{10,12})\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/;

/** `v1.SESSION.SECONDS.GENERATION.MAC`: HMAC-SHA256 over all before it, base64url. Nothing is kept about it. */
export function makeChatToken(key: Buffer, { session, expiresAtMs, generation }: ChatToken): string {
  const payload = `v1.${session}.${Math.floor(expiresAtMs / 1_000)}.${generation}`;
  return `${payload}.${macOf(key, payload).toString('base64url')}`;
}

/** Undefined: not made with this key, or over. */
export function readChatToken(key: Buffer, token: string, nowMs: number): ChatToken | undefined {
  const match = FORM.exec(token);
  if (match === null) return undefined;
  const [, session = '', seconds = '', generation = '', mac = ''] = match;
  const given = Buffer.from(mac, 'base64url');
  const wanted = macOf(key, token.slice(0, token.lastIndexOf('.')));
  // The last character of 43 carries four bits only: another one with the same bytes is another text.
  if (given.toString('base64url') !== mac || !timingSafeEqual(given, wanted)) return undefined;
  const expiresAtMs = Number(seconds) * 1_000;
  return nowMs < expiresAtMs ? { session, expiresAtMs, generation: Number(generation) } : undefined;
}

function macOf(key: Buffer, payload: string): Buffer {
  return createHmac('sha256', key).update(payload).digest();
}
