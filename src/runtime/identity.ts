import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from './entry.ts';
import { syncFolder } from './segment.ts';

const FILE = 'journal-id';

/** 16 hex digits, drawn when the folder is first used: two journals never make the same leg id. */
export async function journalIdOf(folder: string): Promise<string> {
  try {
    return await readJournalId(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomBytes(8).toString('hex');
  const file = await open(join(folder, FILE), 'wx', 0o600);
  await file.writeFile(`${id}\n`);
  await file.sync();
  await file.close();
  await syncFolder(folder);
  return id;
}

/** @throws when there is none: the folder is not a journal's. */
export async function readJournalId(folder: string): Promise<string> {
  const id = (await readFile(join(folder, FILE), 'utf8')).trim();
  if (!/^[0-9a-f]{16}$/.test(id)) {
    throw new JournalError('corrupt', `${join(folder, FILE)} must hold 16 hex digits; restore it from a backup.`);
  }
  return id;
}
