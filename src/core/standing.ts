import { assert } from '../lib/assert.ts';
import { type Due, DueHeap, makeDue } from '../lib/due-heap.ts';
import { Renewal } from '../lib/renewal.ts';
import { type Timed, TimeOrder } from '../lib/time-order.ts';
import { changesAtMs } from './calendar.ts';
import { countCall } from './calls-from.ts';
import type { Command } from './command.ts';
import { isPromised } from './contact.ts';
import { DUE } from './due-kind.ts';
import { idleDueMs } from './idle-due.ts';
import { type AgentId, type ContactId, NO_NODE, type NodeId } from './ids.ts';
import { type Bucket, bucketKey, join, type Kind, type SiteLoad, servingOf } from './kind.ts';
import { SLOT_NAMES, type Slot, slotOf, VOICE } from './medium.ts';
import { lastsMs } from './mode-rules.ts';
import { enterOldest, leaveOldest, type Oldest } from './oldest.ts';
import { stepsOf } from './plan-steps.ts';
import { type MissedCall, missedTurn } from './remembered.ts';
import type { Seat } from './seat.ts';
import type { PlanStep } from './settings.ts';
import { STANDING } from './standing-key.ts';
import type { Contact, Leg, Node, Stage, State, Wait } from './state.ts';

/**
 * Who stands where: the orders in which contacts wait, agents idle and deadlines come. All of it follows from the rest of the state
 * (`rules-index.ts`), and is kept beside it so that no event costs a scan.
 */
export interface Standing {
  /** Every leg that this journal ever rang begins so. */
  readonly legPrefix: string;
  /** Every contact that this journal ever opened ends so. */
  readonly contactSuffix: string;
  agentOfSeat: Map<string, AgentId>;
  /** Of everyone whom the rules name, and of who is gone from them with work to finish. */
  readonly seats: Map<AgentId, Seat>;
  kinds: Map<string, Kind>;
  /** By the step of a plan, then by the bucket's key. */
  buckets: Map<PlanStep, Map<string, Bucket>>;
  /** Agent → buckets of steps that are for this agent alone. */
  readonly wanted: Map<AgentId, Set<Bucket>>;
  /** Agent → contacts that may be offered now and whose talk with this agent broke off (T10). */
  readonly returning: Map<AgentId, Set<ContactId>>;
  /** Queue and slot (`lineOf`) → everyone in it, the ringing ones too: what a position counts. */
  readonly waiting: Map<string, TimeOrder<Place>>;
  /** Numbers that `skipIf` of some step says (Q11), lowest first. */
  skipsMs: readonly number[];
  /** As `waiting`, while there are `skipsMs`. */
  readonly oldest: Map<string, Oldest>;
  /** As `waiting`: how many of them are kept for a call-back (Q7, K1, K8). */
  readonly kept: Map<string, number>;
  /** Calls that wait, in all queues, but for those of ours to citizens who are not there (M3). */
  callsWaiting: number;
  /** Medium and reference of every open digital contact (W1). */
  readonly conversationOf: Map<string, ContactId>;
  /** How many calls of a number there are. */
  readonly callsFrom: Map<string, number>;
  readonly dues: DueHeap;
  /** What the latest entry has led to; its room is used again by the next. */
  readonly commands: Command[];
  /** Of `contacts` and `legs`. */
  readonly renewal: Renewal;
  /** Became free, or open to an offer, in the entry under way: the only ones that need matching. Empty between entries. */
  readonly freshSeats: Seat[];
  readonly freshPlaces: Place[];
  /** By the site's id. */
  siteLoads: Map<string, SiteLoad>;
  /** Queue → the times of its `Pace`, and the same in order. */
  readonly paces: Map<string, { readonly of: readonly number[]; readonly sorted: number[] }>;
  /** Numbers whose missed call nobody makes good just now, emergencies and then the earliest due first. */
  readonly missed: TimeOrder;
  /** Our call-backs of missed calls, by the number. */
  readonly missedUnderWay: Map<ContactId, string>;
}

