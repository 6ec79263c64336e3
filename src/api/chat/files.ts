import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { cleanerOf } from '../../channel/media/clean-file.ts';
import type { ExifPlace } from '../../channel/media/exif.ts';
import { type FileType, HEAD_BYTES, typeOfFile } from '../../channel/media/file-type.ts';
import { inFolder } from '../../channel/media/folder-fault.ts';
import { storeFile } from '../../channel/media/stored-file.ts';
import { DRAFT_ENDING } from '../../channel/media/torn-files.ts';
import type { ChatFile } from '../../store/chat-sessions.ts';
import type { ChatFileType } from './messages.ts';

/** What did not fit what was announced: nothing of it is kept. */
export type FileFault = 'size' | 'digest' | 'type';

/** What is kept. */
export interface KeptFile {
  /** By content. */
  readonly type: ChatFileType;
  readonly bytes: number;
  /** Where a photo was taken; its file does not say so any more. */
  readonly place: ExifPlace | undefined;
}

/**
 * Writes what a citizen sends, to the announced size and no further, and gives it its name only when size, SHA-256 and content are right. Of a
 * picture or a film, nothing is kept that it tells beside.
 *
 * @throws FolderFault
 */
export async function keepFile(
  folder: string,
  announced: Pick<ChatFile, 'id' | 'bytes' | 'sha256'>,
  body: Readable,
): Promise<KeptFile | FileFault> {
  return await inFolder(() => keep(folder, announced, body));
}

async function keep(
  folder: string,
  { id, bytes, sha256 }: Pick<ChatFile, 'id' | 'bytes' | 'sha256'>,
  body: Readable,
): Promise<KeptFile | FileFault> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `${id}${DRAFT_ENDING}`);
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
    if (cleanerOf(type) !== undefined) return await keepClean(folder, id, type);
    await handle.datasync();
    await rename(draft, join(folder, id));
    return { type, bytes: length, place: undefined };
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

async function keepClean(folder: string, id: string, type: FileType): Promise<KeptFile | FileFault> {
  const clean = cleanerOf(type)?.(await readFile(join(folder, `${id}${DRAFT_ENDING}`)));
  if (clean === undefined) return 'type';
  await storeFile(folder, id, clean.content);
  return { type, bytes: clean.content.length, place: clean.place };
}
