import type { AgentId, ContactId } from './ids.ts';
import { isDigital } from './medium.ts';
import type { Contact, State } from './state.ts';

/** W15: only beside a conversation that is open. */
export function besideOf(state: State, id: ContactId | undefined): ContactId | undefined {
  const contact = id === undefined ? undefined : state.contacts.get(id);
  return contact !== undefined && isDigital(contact.medium) ? contact.id : undefined;
}

/** W15: who has the conversation beside which this one calls. */
export function agentBeside(state: State, { partOf }: Contact): AgentId | undefined {
  const stage = partOf === undefined ? undefined : state.contacts.get(partOf)?.stage;
  return stage?.in === 'conversation' ? stage.agent : undefined;
}