/** What deadlines and alerts there are of one record, and whether it is to be matched. */
export interface Watched {
  /** Among the fresh ones. */
  fresh: boolean;
  readonly due: Due;
  /** When what lasts now lasts too long (U1–U3). */
  readonly alertDue: Due;
  /** How many of `State.alerts` are about it. */
  alerts: number;
}

/** Of one contact; while it waits, the item that stands in its line's order, and in its bucket's. */
export interface Place extends Timed, Watched {
  readonly id: ContactId;
  readonly slot: Slot;
  /** As `lineOf` names it; null while it does not wait. */
  line: string | null;
  /** Of the effective age: `enqueuedAtMs` less the head start. */
  atMs: number;
  returnTo: AgentId | null;
  /** While it waits: it is promised a call-back (K4, B3). */
  kept: boolean;
  /** Among `callsWaiting`. */
  counts: boolean;
  /** While it counts for its line's oldest wait (Q11): its item in that order. */
  entered: Timed | null;
  /** Where it may be offered from; null while it may not. */
  bucket: Bucket | null;
}

type Waiting = Extract<Stage, { in: 'queue' | 'connecting' }>;

/** Entries: those of a thousand calls. */
const RENEWED_AFTER = 8_192;

export function emptyStanding(journalId: string): Standing {
  return {
    legPrefix: `${journalId.slice(0, 8)}-${journalId.slice(8, 12)}-${journalId.slice(12, 16)}-`,
    contactSuffix: `-${journalId.slice(0, 6)}`,
    commands: [],
    renewal: new Renewal(RENEWED_AFTER),
    agentOfSeat: new Map(),
    seats: new Map(),
    kinds: new Map(),
    buckets: new Map(),
    wanted: new Map(),
    returning: new Map(),
    waiting: new Map(),
    skipsMs: [],
    oldest: new Map(),
    kept: new Map(),
    callsWaiting: 0,
    conversationOf: new Map(),
    callsFrom: new Map(),
    dues: new DueHeap(),
    freshSeats: [],
    freshPlaces: [],
    siteLoads: new Map(),
    paces: new Map(),
    missed: new TimeOrder(),
    missedUnderWay: new Map(),
  };
}

/** To be matched at the end of the entry. */
export function freshen<Item extends Watched>(fresh: Item[], item: Item): void {
  if (item.fresh) return;
  item.fresh = true;
  fresh.push(item);
}

/** Made when first asked for. */
export function placeOf(contact: Contact): Place {
  let place = contact[STANDING];
  if (place === undefined) {
    const { id, medium } = contact;
    place = {
      id,
      slot: slotOf(medium),
      line: null,
      atMs: Infinity,
      returnTo: null,
      kept: false,
      counts: false,
      entered: null,
      bucket: null,
      fresh: false,
      due: makeDue(DUE.contact, id),
      alertDue: makeDue(DUE.alert, id),
      alerts: 0,
    };
    contact[STANDING] = place;
  }
  return place;
}

/** @returns true when the contact may be offered now and could not be before. */
export function placeContact(state: State, contact: Contact, place: Place): boolean {
  const { stage } = contact;
  const live = isReachable(state, contact);
  if (contact.supervision !== undefined) setDeadline(state, 'supervision', place.id, superviseDueMs(state, contact));
  switch (stage.in) {
    case 'queue':
    case 'connecting':
      return placeWaiting(state, contact, stage, place, live);
    default:
      leaveLine(state, place);
      state.standing.dues.put(place.due, live ? contactDeadline(state, contact, stage) : null);
      return false;
  }
}

/** Apart from the rest: of two stages alone, which the engine that runs this tells apart as fast as one. */
function placeWaiting(state: State, contact: Contact, stage: Waiting, place: Place, live: boolean): boolean {
  const { dues } = state.standing;
  const line = lineOf(stage.wait.queue, place.slot);
  const open = stage.in === 'queue' && stage.offer === null && live && hasWay(state, contact);
  const atMs = effectiveSinceMs(stage.wait);
  const bucket = open ? bucketFor(state, stage.wait, stage.wait.step, place.slot) : null;
  // Q12: a contact that is touched in the very moment in which more may serve it has that moment all the same.
  const widens = place.due.atMs <= state.nowMs;
  dues.put(place.due, live ? waitDeadline(state, stage, bucket) : null);
  if (place.line === line && place.atMs === atMs) {
    if (place.bucket === bucket) return open && widens;
    leaveBucket(state, place);
    enterBucket(state, place, bucket);
    return open;
  }
  leaveLine(state, place);
  place.line = line;
  place.atMs = atMs;
  place.returnTo = stage.wait.returnTo ?? null;
  orderOf(state.standing.waiting, line).add(place);
  countWaiting(state, place, place.slot === VOICE);
  if (contact.callBack !== undefined) keepPlace(state, contact);
  countOldest(state, place, stage.wait);
  enterBucket(state, place, bucket);
  return open;
}

