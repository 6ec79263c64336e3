import { makeDue } from '../lib/due-heap.ts';
import { HOME_SITE } from '../lib/home-site.ts';
import type { Timed } from '../lib/time-order.ts';
import { DUE } from './due-kind.ts';
import type { AgentId } from './ids.ts';
import type { Kind, SiteLoad } from './kind.ts';
import type { Slot } from './medium.ts';
import { idleAtMs, roomNow } from './room.ts';
import type { AgentSetting } from './settings.ts';
import { freshen, type Standing, unwatch, type Watched } from './standing.ts';
import { STANDING } from './standing-key.ts';
import type { Agent, State } from './state.ts';

/** Of one agent; while anything may be offered, the item that stands in the orders of its kind. */
export interface Seat extends Timed, Watched {
  readonly id: AgentId;
  /** By the rules in force; both undefined when they do not name the agent any more. */
  setting: AgentSetting | undefined;
  kind: Kind | undefined;
  /** Devices that may be rung, by their URIs in order: those heard of by a node that is up. Empty without a setting. */
  phones: readonly string[];
  /** Not offline. */
  loggedIn: boolean;
  /** W4. */
  atMs: number;
  /** Slots that are free, as bits. */
  slots: number;
  /** The load that it counts to, with an offer or a talk. */
  busyAt: SiteLoad | null;
}

/** Made when first asked for. */
export function seatOf({ seats }: Standing, id: AgentId): Seat {
  let seat = seats.get(id);
  if (seat === undefined) {
    seat = {
      id,
      setting: undefined,
      kind: undefined,
      phones: [],
      loggedIn: false,
      atMs: Infinity,
      slots: 0,
      busyAt: null,
      fresh: false,
      due: makeDue(DUE.agent, id),
      alertDue: makeDue(DUE.alert, id),
      alerts: 0,
    };
    seats.set(id, seat);
  }
  return seat;
}

export function seatOfAgent(standing: Standing, agent: Agent): Seat {
  agent[STANDING] ??= seatOf(standing, agent.id);
  return agent[STANDING];
}

/** Of an agent's change, as bits: may be offered something now and could not be so before; is there, or free, no longer. */
export const MORE = 1;
export const LESS = 2;

export function placeAgent(state: State, agent: Agent, seat: Seat): number {
  state.standing.dues.put(seat.due, agentDeadline(state, agent));
  placeAtSite(agent, seat);
  const { kind } = seat;
  if (kind === undefined) return 0;
  const before = seat.slots;
  const slots = slotsFree(state, agent, seat, kind);
  const atMs = idleAtMs(agent);
  let change = placeLogin(agent, seat, kind) || (before & ~slots) !== 0 ? LESS : 0;
  if (slots === before && (slots === 0 || seat.atMs === atMs)) return change;
  for (const slot of slotsIn(before)) kind.idle[slot]!.delete(seat);
  seat.slots = slots;
  seat.atMs = atMs;
  for (const slot of slotsIn(slots)) kind.idle[slot]!.add(seat);
  if (slots !== 0) change |= MORE;
  return change;
}

/** @returns true when the agent has just left. */
function placeLogin(agent: Agent, seat: Seat, kind: Kind): boolean {
  const loggedIn = agent.wish !== 'offline';
  if (seat.loggedIn === loggedIn) return false;
  seat.loggedIn = loggedIn;
  kind.loggedIn += loggedIn ? 1 : -1;
  return !loggedIn;
}

/** The agent is gone from the rules, and has nothing left to do. */
export function forgetSeat(state: State, id: AgentId): void {
  unwatch(state, seatOf(state.standing, id));
  state.standing.seats.delete(id);
}

/** Whether the agent may be offered something in this slot now. */
export function isFree(state: State, agent: AgentId, slot: Slot): boolean {
  return ((state.standing.seats.get(agent)?.slots ?? 0) & (1 << slot)) !== 0;
}

/** Agents of a kind who may be offered something, in whatever slot, are to be matched. */
export function freshenIdle({ freshSeats }: Standing, kind: Kind): void {
  for (const order of kind.idle) for (const seat of order) freshen(freshSeats, seat);
}

/** Q2, W2. */
function slotsFree(state: State, agent: Agent, { setting, phones }: Seat, { room }: Kind): number {
  if (agent.wish !== 'ready' || agent.notBeforeMs > state.nowMs) return 0;
  const slots = roomNow(room, agent, state.nowMs);
  if ((slots & 1) === 0) return slots;
  const mayRing = agent.legs.length === 0 && setting !== undefined && phones.length > 0;
  return mayRing ? slots : slots & ~1;
}

const SLOTS_IN: readonly (readonly Slot[])[] = [[], [0], [1], [0, 1], [2], [0, 2], [1, 2], [0, 1, 2]];

function slotsIn(bits: number): readonly Slot[] {
  return SLOTS_IN[bits]!;
}

function agentDeadline({ nowMs }: State, { work, notBeforeMs, deskNotBeforeMs }: Agent): number | null {
  let next = work?.in === 'wrapUp' ? work.untilMs : null;
  if (next === null && notBeforeMs > nowMs) next = notBeforeMs;
  return deskNotBeforeMs > nowMs && (next === null || deskNotBeforeMs < next) ? deskNotBeforeMs : next;
}

/** An agent's site as the records take it: nothing said means `main`. */
export function siteOf({ standing }: State, agent: Agent): string | undefined {
  const site = seatOfAgent(standing, agent).kind?.site;
  return site === HOME_SITE ? undefined : site;
}

function placeAtSite({ work }: Agent, seat: Seat): void {
  const before = seat.busyAt;
  const now = seat.kind !== undefined && (work?.in === 'offer' || work?.in === 'talk') ? seat.kind.siteLoad : null;
  if (before === now) return;
  if (before !== null) before.calls -= 1;
  if (now !== null) now.calls += 1;
  seat.busyAt = now;
}
