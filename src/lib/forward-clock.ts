/** Pace of our time, of the real one, while it is ahead of the machine's clock. */
const PACE = 0.9;

/**
 * The machine's time, but it never goes back and never stands. When the machine's clock is set back, ours goes on a little
 * slower until the two agree again, so that what rings stops ringing and what waits goes on meanwhile.
 */
export class ForwardClock {
  readonly #now: () => number;
  readonly #elapsed: () => number;
  #atMs: number;
  #elapsedMs: number;

  /**
   * @param fromMs not before this, Unix ms.
   * @param now the machine's clock, Unix ms.
   * @param elapsed time that passes whatever is done to that clock, ms.
   */
  constructor(fromMs: number, now: () => number, elapsed: () => number) {
    this.#now = now;
    this.#elapsed = elapsed;
    this.#atMs = fromMs;
    this.#elapsedMs = elapsed();
  }

  /** Unix ms, whole. */
  now(): number {
    const elapsedMs = this.#elapsed();
    const ownMs = this.#atMs + Math.max(0, elapsedMs - this.#elapsedMs) * PACE;
    this.#elapsedMs = elapsedMs;
    this.#atMs = Math.max(this.#now(), ownMs);
    return Math.floor(this.#atMs);
  }

  /** How long it really takes until then, ms. */
  until(atMs: number): number {
    const leftMs = Math.max(0, atMs - this.now());
    return this.aheadMs() > 0 ? leftMs / PACE : leftMs;
  }

  /** How far the machine's clock is behind, ms: so much later is a moment of its in our time. */
  aheadMs(): number {
    return Math.max(0, Math.floor(this.#atMs - this.#now()));
  }
}
