import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  /** FreeSWITCH's, one file a leg. */
  readonly legLogFolder: string;
  readonly directorySecretFile: string;
  readonly fieldKeyFile: string;
  readonly eslPasswordFile: string;
  readonly switchOptionsFile: string;
  readonly switchStatusFile: string;
  readonly registrationsFile: string;
  /** What citizens sent by the web chat. */
  readonly chatFiles: string;
  /** Files of messages of the other channels, and what agents send. */
  readonly messageFiles: string;
  /** Channels' files, compiled. */
  readonly channels: string;
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
    legLogFolder: join(switchFolder, 'legs'),
    directorySecretFile: join(switchFolder, 'directory-secret'),
    fieldKeyFile: join(data, 'field-key'),
    eslPasswordFile: join(switchFolder, 'esl-password'),
    switchOptionsFile: join(switchFolder, 'options.json'),
    switchStatusFile: join(switchFolder, 'status.json'),
    registrationsFile: join(switchFolder, 'registrations.json'),
    chatFiles: join(data, 'chat-files'),
    messageFiles: join(data, 'message-files'),
    channels: join(data, 'channels'),
  };
}

/** @throws the system's own error when the folder cannot be made or written, or a file in it cannot: one start as root leaves such. */
export function makeFolders(folders: Folders): void {
  for (const folder of [folders.data, folders.journal, folders.recordings, folders.log, folders.switch]) {
    makeFolder(folder);
  }
  chmodSync(folders.data, 0o700);
  for (const folder of [folders.data, folders.journal, folders.log, folders.switch]) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isFile()) mustBeOurs(join(folder, entry.name));
    }
  }
}

function mustBeOurs(path: string): void {
  try {
    closeSync(openSync(path, 'r+'));
  } catch (error) {
    // A running hotline's draft may be gone by now.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Level by level: Node's own recursive way never ends where the system says ENOENT to every attempt, as below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
