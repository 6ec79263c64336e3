import { arrive, endLeg, loseContact } from './call.ts';
import { dialAgain, promiseTold } from './call-back.ts';
import { callOutOver, placerAnswered } from './call-out.ts';
import { closeWithoutRecordings, finish } from './closing.ts';
import { isPromised } from './contact.ts';
import { ask, askLeg, type Decision, setStage, touchAgent, touchContact } from './decision.ts';
import { deflectAgain, deflectTaken } from './deflect.ts';
import { replaceDevices } from './device.ts';
import type { EndedLeg, Survey, SurveyedLeg } from './event.ts';
import { digitsTaken, menuAgain, promptOver, startFlow } from './flow.ts';
import type { LegId, NodeId } from './ids.ts';
import { answerLeg, type LegEnd, removeLeg } from './leg.ts';
import { ANSWER_MS_MAX, RETURN_SPARE_MS } from './limits.ts';
import { lookAtMissed } from './missed.ts';
import { phoneAnswered, renewOffer } from './offer.ts';
import { joinBack, joinedAgain, type Parted, phoneBack, ringSeat } from './parting.ts';
import { playMusic } from './queue.ts';
import { ratingAgain, ratingTaken } from './rating.ts';
import { without } from './short-list.ts';
import { armLegEnd, setNode } from './standing.ts';
import type { Contact, Leg } from './state.ts';
import { resumeSupervision, supervisorGone, supervisorJoined } from './supervision.ts';
import { agentLegGone, citizenReached, connectAgain, held, joined, rejoin } from './talk.ts';
import { withOffer } from './waiting.ts';

type Seen = ReadonlyMap<LegId, SurveyedLeg>;

/** S1: the process is new; nothing is known of any switch until it is surveyed. */
export function nodesUnknown(d: Decision): void {
  for (const [id, node] of d.state.nodes) setNode(d.state, id, { ...node, live: false });
  placeAll(d);
}

/** S1: its legs live on, unseen; their deadlines rest until the next survey. */
export function nodeLost(d: Decision, node: NodeId): void {
  setNode(d.state, node, { bootId: d.state.nodes.get(node)?.bootId ?? null, live: false });
  placeAll(d);
}

/** S2–S9: what the node holds, against what the core believes. */
export function surveyed(d: Decision, node: NodeId, survey: Survey): void {
  const bootId = d.state.nodes.get(node)?.bootId ?? null;
  const rebooted = bootId !== null && bootId !== survey.bootId;
  setNode(d.state, node, { live: true, bootId: survey.bootId });
  replaceDevices(d, node, survey.devices);
  const seen = new Map(survey.legs.map((leg) => [leg.leg, leg]));
  endMissing(d, node, seen, survey.ended, rebooted);
  for (const contact of [...d.state.contacts.values()]) if (contact.node === node) resume(d, contact, seen);
  adopt(d, node, survey.legs);
  lookAtMissed(d);
  placeAll(d);
}

function endMissing(d: Decision, node: NodeId, seen: Seen, ended: readonly EndedLeg[], rebooted: boolean): void {
  const ends = new Map(ended.map((end) => [end.leg, end]));
  const missing = [...d.state.legs.values()]
    .filter((leg) => leg.node === node && !seen.has(leg.id))
    .map((leg) => ({ leg, end: endOf(ends.get(leg.id), rebooted, d.state.nowMs) }))
    .sort((a, b) => a.end.endedAtMs - b.end.endedAtMs || (a.leg.id < b.leg.id ? -1 : 1));
  for (const { leg, end } of missing) {
    if (!d.state.legs.has(leg.id)) continue;
    if (rebooted) loseLeg(d, leg, end);
    else if (isUnheardRing(d, leg, end)) removeRing(d, leg, end);
    else if (isUnheardDial(d, leg, end)) removeLeg(d, leg, end);
    else endLeg(d, leg.id, end);
  }
}

function endOf(end: EndedLeg | undefined, rebooted: boolean, nowMs: number): LegEnd & { endedAtMs: number } {
  const lost = rebooted ? 'LOST_NODE' : 'NORMAL_CLEARING';
  if (end === undefined) return { cause: lost, endedAtMs: nowMs, approximate: true };
  const cause = rebooted && end.approximate ? 'LOST_NODE' : end.cause;
  // A log's clock is not ours: never after now.
  return { cause, endedAtMs: Math.min(end.endedAtMs, nowMs), approximate: end.approximate };
}