/** K4: whether its place is kept for a call-back is another matter than before. */
export function keepPlace(state: State, contact: Contact): void {
  const place = placeOf(contact);
  const kept = isPromised(contact);
  if (place.line === null || place.kept === kept) return;
  countKept(state, place, kept);
  if (contact.medium !== 'callback') return;
  countWaiting(state, place, !kept);
  if ('wait' in contact.stage) countOldest(state, place, contact.stage.wait);
}

function countWaiting({ standing }: State, place: Place, counts: boolean): void {
  if (place.counts === counts) return;
  place.counts = counts;
  standing.callsWaiting += counts ? 1 : -1;
}

/** Q11: everyone in the line does, but for our call-backs while the citizen is not there (B3). */
function countOldest(state: State, place: Place, { enqueuedAtMs }: Wait): void {
  if (state.standing.skipsMs.length === 0) return;
  const counts = place.counts || place.slot !== VOICE;
  if (counts === (place.entered !== null)) return;
  if (counts) enterOldest(state, place, place.line!, enqueuedAtMs);
  else leaveOldest(state, place, place.line!);
}

function countKept({ standing }: State, place: Place, kept: boolean): void {
  place.kept = kept;
  const line = place.line!;
  standing.kept.set(line, (standing.kept.get(line) ?? 0) + (kept ? 1 : -1));
}

/** The contact is over. */
export function unplaceContact(state: State, contact: Contact): void {
  const place = placeOf(contact);
  leaveLine(state, place);
  unwatch(state, place);
  countCall(state, contact, -1);
  if (contact.reference !== undefined) state.standing.conversationOf.delete(conversationKey(contact));
}

/** It is over. */
export function unwatch({ standing: { dues } }: State, { due, alertDue }: Watched): void {
  dues.put(due, null);
  dues.put(alertDue, null);
}

export function placeDevices(state: State, sipUser: string): void {
  let next: number | null = null;
  for (const { expiresAtMs } of state.devices.get(sipUser)?.values() ?? []) {
    if (next === null || expiresAtMs < next) next = expiresAtMs;
  }
  setDeadline(state, 'seat', sipUser, next);
  placePhones(state, sipUser);
}

function placePhones(state: State, sipUser: string): void {
  const agent = state.standing.agentOfSeat.get(sipUser);
  const seat = agent === undefined ? undefined : state.standing.seats.get(agent);
  if (seat !== undefined) seat.phones = livePhones(state, sipUser);
}

/** What is heard of a node: its phones may be rung, or may not. */
export function setNode(state: State, id: NodeId, node: Node): void {
  state.nodes.set(id, node);
  for (const sipUser of state.devices.keys()) placePhones(state, sipUser);
}

/** Of what is no contact, agent, leg or line: those have their deadlines at hand (`STANDING`). */
type Named = Exclude<keyof typeof DUE, 'agent' | 'contact' | 'alert' | 'leg' | 'oldest'>;

export function setDeadline(state: State, of: Named, id: string, atMs: number | null): void {
  state.standing.dues.set(DUE[of], id, atMs);
}

/** L2: when a leg that was told to end counts as ended; while its node is down that is not known. */
export function armLegEnd(state: State, leg: Leg): void {
  const atMs = nodeLive(state, leg.node) ? leg.endByMs : null;
  if (leg[STANDING] === undefined && atMs === null) return;
  leg[STANDING] ??= makeDue(DUE.leg, leg.id);
  state.standing.dues.put(leg[STANDING], atMs);
}

