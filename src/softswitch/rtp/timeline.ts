import { distance32 } from './packet.ts';

/**
 * The last seconds of one voice, laid out along the clock: a jitter buffer that several may read, each as late as suits it.
 * Positions are samples of the engine's clock. What never came is silence.
 */
export interface Timeline {
  readonly ring: Int16Array;
  /** First position not written yet. */
  end: number;
  anchor: Anchor | undefined;
}

interface Anchor {
  readonly stream: number;
  /** A timestamp and the position where it lies. */
  timestamp: number;
  position: number;
  /** Packets in a row that came late, or early. */
  lateRun: number;
  earlyRun: number;
  /** Least lead in the run of early ones. */
  leadMin: number;
}

/** Two seconds; a power of two. */
export const TIMELINE_SAMPLES = 16_384;
/** Further from the clock than this, the sender has paused or started anew: half a second. */
const STRAY_MAX = 4000;
/** A reader that stays this far behind the clock (40 ms) hears everything that is on time. */
export const READ_BEHIND_SAMPLES = 320;
const LATE_RUN_MAX = 10;
const EARLY_RUN_MAX = 50;
const EARLY_SAMPLES = 160;

export function createTimeline(): Timeline {
  return { ring: new Int16Array(TIMELINE_SAMPLES), end: 0, anchor: undefined };
}

/** Lays `samples` where their timestamp says; the first of a stream at the clock, and the stream again there when it strays. */
export function place(
  timeline: Timeline,
  stream: number,
  timestamp: number,
  samples: Int16Array,
  nowSample: number,
): void {
  const position = positionOf(timeline, stream, timestamp, nowSample);
  const oldest = Math.max(timeline.end, nowSample) - TIMELINE_SAMPLES;
  if (position <= oldest || samples.length > STRAY_MAX) return;
  clear(timeline, position);
  const mask = TIMELINE_SAMPLES - 1;
  for (let i = 0; i < samples.length; i++) timeline.ring[(position + i) & mask] = samples[i]!;
  timeline.end = Math.max(timeline.end, position + samples.length);
}

/** Copies `into.length` samples from `position` on. @returns whether any of them was ever written. */
export function readAt(timeline: Timeline, position: number, into: Int16Array): boolean {
  if (position >= timeline.end) {
    into.fill(0);
    return false;
  }
  const mask = TIMELINE_SAMPLES - 1;
  const oldest = timeline.end - TIMELINE_SAMPLES;
  for (let i = 0; i < into.length; i++) {
    const at = position + i;
    into[i] = at < timeline.end && at >= oldest ? timeline.ring[at & mask]! : 0;
  }
  return true;
}

/** After a pause in which nothing was placed on purpose (nobody read). */
export function forget(timeline: Timeline): void {
  timeline.end = 0;
  timeline.anchor = undefined;
}

function positionOf(timeline: Timeline, stream: number, timestamp: number, nowSample: number): number {
  const anchor = timeline.anchor;
  if (!anchor || anchor.stream !== stream) return anchorAt(timeline, stream, timestamp, nowSample);
  const position = anchor.position + distance32(timestamp, anchor.timestamp);
  const lead = position - nowSample;
  if (Math.abs(lead) > STRAY_MAX) return anchorAt(timeline, stream, timestamp, nowSample);
  anchor.lateRun = lead < -READ_BEHIND_SAMPLES ? anchor.lateRun + 1 : 0;
  anchor.leadMin = anchor.earlyRun === 0 ? lead : Math.min(anchor.leadMin, lead);
  anchor.earlyRun = lead > EARLY_SAMPLES ? anchor.earlyRun + 1 : 0;
  if (anchor.lateRun >= LATE_RUN_MAX) return anchorAt(timeline, stream, timestamp, nowSample);
  if (anchor.earlyRun >= EARLY_RUN_MAX) return anchorAt(timeline, stream, timestamp, position - anchor.leadMin);
  anchor.timestamp = timestamp;
  anchor.position = position;
  return position;
}

function anchorAt(timeline: Timeline, stream: number, timestamp: number, position: number): number {
  timeline.anchor = { stream, timestamp, position, lateRun: 0, earlyRun: 0, leadMin: 0 };
  return position;
}

/** Silence from the end of what was written up to `position`. */
function clear(timeline: Timeline, position: number): void {
  const mask = TIMELINE_SAMPLES - 1;
  const from = Math.max(timeline.end, position - TIMELINE_SAMPLES);
  for (let at = from; at < position; at++) timeline.ring[at & mask] = 0;
}