/** S7: the switch that held it has restarted. */
function loseLeg(d: Decision, leg: Leg, end: LegEnd): void {
  if (leg.role !== 'citizen') {
    const contact = d.state.contacts.get(leg.contact);
    if (contact?.stage.in === 'queue') return removeRing(d, leg, end);
    removeLeg(d, leg, end);
    if (contact === undefined) return;
    // The citizen's leg may be about to be lost as well: that is the weightier reason.
    if (contact.stage.in === 'placing') callOutOver(d, contact, contact.stage, 'lostNode', 'S7');
    else if (leg.role === 'supervisor') supervisorGone(d, contact, leg);
    else if (d.state.legs.has(contact.leg) && d.event.type === 'surveyed' && citizenSeen(d, contact))
      agentLegGone(d, contact, leg, end);
    // Whichever of its legs is lost last, nothing more is heard of its recordings.
    if (contact.stage.in === 'closing' && contact.legs.length === 0) closeWithoutRecordings(d, contact);
    return;
  }
  removeLeg(d, leg, end);
  const contact = d.state.contacts.get(leg.contact);
  if (contact === undefined) return;
  loseContact(d, contact);
  if (contact.legs.length === 0) closeWithoutRecordings(d, contact);
}

function citizenSeen(d: Decision, contact: Contact): boolean {
  return d.event.type === 'surveyed' && d.event.survey.legs.some((leg) => leg.leg === contact.leg);
}

/** S5: no log knows this ring, so it probably never left: not the agent's fault. */
function isUnheardRing(d: Decision, leg: Leg, end: LegEnd): boolean {
  const stage = d.state.contacts.get(leg.contact)?.stage;
  return stage?.in === 'queue' && stage.offer?.token === leg.token && leg.endByMs === null && end.approximate === true;
}

/** S5: nor is the citizen to blame, nor was it a try; `resume` dials again. */
function isUnheardDial(d: Decision, leg: Leg, end: LegEnd): boolean {
  const contact = d.state.contacts.get(leg.contact);
  const dialled = contact?.stage.in === 'dialling' && contact.leg === leg.id;
  return dialled && leg.endByMs === null && end.approximate === true;
}

/** Takes the ring out of its offer without a word about the agent; `resume` renews an offer that is left with none. */
function removeRing(d: Decision, leg: Leg, end: LegEnd): void {
  const contact = d.state.contacts.get(leg.contact);
  if (contact?.stage.in === 'queue' && contact.stage.offer?.token === leg.token) {
    const { offer } = contact.stage;
    contact.stage = withOffer(contact.stage, { ...offer, legs: without(offer.legs, leg.id) });
  }
  removeLeg(d, leg, end);
}

/** S3–S6: one contact goes on from where its legs are. */
function resume(d: Decision, contact: Contact, seen: Seen): void {
  for (const id of contact.legs) resumeEnding(d, id);
  const citizen = d.state.legs.get(contact.leg);
  const leg = seen.get(contact.leg);
  if (contact.stage.in === 'queue' && isPromised(contact)) {
    if (leg !== undefined && leg.doing !== 'playing') promiseTold(d, contact, null);
    return resumeOffer(d, contact, seen);
  }
  if (contact.stage.in === 'placing') return resumePlacing(d, contact, contact.stage, seen);
  if (contact.stage.in === 'dialling' && citizen === undefined) return dialAgain(d, contact, contact.stage);
  if (citizen === undefined || leg === undefined) return;
  if (leg.state === 'answered') answeredUnseen(d, citizen);
  const { stage } = contact;
  switch (stage.in) {
    case 'answering':
      return resumeAnswering(d, contact, citizen, leg, stage.flow);
    case 'menu':
    case 'deflecting':
    case 'rating':
    case 'goodbye':
      return resumePrompt(d, contact, leg);
    case 'queue':
      return resumeQueue(d, contact, leg, seen);
    case 'connecting':
    case 'talk':
      return resumeTalk(d, contact, leg, seen);
    case 'parted':
      return resumeParted(d, contact, stage, citizen, leg, seen);
    case 'dialling':
      return citizen.answered ? citizenReached(d, contact, stage) : undefined;
    case 'arrived':
    case 'pausing':
    case 'closing':
      return;
  }
}

/** Y2: the own phone was taken up unseen. */
function resumePlacing(
  d: Decision,
  contact: Contact,
  stage: Extract<Contact['stage'], { in: 'placing' }>,
  seen: Seen,
): void {
  const answered = stage.rings.find((id) => seen.get(id)?.state === 'answered');
  const phone = answered === undefined ? undefined : d.state.legs.get(answered);
  if (phone === undefined) return;
  answeredUnseen(d, phone);
  placerAnswered(d, contact, stage, phone);
}

/** A leg that was told to end and has not: told again. */
function resumeEnding(d: Decision, id: LegId): void {
  const leg = d.state.legs.get(id);
  if (leg !== undefined && leg.endByMs !== null) ask(d, leg, 'L2', { do: 'hangUp', cause: 'NORMAL_CLEARING' });
}

function answeredUnseen(d: Decision, leg: Leg): void {
  if (!leg.answered) answerLeg(d, leg, 'S4');
}

function resumeAnswering(d: Decision, contact: Contact, citizen: Leg, leg: SurveyedLeg, flow: string): void {
  if (leg.state === 'answered') return startFlow(d, contact, flow);
  ask(d, citizen, 'S4', { do: 'answer' });
  setStage(d, contact, { in: 'answering', flow, untilMs: d.state.nowMs + ANSWER_MS_MAX });
}

