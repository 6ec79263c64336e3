import type { CallerKnown } from './event.ts';
import type { AgentId, ContactId, NodeId } from './ids.ts';

/** With what had been waited in calls before it (C2). */
export interface LostPlace {
  readonly enqueuedAtMs: number;
  readonly waitedBeforeMs?: number | undefined;
}

/** What is known of a number that called lately. */
export interface Caller {
  /** Who spoke with this number last (C1). */
  readonly lastAgent: AgentId | null;
  /** The place that a dead switch took from it (S8). */
  readonly lost: (LostPlace & { readonly untilMs: number }) | null;
  /** Where it waited last (G2). */
  readonly queue?: string | undefined;
  /** How long it waited before it gave up (C2). */
  readonly gaveUp: { readonly waitedMs: number; readonly untilMs: number } | null;
  /** The contact that keeps its place for a call-back (K7). */
  readonly promised?: ContactId | null | undefined;
  /** Forgotten then. */
  readonly untilMs: number;
}

/** One for each number, from the first call that was missed until an agent has spoken with it or nobody will. */
export interface MissedCall {
  /** The first call. */
  readonly contact: ContactId;
  readonly node: NodeId;
  readonly queue: string;
  readonly dialled: string;
  readonly calls: number;
  readonly dueAtMs: number;
  /** Of a caller whose grade was `emergency`, and why (G3). */
  readonly known?: Pick<CallerKnown, 'grade' | 'order'> | undefined;
  /** The contact by which it may be made good just now: our call-back, or a new call from the number. */
  readonly by: ContactId | null;
}

const BEFORE_ALL_MS = 8_640_000_000_000_000;

/** B3: emergencies before all others. */
export function missedTurn(
  number: string,
  { dueAtMs, known }: MissedCall,
): { readonly atMs: number; readonly id: string } {
  return { atMs: known === undefined ? dueAtMs : dueAtMs - BEFORE_ALL_MS, id: number };
}
