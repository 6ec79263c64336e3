import type { Decision } from './decision.ts';
import { EXCLUDED_MAX, EXCLUDED_MS } from './limits.ts';
import type { Agent, Contact, State } from './state.ts';

/** O5: this agent comes last for this contact for a while. */
export function exclude(d: Decision, contact: Contact, agent: Agent['id']): void {
  const kept = contact.excluded.filter((entry) => entry.agent !== agent && entry.untilMs > d.state.nowMs);
  contact.excluded = [...kept.slice(1 - EXCLUDED_MAX), { agent, untilMs: d.state.nowMs + EXCLUDED_MS }];
}

export function isExcluded(state: State, contact: Contact, agent: Agent['id']): boolean {
  if (contact.excluded.length === 0) return false;
  return contact.excluded.some((entry) => entry.agent === agent && entry.untilMs > state.nowMs);
}
