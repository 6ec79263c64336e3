import type { MediaKind } from '../channel.ts';
import type { ExifPlace } from './exif.ts';
import { type FileType, typeOfFile } from './file-type.ts';
import { cleanJpeg } from './jpeg.ts';

export const FILE_BYTES_MAX = 20 * 1024 * 1024;

/** What nobody here opens: it is kept and handed over as it is. */
export const OPAQUE = 'application/octet-stream';

export interface AdmittedFile {
  readonly content: Buffer;
  /** By its content. */
  readonly type: FileType | typeof OPAQUE;
  /** Where a photo was taken. Its file does not say so any more. */
  readonly place: ExifPlace | undefined;
}

/** What a file may not be. `damaged`: it begins as a JPEG, and no program could show it or say what it tells beside the picture. */
export type AdmitFault = 'empty' | 'tooLarge' | 'damaged';

/** The file as it is kept: of a JPEG, the picture alone. */
export function admit(content: Buffer): AdmittedFile | AdmitFault {
  if (content.length === 0) return 'empty';
  if (content.length > FILE_BYTES_MAX) return 'tooLarge';
  const type = typeOfFile(content) ?? OPAQUE;
  if (type !== 'image/jpeg') return { content, type, place: undefined };
  const clean = cleanJpeg(content);
  return clean === undefined ? 'damaged' : { content: clean.content, type, place: clean.place };
}

export function kindOfType(type: string): MediaKind {
  const [kind] = type.split('/');
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file';
}
