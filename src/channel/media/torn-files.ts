import { opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder } from './folder-fault.ts';

/** What a file is called until it is whole. */
export const DRAFT_ENDING = '.part';

/** Removes what a kill left half written, before anything is written anew. @returns how many there were; 0 when the folder is not there yet. @throws FolderFault */
export async function removeTornFiles(folder: string): Promise<number> {
  return await inFolder(async () => {
    let removed = 0;
    try {
      for await (const entry of await opendir(folder)) {
        if (!entry.isFile() || !entry.name.endsWith(DRAFT_ENDING)) continue;
        await rm(join(folder, entry.name), { force: true });
        removed += 1;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return removed;
  });
}
