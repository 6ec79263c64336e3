import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import { type CappedFile, openCappedFile } from '../lib/capped-file.ts';
import type { Folders } from './folders.ts';

/** A part's log grows to this size, then is kept once as `NAME.log.1`; that of the switch at the switch's next start. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

/** Credentials and numbers never reach a log, whatever object is handed to it. */
const SECRET_PATHS = ['password', 'secret', 'token', 'ha1', '*.password', '*.secret', '*.token', '*.ha1'];

/** JSON lines into `MINHU_DATA/log/PART.log`. */
export function openLog(config: Config, folders: Folders, part: string): Logger {
  const file = openCappedFile(join(folders.log, `${part}.log`), LOG_BYTES_MAX);
  return pino(
    { level: config.logLevel, base: { part, pid: process.pid }, redact: SECRET_PATHS },
    { write: (line) => writeOrDrop(file, line) },
  );
}

/** Not pino's own file writer: on a full disk that one ends the process, or waits for ever when it is to flush. */
function writeOrDrop(file: CappedFile, line: string): void {
  try {
    file.write(line);
  } catch {
    // A log that cannot be written must not end the hotline.
  }
}

/** Where the switch writes; it holds the file itself, so only a start can begin a new one. */
export function switchLogFile(folders: Folders): string {
  const file = join(folders.log, 'switch.log');
  try {
    if (statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
  } catch {
    // Not there yet: nothing to keep.
  }
  return file;
}
