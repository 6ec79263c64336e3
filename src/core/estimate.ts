import { numberPrompts, recordingOf } from './announce.ts';
import type { Decision } from './decision.ts';
import { ESTIMATE_MS_MAX, ESTIMATE_MS_MIN, ESTIMATE_SAMPLES, ESTIMATE_SAMPLES_MIN } from './limits.ts';
import { queueOf } from './queue-of.ts';
import type { Language } from './settings.ts';
import type { Contact, Pace, State, Wait } from './state.ts';
import { waitsOn, withWait } from './waiting.ts';

/** How long a wait is likely to last from now on, ms. */
export interface Estimate {
  readonly lowMs: number;
  readonly highMs: number;
}

const LOW_SHARE = 0.1;
const HIGH_SHARE = 0.9;
const MINUTE_MS = 60_000;

/**
 * Q19: what a wait with so many ahead is likely to last: the time that each place took in the last waits of the queue, the tenth and the
 * ninetieth of a hundred. Undefined with too few of them.
 */
export function estimateFor(state: State, queue: string, ahead: number): Estimate | undefined {
  const pace = state.paces.get(queue);
  if (pace === undefined || pace.placeMs.length < ESTIMATE_SAMPLES_MIN) return undefined;
  const sorted = sortedPlaces(state, queue, pace);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]! * (ahead + 1);
  return { lowMs: Math.floor(at(LOW_SHARE)), highMs: Math.ceil(at(HIGH_SHARE)) };
}

/** Q19: kept from the entry to the end of the wait, to be held against what it was. */
export function foresee(d: Decision, contact: Contact, ahead: number): void {
  const { stage } = contact;
  if (stage.in !== 'queue') return;
  const foreseen = { atMs: d.state.nowMs, ahead, ...estimateFor(d.state, stage.wait.queue, ahead) };
  contact.stage = withWait(stage, waitsOn(stage.wait, stage.wait.step, stage.wait.headStartMs, foreseen));
}

/** Q19: a wait for which nobody was free has ended. Who gave up before the latest time foreseen says nothing about it. */
export function learnWait(d: Decision, wait: Wait, result: 'connected' | 'abandoned'): void {
  const { foreseen, queue } = wait;
  if (foreseen === undefined || queueOf(d.state, queue) === undefined) return;
  const waitedMs = d.state.nowMs - foreseen.atMs;
  const pace: Pace = d.state.paces.get(queue) ?? { placeMs: [], inside: 0, ended: 0 };
  const { lowMs, highMs } = foreseen;
  if (lowMs !== undefined && highMs !== undefined && (result === 'connected' || waitedMs > highMs)) {
    pace.ended += 1;
    if (lowMs <= waitedMs && waitedMs <= highMs) pace.inside += 1;
  }
  if (result === 'connected') learnPace(d.state, queue, pace, waitedMs / (foreseen.ahead + 1));
  d.state.paces.set(queue, pace);
}

/** One place more, and the oldest less: those in order stay so. */
function learnPace(state: State, queue: string, pace: Pace, placeMs: number): void {
  const sorted = sortedPlaces(state, queue, pace);
  if (pace.placeMs.length === ESTIMATE_SAMPLES) sorted.splice(placeIn(sorted, pace.placeMs[0]!), 1);
  sorted.splice(placeIn(sorted, placeMs), 0, placeMs);
  const kept = pace.placeMs.slice(1 - ESTIMATE_SAMPLES);
  kept.push(placeMs);
  pace.placeMs = kept;
  state.standing.paces.set(queue, { of: kept, sorted });
}

/** The times of a pace, shortest first. */
function sortedPlaces({ standing }: State, queue: string, { placeMs }: Pace): number[] {
  const known = standing.paces.get(queue);
  if (known?.of === placeMs) return known.sorted;
  const sorted = placeMs.toSorted((a, b) => a - b);
  standing.paces.set(queue, { of: placeMs, sorted });
  return sorted;
}

/** Where this length stands among those in ascending order, or would. */
function placeIn(sorted: readonly number[], placeMs: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < placeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Q20: whole minutes, said only in the range in which it comforts and only when every word of it is recorded. */
export function estimatePrompts(state: State, queue: string, ahead: number, language?: Language): readonly string[] {
  const estimate = estimateFor(state, queue, ahead);
  if (estimate === undefined || estimate.highMs < ESTIMATE_MS_MIN || estimate.highMs > ESTIMATE_MS_MAX) return [];
  const low = Math.max(1, Math.floor(estimate.lowMs / MINUTE_MS));
  const high = Math.ceil(estimate.highMs / MINUTE_MS);
  const range = low === high ? [] : [...numberPrompts(low, language), 'QUE-05b'];
  const prompts = ['QUE-05a', ...range, ...numberPrompts(high, language), 'QUE-05c'];
  return prompts.every((id) => recordingOf(state.settings?.prompts ?? {}, id, language) !== undefined) ? prompts : [];
}
