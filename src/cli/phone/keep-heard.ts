import { readFileSync, writeFileSync } from 'node:fs';
import { WAV_HEADER_BYTES, writeWavHeader } from '../../softswitch/rtp/wav.ts';
import { leftOf } from './ear.ts';

/** Copies what the far end said out of a two-channel recording into a WAV file of one channel. @throws the system's own error. */
export function keepHeard(from: string, to: string): void {
  const heard = leftOf(readFileSync(from).subarray(WAV_HEADER_BYTES));
  const sound = Buffer.alloc(heard.length * 2);
  for (const [n, sample] of heard.entries()) sound.writeInt16LE(sample, n * 2);
  writeFileSync(to, Buffer.concat([writeWavHeader(1, heard.length), sound]), { mode: 0o600 });
}
