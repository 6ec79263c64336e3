import type { CleanFile } from './clean-file.ts';
import { type ExifPlace, readExifBlock } from './exif.ts';
import { type Box, boxesIn } from './iso-boxes.ts';
import { type ItemData, itemsIn } from './iso-items.ts';

/**
 * What picture and sound need, by the box around it; everything else is written over: descriptions (`udta` with QuickTime's `©xyz`, Apple's keys in
 * `meta`, XMP in `uuid`) and what makers add, such as a film with a place of its own behind a picture.
 */
const KEPT: Readonly<Record<string, ReadonlySet<string>>> = {
  file: new Set(['ftyp', 'styp', 'moov', 'moof', 'mfra', 'mdat', 'idat', 'sidx', 'ssix', 'pdin']),
  moov: new Set(['mvhd', 'trak', 'mvex', 'iods', 'pssh']),
  trak: new Set(['tkhd', 'tref', 'trgr', 'edts', 'mdia']),
};
/** Of a picture's own parts; §8.11. */
const PICTURE = 'pict';
const META_FLAGS_BYTES = 4;
/** An Exif of no entry, as an item has it (ISO 23008-12 §A.2.1). */
const NO_EXIF = Buffer.from('00000006457869660000' + '4d4d002a00000008000000000000', 'hex');

/**
 * Takes out of a HEIC picture (ISO 23008-12) or an MP4 film what it tells beside picture and sound. Nothing moves: what is taken out is written
 * over, boxes become `free` ones, so that everything else is found where it was.
 *
 * @returns undefined when its boxes cannot be followed.
 */
export function cleanIsoMedia(file: Buffer): CleanFile | undefined {
  const content = Buffer.from(file);
  try {
    const boxes = boxesIn(content, 0, content.length);
    const meta = boxes.find((box) => box.name === 'meta' && isPicture(content, box));
    const items = meta === undefined ? [] : itemsIn(content, within(meta));
    const place = items.filter(({ type }) => type === 'Exif').flatMap((item) => placeOf(content, item) ?? [])[0];
    for (const item of items) blankItem(content, item);
    for (const box of boxes) if (box !== meta) blank(content, box, 'file');
    return { content, place };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function within(meta: Box): Box {
  return { ...meta, from: meta.from + META_FLAGS_BYTES };
}

function isPicture(file: Buffer, meta: Box): boolean {
  const { from, to } = within(meta);
  return handlerIn(file, from, to) === PICTURE;
}

function handlerIn(file: Buffer, from: number, to: number): string | undefined {
  const handler = boxesIn(file, from, to).find(({ name }) => name === 'hdlr');
  return handler && file.toString('latin1', handler.from + 8, handler.from + 12);
}

function blank(file: Buffer, box: Box, around: string): void {
  const { name, at, from, to } = box;
  const isKept = KEPT[around]!.has(name) && !(name === 'trak' && isMeasured(file, box));
  if (isKept && Object.hasOwn(KEPT, name)) for (const inner of boxesIn(file, from, to)) blank(file, inner, name);
  if (isKept) return;
  file.write('free', at + 4, 'latin1');
  file.fill(0, from, to);
}

/** A track of neither picture nor sound: a camera writes its place and movement into such (§12.3, handler `meta`). */
function isMeasured(file: Buffer, { from, to }: Box): boolean {
  const media = boxesIn(file, from, to).find(({ name }) => name === 'mdia');
  return media !== undefined && handlerIn(file, media.from, media.to) === 'meta';
}

function placeOf(file: Buffer, { extents }: ItemData): ExifPlace | undefined {
  const data = Buffer.concat(extents.map(({ from, to }) => file.subarray(from, to)));
  return data.length < 4 ? undefined : readExifBlock(data.subarray(4 + data.readUInt32BE(0))).place;
}

/** Exif and XMP; the items that are the picture stay. */
function blankItem(file: Buffer, { type, extents }: ItemData): void {
  if (type !== 'Exif' && type !== 'mime') return;
  for (const [index, { from, to }] of extents.entries()) {
    file.fill(0, from, to);
    if (index === 0 && type === 'Exif' && to - from >= NO_EXIF.length) NO_EXIF.copy(file, from);
  }
}
