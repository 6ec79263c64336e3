/** So many at once, and so many more each second. */
export interface Allowance {
  readonly burst: number;
  readonly perS: number;
}

/** A token bucket. */
export class Bucket {
  readonly #allowance: Allowance;
  #used = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** @returns 0 when one more may come now (it is then counted), else after how many ms. */
  take(nowMs: number): number {
    const { burst, perS } = this.#allowance;
    const sinceMs = Math.max(0, nowMs - this.#atMs);
    const used = Math.max(0, this.#used - (Number.isFinite(sinceMs) ? (sinceMs / 1_000) * perS : burst));
    this.#atMs = nowMs;
    this.#used = used + 1 > burst ? used : used + 1;
    return used + 1 > burst ? Math.ceil(((used + 1 - burst) / perS) * 1_000) : 0;
  }
}
