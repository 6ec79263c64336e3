import { createHash } from 'node:crypto';
import { type Account, keysOf } from './account.ts';
import type { Answer, Channel, Delivery, Inbound, MatterQuestion, Received, Settings } from './channel.ts';
import { cleanInbound, INBOUND_MAX } from './clean-inbound.ts';
import { isChannelError } from './trouble.ts';

/** What a delivery comes to, before anything is stored. */
export type Heard =
  /** Not from the account's platform. */
  | { readonly is: 'refused' }
  | {
      readonly is: 'heard';
      readonly inbound: readonly Inbound[];
      readonly answer: Answer;
      readonly conflict?: Answer;
      readonly asks?: MatterQuestion;
    }
  /** From the platform, and not understood: set aside whole under `remoteId`, so that its repeats are one. */
  | { readonly is: 'unreadable'; readonly remoteId: string; readonly reason: string; readonly answer: Answer };

const REASON_CHARS_MAX = 500;
const REFUSED: Heard = { is: 'refused' };

/** Pure: the channel's `verify` with every pair of keys that is valid now, then its `receive` with the one that fitted. Never throws. */
export function hear(account: Account, delivery: Delivery): Heard {
  const { channel } = account;
  const keys = keysOf(account, delivery.receivedAtMs).find((settings) => isFrom(account, delivery, settings));
  if (keys === undefined || channel.receive === undefined) return REFUSED;
  try {
    return receiveWith(account, delivery, keys);
  } catch (error) {
    if (isChannelError(error) && error.kind === 'refuse') return REFUSED;
    const { url, body } = delivery;
    const remoteId = `unreadable:${createHash('sha256')
      .update(body.length === 0 ? url : body)
      .digest('hex')}`;
    const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
    return { is: 'unreadable', remoteId, reason, answer: acknowledgementOf(channel, keys) };
  }
}

/**
 * What a delivery says that was verified when it came: signatures have their time, and it is over.
 *
 * @throws what `receive` throws with the newest keys that are valid now.
 */
export function hearAgain(account: Account, delivery: Delivery, nowMs: number): readonly Inbound[] {
  let first: unknown;
  for (const keys of keysOf(account, nowMs)) {
    try {
      return receiveWith(account, delivery, keys).inbound;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

function receiveWith({ channel }: Account, delivery: Delivery, keys: Settings): Extract<Heard, { is: 'heard' }> {
  const usual = acknowledgementOf(channel, keys);
  const received = channel.receive?.(delivery, keys) ?? [];
  const told: Received = 'inbound' in received ? received : { inbound: received };
  const { inbound, answer = usual, conflict, asks } = told;
  if (inbound.length > INBOUND_MAX) throw new RangeError(`more than ${INBOUND_MAX} things in one delivery`);
  if (inbound.some(({ kind }) => kind === 'unreadable')) throw new TypeError('a delivery is read whole or not at all');
  const more = { ...(conflict === undefined ? {} : { conflict }), ...(asks === undefined ? {} : { asks }) };
  return { is: 'heard', inbound: inbound.map(cleanInbound), answer, ...more };
}

function acknowledgementOf({ acknowledgement = {} }: Channel, settings: Settings): Answer {
  return typeof acknowledgement === 'function' ? acknowledgement(settings) : acknowledgement;
}

function isFrom({ channel }: Account, delivery: Delivery, settings: Settings): boolean {
  try {
    return channel.verify?.(delivery, settings) === true;
  } catch {
    return false;
  }
}
