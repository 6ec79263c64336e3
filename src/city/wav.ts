import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { refuseStrangeFile } from '../lib/strange-file.ts';

/** Sample rate of everything that is played or recorded. */
export const RATE_HZ = 8_000;
/** Bytes of one prompt: about 17 minutes. */
export const WAV_BYTES_MAX = 16_777_216;

interface Refusal {
  readonly ok: false;
  readonly why: 'notWav' | 'wrongFormat' | 'empty';
  readonly found: string;
}

export type WavResult = Refusal | { readonly ok: true; readonly samples: Int16Array; readonly durationMs: number };
export type WavLength = Refusal | { readonly ok: true; readonly durationMs: number };

/** Bytes of a file from `at` on; fewer than `length` at its end. */
type Read = (at: number, length: number) => DataView;

/** Reads a WAV file (RIFF, chunks in any order) of 8 kHz mono 16-bit PCM; anything else is named in `found`. Never throws. */
export function readWav(bytes: Uint8Array): WavResult {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: Read = (at, length) =>
    new DataView(view.buffer, view.byteOffset + at, Math.max(0, Math.min(length, view.byteLength - at)));
  const sound = findSound(read, bytes.length);
  if (!sound.ok) return sound;
  const samples = new Int16Array(sound.count);
  for (let index = 0; index < sound.count; index++) samples[index] = view.getInt16(sound.at + 2 * index, true);
  return { ok: true, samples, durationMs: durationOf(sound.count) };
}

/**
 * As `readWav`, of a file, reading its headers alone.
 *
 * @throws the system's own error when the file cannot be read.
 */
export function measureWav(path: string): WavLength {
  refuseStrangeFile(path);
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size > WAV_BYTES_MAX) return { ok: false, why: 'wrongFormat', found: `more than ${WAV_BYTES_MAX} bytes` };
    const head = new Uint8Array(HEAD_BYTES);
    const headLength = readSync(fd, head, 0, HEAD_BYTES, 0);
    const sound = findSound((at, length) => {
      if (at + length <= headLength) return new DataView(head.buffer, at, length);
      const bytes = new Uint8Array(length);
      return new DataView(bytes.buffer, 0, readSync(fd, bytes, 0, length, at));
    }, size);
    return sound.ok ? { ok: true, durationMs: durationOf(sound.count) } : sound;
  } finally {
    closeSync(fd);
  }
}

/** Holds all headers of an ordinary file. */
const HEAD_BYTES = 256;

function durationOf(count: number): number {
  return Math.round((count * 1_000) / RATE_HZ);
}

function findSound(
  read: Read,
  size: number,
): Refusal | { readonly ok: true; readonly at: number; readonly count: number } {
  const head = read(0, 12);
  if (head.byteLength < 12 || tag(head, 0) !== 'RIFF' || tag(head, 8) !== 'WAVE')
    return { ok: false, why: 'notWav', found: 'not RIFF/WAVE' };
  const chunks = findChunks(read, size);
  const format = chunks.get('fmt ');
  const data = chunks.get('data');
  if (format === undefined || format.length < 16 || data === undefined)
    return { ok: false, why: 'notWav', found: 'no fmt or data chunk' };
  const found = describeFormat(read(format.at, Math.min(format.length, FORMAT_BYTES)));
  if (found !== 'PCM 8000 Hz, 1 channel(s), 16 bit') return { ok: false, why: 'wrongFormat', found };
  const count = Math.floor(data.length / 2);
  return count === 0 ? { ok: false, why: 'empty', found: '0 samples' } : { ok: true, at: data.at, count };
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

/** A file of empty chunks must not hold up a start. */
const CHUNKS_MAX = 1_000;
/** The format chunk with its extension. */
const FORMAT_BYTES = 40;

function findChunks(read: Read, size: number): Map<string, { at: number; length: number }> {
  const chunks = new Map<string, { at: number; length: number }>();
  for (let at = 12, count = 0; at + 8 <= size && count < CHUNKS_MAX; count++) {
    const head = read(at, 8);
    if (head.byteLength < 8) break;
    const length = Math.min(head.getUint32(4, true), size - at - 8);
    if (!chunks.has(tag(head, 0))) chunks.set(tag(head, 0), { at: at + 8, length });
    at += 8 + length + (length % 2); // Chunks are padded to an even length.
  }
  return chunks;
}

function describeFormat(view: DataView): string {
  const extensible = view.getUint16(0, true) === 0xfffe && view.byteLength >= 26;
  const code = view.getUint16(extensible ? 24 : 0, true);
  const name = { 1: 'PCM', 3: 'float', 6: 'A-law', 7: 'µ-law' }[code] ?? `format ${code}`;
  return `${name} ${view.getUint32(4, true)} Hz, ${view.getUint16(2, true)} channel(s), ${view.getUint16(14, true)} bit`;
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}
