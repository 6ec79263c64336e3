import { EVENT_DIGITS } from './digits-in.ts';
import { FRAME_SAMPLES, write16 } from './packet.ts';

/** Keys to the far end as telephone-events (RFC 4733 §2.5): 100 ms each, the end sent three times, 60 ms apart. */
export interface DigitSender {
  waiting: string;
  /** Packets of the current key sent; undefined between keys. */
  sent: number;
}

export interface EventFrame {
  /** undefined in the pause after a key. */
  readonly payload: Uint8Array | undefined;
  /** The first packet of a key: takes a timestamp of its own, which the key's other packets repeat. */
  readonly first: boolean;
  /** Samples by which the timestamp moves on when this key is over; 0 before. */
  readonly spanSamples: number;
}

/** Keys waiting for one leg; more are not taken. */
export const DIGITS_OUT_MAX = 64;
const TONE_FRAMES = 5;
const END_PACKETS = 3;
const PAUSE_FRAMES = 3;
const PACKETS = TONE_FRAMES - 1 + END_PACKETS;
const VOLUME = 10;

export function createDigitSender(): DigitSender {
  return { waiting: '', sent: 0 };
}

/** Other characters than 0-9 * # A-D are left out. */
export function queueDigits(sender: DigitSender, digits: string): void {
  const usable = [...digits.toUpperCase()].filter((digit) => EVENT_DIGITS.includes(digit));
  sender.waiting = (sender.waiting + usable.join('')).slice(0, DIGITS_OUT_MAX);
}

/** What goes out in this 20 ms instead of sound. @returns undefined when no key is being sent. */
export function nextEventFrame(sender: DigitSender): EventFrame | undefined {
  const digit = sender.waiting[0];
  if (digit === undefined) return undefined;
  const index = sender.sent++;
  if (index >= PACKETS) {
    if (index === PACKETS + PAUSE_FRAMES - 1) {
      sender.waiting = sender.waiting.slice(1);
      sender.sent = 0;
    }
    return { payload: undefined, first: false, spanSamples: 0 };
  }
  const frames = Math.min(index + 1, TONE_FRAMES);
  const payload = new Uint8Array(4);
  payload[0] = EVENT_DIGITS.indexOf(digit);
  payload[1] = (frames === TONE_FRAMES ? 0x80 : 0) | VOLUME;
  write16(payload, 2, frames * FRAME_SAMPLES);
  return { payload, first: index === 0, spanSamples: frames * FRAME_SAMPLES };
}
