import { assert } from '../lib/assert.ts';
import { DueHeap } from '../lib/due-heap.ts';
import { type Timed, TimeOrder } from '../lib/time-order.ts';
import { changesAtMs } from './calendar.ts';
import { type AgentId, type ContactId, NO_NODE, type NodeId } from './ids.ts';
import { type Bucket, bucketKey, HOME_SITE, join, type Kind, kindKey, makeKind, servingOf } from './kind.ts';
import { SLOT_NAMES, type Slot, slotOf, VOICE } from './medium.ts';
import { stepsOf } from './plan-steps.ts';
import { idleAtMs, roomNow } from './room.ts';
import { levelDueMs } from './service-level.ts';
import type { AgentSetting, PlanStep, Settings } from './settings.ts';
import type { Agent, Contact, MissedCall, Registration, Stage, State, Wait } from './state.ts';
import { alertKey, watchedState, watchedWait } from './watch.ts';

/**
 * Who stands where: the orders in which contacts wait, agents idle and deadlines come. All of it follows from the rest of the state
 * (`rebuildStanding`), and is kept beside it so that no event costs a scan.
 */
export interface Standing {
  agentOfSeat: Map<string, AgentId>;
  settingOf: Map<AgentId, AgentSetting>;
  kinds: Map<string, Kind>;
  kindOf: Map<AgentId, Kind>;
  /** By the step of a plan, then by the bucket's key. */
  buckets: Map<PlanStep, Map<string, Bucket>>;
  /** Agent → buckets of steps that are for this agent alone. */
  readonly wanted: Map<AgentId, Set<Bucket>>;
  /** Agent → contacts that may be offered now and whose talk with this agent broke off (T10). */
  readonly returning: Map<AgentId, Set<ContactId>>;
  /** Queue and slot (`lineOf`) → everyone in it, the ringing ones too: what a position counts. */
  readonly waiting: Map<string, TimeOrder>;
  /** Contacts that wait for a call's slot, in all queues (M3). */
  callsWaiting: number;
  /** Medium and reference of every open digital contact (W1). */
  readonly conversationOf: Map<string, ContactId>;
  readonly dues: DueHeap;
  /** Became free, or open to an offer, in the entry under way: the only ones that need matching. Empty between entries. */
  readonly freshAgents: Set<AgentId>;
  readonly freshContacts: Set<ContactId>;
  readonly placeOf: Map<ContactId, Place>;
  readonly idleOf: Map<AgentId, Idle>;
  /** Site → offers and talks there. */
  readonly siteLoad: Map<string, number>;
  capacityOf: Map<string, number>;
  readonly busyAt: Map<AgentId, string>;
  /** Numbers whose missed call nobody makes good just now, earliest due first. */
  readonly missed: TimeOrder;
  /** Our call-backs of missed calls, by the number. */
  readonly missedUnderWay: Map<ContactId, string>;
}

/** The item that stands in the queue's order, and in the bucket's. */
interface Place extends Timed {
  readonly id: ContactId;
  readonly line: string;
  readonly slot: Slot;
  /** Of the effective age: `enqueuedAtMs` less the head start. */
  readonly atMs: number;
  readonly returnTo: AgentId | null;
  /** Where it may be offered from; null while it may not. */
  bucket: Bucket | null;
}

/** The item that stands in the orders of its kind. */
interface Idle extends Timed {
  readonly id: AgentId;
  /** W4. */
  readonly atMs: number;
  /** Slots that are free, as bits. */
  readonly slots: number;
  readonly kind: Kind;
}

export function emptyStanding(): Standing {
  return {
    agentOfSeat: new Map(),
    settingOf: new Map(),
    kinds: new Map(),
    kindOf: new Map(),
    buckets: new Map(),
    wanted: new Map(),
    returning: new Map(),
    waiting: new Map(),
    callsWaiting: 0,
    conversationOf: new Map(),
    dues: new DueHeap(),
    freshAgents: new Set(),
    freshContacts: new Set(),
    placeOf: new Map(),
    idleOf: new Map(),
    siteLoad: new Map(),
    capacityOf: new Map(),
    busyAt: new Map(),
    missed: new TimeOrder(),
    missedUnderWay: new Map(),
  };
}

