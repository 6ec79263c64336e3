import { assert } from '../lib/assert.ts';
import { stateAsked } from './agent.ts';
import { alertSeen } from './alert.ts';
import { arrive, arrivedGoOn, endLeg } from './call.ts';
import { keyWhileWaiting, promiseTold } from './call-back.ts';
import { callOutAsked, placerAnswered } from './call-out.ts';
import { recordingEnded } from './closing.ts';
import type { Command } from './command.ts';
import { endConversation, messageArrived, openConversation, returnConversation } from './conversation.ts';
import { meetDeadlines } from './deadline.ts';
import { type Decision, note } from './decision.ts';
import { deflectTaken } from './deflect.ts';
import { deviceGone, deviceRegistered } from './device.ts';
import { offerAnswered } from './digital-offer.ts';
import type {
  AlertSeen,
  CallOutAsked,
  ChannelEvent,
  ContactMarked,
  ContactRegraded,
  ConversationEvent,
  DispositionGiven,
  Event,
  MissedCallHandled,
  ModeAsked,
  SiteAsked,
  SupervisionApproved,
  SupervisionAsked,
  SupervisionLeft,
} from './event.ts';
import { digitsTaken, menuStuck, promptOver, startFlow } from './flow.ts';
import { contactRegraded } from './grade.ts';
import { agentReplied, idleAfterStart } from './idle.ts';
import type { CommandKey, LegId } from './ids.ts';
import { answerLeg } from './leg.ts';
import { NAME_CHARS_MAX, NOTE_CHARS_MAX, REASON_CHARS_MAX } from './limits.ts';
import { match } from './match.ts';
import { lookAtMissed, missedCallHandled } from './missed.ts';
import { modeAsked, proposeMode, rulesInForce } from './mode.ts';
import { phoneAnswered } from './offer.ts';
import { phoneBack } from './parting.ts';
import { ratingTaken } from './rating.ts';
import { reopenConversation } from './reopen.ts';
import type { Settings } from './settings.ts';
import { siteAsked } from './site.ts';
import type { Contact, State } from './state.ts';
import {
  contactMarked,
  superviseEnded,
  superviseRefused,
  supervisionApproved,
  supervisionAsked,
  supervisionLeft,
  supervisorAnswered,
} from './supervision.ts';
import { nodeLost, nodesUnknown, surveyed } from './survey.ts';
import { cameApart, citizenReached, connectFailed, held, joined } from './talk.ts';

export { nextDeadlineMs } from './deadline.ts';

/**
 * Applies one event to `state` and returns what must now be done, in order. Deterministic (E1): the same state, event and seq give the same
 * answer on any machine. Changes `state`.
 *
 * @param seq number of the journal entry this becomes; above every earlier one. Command keys and leg ids are made of it.
 * @throws AssertionError when time or `seq` go back, or a rule of the core is broken: a bug, never bad input.
 */
export function step(state: State, event: Event, seq: number): Command[] {
  return decided(state, event, seq, null, null).commands.slice();
}

/** As `step`, for who is done with the commands before the next entry: that one fills the same list anew. */
export function stepLending(state: State, event: Event, seq: number): readonly Command[] {
  return decided(state, event, seq, null, null).commands;
}

/**
 * As `stepLending`, for who only counts the calls of a day: what happens to legs, keys and offers is not written down, a third of all commands.
 * The others are the same.
 */
export function stepCounting(state: State, event: Event, seq: number): readonly Command[] {
  return decided(state, event, seq, null, null, 0).commands;
}

/** A decision with the rule behind each of its commands. */
export interface Explained extends Decision {
  readonly because: string[];
}

/** `step` with the rule behind each command and, when `why` is set, who else could have had each offer. */
export function decide(state: State, event: Event, seq: number, why: boolean): Explained {
  const d = decided(state, event, seq, [], why ? [] : null);
  return { ...d, commands: d.commands.slice() };
}

