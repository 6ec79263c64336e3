import type { Counts } from '../lib/measure-counts.ts';

/** Answered within 15 s ÷ queued; null when nobody was. */
export function serviceLevel15({ answeredWithin15, queued }: Counts): number | null {
  return queued === 0 ? null : answeredWithin15 / queued;
}

/** Average speed of answer; null when nobody was answered. */
export function asaMs({ waitedMs, answered }: Counts): number | null {
  return answered === 0 ? null : waitedMs / answered;
}
