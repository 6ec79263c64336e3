/** Remembered at once. When full, the one that asked longest ago is forgotten. */
const KEYS_MAX = 10_000;

export interface Limiter {
  /**
   * @param weight as how many times it counts; default 1.
   * @returns 0 when this one may once more (it is then counted), else how many seconds to wait.
   */
  take(key: string, nowMs: number, weight?: number): number;
}

/** So many times by each in any stretch of this time. */
export function limitEach({ times, withinMs }: { times: number; withinMs: number }): Limiter {
  const atMsOf = new Map<string, readonly number[]>();
  return {
    take(key, nowMs, weight = 1) {
      const recent = (atMsOf.get(key) ?? []).filter((atMs) => atMs > nowMs - withinMs);
      const over = recent.length + weight - times;
      const waits = over > 0;
      atMsOf.delete(key);
      atMsOf.set(key, waits ? recent : [...recent, ...Array<number>(weight).fill(nowMs)]);
      if (atMsOf.size > KEYS_MAX) atMsOf.delete(atMsOf.keys().next().value ?? key);
      const freeAtMs = (recent[over - 1] ?? nowMs) + withinMs;
      return waits ? Math.max(1, Math.ceil((freeAtMs - nowMs) / 1_000)) : 0;
    },
  };
}
