/** How long each part of a start took. */
export interface Phases {
  passed(phase: string): void;
  /** Phase → ms since the process began. */
  all(): Readonly<Record<string, number>>;
}

export function createPhases(): Phases {
  const reachedMs: Record<string, number> = {};
  return {
    passed(phase) {
      // Node counts from the process's own beginning.
      reachedMs[phase] = Math.round(performance.now());
    },
    all: () => reachedMs,
  };
}
