import { serviceNumber } from '../lib/phone-number.ts';
import { besideOf } from './beside.ts';
import { diallingBroken, notReached } from './call-back.ts';
import { callOutOver, placerLegGone } from './call-out.ts';
import { gaveUp, isOwnCall, placeLost } from './caller.ts';
import { countCall } from './calls-from.ts';
import { closeIfOver, closing, refuse } from './closing.ts';
import { isPromised, makeContact } from './contact.ts';
import { ask, type Decision, nextContactId, note, setStage } from './decision.ts';
import type { CallerKnown } from './event.ts';
import { startFlow } from './flow.ts';
import { callBeside } from './idle.ts';
import type { ContactId, LegId, NodeId } from './ids.ts';
import { hangUp, type LegEnd, openLeg, removeLeg } from './leg.ts';
import { ANSWER_MS_MAX, CONTACTS_MAX, FROM_CHARS_MAX, NAME_CHARS_MAX, RULES_WAIT_MS } from './limits.ts';
import { closeMissed, firstQueueOf, missCall } from './missed.ts';
import { cancelOffer, offerLegGone } from './offer.ts';
import { endGap, type Parted, returnLegGone } from './parting.ts';
import { endWait, waitedMs } from './queue.ts';
import { goesOnInAnother } from './redial.ts';
import { freeAgent } from './release.ts';
import { STANDING } from './standing-key.ts';
import type { Contact, Leg, Wait } from './state.ts';
import { supervisorGone } from './supervision.ts';
import { agentLegGone, endTalk } from './talk.ts';

/** A call as a switch tells of it, new (`callArrived`) or found by a survey. */
export interface Arrival {
  readonly leg: LegId;
  readonly from: string;
  readonly fromName?: string;
  readonly dialled: string;
  readonly diversion?: string;
  readonly known?: CallerKnown;
  readonly partOf?: ContactId;
}

/** A1–A4. */
export function arrive(d: Decision, node: NodeId, arrival: Arrival, answered: boolean): void {
  if (d.state.legs.has(arrival.leg)) return; // A3
  const full = d.state.contacts.size - d.state.standing.conversationOf.size >= CONTACTS_MAX;
  const { settings } = d.state;
  const flow = flowOf(d, arrival.dialled, arrival.diversion);
  const contact = openContact(d, node, arrival, answered, flow ?? '');
  if (full) {
    missCall(d, contact, queueWanted(d, contact));
    refuse(d, contact, 'SWITCH_CONGESTION', 'A4');
  } else if (settings === null)
    setStage(d, contact, { in: 'arrived', untilMs: d.state.nowMs + RULES_WAIT_MS }); // A2
  else if (flow === null) refuse(d, contact, 'UNALLOCATED_NUMBER', 'A1');
  else pickUp(d, contact, flow);
}

/** A2: the rules are here; who has waited for them is answered now. */
export function arrivedGoOn(d: Decision): void {
  const waiting = [...d.state.contacts.values()].filter((contact) => contact.stage.in === 'arrived');
  for (const contact of waiting) {
    const flow = flowOf(d, contact.dialled, contact.diversion);
    if (flow === null) refuse(d, contact, 'UNALLOCATED_NUMBER', 'A1');
    else pickUp(d, contact, flow);
  }
}

/** The switch, or a survey, says that a leg is over. */
export function endLeg(d: Decision, id: LegId, end: LegEnd): void {
  const leg = d.state.legs.get(id);
  if (leg === undefined) return;
  removeLeg(d, leg, end);
  const contact = d.state.contacts.get(leg.contact);
  if (contact === undefined) return;
  if (leg.role === 'citizen' && leg.id !== contact.leg) return; // K4: of an earlier try
  if (leg.role === 'supervisor') supervisorGone(d, contact, leg);
  else if (leg.role === 'citizen') citizenGone(d, contact, end.cause);
  else if (contact.stage.in === 'queue') offerLegGone(d, contact, leg, end);
  else if (contact.stage.in === 'placing') placerLegGone(d, contact, contact.stage, leg, end);
  else if (contact.stage.in === 'parted') returnLegGone(d, contact, contact.stage, leg, end);
  else agentLegGone(d, contact, leg, end);
  closeIfOver(d, contact, end.approximate);
}

