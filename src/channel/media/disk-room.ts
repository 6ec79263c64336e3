import { mkdir, statfs } from 'node:fs/promises';

/** Left for the journal, the recordings and the records: what strangers send comes last. */
export const RESERVED_BYTES = 1024 ** 3;

/** Whether a file of this size may lie in the folder, which is made if it is not there. */
export async function hasRoomFor(folder: string, bytes: number, reservedBytes = RESERVED_BYTES): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize - bytes >= reservedBytes;
}
