import type { ExifPlace } from './exif.ts';
import type { FileType } from './file-type.ts';
import { cleanIsoMedia } from './iso-media.ts';
import { cleanJpeg } from './jpeg.ts';
import { cleanPng } from './png.ts';
import { cleanWebp } from './webp.ts';

export interface CleanFile {
  /** The picture as it was taken, and how it is to be turned; nothing else that its file said. */
  readonly content: Buffer;
  /** Where it was taken. */
  readonly place: ExifPlace | undefined;
}

/** Undefined: no program could show the file, or say what it tells beside the picture. */
type Cleaner = (file: Buffer) => CleanFile | undefined;

/** What cameras write their place into. */
const CLEANERS: Readonly<Partial<Record<FileType, Cleaner>>> = {
  'image/jpeg': cleanJpeg,
  'image/png': cleanPng,
  'image/webp': cleanWebp,
  'image/heic': cleanIsoMedia,
  'video/mp4': cleanIsoMedia,
};

/** How a file of this type loses what it tells beside the picture; undefined: it is kept as it is. */
export function cleanerOf(type: string): Cleaner | undefined {
  return Object.hasOwn(CLEANERS, type) ? CLEANERS[type as FileType] : undefined;
}
