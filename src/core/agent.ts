import { leaveDesk } from './conversation.ts';
import { type Decision, note, setWork, touchAgent } from './decision.ts';
import type { Event } from './event.ts';
import type { AgentId } from './ids.ts';
import { NAME_CHARS_MAX, REASON_CHARS_MAX, SEATS_MAX } from './limits.ts';
import { cancelOffer } from './offer.ts';
import { giveBack, partedOf } from './parting.ts';
import { forgetSeat, seatOfAgent } from './seat.ts';
import type { Settings } from './settings.ts';
import { STANDING } from './standing-key.ts';
import type { Agent } from './state.ts';

/** P2–P5. What is under way is finished first; only an offer that still rings is taken back (O8). */
export function stateAsked(d: Decision, event: Extract<Event, { type: 'agentStateAsked' }>): void {
  const agent = d.state.agents.get(event.agent);
  if (agent === undefined || seatOfAgent(d.state.standing, agent).setting === undefined) return;
  agent.setBy = undefined;
  if (event.by !== undefined) stateForced(d, agent, event, event.by);
  const wasReady = agent.wish === 'ready';
  agent.wish = event.state;
  agent.reason = event.state === 'ready' ? '' : (event.reason ?? '').slice(0, REASON_CHARS_MAX);
  if (event.state === 'ready') {
    agent.misses = 0;
    agent.notBeforeMs = Math.min(agent.notBeforeMs, d.state.nowMs);
    agent.deskNotBeforeMs = Math.min(agent.deskNotBeforeMs, d.state.nowMs);
    if (!wasReady) agent.idleSinceMs = d.state.nowMs;
  }
  if (agent.work?.in === 'wrapUp') endWrapUp(d, agent);
  else if (agent.work?.in === 'offer' && event.state !== 'ready') withdraw(d, agent, agent.work.contact);
  else if (agent.work?.in === 'talk' && event.state !== 'ready') leaveGap(d, agent);
  const asked = agent.conversations.find((each) => each.in === 'offer');
  if (event.state === 'offline') leaveDesk(d, agent);
  else if (asked !== undefined && event.state !== 'ready') withdraw(d, agent, asked.contact);
  touchAgent(d, agent);
}

/** P8. */
function stateForced(d: Decision, agent: Agent, event: Extract<Event, { type: 'agentStateAsked' }>, by: string): void {
  agent.setBy = { by: by.slice(0, NAME_CHARS_MAX), reason: (event.reason ?? '').slice(0, REASON_CHARS_MAX) };
  note(d, 'P8', { do: 'record-fact', fact: 'stateForced', agent: agent.id, state: event.state, ...agent.setBy });
}

/** P3: asked for, or the longest wrap-up is over. */
export function endWrapUp(d: Decision, agent: Agent): void {
  agent.idleSinceMs = d.state.nowMs;
  setWork(d, agent, null);
}

/**
 * P6: seats that are new, changed or gone.
 *
 * @param before the seats until now.
 */
export function seatsChanged(d: Decision, settings: Settings, before: Settings['agents']): void {
  for (const { id } of settings.agents) {
    if (!d.state.agents.has(id) && d.state.agents.size < SEATS_MAX) d.state.agents.set(id, newAgent(d, id));
  }
  const seatBefore = new Map(before.map((seat) => [seat.id, seat]));
  for (const agent of d.state.agents.values()) {
    if (hasSeat(d, agent)) agent.was = undefined;
    else {
      agent.was ??= agent.work === null ? undefined : seatBefore.get(agent.id);
      agent.wish = 'offline';
    }
    touchAgent(d, agent);
  }
  // With everybody in place: what is left behind goes by who is there (Q11).
  for (const agent of d.state.agents.values()) {
    if (hasSeat(d, agent)) continue;
    leaveDesk(d, agent);
    if (agent.work !== null || agent.legs.length > 0) continue;
    d.state.agents.delete(agent.id);
    forgetSeat(d.state, agent.id);
  }
}

function hasSeat(d: Decision, { id }: Agent): boolean {
  return d.state.standing.seats.get(id)?.setting !== undefined;
}

export function touchSeat(d: Decision, sipUser: string): void {
  const id = d.state.standing.agentOfSeat.get(sipUser);
  const agent = id === undefined ? undefined : d.state.agents.get(id);
  if (agent !== undefined) touchAgent(d, agent);
}

function withdraw(d: Decision, agent: Agent, contact: Parameters<typeof d.state.contacts.get>[0]): void {
  const offered = d.state.contacts.get(contact);
  if (offered?.stage.in === 'queue' && offered.stage.offer?.agent === agent.id)
    cancelOffer(d, offered, 'rejected', 'O8');
}

/** T10. */
function leaveGap(d: Decision, agent: Agent): void {
  const contact = partedOf(d, agent);
  if (contact !== undefined) giveBack(d, contact);
}

function newAgent(d: Decision, id: AgentId): Agent {
  return {
    id,
    wish: 'offline',
    reason: '',
    setBy: undefined,
    idleSinceMs: d.state.nowMs,
    notBeforeMs: 0,
    misses: 0,
    work: null,
    conversations: [],
    deskNotBeforeMs: 0,
    legs: [],
    reported: 'offline',
    reportedReason: '',
    reportedSinceMs: d.state.nowMs,
    was: undefined,
    [STANDING]: undefined,
  };
}
