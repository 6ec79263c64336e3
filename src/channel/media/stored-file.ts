import { constants, createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { inFolder } from './folder-fault.ts';
import { DRAFT_ENDING } from './torn-files.ts';

/** Writes a file whole or not at all; one of that name is replaced. @throws FolderFault */
export async function storeFile(folder: string, id: string, content: Buffer): Promise<void> {
  await inFolder(async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = join(folder, `${id}${DRAFT_ENDING}`);
    const handle = await open(draft, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC, 0o600);
    try {
      await handle.writeFile(content);
      await handle.datasync();
      await rename(draft, join(folder, id));
    } finally {
      await handle.close();
      await rm(draft, { force: true });
    }
  });
}

/** Undefined when it is not there. @throws FolderFault */
export async function openFile(
  folder: string,
  id: string,
): Promise<{ readonly bytes: number; readonly stream: Readable } | undefined> {
  const path = join(folder, id);
  const found = await ifThere(() => stat(path));
  return found && { bytes: found.size, stream: createReadStream(path) };
}

/** Undefined when it is not there. @throws FolderFault */
export async function loadFile(folder: string, id: string): Promise<Buffer | undefined> {
  return await ifThere(() => readFile(join(folder, id)));
}

/** @throws FolderFault */
export async function removeFile(folder: string, id: string): Promise<void> {
  await inFolder(() => rm(join(folder, id), { force: true }));
}

function ifThere<Found>(look: () => Promise<Found>): Promise<Found | undefined> {
  return inFolder(async () => {
    try {
      return await look();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  });
}
