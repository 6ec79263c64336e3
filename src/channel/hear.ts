import { createHash } from 'node:crypto';
import { type Account, keysOf } from './account.ts';
import type { Answer, Delivery, Inbound, Settings } from './channel.ts';
import { cleanInbound, INBOUND_MAX } from './clean-inbound.ts';
import { isChannelError } from './trouble.ts';

/** What a delivery comes to, before anything is stored. */
export type Heard =
  /** Not from the account's platform. */
  | { readonly is: 'refused' }
  | { readonly is: 'heard'; readonly inbound: readonly Inbound[]; readonly answer: Answer }
  /** From the platform, and not understood: set aside whole under `remoteId`, so that its repeats are one. */
  | { readonly is: 'unreadable'; readonly remoteId: string; readonly reason: string; readonly answer: Answer };

const REASON_CHARS_MAX = 500;
const REFUSED: Heard = { is: 'refused' };

/** Pure: the channel's `verify` with every pair of keys that is valid now, then its `receive` with the one that fitted. Never throws. */
export function hear(account: Account, delivery: Delivery): Heard {
  const { channel } = account;
  const keys = keysOf(account, delivery.receivedAtMs).find((settings) => isFrom(account, delivery, settings));
  if (keys === undefined || channel.receive === undefined) return REFUSED;
  const usual = channel.acknowledgement ?? {};
  try {
    const received = channel.receive(delivery, keys);
    const { inbound, answer = usual } = 'inbound' in received ? received : { inbound: received };
    if (inbound.length > INBOUND_MAX) throw new RangeError(`more than ${INBOUND_MAX} things in one delivery`);
    return { is: 'heard', inbound: inbound.map(cleanInbound), answer };
  } catch (error) {
    if (isChannelError(error) && error.kind === 'refuse') return REFUSED;
    const { url, body } = delivery;
    const remoteId = `unreadable:${createHash('sha256')
      .update(body.length === 0 ? url : body)
      .digest('hex')}`;
    const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
    return { is: 'unreadable', remoteId, reason, answer: usual };
  }
}

function isFrom({ channel }: Account, delivery: Delivery, settings: Settings): boolean {
  try {
    return channel.verify?.(delivery, settings) === true;
  } catch {
    return false;
  }
}
