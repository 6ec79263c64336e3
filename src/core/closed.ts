import type { Decision } from './decision.ts';
import type { AgentId, ContactId } from './ids.ts';
import { CLOSED_CONVERSATIONS_MAX } from './limits.ts';
import { isDigital } from './medium.ts';
import { mediumRules } from './medium-rules.ts';
import { conversationKey } from './standing.ts';
import type { ClosedConversation, Contact } from './state.ts';

/** W19. `agent`: who had it last. */
export function rememberClosed(d: Decision, contact: Contact, agent: AgentId | null): void {
  const { closed, nowMs } = d.state;
  const key = conversationKey(contact);
  closed.delete(key);
  const reopenMs = isDigital(contact.medium) ? mediumRules(d.state, contact.medium).reopenMs : undefined;
  if (reopenMs !== undefined) closed.set(key, { contact: contact.id, agent, untilMs: nowMs + reopenMs });
  for (const [oldest, { untilMs }] of closed) {
    if (untilMs > nowMs && closed.size <= CLOSED_CONVERSATIONS_MAX) return;
    closed.delete(oldest);
  }
}

/** W19: the one that a contact of this name goes on from; it does so once. */
export function takeClosed(d: Decision, name: Pick<Contact, 'medium' | 'reference'>): ClosedConversation | undefined {
  const { closed, nowMs } = d.state;
  const key = conversationKey(name);
  const found = closed.get(key);
  closed.delete(key);
  return found !== undefined && found.untilMs > nowMs ? found : undefined;
}

/** As it stands in the contact and in its record. */
export function goesOnFrom(contact: ContactId | undefined): { readonly continues?: ContactId } {
  return contact === undefined ? {} : { continues: contact };
}
