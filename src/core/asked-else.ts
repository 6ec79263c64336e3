import { hasNobody } from './contact.ts';
import type { AgentId } from './ids.ts';
import type { Kind } from './kind.ts';
import { offerInTheWay } from './room.ts';
import type { Contact, State } from './state.ts';

/** W13: while nobody is on the line of a missed call's call-back, it does not take back what this agent is just being asked. */
export function isAskedElse(state: State, contact: Contact, kind: Kind, agent: AgentId): boolean {
  if (!hasNobody(contact)) return false;
  return offerInTheWay(kind.room, state.agents.get(agent)!) !== undefined;
}
