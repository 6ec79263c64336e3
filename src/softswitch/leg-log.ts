import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const LEG_LOG_BYTES_MAX = 64 * 1024 * 1024;

export interface LegLog {
  /** With the kernel when it returns, so that the death of this process loses nothing. */
  write(line: object): void;
  close(): void;
}

/** One JSON line per ended leg; one older file is kept. */
export function openLegLog(file: string, complain: (error: unknown) => void): LegLog {
  mkdirSync(dirname(file), { recursive: true });
  let descriptor = openSync(file, 'a', 0o600);
  let bytes = fstatSync(descriptor).size;
  return {
    write(line) {
      try {
        bytes += writeSync(descriptor, `${JSON.stringify(line)}\n`);
        if (bytes < LEG_LOG_BYTES_MAX) return;
        closeSync(descriptor);
        renameSync(file, `${file}.1`);
        descriptor = openSync(file, 'a', 0o600);
        bytes = 0;
      } catch (error) {
        complain(error);
      }
    },
    close: () => closeSync(descriptor),
  };
}
