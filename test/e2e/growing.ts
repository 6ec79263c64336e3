import { closeSync, openSync, readSync } from 'node:fs';

/** The left channel of a two-channel WAV file that grows: each time only what is new is read. */
export function growing(file: string): () => Int16Array {
  let room = new Int16Array(80_000);
  let length = 0;
  return () => {
    const handle = openSync(file, 'r');
    try {
      for (;;) {
        const piece = Buffer.alloc(65_536);
        const frames = Math.floor(readSync(handle, piece, 0, piece.length, 44 + 4 * length) / 4);
        if (frames === 0) return room.subarray(0, length);
        if (length + frames > room.length) {
          const larger = new Int16Array(2 * (length + frames));
          larger.set(room);
          room = larger;
        }
        for (let n = 0; n < frames; n++) room[length++] = piece.readInt16LE(4 * n);
      }
    } finally {
      closeSync(handle);
    }
  };
}
