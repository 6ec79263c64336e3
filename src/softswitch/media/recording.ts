import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { forget, readAt } from '../rtp/timeline.ts';
import { WAV_HEADER_BYTES, writeWavHeader } from '../rtp/wav.ts';
import { type Leg, type Media, SAMPLES_PER_MS, sampleAt } from './leg.ts';

/** A two-channel file that follows the clock: one sample of each side for each sample of time, whatever the network does. */
export interface Recording {
  readonly file: string;
  /** Position of the clock from which on samples are still to be taken. */
  cursor: number;
  /** Taken, waiting for the disk. */
  readonly waiting: Buffer[];
  waitingBytes: number;
  handle: FileHandle | undefined;
  framesWritten: number;
  /** Work on the file, one step after the other. */
  work: Promise<void>;
  writing: boolean;
  failure: string | undefined;
  /** Under way, or over, once it is to end. */
  end: Promise<void> | undefined;
}

/** Recordings of one leg at a time. */
export const RECORDINGS_MAX = 4;
const CHANNELS = 2;
const FRAME_BYTES = CHANNELS * 2;
/** How far behind the clock samples are taken, so that late packets find their place. Samples. */
const TAKE_BEHIND = 4000;
/** Half a minute of a disk that does not answer. */
const WAITING_BYTES_MAX = 30 * 8000 * FRAME_BYTES;
/** Ticks: the files are written once a second. */
const BATCH_TICKS = 50;
/** Samples, well within what a timeline keeps. */
const PIECE_MAX = 8000;

export function startRecording(media: Media, leg: Leg, file: string): void {
  if (leg.recordings.has(file)) return;
  const why = refusal(media, leg, file);
  if (why) {
    media.report({ report: 'recordEnded', leg: leg.id, file, durationMs: 0, bytes: 0, why });
    return;
  }
  if (leg.recordings.size === 0) {
    if (leg.joined.to !== 'room') forget(leg.says);
    forget(leg.hears);
  }
  const recording: Recording = {
    file,
    cursor: sampleAt(media.nowMs()),
    waiting: [],
    waitingBytes: 0,
    handle: undefined,
    framesWritten: 0,
    work: Promise.resolve(),
    writing: false,
    failure: undefined,
    end: undefined,
  };
  leg.recordings.set(file, recording);
  recording.work = create(recording).then(() => {
    if (recording.failure) void endRecording(media, leg, recording);
    else media.report({ report: 'recordStarted', leg: leg.id, file });
  });
}

/** Once a second for each recording: takes what has become certain and hands it to the disk. */
export function tickRecordings(media: Media, leg: Leg, tick: number, nowSample: number): void {
  if (leg.recordings.size === 0 || (tick + leg.sender.ssrc) % BATCH_TICKS !== 0) return;
  for (const recording of leg.recordings.values()) {
    if (recording.end !== undefined) continue;
    take(recording, leg, nowSample - TAKE_BEHIND);
    if (recording.waitingBytes > WAITING_BYTES_MAX) recording.failure = 'the disk is too slow';
    if (recording.failure) void endRecording(media, leg, recording);
    else writeSoon(recording);
  }
}

/** Takes the rest, up to now, and closes the file. Resolves when it is reported. */
export function endRecording(media: Media, leg: Leg, recording: Recording): Promise<void> {
  recording.end ??= endNow(media, leg, recording);
  return recording.end;
}

/** The leg has the recording until it is reported: a leg that closes meanwhile waits for it. */
async function endNow(media: Media, leg: Leg, recording: Recording): Promise<void> {
  if (!recording.failure) take(recording, leg, sampleAt(media.nowMs()));
  writeSoon(recording);
  await recording.work;
  await close(recording);
  leg.recordings.delete(recording.file);
  const { file, framesWritten, failure } = recording;
  const durationMs = Math.round(framesWritten / SAMPLES_PER_MS);
  const bytes = recording.handle ? WAV_HEADER_BYTES + framesWritten * FRAME_BYTES : 0;
  media.report({ report: 'recordEnded', leg: leg.id, file, durationMs, bytes, ...(failure ? { why: failure } : {}) });
}

function refusal(media: Media, leg: Leg, file: string): string | undefined {
  if (leg.recordings.size >= RECORDINGS_MAX) return `more than ${RECORDINGS_MAX} recordings of one leg`;
  const folder = resolve(media.options.recordFolder) + sep;
  return resolve(file).startsWith(folder) && !file.includes('\0') ? undefined : 'outside the folder of recordings';
}

/** Never over a file that is there: it may be somebody's evidence. */
async function create(recording: Recording): Promise<void> {
  try {
    const path = resolve(recording.file);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    recording.handle = await open(path, 'wx', 0o600);
    await writeAll(recording.handle, writeWavHeader(CHANNELS, 0), 0);
  } catch (error) {
    recording.failure ??= wordsOf(error);
  }
}

/** Moves the samples before `end` from the timelines into the queue for the disk. */
function take(recording: Recording, leg: Leg, end: number): void {
  while (recording.cursor < end) {
    const count = Math.min(PIECE_MAX, end - recording.cursor);
    const left = new Int16Array(count);
    const right = new Int16Array(count);
    readAt(leg.says, recording.cursor, left);
    readAt(leg.hears, recording.cursor, right);
    const bytes = Buffer.allocUnsafe(count * FRAME_BYTES);
    for (let i = 0; i < count; i++) {
      bytes.writeInt16LE(left[i]!, i * FRAME_BYTES);
      bytes.writeInt16LE(right[i]!, i * FRAME_BYTES + 2);
    }
    recording.waiting.push(bytes);
    recording.waitingBytes += bytes.length;
    recording.cursor += count;
  }
}

function writeSoon(recording: Recording): void {
  if (recording.writing) return;
  recording.writing = true;
  recording.work = recording.work.then(() => write(recording));
}

/** First the sound, then the header that tells of it: a file cut off by a crash is whole up to its last second. */
async function write(recording: Recording): Promise<void> {
  recording.writing = false;
  const bytes = Buffer.concat(recording.waiting.splice(0));
  recording.waitingBytes = 0;
  if (!recording.handle || recording.failure || bytes.length === 0) return;
  try {
    await writeAll(recording.handle, bytes, WAV_HEADER_BYTES + recording.framesWritten * FRAME_BYTES);
    const frames = recording.framesWritten + bytes.length / FRAME_BYTES;
    await writeAll(recording.handle, writeWavHeader(CHANNELS, frames), 0);
    recording.framesWritten = frames;
  } catch (error) {
    recording.failure = wordsOf(error);
  }
}

async function close(recording: Recording): Promise<void> {
  try {
    await recording.handle?.close();
  } catch (error) {
    recording.failure ??= wordsOf(error);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
