/** Unix time at the start, and from then on the time that really passes, however the machine's clock is set. For times that only must last. */
export class SteadyClock {
  readonly #wall: () => number;
  readonly #elapsed: () => number;
  readonly #fromMs: number;

  /**
   * @param wall the machine's clock, Unix ms.
   * @param elapsed time that passes whatever is done to that clock, ms.
   */
  constructor(wall: () => number, elapsed: () => number) {
    this.#wall = wall;
    this.#elapsed = elapsed;
    this.#fromMs = wall() - elapsed();
  }

  /** Unix ms as of the start, whole. */
  now(): number {
    return Math.floor(this.#fromMs + this.#elapsed());
  }

  /** How long it takes until then, ms. */
  until(atMs: number): number {
    return Math.max(0, atMs - this.now());
  }

  /** A moment of ours, as the machine's clock will show it when it comes. */
  onWall(atMs: number): number {
    return atMs - this.now() + this.#wall();
  }
}
