import { type Box, boxesIn } from './iso-boxes.ts';

/** An item of a `meta` box, and where its bytes stand in the file. */
export interface ItemData {
  /** Such as `Exif`, `mime`, `hvc1`. */
  readonly type: string;
  readonly extents: readonly { readonly from: number; readonly to: number }[];
}

const ITEMS_MAX = 10_000;
const EXTENTS_MAX = 10_000;
/** Of all extents together, in the file's own length: honest ones do not overlap. */
const OVERLAP_MAX = 2;
/** `construction_method`: in the file, or in the `idat` box beside. */
const [IN_FILE, IN_IDAT] = [0, 1];

/** ISO 14496-12 §8.11.3 and §8.11.6. @throws RangeError for what cannot be followed. */
export function itemsIn(file: Buffer, meta: Box): readonly ItemData[] {
  const boxes = boxesIn(file, meta.from, meta.to);
  const inside = (wanted: string) => boxes.find(({ name }) => name === wanted);
  const [info, locations] = [inside('iinf'), inside('iloc')];
  if (info === undefined || locations === undefined) return [];
  const types = typesIn(file, info);
  return extentsIn(file, locations, inside('idat')).flatMap(({ id, extents }) => {
    const type = types.get(id);
    return type === undefined ? [] : [{ type, extents }];
  });
}

function typesIn(file: Buffer, { from, to }: Box): ReadonlyMap<number, string> {
  const counted = file.readUInt8(from) === 0 ? 2 : 4;
  const types = new Map<number, string>();
  for (const entry of boxesIn(file, from + 4 + counted, to)) {
    const version = entry.name === 'infe' ? file.readUInt8(entry.from) : 0;
    if (version < 2) continue;
    const wide = version === 2 ? 2 : 4;
    const at = entry.from + 4;
    types.set(file.readUIntBE(at, wide), file.toString('latin1', at + wide + 2, at + wide + 6));
  }
  return types;
}

function extentsIn(file: Buffer, { from, to }: Box, idat: Box | undefined) {
  const read = reader(file.subarray(0, to), from);
  const version = read(1);
  read(3);
  const [first, second] = [read(1), read(1)];
  const sizes = { offset: first >> 4, length: first & 15, base: second >> 4, index: version === 0 ? 0 : second & 15 };
  const count = read(version < 2 ? 2 : 4);
  if (count > ITEMS_MAX) throw new RangeError('too many items');
  let [all, bytes] = [0, 0];
  return Array.from({ length: count }, () => {
    const id = read(version < 2 ? 2 : 4);
    const method = version === 0 ? IN_FILE : read(2) & 15;
    const isHere = read(2) === 0;
    const base = read(sizes.base);
    const extents = Array.from({ length: read(2) }, () => {
      all += 1;
      if (all > EXTENTS_MAX) throw new RangeError('too many extents');
      read(sizes.index);
      const [offset, length] = [read(sizes.offset), read(sizes.length)];
      const from = startOf(method, idat) + base + offset;
      // Without a length: all that there is.
      const end = length === 0 ? file.length : Math.min(from + length, file.length);
      bytes += Math.max(0, end - from);
      if (bytes > OVERLAP_MAX * file.length) throw new RangeError('items that overlap');
      return { from, to: end };
    });
    return { id, extents: isHere ? extents.filter((extent) => extent.from < extent.to) : [] };
  });
}

function startOf(method: number, idat: Box | undefined): number {
  if (method === IN_FILE) return 0;
  if (method !== IN_IDAT || idat === undefined) throw new RangeError('an item within another');
  return idat.from;
}

/** Reads whole numbers of 0 to 8 bytes, one after another. */
function reader(file: Buffer, start: number): (bytes: number) => number {
  let at = start;
  return (bytes) => {
    if (at + bytes > file.length) throw new RangeError('cut off');
    let value = 0;
    for (const end = at + bytes; at < end; at += 1) value = value * 256 + file[at]!;
    return value;
  };
}
