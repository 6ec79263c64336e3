import { addressed } from './addressed.ts';
import { watchAgent, watchContact } from './alert.ts';
import type { Command, RecordCommand, SwitchWish } from './command.ts';
import type { Event } from './event.ts';
import { siteOpen } from './gate.ts';
import type { AgentId, CommandKey, ContactId, LegId } from './ids.ts';
import { contactId, legId } from './ids.ts';
import type { Bucket, Kind } from './kind.ts';
import { VOICE } from './medium.ts';
import { armOldest, oldestWaitMs } from './oldest.ts';
import { advanceStep } from './plan.ts';
import { freshenIdle, LESS, MORE, placeAgent, seatOfAgent } from './seat.ts';
import { freshen, lineOf, placeContact, placeOf } from './standing.ts';
import type { Agent, Contact, Conversation, Leg, Stage, State, Work } from './state.ts';

/** One entry in the making: what the event has led to so far. */
export interface Decision {
  readonly state: State;
  readonly seq: number;
  readonly event: Event;
  readonly commands: Command[];
  /** The rule (RULES.md) behind each of `commands`; null when nobody asks. */
  readonly because: string[] | null;
  /** Filled in only when somebody asks why. */
  readonly candidates: Candidates[] | null;
  contactsMade: number;
  /** Null: every fact is written down. A number: how many were left out, since nobody reads what is told of legs, keys and offers. */
  leftOut: number | null;
}

/** Why one agent had a contact when it was offered: the step of its plan, how long it had waited by then, and who else was free. */
export interface Candidates {
  readonly contact: ContactId;
  readonly chosen: AgentId;
  readonly key: CandidateKey;
  /** From 0. */
  readonly step: number;
  /** Head start included. */
  readonly waitedMs: number;
  readonly others: readonly NotChosen[];
}

/** By what free agents are put in order. */
export interface CandidateKey {
  readonly idleSinceMs: number;
  /** By what the step prefers. */
  readonly score: number;
  /** Calls and digital contacts that the agent has (W4). */
  readonly has: number;
}

export interface NotChosen extends CandidateKey {
  readonly agent: AgentId;
  /** The rule by which this agent did not get the contact. */
  readonly because: string;
}

/** Asks the switch for something on a leg that exists. */
export function ask(d: Decision, leg: Leg, because: string, wish: SwitchWish): CommandKey {
  return askLeg(d, leg.id, leg.node, because, wish);
}

export function askLeg(d: Decision, leg: LegId, node: Leg['node'], because: string, wish: SwitchWish): CommandKey {
  const key = `${d.seq}.${commandsBefore(d)}` as CommandKey;
  d.commands.push(addressed(key, node, leg, wish));
  d.because?.push(because);
  return key;
}

/** Asked before each fact about a leg, a key or an offer: false when it is left out. The ids of what comes after it are the same without it. */
export function tells(d: Decision): boolean {
  if (d.leftOut === null) return true;
  d.leftOut += 1;
  return false;
}

export function note(d: Decision, because: string, fact: RecordCommand): void {
  d.commands.push(fact);
  d.because?.push(because);
}

/** Id of the leg that the next command makes: journal, index and entry, in the form of a UUID. Never the same twice. */
export function nextLegId(d: Decision): LegId {
  const index = filled(commandsBefore(d).toString(16), 4);
  const seq = filled(d.seq.toString(16), 12);
  return legId(`${d.state.standing.legPrefix}${index}-${seq}`);
}

function commandsBefore({ commands, leftOut }: Decision): number {
  return commands.length + (leftOut ?? 0);
}

/** Sorts by time of opening within a journal; the tail tells journals apart. */
export function nextContactId(d: Decision): ContactId {
  const nth = d.contactsMade === 0 ? '' : `.${d.contactsMade}`;
  d.contactsMade += 1;
  return contactId(`C${filled(d.seq.toString(), 10)}${nth}${d.state.standing.contactSuffix}`);
}

const ZEROS = Array.from({ length: 13 }, (_, length) => '0'.repeat(length));

/** With zeros before it; `padStart` makes them anew each time. */
function filled(digits: string, length: number): string {
  return (ZEROS[length - digits.length] ?? '') + digits;
}

export function setStage(d: Decision, contact: Contact, stage: Stage): void {
  contact.stage = stage;
  touchContact(d, contact);
}

export function setWork(d: Decision, agent: Agent, work: Work | null): void {
  agent.work = work;
  touchAgent(d, agent);
}

