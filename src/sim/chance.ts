/**
 * Draws numbers from a seed and a name: the same on every machine. Each thing that is drawn has a name of its own, so that drawing more of
 * one changes nothing of another (the same callers come whatever the number of seats). Small fast counter generator (sfc32).
 */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, name: string) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = hash(name);
    for (let turn = 0; turn < 15; turn++) this.unit();
  }

  /** Above 0 and below 1. */
  unit(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return ((sum >>> 0) + 0.5) / 2 ** 32;
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  /** So many numbers in (0, 1). */
  units(count: number): Float64Array {
    const drawn = new Float64Array(count);
    for (let nth = 0; nth < count; nth++) drawn[nth] = this.unit();
    return drawn;
  }

  shuffle<Item>(items: Item[] | Float64Array): void {
    const list = items as Item[];
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = list[last]!;
      list[last] = list[other]!;
      list[other] = kept;
    }
  }

  /**
   * So many numbers in (0, 1), one from each of as many equal parts, in a drawn order. Each alone is uniform; together they have the mean
   * that they should, so that a figure of one simulated day does not hang on a lucky draw (stratified sampling).
   */
  spread(count: number): Float64Array {
    const drawn = this.#oneOfEach(count);
    this.shuffle(drawn);
    return drawn;
  }

  #oneOfEach(count: number): Float64Array {
    const drawn = new Float64Array(count);
    for (let part = 0; part < count; part++) drawn[part] = (part + this.unit()) / count;
    return drawn;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x01000193);
  return mixed;
}
