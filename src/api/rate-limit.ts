/** So many in a minute from one address. */
export interface RateLimit {
  /** @returns 0 when it may be done, else how many seconds to wait. */
  take(address: string, nowMs: number): number;
}

const WINDOW_MS = 60_000;
/** Addresses remembered at once. When full, the one longest not seen is forgotten. */
const ADDRESSES_MAX = 10_000;

export function createRateLimit(perMinute: number): RateLimit {
  const windows = new Map<string, { readonly fromMs: number; count: number }>();
  return {
    take(address, nowMs) {
      const known = windows.get(address);
      const current = known !== undefined && nowMs < known.fromMs + WINDOW_MS ? known : { fromMs: nowMs, count: 0 };
      windows.delete(address);
      windows.set(address, current);
      if (windows.size > ADDRESSES_MAX) windows.delete(windows.keys().next().value ?? address);
      if (current.count >= perMinute) return Math.max(1, Math.ceil((current.fromMs + WINDOW_MS - nowMs) / 1_000));
      current.count += 1;
      return 0;
    },
  };
}
