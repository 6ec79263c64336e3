import { TimeOrder } from '../lib/time-order.ts';
import type { AgentId, ContactId, NodeId } from './ids.ts';
import type { AgentSetting, QueueSetting, Settings } from './settings.ts';
import type { Agent, Contact, Registration, Stage, State } from './state.ts';

/**
 * Who stands where: the orders in which contacts wait, agents idle and deadlines come. All of it follows from the rest of the state
 * (`rebuildStanding`), and is kept beside it so that no event costs a scan.
 */
export interface Standing {
  agentOfSeat: Map<string, AgentId>;
  settingOf: Map<AgentId, AgentSetting>;
  queuesOfSkill: Map<string, QueueSetting[]>;
  /** Queue → everyone in it, the ringing ones too: what a position counts. */
  readonly waiting: Map<string, TimeOrder>;
  /** Queue → those that may be offered now. */
  readonly open: Map<string, TimeOrder>;
  /** Skill → agents that may be offered something now, longest idle first. */
  readonly idle: Map<string, TimeOrder>;
  readonly deadlines: TimeOrder;
  readonly deadlineOf: Map<string, number>;
  readonly placeOf: Map<ContactId, Place>;
  readonly idleOf: Map<AgentId, Idle>;
}

interface Place {
  readonly queue: string;
  readonly atMs: number;
  readonly open: boolean;
}

interface Idle {
  readonly atMs: number;
  readonly skills: readonly string[];
}

export function emptyStanding(): Standing {
  return {
    agentOfSeat: new Map(),
    settingOf: new Map(),
    queuesOfSkill: new Map(),
    waiting: new Map(),
    open: new Map(),
    idle: new Map(),
    deadlines: new TimeOrder(),
    deadlineOf: new Map(),
    placeOf: new Map(),
    idleOf: new Map(),
  };
}

export function indexSettings(standing: Standing, settings: Settings): void {
  standing.agentOfSeat = new Map(settings.agents.map((agent) => [agent.sipUser, agent.id]));
  standing.settingOf = new Map(settings.agents.map((agent) => [agent.id, agent]));
  standing.queuesOfSkill = new Map();
  for (const name of Object.keys(settings.queues).sort()) {
    const queue = settings.queues[name]!;
    const queues = standing.queuesOfSkill.get(queue.skill) ?? [];
    standing.queuesOfSkill.set(queue.skill, [...queues, queue]);
  }
}

/** For a state whose `standing` is empty: a snapshot just read. */
export function rebuildStanding(state: State): void {
  if (state.settings !== null) indexSettings(state.standing, state.settings);
  for (const contact of state.contacts.values()) placeContact(state, contact);
  for (const agent of state.agents.values()) placeAgent(state, agent);
  for (const leg of state.legs.values())
    setDeadline(state, `l:${leg.id}`, nodeLive(state, leg.node) ? leg.endByMs : null);
  for (const sipUser of state.devices.keys()) placeDevices(state, sipUser);
  for (const [from, lost] of state.lostCallers) setDeadline(state, `x:${from}`, lost.untilMs);
}

/** @returns true when the contact may be offered now and could not be before. */
export function placeContact(state: State, contact: Contact): boolean {
  const { stage } = contact;
  const live = nodeLive(state, contact.node);
  setDeadline(state, `c:${contact.id}`, live ? contactDeadline(stage) : null);
  const queued = stage.in === 'queue' || stage.in === 'connecting';
  const open = live && stage.in === 'queue' && stage.offer === null;
  const before = state.standing.placeOf.get(contact.id);
  if (!queued) {
    if (before !== undefined) forgetPlace(state, contact.id, before);
    return false;
  }
  const same = before !== undefined && before.queue === stage.queue && before.atMs === stage.enqueuedAtMs;
  if (same && before.open === open) return false;
  if (before !== undefined) forgetPlace(state, contact.id, before);
  const item = { atMs: stage.enqueuedAtMs, id: contact.id };
  orderOf(state.standing.waiting, stage.queue).add(item);
  if (open) orderOf(state.standing.open, stage.queue).add(item);
  state.standing.placeOf.set(contact.id, { queue: stage.queue, atMs: stage.enqueuedAtMs, open });
  return open;
}

