import { IN_TIME_MS } from '../lib/measure-counts.ts';
/** What a waiting line gives, counted over all its callers. */
export interface LineResult {
  readonly answered: number;
  readonly answeredWithin15: number;
  readonly waitedMs: number;
}

/**
 * First come, first served by so many equal seats, caller by caller (Kiefer and Wolfowitz 1955): `arrivalsMs` ascending, with how long each
 * keeps a seat and how long each waits at most. No events, no rules: some hundred times faster than the hotline, which must agree with it.
 */
export function playLine(
  seats: number,
  arrivalsMs: ArrayLike<number>,
  serviceMs: (nth: number) => number,
  patienceMs: (nth: number) => number,
): LineResult {
  const freeMs = new Float64Array(seats);
  const result = { answered: 0, answeredWithin15: 0, waitedMs: 0 };
  for (let nth = 0; nth < arrivalsMs.length; nth++) {
    const atMs = arrivalsMs[nth]!;
    const beginsMs = Math.max(atMs, freeMs[0]!);
    const waitedMs = beginsMs - atMs;
    if (waitedMs > 0 && waitedMs >= patienceMs(nth)) continue;
    result.answered += 1;
    result.waitedMs += waitedMs;
    if (waitedMs <= IN_TIME_MS) result.answeredWithin15 += 1;
    occupy(freeMs, beginsMs + serviceMs(nth));
  }
  return result;
}

/** The seat that is free first is taken until then: the root of a heap is replaced. */
function occupy(heap: Float64Array, untilMs: number): void {
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
    if (untilMs <= heap[child]!) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = untilMs;
}
