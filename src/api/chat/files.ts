import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ChatFile } from '../../store/chat-sessions.ts';
import { HEAD_BYTES, typeOfFile } from './file-type.ts';
import type { ChatFileType } from './messages.ts';

/** What did not fit what was announced: nothing of it is kept. */
export type FileFault = 'size' | 'digest' | 'type';

/**
 * Writes what a citizen sends, to the announced size and no further, and gives it its name only when size, SHA-256 and content are right.
 *
 * @returns the type by content.
 */
export async function keepFile(
  folder: string,
  { id, bytes, sha256 }: Pick<ChatFile, 'id' | 'bytes' | 'sha256'>,
  body: Readable,
): Promise<ChatFileType | FileFault> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${id}.part`);
  const handle = await open(draft, constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC, 0o600);
  try {
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytes) return 'size';
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
      hash.update(chunk);
      await handle.write(chunk);
    }
    if (length !== bytes) return 'size';
    if (hash.digest('hex') !== sha256) return 'digest';
    const type = typeOfFile(head);
    if (type === undefined) return 'type';
    await handle.datasync();
    await rename(draft, join(folder, id));
    return type;
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

/** Undefined when it is not there. */
export async function openFile(
  folder: string,
  id: string,
): Promise<{ readonly bytes: number; readonly stream: Readable } | undefined> {
  const path = join(folder, id);
  try {
    const { size } = await stat(path);
    return { bytes: size, stream: createReadStream(path) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