/** Who is alike, by these rules. Nobody stands anywhere afterwards: every agent and contact must be placed again. */
export function indexSettings(standing: Standing, settings: Settings): void {
  standing.agentOfSeat = new Map(settings.agents.map((agent) => [agent.sipUser, agent.id]));
  standing.settingOf = new Map(settings.agents.map((agent) => [agent.id, agent]));
  standing.kinds = new Map();
  standing.kindOf = new Map();
  standing.buckets = new Map();
  standing.wanted.clear();
  standing.returning.clear();
  standing.placeOf.clear();
  standing.waiting.clear();
  standing.callsWaiting = 0;
  standing.idleOf.clear();
  standing.siteLoad.clear();
  standing.busyAt.clear();
  standing.capacityOf = new Map(
    (settings.sites ?? []).flatMap(({ id, capacity }) => (capacity === undefined ? [] : [[id, capacity]])),
  );
  for (const agent of settings.agents) {
    const key = kindKey(agent, settings);
    const kind = standing.kinds.get(key) ?? makeKind(agent, settings);
    standing.kinds.set(key, kind);
    standing.kindOf.set(agent.id, kind);
  }
}

/** For a state whose `standing` is empty: a snapshot just read. */
export function rebuildStanding(state: State): void {
  if (state.settings !== null) indexSettings(state.standing, state.settings);
  for (const contact of state.contacts.values()) {
    placeContact(state, contact);
    if (contact.reference !== undefined) state.standing.conversationOf.set(conversationKey(contact), contact.id);
  }
  for (const agent of state.agents.values()) placeAgent(state, agent, state.standing.kindOf.get(agent.id));
  for (const leg of state.legs.values())
    setDeadline(state, 'leg', leg.id, nodeLive(state, leg.node) ? leg.endByMs : null);
  for (const sipUser of state.devices.keys()) placeDevices(state, sipUser);
  for (const [from, caller] of state.callers) setDeadline(state, 'caller', from, caller.untilMs);
  for (const [number, { dueAtMs, by }] of state.missed)
    if (by === null) state.standing.missed.add({ atMs: dueAtMs, id: number });
  for (const { id, medium, from } of state.contacts.values())
    if (medium === 'callback') state.standing.missedUnderWay.set(id, from);
  setDeadline(state, 'missed', '', missedDueMs(state));
  setDeadline(state, 'mode', '', modeDueMs(state));
  watchAll(state);
  for (const [queue, level] of state.levels) if (!level.kept) setDeadline(state, 'level', queue, levelDueMs(level));
}

/** @returns true when the contact may be offered now and could not be before. */
export function placeContact(state: State, contact: Contact): boolean {
  const { stage, id } = contact;
  const before = state.standing.placeOf.get(id);
  const live = isReachable(state, contact);
  if (contact.supervision !== undefined) setDeadline(state, 'supervision', id, superviseDueMs(state, contact));
  if (stage.in !== 'queue' && stage.in !== 'connecting') {
    if (before !== undefined) forgetPlace(state, before);
    setDeadline(state, 'contact', id, live ? contactDeadline(stage) : null);
    return false;
  }
  const slot = slotOf(contact.medium);
  const line = lineOf(stage.wait.queue, slot);
  const open = stage.in === 'queue' && stage.offer === null && live;
  const atMs = effectiveSinceMs(stage.wait);
  const bucket = open ? bucketFor(state, stage.wait, stage.wait.step, slot) : null;
  setDeadline(state, 'contact', id, live ? waitDeadline(state, stage, bucket) : null);
  if (before !== undefined && before.line === line && before.atMs === atMs) {
    if (before.bucket === bucket) return false;
    leaveBucket(state, before);
    enterBucket(state, before, bucket);
    return open;
  }
  if (before !== undefined) forgetPlace(state, before);
  const place: Place = { id, line, slot, atMs, returnTo: stage.wait.returnTo ?? null, bucket: null };
  orderOf(state.standing.waiting, line).add(place);
  if (slot === VOICE) state.standing.callsWaiting += 1;
  enterBucket(state, place, bucket);
  state.standing.placeOf.set(id, place);
  return open;
}

/** The contact is over. */
export function unplaceContact(state: State, contact: Contact): void {
  const { id } = contact;
  const before = state.standing.placeOf.get(id);
  if (before !== undefined) forgetPlace(state, before);
  setDeadline(state, 'contact', id, null);
  if (contact.reference !== undefined) state.standing.conversationOf.delete(conversationKey(contact));
}