/** S3. */
function resumePrompt(d: Decision, contact: Contact, leg: SurveyedLeg): void {
  const { stage } = contact;
  if (stage.in !== 'menu' && stage.in !== 'rating' && stage.in !== 'deflecting' && stage.in !== 'goodbye') return;
  const ours = leg.key === stage.key;
  if (ours && leg.digits !== undefined) {
    if (stage.in === 'rating') return ratingTaken(d, contact, stage, stage.key, leg.digits);
    if (stage.in === 'deflecting') return deflectTaken(d, contact, stage, stage.key, leg.digits);
    return digitsTaken(d, contact, stage.key, leg.digits);
  }
  if (ours && (leg.doing === 'playing' || leg.doing === 'collecting')) return;
  if (stage.in === 'rating') return ratingAgain(d, contact, stage);
  if (stage.in === 'deflecting') return deflectAgain(d, contact, stage);
  if (stage.in === 'goodbye') return finish(d, contact, stage.outcome, 'S3');
  if (ours && stage.flow.steps[stage.step]?.kind === 'say') return promptOver(d, contact, stage.key);
  menuAgain(d, contact, stage);
}

/** S4. */
function resumeQueue(d: Decision, contact: Contact, leg: SurveyedLeg, seen: Seen): void {
  if (leg.doing !== 'music') playMusic(d, contact, [], 'S4');
  resumeOffer(d, contact, seen);
}

/** S5. */
function resumeOffer(d: Decision, contact: Contact, seen: Seen): void {
  if (contact.stage.in !== 'queue' || contact.stage.offer === null) return;
  const { offer } = contact.stage;
  if (offer.legs.length === 0) return renewOffer(d, contact, offer);
  const answered = offer.legs.find((id) => seen.get(id)?.state === 'answered');
  const phone = answered === undefined ? undefined : d.state.legs.get(answered);
  if (phone === undefined) return;
  answeredUnseen(d, phone);
  phoneAnswered(d, contact, phone);
}

/** S6. */
function resumeTalk(d: Decision, contact: Contact, leg: SurveyedLeg, seen: Seen): void {
  const { stage } = contact;
  if (stage.in !== 'connecting' && stage.in !== 'talk') return;
  const phone = seen.get(stage.agentLeg);
  if (phone === undefined) return;
  if (leg.bridgedTo !== undefined && supervisorJoined(d, contact, leg.bridgedTo)) return;
  const bridged = leg.bridgedTo === stage.agentLeg || phone.bridgedTo === contact.leg;
  if (bridged) joined(d, contact, contact.leg, stage.agentLeg);
  else if (stage.in === 'connecting') connectAgain(d, contact, stage, leg.recording !== undefined);
  else rejoin(d, contact, { ...stage, rejoins: 0 }, 'S6');
  if (phone.held !== undefined) held(d, contact, stage.agentLeg, phone.held);
  resumeSupervision(d, contact, (id) => seen.get(id));
}

/** S10: who came back unseen has the caller; who was asked to and never heard of it is asked again, in what time is left or a little more. */
function resumeParted(
  d: Decision,
  contact: Contact,
  stage: Parted,
  citizen: Leg,
  { doing, bridgedTo }: SurveyedLeg,
  seen: Seen,
): void {
  if (stage.seq === d.seq) return; // Begun by this survey.
  const { joining } = stage;
  if (joining !== null && bridgedTo === joining.leg) return joinedAgain(d, contact, stage, contact.leg, joining.leg);
  if (joining !== null) return joinBack(d, contact, citizen, joining.leg, 'S10');
  if (doing !== 'music') playMusic(d, contact, [], 'S10');
  const ring = stage.rings.find(({ leg }) => seen.get(leg)?.state === 'answered');
  const phone = ring === undefined ? undefined : d.state.legs.get(ring.leg);
  if (phone !== undefined) {
    answeredUnseen(d, phone);
    return phoneBack(d, contact, stage, phone);
  }
  setStage(d, contact, {
    ...stage,
    untilMs: Math.max(stage.untilMs, d.state.nowMs + RETURN_SPARE_MS),
    retryAtMs: null,
  });
  ringSeat(d, contact);
}

/** S9: calls that nobody has claimed are answered; rings of ours that lead nowhere are ended. */
function adopt(d: Decision, node: NodeId, legs: readonly SurveyedLeg[]): void {
  for (const leg of legs) {
    if (d.state.legs.has(leg.leg)) continue;
    if (leg.direction === 'inbound') arrive(d, node, leg, leg.state === 'answered');
    else if (leg.leg.startsWith(d.state.standing.legPrefix)) {
      askLeg(d, leg.leg, node, 'S9', { do: 'hangUp', cause: 'NORMAL_CLEARING' });
    }
  }
}

/** Whether a node is live decides who may be offered what and which deadlines run. */
function placeAll(d: Decision): void {
  for (const contact of d.state.contacts.values()) touchContact(d, contact);
  for (const leg of d.state.legs.values()) armLegEnd(d.state, leg);
  for (const agent of d.state.agents.values()) touchAgent(d, agent);
}
