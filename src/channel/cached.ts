interface Kept {
  readonly value: string;
  readonly renewAtMs: number;
}

type Make = () => Promise<{ readonly value: string; readonly untilMs: number }>;

const SHARE_LEFT = 0.1;
const NAMES_MAX = 100;

/** Values that cost a request: made once for all who ask at the same time, and anew before they end. */
export function createCache(now: () => number) {
  const kept = new Map<string, Kept>();
  const making = new Map<string, Promise<string>>();

  async function make(name: string, how: Make): Promise<string> {
    try {
      const { value, untilMs } = await how();
      if (kept.size >= NAMES_MAX) kept.clear();
      kept.set(name, { value, renewAtMs: untilMs - (untilMs - now()) * SHARE_LEFT });
      return value;
    } finally {
      making.delete(name);
    }
  }

  return {
    cached(name: string, how: Make): Promise<string> {
      const found = kept.get(name);
      if (found !== undefined && now() < found.renewAtMs) return Promise.resolve(found.value);
      const under = making.get(name) ?? make(name, how);
      making.set(name, under);
      return under;
    },
    forget(name: string): void {
      kept.delete(name);
    },
  };
}
