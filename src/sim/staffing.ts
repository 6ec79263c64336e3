import { type Counts, QUARTER_MS } from '../lib/measure-counts.ts';
import { erlangA, type Waiting } from './erlang.ts';
import { fewest } from './fewest.ts';
import type { Figures } from './figures.ts';

/** A share of all queued calls that is to be answered within a limit. */
export interface Target {
  /** 0..1. */
  readonly share: number;
  readonly withinMs: number;
}

export interface Staffed {
  readonly seats: number;
  readonly figures: Figures;
}

/** Share of the queued calls that were answered within the limit; 1 when none was queued. */
export function shareWithin({ total, waitsMs }: Figures, withinMs: number): number {
  if (total.queued === 0) return 1;
  let low = 0;
  let high = waitsMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (waitsMs[middle]! <= withinMs) low = middle + 1;
    else high = middle;
  }
  return low / total.queued;
}

/** The fewest seats with which the day reaches the target; null when none does. `play` is asked a few times, near the guess. */
export function seatsFor(target: Target, guess: number, play: (seats: number) => Figures): Staffed | null {
  let best: Staffed | null = null;
  const seats = fewest(guess, (count) => {
    const figures = play(count);
    const reached = shareWithin(figures, target.withinMs) >= target.share;
    if (reached && (best === null || count < best.seats)) best = { seats: count, figures };
    return reached;
  });
  return seats === null ? null : best;
}

/**
 * What the formulas say of a day whose load changes: each quarter hour as if it were for ever so, weighted by its calls (stationary, independent,
 * period by period: Green, Kolesar and Soares 2001). All seats count as one group.
 *
 * @returns null where they say nothing: nobody queued, or nobody was answered and so no time is known that a call keeps one of the seats.
 */
export function erlangDay({ quarters, total }: Figures, patienceMs: number, withinMs: number): Waiting | null {
  const ahtMs = total.handled === 0 ? null : total.handlingMs / total.handled;
  let queued = 0;
  let inTime = 0;
  let gone = 0;
  let waitedMs: number | null = 0;
  for (const quarter of quarters) {
    const seats = Math.round(quarter.seatsMs / QUARTER_MS);
    if (quarter.queued === 0) continue;
    const waiting = quarterWaiting(quarter, seats, ahtMs, patienceMs, withinMs);
    if (waiting === null) return null;
    queued += quarter.queued;
    inTime += quarter.queued * waiting.serviceLevel;
    gone += quarter.queued * waiting.abandoned;
    if (waiting.asaMs === null) waitedMs = null;
    else if (waitedMs !== null) waitedMs += quarter.queued * (1 - waiting.abandoned) * waiting.asaMs;
  }
  if (queued === 0) return null;
  const asaMs = waitedMs === null || queued === gone ? null : waitedMs / (queued - gone);
  return { serviceLevel: inTime / queued, asaMs, abandoned: gone / queued };
}

function quarterWaiting(
  { queued }: Counts,
  seats: number,
  ahtMs: number | null,
  patienceMs: number,
  withinMs: number,
): Waiting | null {
  if (seats === 0) return { serviceLevel: 0, asaMs: null, abandoned: patienceMs === Infinity ? 0 : 1 };
  if (ahtMs === null) return null;
  return erlangA({ rate: queued / QUARTER_MS, ahtMs, seats }, patienceMs, withinMs);
}