/** S7: every leg of the contact went with its switch. The caller comes first when calling again (S8). */
export function loseContact(d: Decision, contact: Contact): void {
  const { stage } = contact;
  const waited = 'wait' in stage && isOwnCall(contact);
  if ((stage.in === 'queue' || stage.in === 'pausing') && isPromised(contact)) return; // K4
  if (stage.in === 'dialling' && contact.calledBy !== undefined)
    return callOutOver(d, contact, stage, 'lostNode', 'S7');
  if (stage.in === 'dialling') return diallingBroken(d, contact, stage);
  // T7: the talk was over already.
  const thanked = stage.in === 'goodbye' && stage.outcome === 'answered';
  if (stage.in === 'rating' || thanked) return closing(d, contact, 'answered');
  if (stage.in === 'deflecting') endWait(d, contact, stage.wait, 'lost', 'S7');
  const place = waited ? stage.wait : { enqueuedAtMs: contact.openedAtMs, queue: undefined };
  if (stage.in !== 'closing') placeLost(d, contact.from, place, place.queue);
  if (stage.in === 'queue' || stage.in === 'connecting') endWait(d, contact, stage.wait, 'lost', 'S7');
  if (stage.in === 'queue') cancelOffer(d, contact, 'lost', 'S7');
  if (stage.in === 'connecting') freeAgent(d, stage.agent, 0);
  if (stage.in === 'talk') endTalk(d, contact, stage, 'fault', 'S7');
  if (stage.in === 'parted') endParted(d, contact, stage, 'lost', 'fault', 'S7');
  if (stage.in === 'closing') return;
  missCall(d, contact, queueWanted(d, contact));
  closing(d, contact, 'lostNode');
}

function endParted(
  d: Decision,
  contact: Contact,
  stage: Parted,
  result: 'abandoned' | 'lost',
  endedBy: 'citizen' | 'fault',
  because: string,
): void {
  endGap(d, contact, stage, result, because);
  endTalk(d, contact, { ...stage, held: false }, endedBy, because);
}

/** The queue of the wait, or the one that the flow leads to. */
function queueWanted(d: Decision, { stage, dialled, diversion }: Contact): string | undefined {
  if ('wait' in stage) return stage.wait.queue;
  if (stage.in === 'menu') return firstQueueOf(stage.flow);
  if (stage.in === 'goodbye') return undefined;
  const flow = flowOf(d, dialled, diversion);
  return flow === null ? undefined : firstQueueOf(d.state.settings?.flows[flow]);
}

function citizenGone(d: Decision, contact: Contact, cause: string): void {
  const { stage } = contact;
  switch (stage.in) {
    case 'arrived':
    case 'answering':
    case 'menu':
      return closing(d, contact, 'abandonedInMenu');
    case 'queue':
      if (isPromised(contact)) return; // K4
      giveUp(d, contact, stage.wait, cause);
      cancelOffer(d, contact, 'cancelled', 'O7');
      return closing(d, contact, contact.spoke ? 'answered' : 'abandonedInQueue');
    case 'dialling':
      return notReached(d, contact, stage, cause);
    case 'placing':
      return;
    case 'pausing':
      return;
    case 'deflecting':
      giveUp(d, contact, stage.wait, cause);
      return closing(d, contact, 'abandonedInQueue');
    case 'connecting':
      giveUp(d, contact, stage.wait, cause);
      hangUp(d, stage.agentLeg, 'ORIGINATOR_CANCEL', 'O7');
      freeAgent(d, stage.agent, 0);
      return closing(d, contact, contact.spoke ? 'answered' : 'abandonedInQueue');
    case 'talk':
      endTalk(d, contact, stage, 'citizen', 'T2');
      hangUp(d, stage.agentLeg, 'NORMAL_CLEARING', 'T2');
      return closing(d, contact, 'answered');
    case 'parted':
      endParted(d, contact, stage, 'abandoned', 'citizen', 'T10');
      return closing(d, contact, 'answered');
    case 'rating':
      return closing(d, contact, 'answered');
    case 'goodbye':
      return closing(d, contact, stage.outcome);
    case 'closing':
      return;
  }
}

/** Anything else, and the caller's phone or its network was lost. */
const HUNG_UP: ReadonlySet<string> = new Set(['NORMAL_CLEARING', 'ORIGINATOR_CANCEL']);

