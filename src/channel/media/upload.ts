import { randomBytes } from 'node:crypto';
import { addUpload, forgetUnsent } from '../../store/message-files.ts';
import type { Account } from '../account.ts';
import type { MediaKind, OutboundMedia } from '../channel.ts';
import { ChannelError } from '../channel.ts';
import type { HostOptions } from '../host-options.ts';
import { type AdmitFault, admit, FILE_BYTES_MAX, kindOfType, OPAQUE } from './admit.ts';
import { fileName } from './file-name.ts';
import { loadFile, removeFile, storeFile } from './stored-file.ts';

/** Of one reply; together they have at most `FILE_BYTES_MAX`, what mail servers take. */
export const FILES_OF_REPLY_MAX = 9;
const UNSENT_MAX = 20;
const UNSENT_FOR_MS = 24 * 3_600_000;
const FORGOTTEN_AT_ONCE = 50;

export interface Upload {
  readonly contact: string;
  readonly byUser: string;
  readonly name: string;
  readonly content: Buffer;
}

/** As `messages.content.media` has it. */
export interface FileReference {
  readonly id: string;
  readonly kind: MediaKind;
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
}

/** `type`: none that is known by its content; `kind`: none that the channel takes; `many`: too many wait to be sent. */
export type UploadFault = AdmitFault | 'type' | 'kind' | 'many';

/** Which kinds this account's replies may have with them. */
export function kindsOf({ channel }: Account): readonly MediaKind[] {
  return channel.send === undefined ? [] : (channel.capabilities?.media ?? []);
}

/** Keeps what an agent wants to send, until it is sent or a day has passed. @throws FolderFault */
export async function keepUpload(
  { db, journal, fileFolder }: Pick<HostOptions, 'db' | 'journal' | 'fileFolder'>,
  account: Account,
  { contact, byUser, name, content }: Upload,
): Promise<FileReference | UploadFault> {
  const admitted = admit(content);
  if (typeof admitted === 'string') return admitted;
  const { type } = admitted;
  if (type === OPAQUE) return 'type';
  const kind = kindOfType(type);
  const kinds = kindsOf(account);
  // Whoever takes any file takes a picture, too.
  if (!kinds.includes(kind) && !kinds.includes('file')) return 'kind';
  const nowMs = Date.now();
  for (const id of await forgetUnsent(db, nowMs - UNSENT_FOR_MS, FORGOTTEN_AT_ONCE)) await removeFile(fileFolder, id);
  const file = {
    id: randomBytes(16).toString('base64url'),
    kind,
    name: fileName(name, kind),
    type,
    bytes: admitted.content.length,
  };
  await storeFile(fileFolder, file.id, admitted.content);
  const whose = { journal, channel: account.channel.name, account: account.name, contact, by_user: byUser };
  let isKept = false;
  try {
    isKept = await addUpload(db, { ...file, ...whose, at_ms: nowMs }, UNSENT_MAX);
  } finally {
    // Nobody would know of it.
    if (!isKept) await removeFile(fileFolder, file.id);
  }
  return isKept ? file : 'many';
}

/** The bytes of what a message names. @throws ChannelError when one is gone. */
export async function loadMedia(folder: string, references: readonly FileReference[]): Promise<OutboundMedia[]> {
  const media: OutboundMedia[] = [];
  let bytes = 0;
  for (const { id, kind, name, type } of references) {
    const content = await loadFile(folder, id);
    bytes += content?.length ?? 0;
    if (content === undefined || bytes > FILE_BYTES_MAX) throw new ChannelError('refuse', `the file “${name}” is gone`);
    media.push({ kind, name, type, content });
  }
  return media;
}
