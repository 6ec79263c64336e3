/** Something that several parts want to know of, and nothing more than that it happened. */
export interface Happening {
  happened(): void;
  /** @returns what ends it. */
  on(listener: () => void): () => void;
}

export function createHappening(): Happening {
  const listeners = new Set<() => void>();
  return {
    happened() {
      for (const listener of listeners) listener();
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
