import { type Due, makeDue } from '../lib/due-heap.ts';
import { TimeOrder } from '../lib/time-order.ts';
import { DUE } from './due-kind.ts';
import type { Settings } from './settings.ts';
import type { Place } from './standing.ts';
import type { State } from './state.ts';

/** Q11: of one line, who counts for its oldest wait by when they came, and when that wait will next be longer than a step allows. */
export interface Oldest {
  readonly order: TimeOrder;
  readonly due: Due;
}

/** Q11: the waits that are too long for some step of these rules, shortest first. Empty: nobody's oldest wait matters. */
export function skipsOf({ plans }: Settings): readonly number[] {
  const skips = new Set<number>();
  for (const steps of Object.values(plans ?? {})) {
    for (const { skipIf } of steps) if (typeof skipIf === 'number') skips.add(skipIf);
  }
  return [...skips].sort((one, other) => one - other);
}

/** @param line where it waits, as `lineOf` names it. */
export function enterOldest(state: State, place: Place, line: string, enqueuedAtMs: number): void {
  const { nowMs, standing } = state;
  const { dues, oldest, skipsMs } = standing;
  let ofLine = oldest.get(line);
  if (ofLine === undefined) {
    ofLine = { order: new TimeOrder(), due: makeDue(DUE.oldest, line) };
    oldest.set(line, ofLine);
  }
  place.entered = { atMs: enqueuedAtMs, id: place.id };
  ofLine.order.add(place.entered);
  if (ofLine.order.first() !== place.entered) return;
  // Whoever comes back after a long wait is at once too old for the steps of those who are here.
  const isLong = nowMs - enqueuedAtMs > skipsMs[0]!;
  dues.put(ofLine.due, isLong ? nowMs : nextMs(state, ofLine));
}

export function leaveOldest(state: State, place: Place, line: string): void {
  const ofLine = state.standing.oldest.get(line)!;
  const wasFirst = ofLine.order.first() === place.entered;
  ofLine.order.delete(place.entered!);
  place.entered = null;
  // What is due is met in this entry still: the next oldest may have waited for so long, too.
  const { index, atMs } = ofLine.due;
  if (wasFirst && !(index >= 0 && atMs <= state.nowMs)) armOldest(state, line);
}

/** For the next moment after now. */
export function armOldest(state: State, line: string): void {
  const ofLine = state.standing.oldest.get(line)!;
  state.standing.dues.put(ofLine.due, nextMs(state, ofLine));
}

/** Nobody has waited anywhere. */
export function forgetOldest({ standing: { dues, oldest } }: State): void {
  for (const { due } of oldest.values()) dues.put(due, null);
  oldest.clear();
}

export function oldestWaitMs({ nowMs, standing }: State, line: string): number {
  const first = standing.oldest.get(line)?.order.first();
  return first === undefined ? 0 : nowMs - first.atMs;
}

function nextMs({ nowMs, standing: { skipsMs } }: State, { order }: Oldest): number | null {
  const first = order.first();
  if (first === undefined) return null;
  const skipMs = skipsMs.find((each) => first.atMs + each >= nowMs);
  return skipMs === undefined ? null : first.atMs + skipMs + 1;
}
