import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { openCappedFile } from '../lib/capped-file.ts';

export const LEG_LOG_BYTES_MAX = 64 * 1024 * 1024;

export interface LegLog {
  /** With the kernel when it returns, so that the death of this process loses nothing. */
  write(line: object): void;
  close(): void;
}

/** One JSON line per ended leg; one older file is kept. */
export function openLegLog(file: string, complain: (error: unknown) => void): LegLog {
  mkdirSync(dirname(file), { recursive: true });
  const log = openCappedFile(file, LEG_LOG_BYTES_MAX);
  return {
    write(line) {
      try {
        log.write(`${JSON.stringify(line)}\n`);
      } catch (error) {
        complain(error);
      }
    },
    close: log.close,
  };
}
