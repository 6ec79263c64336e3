const RATE = 8_000;
const HEAD_BYTES = 44;
const LOUDNESS = 8_000;

/** Mono 16-bit WAV at 8 kHz with one tone. */
export function toneWav(hz: number, ms: number): Buffer {
  const samples = (RATE / 1_000) * ms;
  const wav = Buffer.alloc(HEAD_BYTES + samples * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1) {
    wav.writeInt16LE(Math.round(LOUDNESS * Math.sin((2 * Math.PI * hz * n) / RATE)), HEAD_BYTES + 2 * n);
  }
  return wav;
}
