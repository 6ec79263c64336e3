/**
 * When to give records that come and go a new Map (`new Map(before)`). A Map outgrows its table each time that enough has been deleted from it, and
 * each table that it leaves points to the next: once one of them counts as old, the garbage collector keeps all later ones, with every record that
 * was ever left in them, until it next goes through the whole heap. A new Map begins a new row.
 */
export class Renewal {
  readonly #everyMin: number;
  #left: number;

  /** @param everyMin a new Map is not made more often, but for the first. */
  constructor(everyMin: number) {
    this.#everyMin = everyMin;
    // The first time at once: a field that was never seen set again is compiled as a constant, and all of that is compiled again when it is.
    this.#left = 1;
  }

  /** @returns true when `size` records may be copied without being felt. */
  isDue(size: number): boolean {
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = Math.max(this.#everyMin, size);
    return true;
  }
}
