import type { CleanFile } from './clean-file.ts';
import { orientationOnly, readExif } from './exif.ts';

/** Cameras write a hundred; what has more is made to be a burden. */
const SEGMENTS_MAX = 20_000;
const [SOI, EOI, SOS] = [0xd8, 0xd9, 0xda];
const EXIF = 'Exif\0\0';
/** Of what applications add, that without which the picture looks otherwise: JFIF, the colour profile, Adobe's colour transform. */
const KEPT: ReadonlyMap<number, string> = new Map([
  [0xe0, 'JFIF\0'],
  [0xe2, 'ICC_PROFILE\0'],
  [0xee, 'Adobe'],
]);

/**
 * Takes out of a JPEG (ITU-T T.81, Annex B) whatever is no part of the picture: place, camera, previews, comments, and what was hung on behind its
 * end. A file that breaks off in the picture is closed there.
 *
 * @returns undefined when it is no JPEG that a program could show.
 */
export function cleanJpeg(file: Buffer): CleanFile | undefined {
  if (file.length < 4 || file.readUInt16BE(0) !== 0xff00 + SOI) return undefined;
  const kept: Buffer[] = [];
  let exif: Buffer | undefined;
  let shown = false;
  for (let [at, count] = [2, 0]; ; count += 1) {
    const segment = segmentAt(file, at);
    if ((segment === undefined && !shown) || count > SEGMENTS_MAX) return undefined;
    if (segment === undefined || segment.marker === EOI) break;
    const { marker, from, to } = segment;
    const body = file.subarray(from, to);
    if (marker === 0xe1 && starts(body.subarray(4), EXIF)) exif ??= body.subarray(4 + EXIF.length);
    if (isKept(marker, body)) kept.push(body);
    at = to;
    if (marker !== SOS) continue;
    shown = true;
    at = endOfScan(file, to);
    kept.push(file.subarray(to, at));
  }
  const { orientation, place } = readExif(exif);
  const turn = orientationOnly(orientation);
  const turned = turn === undefined ? [] : [exifSegment(turn)];
  const isJfif = kept[0]?.[1] === 0xe0 ? 1 : 0;
  kept.splice(isJfif, 0, ...turned);
  return { content: Buffer.concat([Buffer.from([0xff, SOI]), ...kept, Buffer.from([0xff, EOI])]), place };
}

/** From its `FF`, fill bytes left out, to its end. Undefined: there is none. */
function segmentAt(file: Buffer, start: number) {
  let at = start;
  if (file[at] !== 0xff) return undefined;
  while (file[at + 1] === 0xff) at += 1;
  const marker = file[at + 1];
  if (marker === undefined || marker === 0) return undefined;
  if (marker === EOI || isAlone(marker)) return { marker, from: at, to: at + 2 };
  if (at + 4 > file.length) return undefined;
  const to = at + 2 + file.readUInt16BE(at + 2);
  return to < at + 4 || to > file.length ? undefined : { marker, from: at, to };
}

/** RST0..7 and TEM have no length. */
function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

function isKept(marker: number, segment: Buffer): boolean {
  // Frames and tables (0xc0..0xcf), scans and what they need (0xda..0xdf): the picture. Table B.1.
  if ((marker >= 0xc0 && marker <= 0xcf) || (marker >= SOS && marker <= 0xdf)) return true;
  const name = KEPT.get(marker);
  return name !== undefined && starts(segment.subarray(4), name);
}

/** Where the next marker stands: within a scan `FF` is followed by 0, or restarts it. */
function endOfScan(file: Buffer, start: number): number {
  // Byte by byte: where every other one is an FF, to look for the next costs more than to walk there.
  for (let at = start; at < file.length; at += 1) {
    if (file[at] !== 0xff) continue;
    const next = file[at + 1];
    if (next === undefined) return at;
    if (next !== 0 && next !== 0xff && !isAlone(next)) return at;
  }
  return file.length;
}

function exifSegment(tiff: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xe1, 0, 2 + EXIF.length + tiff.length]);
  return Buffer.concat([head, Buffer.from(EXIF, 'latin1'), tiff]);
}

function starts(body: Buffer, text: string): boolean {
  return body.toString('latin1', 0, text.length) === text;
}
