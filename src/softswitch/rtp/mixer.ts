import { FRAME_SAMPLES } from './packet.ts';

/** The arithmetic of a conference: everybody hears the sum of the others (N-1). */

/** Adds one voice to the sum. */
export function addVoice(sum: Int32Array, voice: Int16Array): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) sum[i] = sum[i]! + voice[i]!;
}

/** The sum without the listener's own voice, cut to 16 bits. `own` undefined: the listener was not in the sum. */
export function withoutOwn(sum: Int32Array, own: Int16Array | undefined, into: Int16Array): void {
  for (let i = 0; i < FRAME_SAMPLES; i++) {
    const value = own ? sum[i]! - own[i]! : sum[i]!;
    into[i] = value > 32_767 ? 32_767 : value < -32_768 ? -32_768 : value;
  }
}
