import { type Decision, note, setConversation, setStage } from './decision.ts';
import type { OfferAnswered } from './event.ts';
import { type DigitalMedium, isDigital, slotOf } from './medium.ts';
import { boundMsOf, mediumRules } from './medium-rules.ts';
import { beginOffer, cancelOffer, endOffer, missOffer } from './offer.ts';
import { endWait } from './queue.ts';
import { offerInTheWay } from './room.ts';
import { seatOfAgent, siteOf } from './seat.ts';
import { effectiveSinceMs } from './standing.ts';
import type { Agent, Contact, Stage, Wait } from './state.ts';

/** W6: no phone rings; the agent answers through the interface. */
export function makeDigitalOffer(d: Decision, contact: Contact, medium: DigitalMedium, agent: Agent): void {
  const { wait } = contact.stage as Extract<Stage, { in: 'queue' }>;
  const slot = slotOf(medium);
  const leaseUntilMs = d.state.nowMs + mediumRules(d.state, medium).offerMs;
  const firm = d.state.nowMs - effectiveSinceMs(wait) >= boundMsOf(d.state, wait.queue, slot);
  const token = beginOffer(d, contact, agent, leaseUntilMs, [], 'W6');
  setConversation(d, agent, contact.id, { in: 'offer', contact: contact.id, slot, token, firm });
}

/** W6, W8: only the offer that stands is answered; an older token changes nothing (O9). */
export function offerAnswered(d: Decision, { contact: id, agent: who, token, take }: OfferAnswered): void {
  const contact = d.state.contacts.get(id);
  const agent = d.state.agents.get(who);
  if (contact === undefined || agent === undefined || !isDigital(contact.medium)) return;
  const { stage } = contact;
  if (stage.in !== 'queue' || stage.offer?.token !== token || stage.offer.agent !== who) return;
  if (!take) return missOffer(d, contact, stage.offer, 'rejected', 'O4');
  endOffer(d, contact, stage.offer, 'accepted', 'W6');
  agent.misses = 0;
  takenBy(d, contact, stage.wait, agent, 'W8');
}

/** W8, W20: the contact, which waits, is this agent's. */
export function takenBy(d: Decision, contact: Contact, wait: Wait, agent: Agent, because: string): void {
  const { id } = contact;
  endWait(d, contact, wait, 'connected', because);
  const site = siteOf(d.state, agent);
  note(d, because, { do: 'record-fact', fact: 'talkStarted', contact: id, agent: agent.id, site });
  contact.spoke = true;
  const sinceMs = d.state.nowMs;
  const idle = { awaits: 'agent', sinceMs } as const;
  setStage(d, contact, { in: 'conversation', wait, agent: agent.id, untilMs: null, idle });
  setConversation(d, agent, id, { in: 'talk', contact: id, slot: slotOf(contact.medium), sinceMs });
}

/** W7: with a phone ringing an agent is not asked for what a call leaves no room for. */
export function takeBackForCall(d: Decision, agent: Agent): void {
  const room = seatOfAgent(d.state.standing, agent).kind?.room;
  const offer = room === undefined ? undefined : offerInTheWay(room, agent);
  const contact = offer === undefined ? undefined : d.state.contacts.get(offer.contact);
  if (contact !== undefined) cancelOffer(d, contact, 'cancelled', 'W7');
}
