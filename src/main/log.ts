import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import type { Folders } from './folders.ts';

/** A part's log grows to this size, then is kept once as `NAME.log.1` at the next start. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

/** Credentials and numbers never reach a log, whatever object is handed to it. */
const SECRET_PATHS = ['password', 'secret', 'token', 'ha1', '*.password', '*.secret', '*.token', '*.ha1'];

/** JSON lines into `MINHU_DATA/log/PART.log`. */
export function openLog(config: Config, folders: Folders, part: string): Logger {
  const file = logFile(folders, part);
  return pino(
    { level: config.logLevel, base: { part, pid: process.pid }, redact: SECRET_PATHS },
    pino.destination({ dest: file, mkdir: true, mode: 0o600, sync: false }),
  );
}

export function logFile(folders: Folders, part: string): string {
  const file = join(folders.log, `${part}.log`);
  try {
    if (statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
  } catch {
    // Not there yet: nothing to keep.
  }
  return file;
}
