import { readFileSync } from 'node:fs';
import { replaceFileNow } from '../lib/replace-file.ts';
import type { Folders } from './folders.ts';

/** `MINHU_DATA/run.json`: where the running program is reached, and who it consists of. */
export interface RunFile {
  /** `host:port`. */
  readonly http: string;
  /** `host:port` of the embedded switch, or of the first FreeSWITCH by its own word; null when that is not known. */
  readonly sip: string | null;
  /** `host:port` of SIP over WebSocket of the switch, null when browsers have no way to a FreeSWITCH; `wss` when the API is https. */
  readonly ws: string | null;
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
  replaceFileNow(folders.runFile, `${JSON.stringify(run, null, 2)}\n`, 'powerCut');
}

/** Undefined when the file is missing or not JSON: both mean “nothing is known”. */
export function readJson<Shape>(file: string): Shape | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Shape;
  } catch {
    return undefined;
  }
}
