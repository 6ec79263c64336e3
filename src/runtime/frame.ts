import { crc32 } from 'node:zlib';
import type { Entry } from './entry.ts';

/**
 * How a batch stands in a segment file: magic, length, CRC-32 of the payload, number of entries (all 32 bits, little-endian), payload.
 * The payload is one line of JSON for each entry. A batch is one frame because it is written and flushed as one: power lost in
 * between leaves one bad frame with nothing good behind it, and that is how a torn tail is told from damage.
 */
const MAGIC = 0x314a_484d; // "MHJ1"
export const HEAD_BYTES = 16;
const ZEROS = Buffer.alloc(64 * 1024);
/** A length above this is damage; a batch above it is refused. */
export const FRAME_BYTES_MAX = 64 * 1024 * 1024;

export interface Frame {
  readonly entries: Entry[];
  /** Where the next one begins. */
  readonly endsAt: number;
}

export function encodeFrame(entries: readonly Entry[]): Buffer {
  const payload = Buffer.from(entries.map((entry) => JSON.stringify(entry)).join('\n'));
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(crc32(payload), 8);
  frame.writeUInt32LE(entries.length, 12);
  payload.copy(frame, HEAD_BYTES);
  return frame;
}

/** @returns undefined when no whole frame stands at `at`: the end, a torn tail or damage (`anythingAfter` tells which). */
export function decodeFrame(bytes: Buffer, at: number): Frame | undefined {
  const span = frameSpan(bytes, at);
  if (span === undefined) return undefined;
  const text = bytes.toString('utf8', at + HEAD_BYTES, span);
  return { entries: text.split('\n').map((line) => JSON.parse(line) as Entry), endsAt: span };
}

/** What stands at and behind a place where no frame is. */
export function anythingAfter(bytes: Buffer, at: number): 'nothing' | 'torn' | 'frames' {
  let written = false;
  for (let index = nextWritten(bytes, at); index < bytes.length; index = nextWritten(bytes, index + 1)) {
    written = true;
    if (index > at && frameSpan(bytes, index) !== undefined) return 'frames';
  }
  return written ? 'torn' : 'nothing';
}

/** Most of a segment is zeros that nothing was written over yet: passed by the block. */
function nextWritten(bytes: Buffer, from: number): number {
  let index = from;
  while (index + ZEROS.length <= bytes.length && bytes[index] === 0) {
    if (bytes.compare(ZEROS, 0, ZEROS.length, index, index + ZEROS.length) !== 0) break;
    index += ZEROS.length;
  }
  while (index < bytes.length && bytes[index] === 0) index++;
  return index;
}

function frameSpan(bytes: Buffer, at: number): number | undefined {
  if (at + HEAD_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined;
  const length = bytes.readUInt32LE(at + 4);
  const end = at + HEAD_BYTES + length;
  if (length === 0 || length > FRAME_BYTES_MAX || end > bytes.length) return undefined;
  return crc32(bytes.subarray(at + HEAD_BYTES, end)) === bytes.readUInt32LE(at + 8) ? end : undefined;
}
