import type { CleanFile } from './clean-file.ts';
import { orientationOnly, readExifBlock } from './exif.ts';

const [RIFF_BYTES, HEAD_BYTES] = [12, 8];
/** The picture, its frames and its colours; RFC 9649 §2.7. */
const KEPT = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);
/** A film of many frames has hundreds. */
const CHUNKS_MAX = 20_000;
/** Flags of `VP8X`: which of the two follow. */
const [HAS_EXIF, HAS_XMP] = [0x08, 0x04];

/**
 * Takes Exif, XMP, unknown chunks and what was hung on behind its end out of a WebP. A file that breaks off in the picture is closed there.
 *
 * @returns undefined when it is no WebP that a program could show.
 */
export function cleanWebp(file: Buffer): CleanFile | undefined {
  const isWebp = file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP';
  if (!isWebp) return undefined;
  const end = Math.min(file.length, HEAD_BYTES + file.readUInt32LE(4));
  const kept: { readonly name: string; readonly body: Buffer }[] = [];
  let exif: Buffer | undefined;
  let count = 0;
  for (let at = RIFF_BYTES; at + HEAD_BYTES <= end; ) {
    count += 1;
    if (count > CHUNKS_MAX) return undefined;
    const name = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = file.subarray(at + HEAD_BYTES, Math.min(end, at + HEAD_BYTES + length));
    if (name === 'EXIF') exif ??= body;
    if (KEPT.has(name)) kept.push({ name, body });
    at += HEAD_BYTES + length + (length % 2);
  }
  if (!kept.some(({ name, body }) => ['VP8 ', 'VP8L', 'ANMF'].includes(name) && body.length > 0)) return undefined;
  const { orientation, place } = readExifBlock(exif);
  const [first] = kept;
  // Without `VP8X` there is no room for either.
  const turn = first?.name === 'VP8X' ? orientationOnly(orientation) : undefined;
  const chunks = kept.map(({ name, body }) =>
    chunk(name, name === 'VP8X' ? withFlags(body, turn !== undefined) : body),
  );
  const whole = Buffer.concat([...chunks, ...(turn === undefined ? [] : [chunk('EXIF', turn)])]);
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(whole.length + 4, 4);
  return { content: Buffer.concat([head, whole]), place };
}

function withFlags(body: Buffer, hasExif: boolean): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[0] = (changed[0]! & ~(HAS_EXIF | HAS_XMP)) | (hasExif ? HAS_EXIF : 0);
  return changed;
}

function chunk(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}
