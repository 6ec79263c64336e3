import { isDigital } from './medium.ts';
import { mediumRules } from './medium-rules.ts';
import type { Contact, State } from './state.ts';

/** W16, W17: when the citizen who was answered is reminded, or given up. Null: never. */
export function idleDueMs(state: State, { medium, stage, callsBeside = 0 }: Contact): number | null {
  if (stage.in !== 'conversation' || stage.idle?.awaits !== 'citizen') return null;
  if (callsBeside > 0 || !isDigital(medium)) return null;
  const { sinceMs, remindedAtMs, notBeforeMs = 0 } = stage.idle;
  const { remindMs, closeMs } = mediumRules(state, medium);
  if (remindMs !== undefined && remindedAtMs === undefined) return Math.max(sinceMs + remindMs, notBeforeMs);
  if (closeMs === undefined) return null;
  // A reminder that came late leaves as much time as one that came when it should.
  const fromMs = remindedAtMs === undefined ? sinceMs : remindedAtMs - (remindMs ?? 0);
  return Math.max(fromMs + closeMs, notBeforeMs);
}
