import type { OfferResult } from './command.ts';
import { type Decision, note, setConversation, setWork, tells, touchContact } from './decision.ts';
import { takeBackForCall } from './digital-offer.ts';
import { exclude } from './exclusion.ts';
import { type LegId, NO_LEG, type OfferToken } from './ids.ts';
import { hangUp, type LegEnd } from './leg.ts';
import { DECLINE_PAUSE_MS, DESK_ASIDE_MS, MISSES_MAX, NO_ANSWER_PAUSE_MS, RING_DEVICES_MAX } from './limits.ts';
import { isDigital, VOICE } from './medium.ts';
import { queueOf } from './queue-of.ts';
import { ringPhone } from './ring.ts';
import { isFree, seatOfAgent, siteOf } from './seat.ts';
import { without } from './short-list.ts';
import type { Agent, Contact, Leg, Offer, Stage } from './state.ts';
import { connect } from './talk.ts';
import { withOffer } from './waiting.ts';

const RING_MS = 20_000;

/** O1: one ring for each registered device, all under one token and one lease. */
export function makeOffer(d: Decision, contact: Contact, agent: Agent, because = 'O1'): void {
  const stage = contact.stage as Extract<Stage, { in: 'queue' }>;
  const { setting, phones } = seatOfAgent(d.state.standing, agent);
  const { sipUser } = setting!;
  const ringMs = queueOf(d.state, stage.wait.queue)?.ringMs ?? RING_MS;
  const devices = phones.length > RING_DEVICES_MAX ? phones.slice(0, RING_DEVICES_MAX) : phones;
  const legs = devices.map(() => NO_LEG);
  // The offer first: with this agent taken, a step may be over for others, never for this contact.
  const token = beginOffer(d, contact, agent, d.state.nowMs + ringMs, legs, because);
  setWork(d, agent, { in: 'offer', contact: contact.id, token });
  for (let nth = 0; nth < devices.length; nth++) {
    const phone = { sipUser, device: devices[nth]!, timeoutMs: ringMs };
    legs[nth] = ringPhone(d, contact, agent.id, phone, token, because);
  }
  takeBackForCall(d, agent);
}

/** O1, W6. @returns the token that the offer is told by. */
export function beginOffer(
  d: Decision,
  contact: Contact,
  agent: Agent,
  leaseUntilMs: number,
  legs: readonly LegId[],
  because: string,
): OfferToken {
  const token = d.state.nextToken++;
  if (tells(d)) {
    note(d, because, {
      do: 'record-fact',
      fact: 'offerMade',
      contact: contact.id,
      agent: agent.id,
      token,
      leaseUntilMs,
      site: siteOf(d.state, agent),
    });
  }
  setOffer(d, contact, { token, agent: agent.id, leaseUntilMs, legs, busy: false });
  return token;
}

/** O2, O9: the first phone to answer has the caller; any later one, and one of an offer gone by, is told to end. */
export function phoneAnswered(d: Decision, contact: Contact, leg: Leg): void {
  const { stage } = contact;
  if (stage.in !== 'queue' || stage.offer?.token !== leg.token || leg.endByMs !== null) {
    return hangUp(d, leg.id, 'LOSE_RACE', 'O9');
  }
  const { offer } = stage;
  for (const other of offer.legs) if (other !== leg.id) hangUp(d, other, 'LOSE_RACE', 'O2');
  noteOfferEnd(d, contact, offer, 'accepted', 'O2');
  connect(d, contact, stage, leg);
}

/** O3, O4: a phone that rang is over. A decline speaks for the person; anything else only for its device. */
export function offerLegGone(d: Decision, contact: Contact, leg: Leg, end: LegEnd): void {
  const { stage } = contact;
  if (stage.in !== 'queue' || stage.offer?.token !== leg.token) return; // O9
  const legs = without(stage.offer.legs, leg.id);
  const offer = { ...stage.offer, legs, busy: stage.offer.busy || end.cause === 'USER_BUSY' };
  setOffer(d, contact, offer);
  if (end.cause === 'CALL_REJECTED') missOffer(d, contact, offer, 'rejected', 'O4');
  else if (legs.length === 0)
    missOffer(d, contact, offer, offer.busy ? 'rejected' : 'timeout', offer.busy ? 'O4' : 'O3');
}

/** O3: the lease is over and nobody has answered. */
export function leaseOver(d: Decision, contact: Contact, offer: Offer): void {
  missOffer(d, contact, offer, 'timeout', 'O3');
}

/** O7, O8: the offer ends through no fault of the agent's. */
export function cancelOffer(d: Decision, contact: Contact, result: OfferResult, because: string): void {
  const { stage } = contact;
  if (stage.in !== 'queue' || stage.offer === null) return;
  const { offer } = stage;
  endOffer(d, contact, offer, result, because);
  for (const leg of offer.legs) hangUp(d, leg, 'ORIGINATOR_CANCEL', because);
  const agent = d.state.agents.get(offer.agent);
  if (agent !== undefined) release(d, agent, contact);
}

/** S5: the ring never reached the switch: the same agent, a new token. */
export function renewOffer(d: Decision, contact: Contact, offer: Offer): void {
  cancelOffer(d, contact, 'lost', 'S5');
  const agent = d.state.agents.get(offer.agent);
  if (agent !== undefined && isFree(d.state, agent.id, VOICE)) makeOffer(d, contact, agent, 'S5');
}

/** O3–O6, W6: a digital offer that was not taken keeps the agent from digital offers alone. */
export function missOffer(
  d: Decision,
  contact: Contact,
  offer: Offer,
  result: 'rejected' | 'timeout',
  because: string,
): void {
  exclude(d, contact, offer.agent);
  endOffer(d, contact, offer, result, because);
  for (const leg of offer.legs) hangUp(d, leg, result === 'timeout' ? 'NO_ANSWER' : 'LOSE_RACE', because);
  const agent = d.state.agents.get(offer.agent);
  if (agent === undefined) return;
  agent.misses += 1;
  const pauseMs = result === 'rejected' ? DECLINE_PAUSE_MS : NO_ANSWER_PAUSE_MS;
  const tooMany = agent.misses >= MISSES_MAX;
  if (isDigital(contact.medium)) agent.deskNotBeforeMs = d.state.nowMs + (tooMany ? DESK_ASIDE_MS : pauseMs);
  else agent.notBeforeMs = d.state.nowMs + pauseMs;
  if (tooMany && !isDigital(contact.medium) && agent.wish === 'ready') {
    agent.wish = 'notReady'; // O6
    agent.reason = 'missedOffers';
    agent.setBy = undefined;
    agent.misses = 0;
  }
  release(d, agent, contact);
}

function release(d: Decision, agent: Agent, contact: Contact): void {
  if (isDigital(contact.medium)) setConversation(d, agent, contact.id, null);
  else setWork(d, agent, null);
}

export function endOffer(d: Decision, contact: Contact, offer: Offer, result: OfferResult, because: string): void {
  noteOfferEnd(d, contact, offer, result, because);
  setOffer(d, contact, null);
}

function noteOfferEnd(d: Decision, contact: Contact, offer: Offer, result: OfferResult, because: string): void {
  if (tells(d)) {
    note(d, because, {
      do: 'record-fact',
      fact: 'offerEnded',
      contact: contact.id,
      agent: offer.agent,
      token: offer.token,
      result,
    });
  }
}

export function setOffer(d: Decision, contact: Contact, offer: Offer | null): void {
  const { stage } = contact;
  if (stage.in !== 'queue') return;
  contact.stage = withOffer(stage, offer);
  touchContact(d, contact);
}
