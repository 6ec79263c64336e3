/** Remembered at once. When full, the one that asked longest ago is forgotten. */
const KEYS_MAX = 10_000;

export interface Limiter {
  /** @returns 0 when this one may once more (it is then counted), else how many seconds to wait. */
  take(key: string, nowMs: number): number;
}

/** So many times by each in any stretch of this time. */
export function limitEach({ times, withinMs }: { times: number; withinMs: number }): Limiter {
  const atMsOf = new Map<string, readonly number[]>();
  return {
    take(key, nowMs) {
      const recent = (atMsOf.get(key) ?? []).filter((atMs) => atMs > nowMs - withinMs);
      const waits = recent.length >= times;
      atMsOf.delete(key);
      atMsOf.set(key, waits ? recent : [...recent, nowMs]);
      if (atMsOf.size > KEYS_MAX) atMsOf.delete(atMsOf.keys().next().value ?? key);
      return waits ? Math.max(1, Math.ceil((recent[0]! + withinMs - nowMs) / 1_000)) : 0;
    },
  };
}