/** Of an agent's change, as bits: may be offered something now and could not be so before; is there, or free, no longer. */
export const MORE = 1;
export const LESS = 2;

export function placeAgent(state: State, agent: Agent, kind: Kind | undefined): number {
  const { standing } = state;
  setDeadline(state, 'agent', agent.id, agentDeadline(state, agent));
  placeAtSite(state, agent, kind);
  let left = false;
  if (kind !== undefined && agent.wish !== 'offline') kind.loggedIn.add(agent.id);
  else left = kind?.loggedIn.delete(agent.id) === true;
  const before = standing.idleOf.get(agent.id);
  const slots = kind === undefined ? 0 : slotsFree(state, agent, kind);
  const atMs = idleAtMs(agent);
  if (before !== undefined) {
    if (slots === before.slots && before.atMs === atMs && before.kind === kind) return left ? LESS : 0;
    for (const slot of slotsIn(before.slots)) before.kind.idle[slot]!.delete(before);
    standing.idleOf.delete(agent.id);
    if ((before.slots & ~slots) !== 0) left = true;
  }
  const change = left ? LESS : 0;
  if (kind === undefined || slots === 0) return change;
  const place: Idle = { id: agent.id, atMs, slots, kind };
  for (const slot of slotsIn(slots)) kind.idle[slot]!.add(place);
  standing.idleOf.set(agent.id, place);
  return change | MORE;
}

/** Whether the agent may be offered something in this slot now. */
export function isFree(state: State, agent: AgentId, slot: Slot): boolean {
  return ((state.standing.idleOf.get(agent)?.slots ?? 0) & (1 << slot)) !== 0;
}

/** Agents of a kind who may be offered something, in whatever slot. */
export function idleAgents(kind: Kind): Set<AgentId> {
  return new Set(kind.idle.flatMap((order) => [...order].map(({ id }) => id as AgentId)));
}

export function placeDevices(state: State, sipUser: string): void {
  let next: number | null = null;
  for (const { expiresAtMs } of state.devices.get(sipUser)?.values() ?? []) {
    if (next === null || expiresAtMs < next) next = expiresAtMs;
  }
  setDeadline(state, 'seat', sipUser, next);
}

/** What a deadline is of, in the order in which those of one moment are met. */
export const DUE = {
  agent: 0,
  contact: 1,
  seat: 2,
  level: 3,
  leg: 4,
  caller: 5,
  mode: 6,
  missed: 7,
  supervision: 8,
  alert: 9,
} as const;

export function setDeadline(state: State, of: keyof typeof DUE, id: string, atMs: number | null): void {
  state.standing.dues.set(DUE[of], id, atMs);
}

/** V2, V5. */
export function superviseDueMs(state: State, { node, supervision }: Contact): number | null {
  return nodeLive(state, node) ? (supervision?.untilMs ?? null) : null;
}

/** U1–U3: what lasts already, and is not too long yet. */
function watchAll(state: State): void {
  const limits = state.settings?.alerts;
  if (limits === undefined) return;
  for (const [of, watched] of [
    ...[...state.contacts.values()].map((contact) => [contact.id, watchedWait(limits, contact)] as const),
    ...[...state.agents.values()].map((agent) => [agent.id, watchedState(limits, agent)] as const),
  ])
    if (watched !== undefined && !state.alerts.has(alertKey(watched.alert, of)))
      setDeadline(state, 'alert', of, watched.dueMs);
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
    const wanted = standing.wanted.get(only) ?? new Set();
    standing.wanted.set(only, wanted.add(bucket));
  }
  return bucket;
}

/** B1, B3: what is to be made good for a number; null: nothing any more. */
export function setMissed(state: State, number: string, call: MissedCall | null): void {
  const before = state.missed.get(number);
  if (before?.by === null) state.standing.missed.delete({ atMs: before.dueAtMs, id: number });
  if (call === null) state.missed.delete(number);
  else state.missed.set(number, call);
  if (call?.by === null) state.standing.missed.add({ atMs: call.dueAtMs, id: number });
}

export function effectiveSinceMs(wait: Wait): number {
  return wait.enqueuedAtMs - wait.headStartMs;
}