/** Puts a digital contact to an agent's others, in the place of what was known of it there; null takes it away. */
export function setConversation(d: Decision, agent: Agent, contact: ContactId, now: Conversation | null): void {
  const others = agent.conversations.filter((each) => each.contact !== contact);
  agent.conversations = now === null ? others : [...others, now];
  touchAgent(d, agent);
  // W13: an offer that was taken stands in no call-back's way any more, though nothing else about the agent's room is new.
  const seat = seatOfAgent(d.state.standing, agent);
  if (now?.in === 'talk' && seat.slots !== 0) freshen(d.state.standing.freshSeats, seat);
}

export function touchContact(d: Decision, contact: Contact): void {
  const { standing } = d.state;
  const place = placeOf(contact);
  advanceStep(d.state, contact);
  if (placeContact(d.state, contact, place)) freshen(standing.freshPlaces, place);
  watchContact(d, contact, place);
}

/** After any change of an agent: new place among the idle ones, and a record when the reported state is another. */
export function touchAgent(d: Decision, agent: Agent): void {
  const { standing } = d.state;
  const seat = seatOfAgent(standing, agent);
  const { kind } = seat;
  // Only a site with a limit of its own opens, and is full, by what its agents do.
  const limited = kind?.siteLoad.capacity !== undefined;
  const wasFull = limited && !siteOpen(d.state, kind, VOICE);
  const change = placeAgent(d.state, agent, seat);
  if ((change & MORE) !== 0) freshen(standing.freshSeats, seat);
  if (kind !== undefined) {
    if ((change & LESS) !== 0) stepsMayEnd(d, agent.id, kind);
    const isFull = limited && !siteOpen(d.state, kind, VOICE);
    if (wasFull && !isFull) siteOpened(d, kind.site);
    if (isFull && !wasFull) siteFilled(d, kind.site);
  }
  const reported = reportedState(agent);
  const reason = reported === 'notReady' || reported === 'offline' ? agent.reason : '';
  if (agent.reported === reported && agent.reportedReason === reason) return watchAgent(d, agent, seat);
  agent.reported = reported;
  agent.reportedReason = reason;
  agent.reportedSinceMs = d.state.nowMs;
  note(d, 'P1', {
    do: 'record-fact',
    fact: 'agentState',
    agent: agent.id,
    state: reported,
    reason: reason === '' ? undefined : reason,
    contact: agent.work?.contact,
  });
  watchAgent(d, agent, seat);
}

/** Q14: a call ended at a site that was full. */
export function siteOpened(d: Decision, site: string): void {
  for (const kind of d.state.standing.kinds.values()) {
    if (kind.site === site) freshenIdle(d.state.standing, kind);
  }
}

/** Q11, Q14: one call more, whoever has it, and nobody of the site may be offered another. */
function siteFilled(d: Decision, site: string): void {
  const { kinds, seats, wanted } = d.state.standing;
  for (const kind of kinds.values()) {
    if (kind.site !== site) continue;
    for (const { bucket } of kind.serves) if (bucket.step.skipIf === 'noneAvailable') stepMayEnd(d, bucket);
  }
  for (const [agent, buckets] of [...wanted]) {
    if (seats.get(agent)?.kind?.site === site) for (const bucket of [...buckets]) stepMayEnd(d, bucket);
  }
}

/** Q11: a step that is skipped when nobody is there, or free, may be over with one agent less. */
function stepsMayEnd(d: Decision, agent: AgentId, kind: Kind): void {
  for (const { bucket } of kind.serves) {
    const { skipIf } = bucket.step;
    if (skipIf === 'noneAvailable' || (skipIf === 'noneLoggedIn' && kind.loggedIn === 0)) stepMayEnd(d, bucket);
  }
  const wanted = d.state.standing.wanted.get(agent);
  if (wanted !== undefined) for (const bucket of [...wanted]) stepMayEnd(d, bucket);
}

/** Q11: nobody touches those who wait for the oldest of them, whose wait is longer now than some steps allow. */
export function oldestWaited(d: Decision, line: string): void {
  const oldestMs = oldestWaitMs(d.state, line);
  for (const [{ skipIf }, buckets] of [...d.state.standing.buckets]) {
    if (typeof skipIf !== 'number' || oldestMs <= skipIf) continue;
    for (const bucket of [...buckets.values()]) if (lineOf(bucket.queue, bucket.slot) === line) stepMayEnd(d, bucket);
  }
  armOldest(d.state, line);
}

function stepMayEnd(d: Decision, bucket: Bucket): void {
  if (bucket.open.size === 0) return;
  for (const { id } of [...bucket.open]) touchContact(d, d.state.contacts.get(id as ContactId)!);
}

function reportedState(agent: Agent): Agent['reported'] {
  switch (agent.work?.in) {
    case undefined:
      return agent.wish;
    case 'offer':
      return 'ringing';
    case 'talk':
      return agent.work?.in === 'talk' && agent.work.held ? 'held' : 'talking';
    case 'wrapUp':
      return 'wrapUp';
  }
}
