import { crc32 } from 'node:zlib';
import type { CleanFile } from './clean-file.ts';
import { orientationOnly, readExifBlock } from './exif.ts';

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** Of 4 KiB each, as many as a file may have; what has more is made to be a burden. */
const CHUNKS_MAX = 20_000;
const [LENGTH_BYTES, NAME_BYTES, SUM_BYTES] = [4, 4, 4];
/** The picture, its frames, and that without which it looks otherwise (PNG 3rd edition, §11). */
const KEPT = new Set([
  ...['IHDR', 'PLTE', 'IDAT', 'tRNS', 'acTL', 'fcTL', 'fdAT'],
  ...['cHRM', 'cICP', 'cLLI', 'gAMA', 'iCCP', 'mDCV', 'sBIT', 'sRGB', 'bKGD', 'hIST', 'pHYs', 'sPLT'],
]);

/**
 * Takes out of a PNG whatever is no part of the picture: Exif, texts (XMP is one), times, what programs add, and what was hung on behind its end.
 * A file that breaks off in the picture is closed there.
 *
 * @returns undefined when it is no PNG that a program could show.
 */
export function cleanPng(file: Buffer): CleanFile | undefined {
  if (!file.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;
  const kept: Buffer[] = [];
  let exif: Buffer | undefined;
  let shown = false;
  let count = 0;
  for (let at = SIGNATURE.length; at + LENGTH_BYTES + NAME_BYTES < file.length; ) {
    count += 1;
    if (count > CHUNKS_MAX) return undefined;
    const length = file.readUInt32BE(at);
    const name = file.toString('latin1', at + LENGTH_BYTES, at + LENGTH_BYTES + NAME_BYTES);
    const from = at + LENGTH_BYTES + NAME_BYTES;
    if (name === 'IEND') break;
    // A picture without its size at the beginning is none.
    if (kept.length === 0 && (name !== 'IHDR' || length !== 13)) return undefined;
    const body = file.subarray(from, from + length);
    if (name === 'eXIf') exif ??= body;
    if (KEPT.has(name)) kept.push(chunk(name, body));
    shown ||= name === 'IDAT';
    at = from + length + SUM_BYTES;
  }
  if (!shown) return undefined;
  const { orientation, place } = readExifBlock(exif);
  const turn = orientationOnly(orientation);
  // Before the first IDAT.
  if (turn !== undefined) kept.splice(1, 0, chunk('eXIf', turn));
  return { content: Buffer.concat([SIGNATURE, ...kept, chunk('IEND', Buffer.alloc(0))]), place };
}

function chunk(name: string, body: Buffer): Buffer {
  const framed = Buffer.alloc(LENGTH_BYTES + NAME_BYTES + body.length + SUM_BYTES);
  framed.writeUInt32BE(body.length, 0);
  framed.write(name, LENGTH_BYTES, 'latin1');
  body.copy(framed, LENGTH_BYTES + NAME_BYTES);
  const end = framed.length - SUM_BYTES;
  framed.writeUInt32BE(crc32(framed.subarray(LENGTH_BYTES, end)), end);
  return framed;
}
