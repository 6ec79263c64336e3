import { mkdir, statfs } from 'node:fs/promises';
import { inFolder } from './folder-fault.ts';

/** Left for the journal, the recordings and the records: what strangers send comes last. */
export const RESERVED_BYTES = 1024 ** 3;

/** Whether a file of this size may lie in the folder, which is made if it is not there. @throws FolderFault */
export async function hasRoomFor(folder: string, bytes: number, reservedBytes = RESERVED_BYTES): Promise<boolean> {
  const { bavail, bsize } = await inFolder(async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await statfs(folder);
  });
  return bavail * bsize - bytes >= reservedBytes;
}
