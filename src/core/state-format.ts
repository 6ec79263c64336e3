import type { Wait } from './state.ts';

/** Rises with every change of `State` that an older snapshot does not fit; `fromOlderFormat` then learns what became of the older one. */
export const FORMAT = 7;

/** As parsed: nothing is known of it but its format. */
export type RawState = Record<string, unknown> & { readonly format: number };

/**
 * A snapshot of an earlier version as this one would have written it: an upgrade starts from what the older program left. Format 2 was never
 * in use.
 */
export function fromOlderFormat(raw: RawState): RawState {
  if (raw.format === 1) return fromOlderFormat(fromFormat1(raw));
  if (raw.format === 3) return fromOlderFormat(fromFormat3(raw));
  if (raw.format === 4) return fromOlderFormat(fromFormat4(raw));
  if (raw.format === 5) return fromOlderFormat(fromFormat5(raw));
  return raw.format === 6 ? fromFormat6(raw) : raw;
}

type Entries<Value> = [string, Value][];
type Stage = { readonly in: string; readonly queue?: string; readonly enqueuedAtMs?: number };

/** Waits lay open in the stage, had no plan, and lost places were all that was remembered of a caller. */
function fromFormat1({ lostCallers, contacts, ...raw }: RawState): RawState {
  return {
    ...raw,
    format: 3,
    base: raw['settings'],
    mode: { name: 'normal', sinceMs: 0, by: '', proposed: null, holdsSinceMs: [] },
    contacts: (contacts as Entries<{ stage: Stage }>).map(([id, contact]) => [
      id,
      { ...contact, stage: withWait(contact.stage) },
    ]),
    callers: (lostCallers as Entries<{ enqueuedAtMs: number; untilMs: number }>).map(([number, lost]) => [
      number,
      { lastAgent: null, lost, gaveUp: null, untilMs: lost.untilMs },
    ]),
    sites: [],
    levels: [],
  };
}

/** All contacts were calls of citizens, and nobody who was missed was called back. */
function fromFormat3({ contacts, ...raw }: RawState): RawState {
  return {
    ...raw,
    format: 4,
    contacts: (contacts as Entries<object>).map(([id, contact]) => [id, { ...contact, medium: 'voice' }]),
    missed: [],
  };
}

/** An agent had nothing beside a call. */
function fromFormat4({ agents, ...raw }: RawState): RawState {
  return {
    ...raw,
    format: 5,
    agents: (agents as Entries<object>).map(([id, agent]) => [id, { ...agent, conversations: [], deskNotBeforeMs: 0 }]),
  };
}

/** Nothing was watched, and nobody heard a talk besides the two. */
function fromFormat5(raw: RawState): RawState {
  return { ...raw, format: 6, alerts: [] };
}

/** Nothing was known of conversations that had ended. */
function fromFormat6(raw: RawState): RawState {
  return { ...raw, format: FORMAT, closed: [] };
}

function withWait({ queue, enqueuedAtMs, ...stage }: Stage): object {
  if (queue === undefined || enqueuedAtMs === undefined) return stage;
  const wait: Wait = { queue, enqueuedAtMs, headStartMs: 0, plan: '', step: -1, lastAgent: null };
  return { ...stage, wait };
}
