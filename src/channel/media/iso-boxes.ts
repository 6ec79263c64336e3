/** A box of an ISO base media file (ISO 14496-12 §4.2): from its length, from its content, to its end. */
export interface Box {
  readonly name: string;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

const BOXES_MAX = 20_000;

/** @throws RangeError for boxes that are none. The last one may be cut off. */
export function boxesIn(file: Buffer, start: number, end: number): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = start; at + 8 <= end; ) {
    const size = file.readUInt32BE(at);
    const name = file.toString('latin1', at + 4, at + 8);
    const head = size === 1 ? 16 : 8;
    const length = size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size === 0 ? end - at : size;
    if (length < head || boxes.length >= BOXES_MAX) throw new RangeError('no box');
    const to = Math.min(at + length, end);
    boxes.push({ name, at, from: at + head, to });
    at = to;
  }
  return boxes;
}