/** The contact is over. */
export function unplaceContact(state: State, id: ContactId): void {
  const before = state.standing.placeOf.get(id);
  if (before !== undefined) forgetPlace(state, id, before);
  setDeadline(state, `c:${id}`, null);
}

/** @returns true when the agent may be offered something now and could not be before. */
export function placeAgent(state: State, agent: Agent): boolean {
  setDeadline(state, `a:${agent.id}`, agentDeadline(state, agent));
  const before = state.standing.idleOf.get(agent.id);
  const skills = idleSkills(state, agent);
  if (before !== undefined) {
    if (skills !== null && before.atMs === agent.idleSinceMs && sameList(before.skills, skills)) return false;
    for (const skill of before.skills) orderOf(state.standing.idle, skill).delete({ atMs: before.atMs, id: agent.id });
    state.standing.idleOf.delete(agent.id);
  }
  if (skills === null) return false;
  for (const skill of skills) orderOf(state.standing.idle, skill).add({ atMs: agent.idleSinceMs, id: agent.id });
  state.standing.idleOf.set(agent.id, { atMs: agent.idleSinceMs, skills });
  return true;
}

export function placeDevices(state: State, sipUser: string): void {
  let next: number | null = null;
  for (const { expiresAtMs } of state.devices.get(sipUser)?.values() ?? []) {
    if (next === null || expiresAtMs < next) next = expiresAtMs;
  }
  setDeadline(state, `d:${sipUser}`, next);
}

export function setDeadline(state: State, id: string, atMs: number | null): void {
  const { deadlines, deadlineOf } = state.standing;
  const before = deadlineOf.get(id);
  if (before === (atMs ?? undefined)) return;
  if (before !== undefined) deadlines.delete({ atMs: before, id });
  if (atMs === null) {
    deadlineOf.delete(id);
    return;
  }
  deadlines.add({ atMs, id });
  deadlineOf.set(id, atMs);
}

export function nodeLive(state: State, node: NodeId): boolean {
  return state.nodes.get(node)?.live === true;
}

/** Registrations that a ring may use: those heard of by a node that is up. */
export function liveDevices(state: State, sipUser: string): [string, Registration][] {
  const all = state.devices.get(sipUser);
  if (all === undefined) return [];
  return [...all].filter(([, device]) => nodeLive(state, device.node)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Skills the agent may be offered contacts for now; null when none may be offered at all (Q2). */
function idleSkills(state: State, agent: Agent): string[] | null {
  if (agent.wish !== 'ready' || agent.work !== null || agent.legs.length > 0) return null;
  if (agent.notBeforeMs > state.nowMs) return null;
  const setting = state.standing.settingOf.get(agent.id);
  if (setting === undefined || !hasLiveDevice(state, setting.sipUser)) return null;
  return Object.keys(setting.skills);
}

function hasLiveDevice(state: State, sipUser: string): boolean {
  for (const device of state.devices.get(sipUser)?.values() ?? []) if (nodeLive(state, device.node)) return true;
  return false;
}

function agentDeadline(state: State, agent: Agent): number | null {
  if (agent.work?.in === 'wrapUp') return agent.work.untilMs;
  return agent.notBeforeMs > state.nowMs ? agent.notBeforeMs : null;
}

function contactDeadline(stage: Stage): number | null {
  switch (stage.in) {
    case 'arrived':
    case 'answering':
    case 'menu':
    case 'connecting':
    case 'goodbye':
      return stage.untilMs;
    case 'queue':
      return stage.offer === null ? stage.announceAtMs : Math.min(stage.announceAtMs, stage.offer.leaseUntilMs);
    case 'talk':
      return stage.rejoinAtMs;
    case 'closing':
      return stage.recordingByMs;
  }
}

function forgetPlace(state: State, id: ContactId, place: Place): void {
  orderOf(state.standing.waiting, place.queue).delete({ atMs: place.atMs, id });
  if (place.open) orderOf(state.standing.open, place.queue).delete({ atMs: place.atMs, id });
  state.standing.placeOf.delete(id);
}

function orderOf(orders: Map<string, TimeOrder>, name: string): TimeOrder {
  let order = orders.get(name);
  if (order === undefined) {
    order = new TimeOrder();
    orders.set(name, order);
  }
  return order;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
