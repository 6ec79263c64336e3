import type { CommandKey, LegId } from '../../core/ids.ts';

/** What the adapter remembers of a leg, between two surveys: enough to say each thing once and to name what was cut. */
export interface Leg {
  readonly id: LegId;
  readonly direction: 'inbound' | 'outbound';
  ringing: boolean;
  answered: boolean;
  /** Our originate has not been answered by the switch yet. */
  originating: boolean;
  /** The switch has made the leg: it can be killed. */
  created: boolean;
  /** To be killed as soon as the switch has made it. */
  killWith: string | undefined;
  /** Applications of ours that have been sent and not reported over. At most `RUNNING_MAX`. */
  readonly running: Map<CommandKey, Running>;
  bridge: Bridge | undefined;
  held: boolean;
  /** The page that it was rung at, and its seat; none for a telephone that is no page. */
  readonly at: { readonly seat: string; readonly page: string } | undefined;
  /** Events of this leg up to this `Event-Sequence` are already in the survey. */
  readonly surveyedTo: number;
}

export interface Running {
  readonly kind: 'play' | 'collect' | 'music' | 'supervise';
  /** A later command put an end to it. */
  cut: boolean;
}

/** `first` is the leg that the bridge command named first. */
export interface Bridge {
  readonly first: LegId;
  readonly second: LegId;
}

/** The legs of one node, and the names of those that ended lately: late events about them are no news. */
export interface Legs {
  readonly live: Map<LegId, Leg>;
  readonly ended: Set<LegId>;
}

export const LEGS_MAX = 10_000;
const ENDED_MAX = 20_000;
export const RUNNING_MAX = 32;

export function createLegs(): Legs {
  return { live: new Map(), ended: new Set() };
}

export function newLeg(id: LegId, direction: Leg['direction'], more: Partial<Leg> = {}): Leg {
  return {
    id,
    direction,
    ringing: false,
    answered: false,
    originating: false,
    created: true,
    killWith: undefined,
    running: new Map(),
    bridge: undefined,
    held: false,
    at: undefined,
    surveyedTo: 0,
    ...more,
  };
}

export function forget(legs: Legs, id: LegId): void {
  legs.live.delete(id);
  legs.ended.add(id);
  if (legs.ended.size <= ENDED_MAX) return;
  for (const oldest of legs.ended) {
    legs.ended.delete(oldest);
    return;
  }
}

/** Notes an application as sent. The oldest is given up when the switch never reports any as over. */
export function noteRunning(leg: Leg, key: CommandKey, kind: Running['kind']): void {
  leg.running.set(key, { kind, cut: false });
  if (leg.running.size <= RUNNING_MAX) return;
  for (const oldest of leg.running.keys()) {
    leg.running.delete(oldest);
    return;
  }
}

export function markCut(leg: Leg | undefined): void {
  if (leg !== undefined) for (const running of leg.running.values()) running.cut = true;
}
