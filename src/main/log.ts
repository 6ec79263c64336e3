import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import type { Folders } from './folders.ts';

/** A part's log grows to this size, then is kept once as `NAME.log.1` at the next start. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

/** What may wait in memory while the disk takes nothing. */
const UNWRITTEN_BYTES_MAX = 4 * 1024 * 1024;

const RETRY_MS = 1_000;

/** Credentials and numbers never reach a log, whatever object is handed to it. */
const SECRET_PATHS = ['password', 'secret', 'token', 'ha1', '*.password', '*.secret', '*.token', '*.ha1'];

/** JSON lines into `MINHU_DATA/log/PART.log`. */
export function openLog(config: Config, folders: Folders, part: string): Logger {
  const file = logFile(folders, part);
  const destination = pino.destination({
    dest: file,
    mkdir: true,
    mode: 0o600,
    sync: false,
    maxLength: UNWRITTEN_BYTES_MAX,
  });
  outliveFullDisk(destination);
  return pino({ level: config.logLevel, base: { part, pid: process.pid }, redact: SECRET_PATHS }, destination);
}

/** A log that cannot be written must not end the hotline: lines wait up to the limit, newer ones are dropped, and it is tried again. */
function outliveFullDisk(destination: ReturnType<typeof pino.destination>): void {
  const flush = destination.flushSync.bind(destination);
  destination.flushSync = () => {
    try {
      flush();
    } catch {
      // What cannot be written at the very end is lost; the exit status must not be.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  destination.on('error', () => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      destination.reopen();
    }, RETRY_MS).unref();
  });
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
