import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';

/** Where everything lies under `MINHU_DATA`. Only the owner may enter. */
export interface Folders {
  readonly data: string;
  readonly journal: string;
  readonly recordings: string;
  readonly log: string;
  readonly switch: string;
  readonly runFile: string;
  readonly firstRunFile: string;
  readonly directoryFile: string;
  readonly legLogFile: string;
  readonly eslPasswordFile: string;
  readonly switchOptionsFile: string;
  readonly switchStatusFile: string;
  readonly registrationsFile: string;
}

export function foldersOf(config: Pick<Config, 'dataFolder'>): Folders {
  const data = config.dataFolder;
  const switchFolder = join(data, 'switch');
  return {
    data,
    journal: join(data, 'journal'),
    recordings: join(data, 'recordings'),
    log: join(data, 'log'),
    switch: switchFolder,
    runFile: join(data, 'run.json'),
    firstRunFile: join(data, 'first-run.json'),
    directoryFile: join(switchFolder, 'directory.json'),
    legLogFile: join(switchFolder, 'legs.jsonl'),
    eslPasswordFile: join(switchFolder, 'esl-password'),
    switchOptionsFile: join(switchFolder, 'options.json'),
    switchStatusFile: join(switchFolder, 'status.json'),
    registrationsFile: join(switchFolder, 'registrations.json'),
  };
}

/** @throws the system's own error when the folder cannot be made or written. */
export function makeFolders(folders: Folders): void {
  for (const folder of [folders.data, folders.journal, folders.recordings, folders.log, folders.switch]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  chmodSync(folders.data, 0o700);
}

/** Replaces a file in one step, readable by the owner only: a reader sees the old content or the new, never half. */
export function writeOwned(file: string, content: string): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, content, { mode: 0o600 });
  renameSync(fresh, file);
}
