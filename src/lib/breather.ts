import { setImmediate } from 'node:timers/promises';

/** Lets a long piece of work share its thread: whoever awaits `breathe` often gives way whenever `holdMs` have passed. */
export function breather(holdMs: number): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < holdMs) return undefined;
    return setImmediate().then(() => {
      sinceMs = performance.now();
    });
  };
}