/** V2, V5. */
export function superviseDueMs(state: State, { node, supervision }: Contact): number | null {
  if (supervision === undefined || !nodeLive(state, node)) return null;
  const { untilMs, wanted } = supervision;
  return wanted === undefined ? untilMs : Math.min(wanted.untilMs, untilMs ?? wanted.untilMs);
}

/** Everybody who asks for what this step of this wait asks for. Made when first asked for. */
export function bucketFor(state: State, wait: Wait, step: number, slot: Slot): Bucket {
  const { standing, settings } = state;
  const steps = stepsOf(settings, wait.queue, wait.plan);
  const held = steps[Math.min(Math.max(step, 0), steps.length - 1)]!;
  const only = held.lastAgent === true ? wait.lastAgent : null;
  const key = bucketKey(wait.queue, slot, only);
  const found = standing.buckets.get(held)?.get(key);
  if (found !== undefined) return found;
  const bucket: Bucket = {
    key,
    queue: wait.queue,
    slot,
    step: held,
    only,
    open: new TimeOrder(),
    servedBy: [],
    delaysMs: [],
  };
  const ofStep = standing.buckets.get(held) ?? new Map<string, Bucket>();
  standing.buckets.set(held, ofStep.set(key, bucket));
  if (only === null) {
    for (const kind of standing.kinds.values()) {
      const serving = settings === null ? undefined : servingOf(kind, bucket, settings);
      if (serving !== undefined) join(serving);
    }
  } else {
    const kind = standing.seats.get(only)?.kind;
    const serving = kind && settings !== null ? servingOf(kind, bucket, settings) : undefined;
    if (serving !== undefined && serving.delayMs > 0) bucket.delaysMs = [serving.delayMs];
    const wanted = standing.wanted.get(only) ?? new Set();
    standing.wanted.set(only, wanted.add(bucket));
  }
  return bucket;
}

/** B1, B3: what is to be made good for a number; null: nothing any more. */
export function setMissed(state: State, number: string, call: MissedCall | null): void {
  const before = state.missed.get(number);
  if (before?.by === null) state.standing.missed.delete(missedTurn(number, before));
  if (call === null) state.missed.delete(number);
  else state.missed.set(number, call);
  if (call?.by === null) state.standing.missed.add(missedTurn(number, call));
}

export function effectiveSinceMs(wait: Wait): number {
  return wait.enqueuedAtMs - wait.headStartMs;
}

/** M3, M4: when the next rule will have held for its time, or a proposal's no longer. */
export function modeDueMs({ base, mode, nowMs }: State): number | null {
  const rules = base?.modeRules ?? [];
  const dues = rules.flatMap(({ forMs }, at) => {
    const sinceMs = mode.holdsSinceMs[at];
    return sinceMs === null || sinceMs === undefined || sinceMs + forMs <= nowMs ? [] : [sinceMs + forMs];
  });
  const { proposed } = mode;
  if (proposed?.goneSinceMs !== undefined) dues.push(proposed.goneSinceMs + lastsMs(rules, proposed.mode));
  return dues.length === 0 ? null : Math.min(...dues);
}

/** B3: when the hours of call-backs begin or are over next, while there is somebody to call back. */
export function missedDueMs({ missed, settings, nowMs }: State): number | null {
  const name = settings?.missedCalls?.calendar;
  const calendar = name === undefined ? undefined : settings?.hours?.[name];
  if (missed.size === 0 || calendar === undefined || settings?.dialsOut !== true) return null;
  return changesAtMs(calendar, settings.workdays ?? {}, nowMs) ?? null;
}

/** Those who wait in one queue for one slot. */
export function lineOf(queue: string, slot: Slot): string {
  return slot === VOICE ? queue : `${queue} ${SLOT_NAMES[slot]}`;
}

export function conversationKey({ medium, reference }: Pick<Contact, 'medium' | 'reference'>): string {
  return `${medium} ${reference ?? ''}`;
}

/** W1: a digital contact hangs on no switch. */
function isReachable(state: State, { node }: Contact): boolean {
  return node === NO_NODE || nodeLive(state, node);
}

/** K4: a place is kept, and costs no try, while there is no way out to whom it is kept for. */
function hasWay({ settings }: State, contact: Contact): boolean {
  return !isPromised(contact) || settings?.dialsOut === true;
}

