/** Pace of our time, of the real one, while it is ahead of the machine's clock, and while it is behind. */
const SLOW = 0.9;
const FAST = 1.1;
/** The machine's clock set forward by more than this, ms, is obeyed at once: it was set right, or the machine has slept. */
const STEP_MS_MAX = 60_000;

/**
 * The machine's time, but it never goes back, never stands and seldom leaps. When the machine's clock is set back, or forward by up to
 * a minute, ours goes on a little slower or faster until the two agree again, so that what rings stops ringing, and nothing is over before its time.
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
    this.#atMs = Math.max(fromMs, now());
    this.#elapsedMs = elapsed();
  }

  /** Unix ms, whole. */
  now(): number {
    const elapsedMs = this.#elapsed();
    const passedMs = Math.max(0, elapsedMs - this.#elapsedMs);
    this.#elapsedMs = elapsedMs;
    const machineMs = this.#now();
    if (machineMs - this.#atMs - passedMs > STEP_MS_MAX) this.#atMs = machineMs;
    else this.#atMs = Math.max(this.#atMs + passedMs * SLOW, Math.min(this.#atMs + passedMs * FAST, machineMs));
    return Math.floor(this.#atMs);
  }

  /** How long it really takes until then, ms. */
  until(atMs: number): number {
    const leftMs = Math.max(0, atMs - this.now());
    const aheadMs = this.#atMs - this.#now();
    return aheadMs > 0 ? Math.min(leftMs / SLOW, leftMs + aheadMs) : Math.max(leftMs / FAST, leftMs + aheadMs);
  }

  /** How far the machine's clock is behind, ms; below 0 when it is ahead. So much later is a moment of its in our time. */
  aheadMs(): number {
    return Math.trunc(this.#atMs - this.#now());
  }
}
