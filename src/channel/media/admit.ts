import type { MediaKind } from '../channel.ts';
import { cleanerOf } from './clean-file.ts';
import type { ExifPlace } from './exif.ts';
import { type FileType, typeOfFile } from './file-type.ts';

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

/** What a file may not be. `damaged`: it begins as a picture or a film, and no program could show it or say what it tells beside. */
export type AdmitFault = 'empty' | 'tooLarge' | 'damaged';

/** The file as it is kept: of a picture or a film, nothing that it tells beside. */
export function admit(content: Buffer): AdmittedFile | AdmitFault {
  if (content.length === 0) return 'empty';
  if (content.length > FILE_BYTES_MAX) return 'tooLarge';
  const type = typeOfFile(content) ?? OPAQUE;
  const cleaner = cleanerOf(type);
  if (cleaner === undefined) return { content, type, place: undefined };
  const clean = cleaner(content);
  return clean === undefined ? 'damaged' : { content: clean.content, type, place: clean.place };
}

export function kindOfType(type: string): MediaKind {
  const [kind] = type.split('/');
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file';
}
