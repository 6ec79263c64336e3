import { closeSync, openSync, readSync } from 'node:fs';
import { WAV_HEADER_BYTES } from '../../softswitch/rtp/wav.ts';
import { FRAME_SAMPLES, type Frame, measureFrame } from './tone.ts';

/** An hour: later sound is kept in the file but not measured. */
const FRAMES_MAX = 36_000;
const SAMPLE_PAIR_BYTES = 4;
const FRAME_BYTES = FRAME_SAMPLES * SAMPLE_PAIR_BYTES;

/** Measures a two-channel recording while it grows; the left channel is what the far end says. */
export interface Ear {
  /** All frames measured so far, after reading what is new. */
  listen(): readonly Frame[];
}

export function openEar(file: string, hz: number): Ear {
  const frames: Frame[] = [];
  return {
    listen() {
      for (;;) {
        const bytes = readFrom(file, WAV_HEADER_BYTES + frames.length * FRAME_BYTES);
        if (bytes.length < FRAME_BYTES || frames.length >= FRAMES_MAX) return frames;
        for (let at = 0; at + FRAME_BYTES <= bytes.length; at += FRAME_BYTES) {
          frames.push(measureFrame(leftOf(bytes.subarray(at, at + FRAME_BYTES)), hz));
        }
      }
    },
  };
}

/** The left channel of interleaved 16-bit samples. */
export function leftOf(bytes: Buffer): Int16Array {
  const left = new Int16Array(Math.floor(bytes.length / SAMPLE_PAIR_BYTES));
  for (let n = 0; n < left.length; n++) left[n] = bytes.readInt16LE(n * SAMPLE_PAIR_BYTES);
  return left;
}

const PIECE_BYTES = 1024 * 1024;

/** What follows `position`, 1 MiB (half a minute) at most; nothing when there is no such file. */
function readFrom(file: string, position: number): Buffer {
  try {
    const handle = openSync(file, 'r');
    try {
      const piece = Buffer.alloc(PIECE_BYTES);
      return piece.subarray(0, readSync(handle, piece, 0, PIECE_BYTES, position));
    } finally {
      closeSync(handle);
    }
  } catch {
    return Buffer.alloc(0);
  }
}
