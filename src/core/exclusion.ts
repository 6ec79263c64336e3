import type { Decision } from './decision.ts';
import { EXCLUDED_MAX, EXCLUDED_MS, EXCLUDED_MS_MAX } from './limits.ts';
import { stepsOf } from './plan-steps.ts';
import type { Agent, Contact, State } from './state.ts';

/** O5: this agent comes last for this contact for a while. */
export function exclude(d: Decision, contact: Contact, agent: Agent['id']): void {
  const kept = contact.excluded.filter((entry) => entry.agent !== agent && entry.untilMs > d.state.nowMs);
  contact.excluded = [...kept.slice(1 - EXCLUDED_MAX), { agent, untilMs: excludedUntilMs(d.state, contact) }];
}

export function isExcluded(state: State, contact: Contact, agent: Agent['id']): boolean {
  if (contact.excluded.length === 0) return false;
  return contact.excluded.some((entry) => entry.agent === agent && entry.untilMs > state.nowMs);
}

/** O5: for as long as the step lasts, so that the second best of it is reached whatever the rings take. */
function excludedUntilMs({ settings, nowMs }: State, { stage }: Contact): number {
  const leastMs = nowMs + EXCLUDED_MS;
  if (!('wait' in stage)) return leastMs;
  const { queue, plan, step, enqueuedAtMs } = stage.wait;
  const stepMs = stepsOf(settings, queue, plan)[step]?.untilMs ?? 0;
  return Math.min(Math.max(leastMs, enqueuedAtMs + stepMs), nowMs + EXCLUDED_MS_MAX);
}