/** M3: when the next rule will have held for its time. */
export function modeDueMs({ base, mode, nowMs }: State): number | null {
  const dues = (base?.modeRules ?? []).flatMap(({ forMs }, at) => {
    const sinceMs = mode.holdsSinceMs[at];
    return sinceMs === null || sinceMs === undefined || sinceMs + forMs <= nowMs ? [] : [sinceMs + forMs];
  });
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

export function nodeLive(state: State, node: NodeId): boolean {
  return state.nodes.get(node)?.live === true;
}

/** Registrations that a ring may use: those heard of by a node that is up. */
export function liveDevices(state: State, sipUser: string): [string, Registration][] {
  const live: [string, Registration][] = [];
  for (const entry of state.devices.get(sipUser) ?? []) if (nodeLive(state, entry[1].node)) live.push(entry);
  return live.length < 2 ? live : live.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Q2, W2. */
function slotsFree(state: State, agent: Agent, { room }: Kind): number {
  if (agent.wish !== 'ready' || agent.notBeforeMs > state.nowMs) return 0;
  const slots = roomNow(room, agent, state.nowMs);
  return (slots & 1) !== 0 && !mayRing(state, agent) ? slots & ~1 : slots;
}

function mayRing(state: State, agent: Agent): boolean {
  if (agent.legs.length > 0) return false;
  const setting = state.standing.settingOf.get(agent.id);
  return setting !== undefined && hasLiveDevice(state, setting.sipUser);
}

const SLOTS_IN: readonly (readonly Slot[])[] = [[], [0], [1], [0, 1], [2], [0, 2], [1, 2], [0, 1, 2]];

function slotsIn(bits: number): readonly Slot[] {
  return SLOTS_IN[bits]!;
}

function hasLiveDevice(state: State, sipUser: string): boolean {
  for (const device of state.devices.get(sipUser)?.values() ?? []) if (nodeLive(state, device.node)) return true;
  return false;
}

function agentDeadline({ nowMs }: State, { work, notBeforeMs, deskNotBeforeMs }: Agent): number | null {
  let next = work?.in === 'wrapUp' ? work.untilMs : null;
  if (next === null && notBeforeMs > nowMs) next = notBeforeMs;
  return deskNotBeforeMs > nowMs && (next === null || deskNotBeforeMs < next) ? deskNotBeforeMs : next;
}

function contactDeadline(stage: Exclude<Stage, { in: 'queue' }>): number | null {
  switch (stage.in) {
    case 'arrived':
    case 'answering':
    case 'menu':
    case 'dialling':
    case 'pausing':
    case 'connecting':
    case 'deflecting':
    case 'rating':
    case 'goodbye':
    case 'conversation':
      return stage.untilMs;
    case 'talk':
      return stage.rejoinAtMs;
    case 'parted':
      return stage.joining?.untilMs ?? Math.min(stage.untilMs, stage.retryAtMs ?? stage.untilMs);
    case 'closing':
      return stage.recordingByMs;
  }
}

function waitDeadline(
  state: State,
  stage: Extract<Stage, { in: 'queue' | 'connecting' }>,
  bucket: Bucket | null,
): number {
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

const NO_SITE = {};

/** An agent's site as the records take it: nothing said means `main`. */
export function siteOf(state: State, agent: AgentId): { readonly site?: string } {
  const site = state.standing.kindOf.get(agent)?.site ?? HOME_SITE;
  return site === HOME_SITE ? NO_SITE : { site };
}

function placeAtSite(state: State, agent: Agent, kind: Kind | undefined): void {
  const { busyAt, siteLoad } = state.standing;
  const before = busyAt.get(agent.id);
  const now = kind !== undefined && (agent.work?.in === 'offer' || agent.work?.in === 'talk') ? kind.site : undefined;
  if (before === now) return;
  if (before !== undefined) siteLoad.set(before, siteLoad.get(before)! - 1);
  if (now === undefined) busyAt.delete(agent.id);
  else {
    busyAt.set(agent.id, now);
    siteLoad.set(now, (siteLoad.get(now) ?? 0) + 1);
  }
}

function forgetPlace(state: State, place: Place): void {
  orderOf(state.standing.waiting, place.line).delete(place);
  if (place.slot === VOICE) state.standing.callsWaiting -= 1;
  state.standing.placeOf.delete(place.id);
  leaveBucket(state, place);
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

function orderOf(orders: Map<string, TimeOrder>, name: string): TimeOrder {
  let order = orders.get(name);
  if (order === undefined) {
    order = new TimeOrder();
    orders.set(name, order);
  }
  return order;
}
