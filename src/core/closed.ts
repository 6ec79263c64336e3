import type { Decision } from './decision.ts';
import type { AgentId, ContactId } from './ids.ts';
import { CLOSED_CONVERSATIONS_MAX } from './limits.ts';
import { isDigital } from './medium.ts';
import { mediumRules } from './medium-rules.ts';
import { queueOf } from './queue-of.ts';
import { conversationKey } from './standing.ts';
import type { AskedFor, ClosedConversation, Contact, State } from './state.ts';

type Name = Pick<Contact, 'medium' | 'reference'>;

/** W19. `agent`: who had it last. Whatever was remembered by this name was taken as the contact opened. */
export function rememberClosed(d: Decision, contact: Contact, agent: AgentId | null): void {
  const { closed, nowMs } = d.state;
  const reopenMs = isDigital(contact.medium) ? mediumRules(d.state, contact.medium).reopenMs : undefined;
  if (reopenMs !== undefined) {
    const { id, askedFor } = contact;
    closed.set(conversationKey(contact), { contact: id, agent, askedFor, untilMs: nowMs + reopenMs });
  }
  for (const [oldest, { untilMs }] of closed) {
    if (untilMs > nowMs && closed.size <= CLOSED_CONVERSATIONS_MAX) return;
    closed.delete(oldest);
  }
}

/** W19: the one that a contact of this name goes on from. */
export function closedOf({ closed, nowMs }: State, name: Name): ClosedConversation | undefined {
  const found = closed.get(conversationKey(name));
  return found !== undefined && found.untilMs > nowMs ? found : undefined;
}

/** W19: it is gone on from once. */
export function takeClosed(d: Decision, name: Name): ClosedConversation | undefined {
  const found = closedOf(d.state, name);
  d.state.closed.delete(conversationKey(name));
  return found;
}

/** W19: where it was last, unless its citizen has come by another entry since. */
export function askedAgain(state: State, entry: string, before: ClosedConversation | undefined): AskedFor {
  const last = before?.askedFor;
  if (last === undefined || queueOf(state, last.queue) === undefined) return { entry, queue: entry };
  return last.entry === undefined || last.entry === entry ? { entry, queue: last.queue } : { entry, queue: entry };
}

/** As it stands in the contact and in its record. */
export function goesOnFrom(contact: ContactId | undefined): { readonly continues?: ContactId } {
  return contact === undefined ? {} : { continues: contact };
}
