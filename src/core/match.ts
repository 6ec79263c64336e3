import type { TimeOrder } from '../lib/time-order.ts';
import type { Decision } from './decision.ts';
import { isExcluded } from './exclusion.ts';
import { agentId, type ContactId, contactId } from './ids.ts';
import { CANDIDATES_MAX } from './limits.ts';
import { makeOffer } from './offer.ts';
import { queueOf } from './queue.ts';
import type { Agent, Contact, State } from './state.ts';

/**
 * Q1–Q6. Before an entry no contact waits while an agent who may have it is idle; so only those who became free or open in this entry
 * need a look. Free agents first, each for the oldest contact it may have; then the contacts, each for the agent idle longest.
 */
export function match(d: Decision): void {
  for (const agent of byAge(d.freshAgents, (id) => d.state.standing.idleOf.get(id)?.atMs)) matchAgent(d, agent);
  for (const contact of byAge(d.freshContacts, (id) => d.state.standing.placeOf.get(id)?.atMs))
    matchContact(d, contact);
}

function matchAgent(d: Decision, id: Agent['id']): void {
  // Each turn makes an offer or ends: the contact may rightly go to another agent, idle for longer.
  while (d.state.standing.idleOf.has(id)) {
    const contact = oldestFor(d.state, d.state.agents.get(id)!);
    if (contact === undefined) return;
    matchContact(d, contact);
  }
}

function matchContact(d: Decision, id: ContactId): void {
  const contact = d.state.contacts.get(id);
  if (contact?.stage.in !== 'queue' || contact.stage.offer !== null) return;
  if (d.state.standing.placeOf.get(id)?.open !== true) return;
  const idle = idleFor(d.state, contact.stage.queue);
  if (idle === undefined) return;
  const agent = longestIdle(d.state, contact, idle);
  if (agent === undefined) return;
  tellCandidates(d, contact, agent, idle);
  makeOffer(d, contact, agent);
}

/** Q4: over all queues that the agent serves; those that this agent did not take come last (O5). */
function oldestFor(state: State, agent: Agent): ContactId | undefined {
  let best: { atMs: number; id: string; excluded: boolean } | undefined;
  for (const skill of state.standing.idleOf.get(agent.id)?.skills ?? []) {
    for (const queue of state.standing.queuesOfSkill.get(skill) ?? []) {
      const found = oldestIn(state, agent, state.standing.open.get(queue.name));
      if (found !== undefined && (best === undefined || before(found, best))) best = found;
    }
  }
  return best === undefined ? undefined : contactId(best.id);
}

function oldestIn(state: State, agent: Agent, open: TimeOrder | undefined) {
  if (open === undefined) return undefined;
  for (const item of open) {
    if (!isExcluded(state, state.contacts.get(contactId(item.id))!, agent.id)) return { ...item, excluded: false };
  }
  const first = open.first();
  return first === undefined ? undefined : { ...first, excluded: true };
}

function before(
  a: { atMs: number; id: string; excluded: boolean },
  b: { atMs: number; id: string; excluded: boolean },
): boolean {
  if (a.excluded !== b.excluded) return b.excluded;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}

/** Q3, O5: who did not take this contact is asked again only when nobody else is idle. */
function longestIdle(state: State, contact: Contact, idle: TimeOrder): Agent | undefined {
  for (const { id } of idle) {
    if (!isExcluded(state, contact, agentId(id))) return state.agents.get(agentId(id));
  }
  const first = idle.first();
  return first === undefined ? undefined : state.agents.get(agentId(first.id));
}

function idleFor(state: State, queue: string): TimeOrder | undefined {
  const skill = queueOf(state, queue)?.skill;
  return skill === undefined ? undefined : state.standing.idle.get(skill);
}

function byAge<Id extends string>(ids: Set<Id>, atMsOf: (id: Id) => number | undefined): Id[] {
  if (ids.size === 0) return [];
  const aged = [...ids].map((id) => ({ id, atMs: atMsOf(id) ?? 0 }));
  return aged.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

function tellCandidates(d: Decision, contact: Contact, chosen: Agent, idle: TimeOrder): void {
  if (d.candidates === null) return;
  const others = [];
  for (const { id, atMs } of idle) {
    if (others.length >= CANDIDATES_MAX) break;
    if (id === chosen.id) continue;
    const because = isExcluded(d.state, contact, agentId(id)) ? 'O5' : 'Q3';
    others.push({ agent: agentId(id), idleSinceMs: atMs, because });
  }
  d.candidates.push({ contact: contact.id, chosen: chosen.id, others });
}
