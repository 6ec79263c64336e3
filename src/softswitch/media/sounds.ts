import { readFile, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { type Codec, encode, SILENCE } from '../rtp/g711.ts';
import { FRAME_SAMPLES } from '../rtp/packet.ts';
import { readWav, SAMPLE_RATE } from '../rtp/wav.ts';
import type { MediaOptions } from './messages.ts';

/** A file in memory, coded for the wire when first played in that law. */
export interface Sound {
  readonly samples: Int16Array;
  readonly coded: Partial<Record<Codec, Uint8Array>>;
}

/** Files read before, least recently used first. */
export interface SoundShelf {
  readonly files: Map<string, { readonly sound: Sound; readonly changedMs: number }>;
  bytes: number;
}

export type Source =
  | { readonly kind: 'sound'; readonly sound: Sound; readonly endless: boolean; at: number }
  | { readonly kind: 'silence'; left: number }
  | { readonly kind: 'tone'; readonly radiansPerSample: number; left: number; at: number };

export const FILES_MAX = 500;
export const SHELF_BYTES_MAX = 128 * 1024 * 1024;
/** 17 minutes of 16-bit sound. */
export const FILE_BYTES_MAX = 16 * 1024 * 1024;
const PART_MS_MAX = 3_600_000;
/** A quarter of full scale, as call progress tones are. */
const TONE_AMPLITUDE = 8000;

const SILENT_FRAME: Readonly<Record<Codec, Uint8Array>> = {
  PCMA: new Uint8Array(FRAME_SAMPLES).fill(SILENCE.PCMA),
  PCMU: new Uint8Array(FRAME_SAMPLES).fill(SILENCE.PCMU),
};

export function createShelf(): SoundShelf {
  return { files: new Map(), bytes: 0 };
}

/** Turns one name of a `play` wish into sound. @returns why not, in words. */
export async function openSource(shelf: SoundShelf, options: MediaOptions, name: string): Promise<Source | string> {
  if (name === 'music') return openFile(shelf, options.musicFile, true);
  const silence = /^silence:(\d{1,7})$/.exec(name);
  if (silence) return limited(Number(silence[1]), (samples) => ({ kind: 'silence', left: samples }));
  const tone = /^tone:(\d{2,4}):(\d{1,7})$/.exec(name);
  if (tone) {
    const hz = Number(tone[1]);
    if (hz * 2 >= SAMPLE_RATE) return `no tone of ${hz} Hz`;
    const radiansPerSample = (2 * Math.PI * hz) / SAMPLE_RATE;
    return limited(Number(tone[2]), (samples) => ({ kind: 'tone', radiansPerSample, left: samples, at: 0 }));
  }
  const path = resolve(name);
  const isMusic = path === resolve(options.musicFile);
  if (!isMusic && !options.playFolders.some((folder) => path.startsWith(resolve(folder) + sep)))
    return 'outside the folders that may be played';
  return openFile(shelf, path, false);
}

export async function readSound(shelf: SoundShelf, path: string): Promise<Sound | string> {
  try {
    const { size, mtimeMs, isFile } = await stat(path).then((s) => ({
      size: s.size,
      mtimeMs: s.mtimeMs,
      isFile: s.isFile(),
    }));
    const known = shelf.files.get(path);
    if (known && known.changedMs === mtimeMs) {
      shelf.files.delete(path);
      shelf.files.set(path, known);
      return known.sound;
    }
    if (!isFile || size > FILE_BYTES_MAX) return 'not a file of at most 16 MiB';
    const wav = readWav(await readFile(path));
    if (typeof wav === 'string') return wav;
    if (wav.channels !== 1) return 'not mono';
    const sound: Sound = { samples: wav.samples, coded: {} };
    putOnShelf(shelf, path, sound, mtimeMs);
    return sound;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read';
  }
}

export function endless(sound: Sound): Source {
  return { kind: 'sound', sound, endless: true, at: 0 };
}

/** The next 20 ms in the given law. @returns undefined at the end. */
export function nextFrame(source: Source, codec: Codec): Uint8Array | undefined {
  switch (source.kind) {
    case 'sound':
      return nextOfSound(source, codec);
    case 'silence':
      if (source.left <= 0) return undefined;
      source.left -= FRAME_SAMPLES;
      return SILENT_FRAME[codec];
    case 'tone':
      return nextOfTone(source, codec);
  }
}

export function silentFrame(codec: Codec): Uint8Array {
  return SILENT_FRAME[codec];
}

function limited(ms: number, make: (samples: number) => Source): Source | string {
  return ms > 0 && ms <= PART_MS_MAX ? make(ms * 8) : `not within 1..${PART_MS_MAX} ms`;
}

async function openFile(shelf: SoundShelf, path: string, isEndless: boolean): Promise<Source | string> {
  const sound = await readSound(shelf, path);
  if (typeof sound === 'string') return sound;
  if (sound.samples.length === 0) return 'empty';
  return { kind: 'sound', sound, endless: isEndless, at: 0 };
}

function putOnShelf(shelf: SoundShelf, path: string, sound: Sound, changedMs: number): void {
  const former = shelf.files.get(path);
  if (former) removeFromShelf(shelf, path, former.sound);
  shelf.files.set(path, { sound, changedMs });
  shelf.bytes += bytesOf(sound);
  for (const [oldest, { sound: old }] of shelf.files) {
    if (shelf.files.size <= FILES_MAX && shelf.bytes <= SHELF_BYTES_MAX) break;
    removeFromShelf(shelf, oldest, old);
  }
}

function removeFromShelf(shelf: SoundShelf, path: string, sound: Sound): void {
  shelf.files.delete(path);
  shelf.bytes -= bytesOf(sound);
}

/** With both coded forms, whether or not they exist yet. */
function bytesOf(sound: Sound): number {
  return sound.samples.length * 4;
}

function nextOfSound(source: Source & { kind: 'sound' }, codec: Codec): Uint8Array | undefined {
  source.sound.coded[codec] ??= encode(codec, source.sound.samples);
  const coded = source.sound.coded[codec];
  if (source.at >= coded.length) {
    if (!source.endless) return undefined;
    source.at = 0;
  }
  const frame = coded.subarray(source.at, source.at + FRAME_SAMPLES);
  source.at += FRAME_SAMPLES;
  if (frame.length === FRAME_SAMPLES) return frame;
  const last = new Uint8Array(FRAME_SAMPLES).fill(SILENCE[codec]);
  last.set(frame);
  if (source.endless) {
    source.at = FRAME_SAMPLES - frame.length;
    last.set(coded.subarray(0, source.at), frame.length);
  }
  return last;
}

function nextOfTone(source: Source & { kind: 'tone' }, codec: Codec): Uint8Array | undefined {
  if (source.left <= 0) return undefined;
  const samples = new Int16Array(FRAME_SAMPLES);
  const count = Math.min(FRAME_SAMPLES, source.left);
  for (let i = 0; i < count; i++) samples[i] = TONE_AMPLITUDE * Math.sin(source.radiansPerSample * source.at++);
  source.left -= FRAME_SAMPLES;
  return encode(codec, samples);
}
