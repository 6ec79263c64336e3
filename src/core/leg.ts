import { ask, type Decision, note, tells, touchAgent } from './decision.ts';
import type { LegId } from './ids.ts';
import { LEG_END_MS_MAX } from './limits.ts';
import { withOne, without } from './short-list.ts';
import { armLegEnd } from './standing.ts';
import { STANDING } from './standing-key.ts';
import type { Agent, Contact, Leg } from './state.ts';

export interface LegEnd {
  readonly cause: string;
  readonly sipStatus?: number;
  readonly endedAtMs?: number;
  readonly approximate?: boolean;
}

/** L1: one leg becomes part of a contact. */
export function openLeg(d: Decision, contact: Contact, leg: Leg, address: string): void {
  d.state.legs.set(leg.id, leg);
  contact.legs = withOne(contact.legs, leg.id);
  if (tells(d)) {
    note(d, 'L1', {
      do: 'record-fact',
      fact: 'legOpened',
      contact: contact.id,
      leg: leg.id,
      node: leg.node,
      role: leg.role,
      agent: leg.agent ?? undefined,
      address,
    });
  }
  const agent = leg.agent === null ? undefined : d.state.agents.get(leg.agent);
  if (agent !== undefined) setLegs(d, agent, withOne(agent.legs, leg.id));
}

/** L1, S4, V7. What its answer means is the caller's to say. */
export function answerLeg(d: Decision, leg: Leg, because: string): void {
  leg.answered = true;
  if (tells(d)) note(d, because, { do: 'record-fact', fact: 'legAnswered', contact: leg.contact, leg: leg.id });
}

/** L1: takes the leg out of everything and writes its end down. What its end means is the caller's to say. */
export function removeLeg(d: Decision, leg: Leg, end: LegEnd): void {
  d.state.legs.delete(leg.id);
  if (leg[STANDING] !== undefined) d.state.standing.dues.put(leg[STANDING], null);
  const contact = d.state.contacts.get(leg.contact);
  if (contact !== undefined) contact.legs = without(contact.legs, leg.id);
  if (tells(d)) {
    note(d, 'L1', {
      do: 'record-fact',
      fact: 'legClosed',
      contact: leg.contact,
      leg: leg.id,
      cause: end.cause,
      sipStatus: end.sipStatus,
      endedAtMs: end.endedAtMs === d.event.atMs ? undefined : end.endedAtMs,
      approximate: end.approximate === true ? true : undefined,
    });
  }
  const agent = leg.agent === null ? undefined : d.state.agents.get(leg.agent);
  if (agent !== undefined) setLegs(d, agent, without(agent.legs, leg.id));
}

function setLegs(d: Decision, agent: Agent, legs: LegId[]): void {
  agent.legs = legs;
  // Who is at work stands where the work says, whatever rings.
  if (agent.work === null) touchAgent(d, agent);
}

/** L2: a leg that was told to end and is not heard of again counts as ended after a while. */
export function hangUp(d: Decision, id: LegId, cause: string, because: string): void {
  const leg = d.state.legs.get(id);
  if (leg === undefined || leg.endByMs !== null) return;
  leg.endByMs = d.state.nowMs + LEG_END_MS_MAX;
  armLegEnd(d.state, leg);
  ask(d, leg, because, { do: 'hangUp', cause });
}
