/** Sample rate of everything that is played or recorded. */
export const RATE_HZ = 8_000;
/** Bytes of one prompt: about 17 minutes. */
export const WAV_BYTES_MAX = 16_777_216;

export type WavResult =
  | { readonly ok: true; readonly samples: Int16Array; readonly durationMs: number }
  | { readonly ok: false; readonly why: 'notWav' | 'wrongFormat' | 'empty'; readonly found: string };

/** Reads a WAV file (RIFF, chunks in any order) of 8 kHz mono 16-bit PCM; anything else is named in `found`. Never throws. */
export function readWav(bytes: Uint8Array): WavResult {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE')
    return { ok: false, why: 'notWav', found: 'not RIFF/WAVE' };
  const chunks = findChunks(view);
  const format = chunks.get('fmt ');
  const data = chunks.get('data');
  if (format === undefined || format.length < 16 || data === undefined)
    return { ok: false, why: 'notWav', found: 'no fmt or data chunk' };
  const found = describeFormat(view, format.at, format.length);
  if (found !== 'PCM 8000 Hz, 1 channel(s), 16 bit') return { ok: false, why: 'wrongFormat', found };
  const count = Math.floor(data.length / 2);
  if (count === 0) return { ok: false, why: 'empty', found: '0 samples' };
  const samples = new Int16Array(count);
  for (let index = 0; index < count; index++) samples[index] = view.getInt16(data.at + 2 * index, true);
  return { ok: true, samples, durationMs: Math.round((count * 1_000) / RATE_HZ) };
}

/** A WAV file of 8 kHz 16-bit PCM; `channels` are interleaved already. */
export function makeWav(samples: Int16Array, channels = 1): Uint8Array {
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('RIFF....WAVEfmt ....................data', 'latin1'));
  view.setUint32(4, bytes.length - 8, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ * 2 * channels, true);
  view.setUint16(32, 2 * channels, true);
  view.setUint16(34, 16, true);
  view.setUint32(40, samples.length * 2, true);
  for (let index = 0; index < samples.length; index++) view.setInt16(44 + 2 * index, samples[index] as number, true);
  return bytes;
}

function findChunks(view: DataView): Map<string, { at: number; length: number }> {
  const chunks = new Map<string, { at: number; length: number }>();
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const length = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8);
    if (!chunks.has(tag(view, at))) chunks.set(tag(view, at), { at: at + 8, length });
    at += 8 + length + (length % 2); // Chunks are padded to an even length.
  }
  return chunks;
}

function describeFormat(view: DataView, at: number, length: number): string {
  const extensible = view.getUint16(at, true) === 0xfffe && length >= 26;
  const code = view.getUint16(extensible ? at + 24 : at, true);
  const name = { 1: 'PCM', 3: 'float', 6: 'A-law', 7: 'µ-law' }[code] ?? `format ${code}`;
  return `${name} ${view.getUint32(at + 4, true)} Hz, ${view.getUint16(at + 2, true)} channel(s), ${view.getUint16(at + 14, true)} bit`;
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}