function decided<Because extends Decision['because']>(
  state: State,
  event: Event,
  seq: number,
  because: Because,
  candidates: Decision['candidates'],
  leftOut: Decision['leftOut'] = null,
): Decision & { readonly because: Because } {
  // Asked first: the words are made only for what is broken.
  if (event.atMs < state.nowMs) assert(false, `time went back: ${event.atMs} after ${state.nowMs}`);
  if (seq <= state.seq) assert(false, `entry ${seq} after ${state.seq}`);
  state.nowMs = event.atMs;
  state.seq = seq;
  const { commands, renewal } = state.standing;
  // One by one: a list that is cut short gives its room back.
  while (commands.length > 0) commands.pop();
  if (renewal.isDue(state.contacts.size + state.legs.size)) renew(state);
  const d = { state, seq, event, commands, because, candidates, contactsMade: 0, leftOut };
  apply(d, event);
  meetDeadlines(d);
  match(d);
  proposeMode(d);
  return d;
}

/** Between two entries, when nobody goes through them. */
function renew(state: State): void {
  state.contacts = new Map(state.contacts);
  state.legs = new Map(state.legs);
}

function apply(d: Decision, event: Event): void {
  switch (event.type) {
    case 'started':
      nodesUnknown(d);
      return idleAfterStart(d);
    case 'tick':
    case 'legRinging':
    case 'recordingStarted':
      return;
    case 'digitPressed':
      return withContact(d, event.leg, keyWhileWaiting, event.leg, event.digit);
    case 'settingsLoaded':
      return settingsLoaded(d, event.settings);
    case 'agentStateAsked':
      return stateAsked(d, event);
    case 'modeAsked':
    case 'siteAsked':
    case 'contactRegraded':
    case 'missedCallHandled':
    case 'dispositionGiven':
    case 'callOutAsked':
      return decidedByPeople(d, event);
    case 'conversationOpened':
    case 'messageArrived':
    case 'messageReplied':
    case 'offerAnswered':
    case 'conversationEnded':
    case 'conversationReturned':
    case 'conversationReopened':
      return converse(d, event);
    case 'supervisionAsked':
    case 'supervisionApproved':
    case 'supervisionLeft':
    case 'contactMarked':
    case 'alertSeen':
      return supervise(d, event);
    case 'nodeLost':
      return nodeLost(d, event.node);
    case 'surveyed':
      return surveyed(d, event.node, event.survey);
    case 'callArrived':
      return arrive(d, event.node, event, false);
    case 'legAnswered':
      return legAnswered(d, event.leg);
    case 'legEnded':
      return endLeg(d, event.leg, event);
    case 'playEnded':
      return withContact(d, event.leg, playOver, event.key);
    case 'digitsCollected':
      return withContact(d, event.leg, keyTaken, event.key, event.digits);
    case 'bridged':
      return withContact(d, event.leg, joined, event.leg, event.other);
    case 'unbridged':
      return withContact(d, event.leg, cameApart);
    case 'superviseEnded':
      return withContact(d, event.leg, superviseEnded, event.leg);
    case 'legHeld':
    case 'legResumed':
      return withContact(d, event.leg, held, event.leg, event.type === 'legHeld');
    case 'recordingEnded':
      return recordingEnded(d, event);
    case 'deviceRegistered':
      return deviceRegistered(d, event.node, event.device);
    case 'deviceGone':
      return deviceGone(d, event.node, event.sipUser, event.device);
    case 'commandFailed':
      return commandFailed(d, event);
  }
}

type PeoplesDecision = ModeAsked | SiteAsked | ContactRegraded | MissedCallHandled | DispositionGiven | CallOutAsked;

function decidedByPeople(d: Decision, event: PeoplesDecision): void {
  switch (event.type) {
    case 'modeAsked':
      return modeAsked(d, event);
    case 'siteAsked':
      return siteAsked(d, event);
    case 'contactRegraded':
      return contactRegraded(d, event);
    case 'missedCallHandled':
      return missedCallHandled(d, event);
    case 'dispositionGiven':
      return dispositionGiven(d, event);
    case 'callOutAsked':
      return callOutAsked(d, event);
  }
}

function converse(d: Decision, event: ConversationEvent | ChannelEvent): void {
  switch (event.type) {
    case 'conversationOpened':
      return openConversation(d, event);
    case 'messageArrived':
      return messageArrived(d, event);
    case 'messageReplied':
      return agentReplied(d, event);
    case 'offerAnswered':
      return offerAnswered(d, event);
    case 'conversationEnded':
      return endConversation(d, event);
    case 'conversationReturned':
      return returnConversation(d, event);
    case 'conversationReopened':
      return reopenConversation(d, event);
  }
}

type SupervisionEvent = SupervisionAsked | SupervisionApproved | SupervisionLeft | ContactMarked | AlertSeen;

