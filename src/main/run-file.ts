import { readFileSync } from 'node:fs';
import { type Folders, writeOwned } from './folders.ts';

/** `MINHU_DATA/run.json`: where the running program is reached, and who it consists of. */
export interface RunFile {
  /** `host:port`. */
  readonly http: string;
  /** `host:port` of the embedded switch; null when FreeSWITCH is the switch. */
  readonly sip: string | null;
  readonly esl: string;
  readonly pids: {
    readonly supervisor: number;
    readonly core: number;
    readonly switch: number | null;
    readonly postgres: number | null;
  };
}

export function readRunFile(folders: Folders): RunFile | undefined {
  return readJson<RunFile>(folders.runFile);
}

export function writeRunFile(folders: Folders, run: RunFile): void {
  writeOwned(folders.runFile, `${JSON.stringify(run, null, 2)}\n`);
}

/** Undefined when the file is missing or not JSON: both mean “nothing is known”. */
export function readJson<Shape>(file: string): Shape | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Shape;
  } catch {
    return undefined;
  }
}

/** Whether a process with this id lives and, where the system tells, was started with `mark` in its command line. */
export function isAlive(pid: number | undefined | null, mark: string): boolean {
  if (pid === undefined || pid === null || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
  } catch {
    return true; // No /proc (macOS): the id alone must do.
  }
}
