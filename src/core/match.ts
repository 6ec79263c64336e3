import { isAskedElse } from './asked-else.ts';
import { bestAgent } from './best-agent.ts';
import { tellCandidates } from './candidates.ts';
import { type Decision, setConversation } from './decision.ts';
import { makeDigitalOffer } from './digital-offer.ts';
import { isExcluded } from './exclusion.ts';
import { gateOpen } from './gate.ts';
import { type AgentId, type ContactId, contactId } from './ids.ts';
import { isDelayed, type Kind, type Serving, servingOf } from './kind.ts';
import { isDigital, slotOf, VOICE } from './medium.ts';
import { boundMsOf } from './medium-rules.ts';
import { makeOffer } from './offer.ts';
import { type Seat, seatOf } from './seat.ts';
import { type Place, placeOf } from './standing.ts';
import type { Contact, State } from './state.ts';

/**
 * Q1–Q6, Q11–Q17, W5. Before an entry no contact waits while an agent who may have it is free; so only those who became free or open in this
 * entry need a look. Free agents first, longest idle first, each for the first contact that it may have, unless another is the better one for
 * it; then the contacts, each for the best agent.
 */
export function match(d: Decision): void {
  const { freshSeats, freshPlaces } = d.state.standing;
  // An offer may free a site or end a step for others: they get their look as well.
  while (freshSeats.length + freshPlaces.length > 0) {
    if (freshSeats.length + freshPlaces.length > 1) matchSeveral(d);
    else if (freshSeats.length === 1) matchAgent(d, takenOne(freshSeats), true, false);
    else matchContact(d, takenOne(freshPlaces).id, false);
  }
}

function matchSeveral(d: Decision): void {
  const seats = taken(d.state.standing.freshSeats);
  const places = taken(d.state.standing.freshPlaces);
  // What an agent did not take is left to the others before it is asked again (O5).
  const left = seats.length > 1 ? seats.filter((seat) => !matchAgent(d, seat, false, true)) : seats;
  for (const seat of left) matchAgent(d, seat, true, true);
  for (const { id } of places) matchContact(d, id, places.length > 1);
}

/** @returns true when the agent is no longer free. */
function matchAgent(d: Decision, seat: Seat, again: boolean, amongOthers: boolean): boolean {
  // One slot after the other: what is offered in one may leave room in another.
  while (seat.slots !== 0) {
    const turn = firstFor(d.state, seat);
    if (turn === undefined || (turn.excluded && !again)) return false;
    const contact = d.state.contacts.get(contactId(turn.id))!;
    const best = amongOthers ? (bestAgent(d.state, contact) ?? seat.id) : seat.id; // Q3
    if (best === seat.id) offer(d, contact, best);
    else offerTurn(d, contact, best);
  }
  return true;
}

function matchContact(d: Decision, id: ContactId, amongOthers: boolean): void {
  const contact = d.state.contacts.get(id);
  if (contact === undefined) return;
  for (let best = bestAgent(d.state, contact); best !== undefined; best = bestAgent(d.state, contact)) {
    if (amongOthers) offerTurn(d, contact, best);
    else offer(d, contact, best);
  }
  if (contact.grade === 'emergency') callAway(d, contact);
}

/** W7: nobody is free for an emergency. No offer stands that was to stand before a call. */
function callAway(d: Decision, { stage, medium }: Contact): void {
  if (stage.in !== 'queue' || stage.offer !== null || slotOf(medium) !== VOICE) return;
  for (const agent of d.state.agents.values()) {
    const firm = agent.conversations.find((each) => each.in === 'offer' && each.firm);
    if (firm?.in === 'offer') setConversation(d, agent, firm.contact, { ...firm, firm: false });
  }
}

/**
 * Several at once: the best agent for one contact may be due to another of them, and that one to another agent. Goes on to two that are first for
 * each other; where the firsts go round in a circle, to those where it closes.
 */
function offerTurn(d: Decision, contact: Contact, best: AgentId): void {
  const seen = new Set<AgentId>();
  for (let [to, first] = [best, contact]; ; seen.add(to)) {
    const turn = firstFor(d.state, seatOf(d.state.standing, to));
    const own = turn === undefined || turn.excluded ? first : d.state.contacts.get(contactId(turn.id))!;
    const better = own === first ? to : (bestAgent(d.state, own) ?? to);
    if (better === to || seen.has(better)) return offer(d, own, to);
    [to, first] = [better, own];
  }
}

