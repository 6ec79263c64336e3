import { takeClosed } from './closed.ts';
import { newContact, startWait } from './conversation.ts';
import type { Decision } from './decision.ts';
import { takenBy } from './digital-offer.ts';
import type { ConversationName, ConversationReopened } from './event.ts';
import { siteOpen } from './gate.ts';
import type { AgentId } from './ids.ts';
import { CONVERSATIONS_MAX } from './limits.ts';
import { slotOf } from './medium.ts';
import { queueOf } from './queue-of.ts';
import { countOf } from './room.ts';
import { conversationKey } from './standing.ts';
import type { State } from './state.ts';

/** Why not: one of that name is open, its queue is gone, the agent is away, has no slot free, too many are open. */
export type ReopenVerdict = 'yes' | 'open' | 'queue' | 'agent' | 'slots' | 'full';

/** W20. */
export function mayReopen(
  state: State,
  id: AgentId,
  { medium, reference, queue }: Pick<ConversationName, 'medium' | 'reference' | 'queue'>,
): ReopenVerdict {
  const { standing } = state;
  const agent = state.agents.get(id);
  const kind = standing.seats.get(id)?.kind;
  const slot = slotOf(medium);
  if (standing.conversationOf.has(conversationKey({ medium, reference }))) return 'open';
  if (queueOf(state, queue) === undefined) return 'queue';
  if (agent === undefined || kind === undefined || agent.wish === 'offline' || !siteOpen(state, kind, slot))
    return 'agent';
  if (countOf(agent, slot) >= kind.room.slots[slot]!) return 'slots';
  return standing.conversationOf.size >= CONVERSATIONS_MAX ? 'full' : 'yes';
}

/** W20: nobody is asked; it has waited for nothing. */
export function reopenConversation(d: Decision, event: ConversationReopened): void {
  const agent = d.state.agents.get(event.agent);
  if (agent === undefined || mayReopen(d.state, event.agent, event) !== 'yes') return;
  const { queue } = event;
  const before = takeClosed(d, event);
  const contact = newContact(d, event, 'W20', event.contact, before?.askedFor ?? { queue });
  const wait = { queue, enqueuedAtMs: d.state.nowMs, headStartMs: 0, plan: '', step: -1, lastAgent: agent.id };
  startWait(d, contact, wait, 'W20');
  takenBy(d, contact, wait, agent, 'W20');
}