/** O7, C2. */
function giveUp(d: Decision, contact: Contact, wait: Wait, cause: string): void {
  endWait(d, contact, wait, 'abandoned', 'O7');
  if (contact.medium === 'callback') closeMissed(d, contact.from, 'unreached', 'B5');
  if (contact.spoke || contact.medium === 'callback') return;
  if (HUNG_UP.has(cause) || !goesOnInAnother(d, contact, wait))
    gaveUp(d, contact.from, waitedMs(d.state, wait), wait.queue);
  missCall(d, contact, wait.queue);
}

function openContact(d: Decision, node: NodeId, arrival: Arrival, answered: boolean, flow: string): Contact {
  const from = arrival.from.slice(0, FROM_CHARS_MAX);
  const fromName = (arrival.fromName ?? '').slice(0, NAME_CHARS_MAX);
  const contact = makeContact({
    id: nextContactId(d),
    medium: 'voice',
    partOf: besideOf(d.state, arrival.partOf),
    leg: arrival.leg,
    node,
    from,
    fromName,
    dialled: arrival.dialled.slice(0, FROM_CHARS_MAX),
    diversion: arrival.diversion?.slice(0, FROM_CHARS_MAX),
    openedAtMs: d.state.nowMs,
    known: arrival.known,
    stage: { in: 'arrived', untilMs: d.state.nowMs + RULES_WAIT_MS },
  });
  d.state.contacts.set(contact.id, contact);
  countCall(d.state, contact, 1);
  callBeside(d, contact.partOf, 1);
  note(d, 'A1', {
    do: 'record-fact',
    fact: 'contactOpened',
    contact: contact.id,
    medium: 'voice',
    from,
    fromName: fromName === '' ? undefined : fromName,
    dialled: contact.dialled,
    diversion: contact.diversion,
    line: lineOfCall(d, contact.dialled, contact.diversion),
    flow,
    partOf: contact.partOf,
  });
  const leg: Leg = {
    id: arrival.leg,
    node,
    contact: contact.id,
    role: 'citizen',
    agent: null,
    token: 0,
    ringKey: '',
    answered,
    endByMs: null,
    [STANDING]: undefined,
  };
  openLeg(d, contact, leg, from);
  return contact;
}

function pickUp(d: Decision, contact: Contact, flow: string): void {
  const leg = d.state.legs.get(contact.leg)!;
  setStage(d, contact, { in: 'answering', flow, untilMs: d.state.nowMs + ANSWER_MS_MAX });
  if (leg.answered) startFlow(d, contact, flow);
  else ask(d, leg, 'A1', { do: 'answer' });
}

/** A1, A6: null when no line has the number dialled. */
function flowOf(d: Decision, dialled: string, diversion = ''): string | null {
  const { lines = {}, diverted = {}, flows = {} } = d.state.settings ?? {};
  const line = lineDialled(d, dialled);
  if (!Object.hasOwn(lines, line)) return null;
  const merged = mergedLine(d, line, diversion);
  const name = merged === undefined ? lines[line]! : diverted[merged]!;
  return Object.hasOwn(flows, name) ? name : null;
}

/** A1: the number of ours that was dialled, whatever a carrier writes before it. */
function lineDialled({ state }: Decision, dialled: string): string {
  const lines = state.settings?.lines ?? {};
  if (Object.hasOwn(lines, dialled)) return dialled;
  const service = serviceNumber(dialled);
  return Object.hasOwn(lines, service) ? service : dialled;
}

/** What a call counts under when that is not the number dialled: the hotline it was diverted from, or the number without its codes. */
function lineOfCall(d: Decision, dialled: string, diversion?: string): string | undefined {
  const line = lineDialled(d, dialled);
  return mergedLine(d, line, diversion) ?? (line === dialled ? undefined : line);
}

/** A6: the merged hotline from which a call to another line was diverted. */
function mergedLine({ state }: Decision, dialled: string, diversion = ''): string | undefined {
  if (diversion === '') return undefined;
  const { diverted = {} } = state.settings ?? {};
  const line = Object.hasOwn(diverted, diversion) ? diversion : serviceNumber(diversion);
  return Object.hasOwn(diverted, line) && !Object.hasOwn(diverted, dialled) ? line : undefined;
}
