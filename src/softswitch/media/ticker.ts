import { FRAME_MS } from '../rtp/packet.ts';

/** Frames made up for after a late wake-up; beyond, they are skipped: a receiver could not use such a burst. */
const CATCH_UP_MAX = 3;

/**
 * Calls `onTick(n)` at `n * 20` ms of the clock, one timer for all legs. The schedule is absolute, so that lateness does not add up.
 * @returns stops it.
 */
export function startTicker(nowMs: () => number, onTick: (n: number) => void): () => void {
  let next = Math.ceil(nowMs() / FRAME_MS);
  let timer: NodeJS.Timeout;
  const wake = (): void => {
    const due = Math.floor(nowMs() / FRAME_MS);
    if (due - next >= CATCH_UP_MAX) next = due - CATCH_UP_MAX + 1;
    while (next <= due) onTick(next++);
    sleep();
  };
  const sleep = (): void => {
    timer = setTimeout(wake, Math.max(0, next * FRAME_MS - nowMs()));
  };
  sleep();
  return () => clearTimeout(timer);
}
