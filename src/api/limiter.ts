/** Remembered at once. When full, the one that asked longest ago is forgotten. */
const KEYS_MAX = 10_000;

export interface Limiter {
  /**
   * @param weight as how many times it counts; default 1.
   * @returns 0 when this one may once more (it is then counted), else how many seconds to wait.
   */
  take(key: string, nowMs: number, weight?: number): number;
  /** As `take`, but nothing is counted. */
  look(key: string, nowMs: number): number;
}

/** So many times by each in any stretch of this time. */
export function limitEach({ times, withinMs }: { times: number; withinMs: number }): Limiter {
  const atMsOf = new Map<string, readonly number[]>();
  const recentOf = (key: string, nowMs: number) => (atMsOf.get(key) ?? []).filter((atMs) => atMs > nowMs - withinMs);
  const waitS = (recent: readonly number[], over: number, nowMs: number): number =>
    over > 0 ? Math.max(1, Math.ceil(((recent[over - 1] ?? nowMs) + withinMs - nowMs) / 1_000)) : 0;
  return {
    look(key, nowMs) {
      const recent = recentOf(key, nowMs);
      return waitS(recent, recent.length + 1 - times, nowMs);
    },
    take(key, nowMs, weight = 1) {
      const recent = recentOf(key, nowMs);
      const over = recent.length + weight - times;
      const waits = over > 0;
      atMsOf.delete(key);
      atMsOf.set(key, waits ? recent : [...recent, ...Array<number>(weight).fill(nowMs)]);
      if (atMsOf.size > KEYS_MAX) atMsOf.delete(atMsOf.keys().next().value ?? key);
      return waitS(recent, over, nowMs);
    },
  };
}
