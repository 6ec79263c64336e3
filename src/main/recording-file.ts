import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** What a recording's file says of itself. */
export interface RecordingLength {
  readonly durationMs: number;
  readonly bytes: number;
}

/** Everything that a recorder writes before the sound. */
const HEAD_BYTES = 4_096;
/** Longer than a recorder keeps sound in memory, shorter than the core waits to hear of a recording's end. */
const STILL_MS = 3_000;
/** PCM, float, A-law, µ-law and the form that names one of them further on: each frame has the same number of bytes. */
const EVEN_FORMATS = new Set([1, 3, 6, 7, 0xfffe]);
const UNKNOWN_LENGTH = 0xffff_ffff;

/**
 * Length of a WAV file (RIFF), by its header and its size. Of one that was never closed, by its size alone.
 *
 * @returns undefined when there is none, it cannot be read, it is no such file, or somebody wrote to it within the last three seconds.
 */
export async function measureRecording(path: string, nowMs = Date.now()): Promise<RecordingLength | undefined> {
  let file: FileHandle | undefined;
  try {
    // A pipe would keep whoever opens it waiting.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile() || nowMs - found.mtimeMs < STILL_MS) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const durationMs = durationOf(buffer.subarray(0, bytesRead), found.size);
    return durationMs === undefined ? undefined : { durationMs, bytes: found.size };
  } catch {
    return undefined;
  } finally {
    await file?.close().catch(() => undefined);
  }
}

function durationOf(head: Buffer, size: number): number | undefined {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let format: Format | undefined;
  for (let at = 12; at + 8 <= head.length; ) {
    const name = head.toString('latin1', at, at + 4);
    const length = head.readUInt32LE(at + 4);
    const start = at + 8;
    if (name === 'data') return format && soundMs(format, length, size - start);
    if (name === 'fmt ') format = formatOf(head.subarray(start, start + length));
    at = start + length + (length % 2);
  }
  return undefined;
}

interface Format {
  readonly rateHz: number;
  readonly frameBytes: number;
}

function formatOf(chunk: Buffer): Format | undefined {
  if (chunk.length < 16 || !EVEN_FORMATS.has(chunk.readUInt16LE(0))) return undefined;
  const format = { rateHz: chunk.readUInt32LE(4), frameBytes: chunk.readUInt16LE(12) };
  return format.rateHz > 0 && format.frameBytes > 0 ? format : undefined;
}

function soundMs({ rateHz, frameBytes }: Format, said: number, there: number): number {
  const bytes = said === 0 || said === UNKNOWN_LENGTH ? there : Math.min(said, there);
  return Math.round((Math.floor(bytes / frameBytes) * 1_000) / rateHz);
}
