/** An item of a `TimeOrder`. Earlier first, then by id in code-unit order (never `localeCompare`: it depends on the machine). */
export interface Timed {
  readonly atMs: number;
  readonly id: string;
}

const CHUNK_MAX = 256;

/**
 * Items ordered by (atMs, id), cut into short sorted chunks, so that 20,000 items cost one binary search and one small move.
 * An item is found again by the same (atMs, id) that it was added with.
 */
export class TimeOrder<Item extends Timed = Timed> {
  /** One at least, which alone may be empty. */
  readonly #chunks: Item[][] = [[]];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  first(): Item | undefined {
    return this.#chunks[0]![0];
  }

  /** @returns false when it was there already. */
  add(item: Item): boolean {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at]!;
    const index = lowerBound(chunk, item);
    if (chunk[index] !== undefined && compare(chunk[index], item) === 0) return false;
    // Most come last; a splice makes an array to return.
    if (index === chunk.length) chunk.push(item);
    else chunk.splice(index, 0, item);
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_MAX / 2));
    this.#size += 1;
    return true;
  }

  /** @returns false when it was not there. */
  delete(item: Timed): boolean {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at]!;
    const index = lowerBound(chunk, item);
    const found = chunk[index];
    if (found === undefined || compare(found, item) !== 0) return false;
    // Most go first, and many are alone: the room of the last one is kept for the next.
    if (chunk.length === 1) chunk.pop();
    else if (index === 0) chunk.shift();
    else chunk.splice(index, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
    this.#size -= 1;
    return true;
  }

  /** How many items stand before this one. */
  rank(item: Timed): number {
    const at = this.#chunkFor(item);
    let before = 0;
    for (let index = 0; index < at; index++) before += this.#chunks[index]!.length;
    return before + lowerBound(this.#chunks[at]!, item);
  }

  *[Symbol.iterator](): IterableIterator<Item> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** First chunk whose last item is not before `item`; the last chunk when there is none. */
  #chunkFor(item: Timed): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle]!;
      if (compare(chunk[chunk.length - 1]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Most come last and go first: the ends are looked at before what lies between, each of which is a record somewhere else in memory. */
function lowerBound(chunk: readonly Timed[], item: Timed): number {
  let low = 0;
  let high = chunk.length;
  if (high === 0 || compare(chunk[0]!, item) >= 0) return 0;
  if (compare(chunk[high - 1]!, item) < 0) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(chunk[middle]!, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: Timed, b: Timed): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