function offer(d: Decision, contact: Contact, agent: AgentId): void {
  tellCandidates(d, contact, agent);
  const taker = d.state.agents.get(agent)!;
  if (isDigital(contact.medium)) makeDigitalOffer(d, contact, contact.medium, taker);
  else makeOffer(d, contact, taker);
}

interface Turn {
  readonly excluded: boolean;
  /** Calls, chats, call-backs that are not due soon, mails. */
  readonly turn: number;
  readonly rank: number;
  readonly atMs: number;
  readonly id: string;
}

/** Q4, W5: over all that the agent serves; what this agent did not take comes last (O5). */
function firstFor(state: State, { id: agent, kind, slots }: Seat): Turn | undefined {
  if (kind === undefined) return undefined;
  let best = (slots & (1 << VOICE)) === 0 ? undefined : returningTo(state, agent, kind);
  if (best !== undefined) return best;
  for (const serving of kind.serves) {
    if ((slots & (1 << serving.bucket.slot)) === 0) continue;
    const found = turnIn(state, agent, serving);
    if (found !== undefined && (best === undefined || before(found, best))) best = found;
  }
  for (const bucket of state.standing.wanted.get(agent) ?? NOBODY) {
    if ((slots & (1 << bucket.slot)) === 0) continue;
    const serving = servingOf(kind, bucket, state.settings!);
    const found = serving === undefined ? undefined : turnIn(state, agent, serving);
    if (found !== undefined && (best === undefined || before(found, best))) best = found;
  }
  return best;
}

/** T10: the caller whose talk with this agent broke off, oldest first. */
function returningTo(state: State, agent: AgentId, kind: Kind): Turn | undefined {
  let first: Turn | undefined;
  for (const id of state.standing.returning.get(agent) ?? NOBODY) {
    const contact = state.contacts.get(id)!;
    const { bucket, atMs } = placeOf(contact);
    if (bucket === null || (bucket.only !== null && bucket.only !== agent)) continue;
    if (servingOf(kind, bucket, state.settings!) === undefined || !gateOpen(state, kind, bucket.queue, VOICE)) continue;
    if (isExcluded(state, contact, agent)) continue;
    const turn: Turn = { id, turn: TURN_OF[VOICE], atMs, excluded: false, rank: 0 };
    if (first === undefined || before(turn, first)) first = turn;
  }
  return first;
}

function turnIn(state: State, agent: AgentId, { kind, bucket, rank, delayMs }: Serving): Turn | undefined {
  const { open, queue, slot } = bucket;
  if (open.size === 0 || !gateOpen(state, kind, queue, slot)) return undefined;
  let oldest: Turn | undefined;
  for (const { id, atMs } of open) {
    if (isDelayed(delayMs, state.nowMs - atMs)) break;
    const contact = state.contacts.get(contactId(id))!;
    if (isAskedElse(state, contact, kind, agent)) continue;
    const excluded = isExcluded(state, contact, agent);
    if (excluded && oldest !== undefined) continue;
    const turn = turnOf(state, contact, atMs);
    const first = contact.grade === 'emergency' || state.nowMs - atMs >= boundMsOf(state, queue, slot); // Q16, G3
    oldest = { id, atMs, turn, excluded, rank: first ? 0 : rank };
    if (!excluded) break;
  }
  return oldest;
}

/** W5, W13: in which turn the media come, by slot. */
const TURN_OF = [0, 1, 3] as const;
const NOT_DUE_SOON = 2;

function turnOf(state: State, { medium }: Contact, sinceMs: number): number {
  return medium === 'callback' && sinceMs > state.nowMs ? NOT_DUE_SOON : TURN_OF[slotOf(medium)];
}

function before(a: Turn, b: Turn): boolean {
  if (a.excluded !== b.excluded) return b.excluded;
  const isBound = a.rank === 0;
  if (isBound !== (b.rank === 0)) return isBound;
  if (a.turn !== b.turn) return a.turn < b.turn; // W5, W13
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.id < b.id);
}

const NOBODY: readonly never[] = [];

/** The only one. The list keeps its room, which a splice gives back. */
function takenOne<Item extends Seat | Place>(fresh: Item[]): Item {
  const item = fresh.pop()!;
  item.fresh = false;
  return item;
}

/** All of them, oldest first; none is fresh afterwards. */
function taken<Item extends Seat | Place>(fresh: Item[]): readonly Item[] {
  const all = fresh.splice(0);
  for (const item of all) item.fresh = false;
  return all.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}