export function nodeLive(state: State, node: NodeId): boolean {
  return state.nodes.get(node)?.live === true;
}

/** For `Seat.phones`. */
export function livePhones(state: State, sipUser: string): readonly string[] {
  const live: string[] = [];
  for (const [uri, { node }] of state.devices.get(sipUser) ?? []) if (nodeLive(state, node)) live.push(uri);
  return live.sort();
}

function contactDeadline(state: State, contact: Contact, stage: Exclude<Stage, { in: 'queue' }>): number | null {
  switch (stage.in) {
    case 'arrived':
    case 'answering':
    case 'menu':
    case 'placing':
    case 'dialling':
    case 'pausing':
    case 'connecting':
    case 'deflecting':
    case 'rating':
    case 'goodbye':
      return stage.untilMs;
    case 'conversation':
      return stage.untilMs ?? idleDueMs(state, contact);
    case 'talk':
      return stage.rejoinAtMs;
    case 'parted':
      return stage.joining?.untilMs ?? Math.min(stage.untilMs, stage.retryAtMs ?? stage.untilMs);
    case 'closing':
      return stage.recordingByMs;
  }
}

function waitDeadline(state: State, stage: Waiting, bucket: Bucket | null): number {
  if (stage.in === 'connecting') return stage.untilMs;
  if (stage.offer !== null) return Math.min(stage.announceAtMs, stage.offer.leaseUntilMs);
  if (bucket === null) return stage.announceAtMs;
  return Math.min(stage.announceAtMs, widensAtMs(state, stage.wait, bucket));
}

/** Q11, Q12: when somebody more may serve this wait. Always after now. */
function widensAtMs({ nowMs }: State, wait: Wait, bucket: Bucket): number {
  const { untilMs } = bucket.step;
  let next = untilMs === null ? Number.POSITIVE_INFINITY : wait.enqueuedAtMs + untilMs;
  if (next <= nowMs) next = Number.POSITIVE_INFINITY;
  const sinceMs = effectiveSinceMs(wait);
  for (const delayMs of bucket.delaysMs) {
    if (sinceMs + delayMs > nowMs) return Math.min(next, sinceMs + delayMs);
  }
  return next;
}

function leaveLine(state: State, place: Place): void {
  if (place.line === null) return;
  orderOf(state.standing.waiting, place.line).delete(place);
  if (place.kept) countKept(state, place, false);
  countWaiting(state, place, false);
  if (place.entered !== null) leaveOldest(state, place, place.line);
  leaveBucket(state, place);
  place.line = null;
  place.bucket = null;
}

function enterBucket(state: State, place: Place, bucket: Bucket | null): void {
  place.bucket = bucket;
  bucket?.open.add(place);
  if (bucket === null || place.returnTo === null) return;
  const { returning } = state.standing;
  returning.set(place.returnTo, (returning.get(place.returnTo) ?? new Set()).add(place.id));
}

function leaveBucket(state: State, place: Place): void {
  const { bucket } = place;
  if (bucket === null) return;
  bucket.open.delete(place);
  if (place.returnTo !== null) stopReturning(state, place.returnTo, place.id);
  if (bucket.only !== null && bucket.open.size === 0) forgetBucket(state, bucket, bucket.only);
}

function stopReturning({ standing: { returning } }: State, agent: AgentId, contact: ContactId): void {
  const contacts = returning.get(agent);
  contacts?.delete(contact);
  if (contacts?.size === 0) returning.delete(agent);
}

function forgetBucket(state: State, bucket: Bucket, only: AgentId): void {
  state.standing.buckets.get(bucket.step)?.delete(bucket.key);
  const wanted = state.standing.wanted.get(only);
  assert(wanted !== undefined, 'a bucket for one agent is known to be');
  wanted.delete(bucket);
  if (wanted.size === 0) state.standing.wanted.delete(only);
}

function orderOf(orders: Map<string, TimeOrder<Place>>, name: string): TimeOrder<Place> {
  let order = orders.get(name);
  if (order === undefined) {
    order = new TimeOrder();
    orders.set(name, order);
  }
  return order;
}