function supervise(d: Decision, event: SupervisionEvent): void {
  switch (event.type) {
    case 'supervisionAsked':
      return supervisionAsked(d, event);
    case 'supervisionApproved':
      return supervisionApproved(d, { ...event, by: event.by.slice(0, NAME_CHARS_MAX) });
    case 'supervisionLeft':
      return supervisionLeft(d, event);
    case 'contactMarked':
      return contactMarked(d, event.contact, event.sensitive, event.by.slice(0, NAME_CHARS_MAX));
    case 'alertSeen':
      return alertSeen(d, event);
  }
}

/** P6: seats, queues and flows of the city, whole. The same version is not applied twice. */
function settingsLoaded(d: Decision, settings: Settings): void {
  if (d.state.base?.version === settings.version) return;
  rulesInForce(d, settings);
  lookAtMissed(d);
  arrivedGoOn(d);
}

function legAnswered(d: Decision, id: LegId): void {
  const leg = d.state.legs.get(id);
  const contact = leg === undefined ? undefined : d.state.contacts.get(leg.contact);
  if (leg === undefined || contact === undefined || leg.answered) return;
  answerLeg(d, leg, 'L1');
  if (leg.role === 'supervisor') supervisorAnswered(d, contact, leg);
  else if (leg.role === 'agent' && contact.stage.in === 'parted') phoneBack(d, contact, contact.stage, leg);
  else if (leg.role === 'agent' && contact.stage.in === 'placing') placerAnswered(d, contact, contact.stage, leg);
  else if (leg.role === 'agent') phoneAnswered(d, contact, leg);
  else if (contact.stage.in === 'dialling' && contact.leg === id) citizenReached(d, contact, contact.stage);
  else if (contact.stage.in === 'answering') startFlow(d, contact, contact.stage.flow);
}

function playOver(d: Decision, contact: Contact, key: CommandKey): void {
  if (contact.stage.in === 'queue') promiseTold(d, contact, key);
  else promptOver(d, contact, key);
}

function keyTaken(d: Decision, contact: Contact, key: CommandKey, digits: string): void {
  const { stage } = contact;
  if (stage.in === 'rating') ratingTaken(d, contact, stage, key, digits);
  else if (stage.in === 'deflecting') deflectTaken(d, contact, stage, key, digits);
  else digitsTaken(d, contact, key, digits);
}

/** P7. */
function dispositionGiven(d: Decision, { contact, by, code, note: text }: DispositionGiven): void {
  note(d, 'P7', {
    do: 'record-fact',
    fact: 'disposition',
    contact,
    by: by.slice(0, NAME_CHARS_MAX),
    code: code.slice(0, REASON_CHARS_MAX),
    ...(text === undefined ? {} : { note: text.slice(0, NOTE_CHARS_MAX) }),
  });
}

/** L3. A node whose link is down refuses everything; its survey will tell what is left. */
function commandFailed(d: Decision, event: Extract<Event, { type: 'commandFailed' }>): void {
  const leg = d.state.legs.get(event.leg);
  if (leg === undefined || d.state.nodes.get(leg.node)?.live !== true) return;
  if (leg.ringKey === event.key) return endLeg(d, leg.id, { cause: 'NORMAL_TEMPORARY_FAILURE' });
  withContact(d, event.leg, wishFailed, event.key);
}

function wishFailed(d: Decision, contact: Contact, key: CommandKey): void {
  const { stage } = contact;
  superviseRefused(d, contact, key);
  if (stage.in === 'menu' && stage.key === key) menuStuck(d, contact, stage);
  else if (stage.in === 'rating') ratingTaken(d, contact, stage, key, '');
  else if (stage.in === 'deflecting') deflectTaken(d, contact, stage, key, '');
  else if (stage.in === 'queue') promiseTold(d, contact, key);
  else if (stage.in === 'goodbye') promptOver(d, contact, key);
  else if (stage.in === 'connecting' && stage.key === key) connectFailed(d, contact, stage);
}

function withContact<Rest extends readonly unknown[]>(
  d: Decision,
  id: LegId,
  then: (d: Decision, contact: Contact, ...rest: Rest) => void,
  ...rest: Rest
): void {
  const leg = d.state.legs.get(id);
  const contact = leg === undefined ? undefined : d.state.contacts.get(leg.contact);
  if (contact !== undefined) then(d, contact, ...rest);
}
