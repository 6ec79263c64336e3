import { WEB_CALLER } from '../lib/web-caller.ts';
import { goesOnFrom } from './closed.ts';
import type { AgentState } from './command.ts';
import { hasNobody, isPromised } from './contact.ts';
import { type Estimate, estimateFor } from './estimate.ts';
import { gateOpen } from './gate.ts';
import type { AgentId, ContactId, LegId, NodeId, OfferToken } from './ids.ts';
import { NO_ANSWER_PAUSE_MS } from './limits.ts';
import { type DigitalMedium, isDigital, type Medium, SLOT_NAMES, type Slot, slotOf, VOICE } from './medium.ts';
import { meets } from './need.ts';
import { stepsOf } from './plan-steps.ts';
import { queueOf } from './queue-of.ts';
import { slotsOf } from './room.ts';
import type { AgentSetting, ModeName, Need, SlotCounts } from './settings.ts';
import { conversationKey, effectiveSinceMs, lineOf } from './standing.ts';
import type { Agent, Contact, State } from './state.ts';

/** Open calls of citizens at pages. */
export function webCallCount(state: State): number {
  return [...state.contacts.values()].filter(({ from, stage }) => from === WEB_CALLER && stage.in !== 'closing').length;
}

/** Every skill that some queue or plan asks for or prefers, sorted. Empty before there are rules. */
export function skillNames({ settings }: State): readonly string[] {
  const planned = Object.values(settings?.plans ?? {})
    .flat()
    .flatMap((step) => [...namedIn(step.needs), ...(step.prefer ?? []).map(({ skill }) => skill)]);
  return [...new Set([...Object.values(settings?.queues ?? {}).map(({ skill }) => skill), ...planned])].sort();
}

function namedIn(need: Need): string[] {
  if ('skill' in need) return [need.skill];
  if ('not' in need) return namedIn(need.not);
  return ('all' in need ? need.all : need.any).flatMap(namedIn);
}

/** What people see of the state. Values, made afresh at each call; nothing here changes the state. */
export interface AgentView {
  readonly agent: AgentId;
  readonly number: string;
  readonly sipUser: string;
  /** The rules lack the seat; it is shown until its call is over (P6). */
  readonly gone?: true;
  readonly skills: readonly string[];
  readonly site?: string;
  readonly state: AgentState;
  readonly reason?: string;
  readonly sinceMs: number;
  readonly contact?: ContactId;
  /** Registered phones on switches that are up. A ready agent with none is offered nothing. */
  readonly devices: number;
  /** What will be the state when the call under way is over. */
  readonly next: 'ready' | 'notReady' | 'offline';
  /** Who set `next` in the agent's stead, and why; absent: the agent, or what became of a phone or offers. */
  readonly setBy?: { readonly by: string; readonly reason: string };
  /** Room beside the one call. Absent: none. */
  readonly slots?: SlotCounts;
  /** W6: too many digital offers were missed; none before. May be over. */
  readonly digitalFromMs?: number;
  /** Digital contacts that the agent has or is offered, oldest first. Absent: none. */
  readonly conversations?: readonly ConversationView[];
}

export interface ConversationView {
  readonly contact: ContactId;
  readonly medium: DigitalMedium;
  /** `left`: the citizen is gone; `untilMs` is the end of the time for notes. */
  readonly state: 'offered' | 'talking' | 'left';
  readonly sinceMs?: number;
  /** Of an offer, to answer it with, and until when. */
  readonly token?: OfferToken;
  readonly untilMs?: number;
}

export interface QueueView {
  readonly queue: string;
  /** Empty of one that is gone. */
  readonly skill: string;
  /** The rules lack it; somebody is in it still, whom anybody may have (Q11). */
  readonly gone?: true;
  readonly waiting: readonly WaitingView[];
  /** Agents that a contact of this queue could have now. */
  readonly idleAgents: number;
  /** For who would enter it now and find nobody free (Q19). */
  readonly estimate?: Estimate;
  /** Waits that were foreseen and are over, and those of them that ended inside their interval. */
  readonly foreseen: { readonly ended: number; readonly inside: number };
}

export interface WaitingView {
  readonly contact: ContactId;
  readonly from: string;
  readonly enqueuedAtMs: number;
  /** 1 is next of its medium. */
  readonly place: number;
  /** Whose phone rings for this contact, or who is offered it. */
  readonly ringing?: AgentId;
  /** `callback`: kept for a citizen who has hung up and will be dialled. */
  readonly medium: Medium;
  /** It stands there without anybody who waits (B3). */
  readonly nobody?: true;
  /** In the pause between two tries (K6): when it stands in the queue again, at `place`, which counts for nobody else until then. */
  readonly againAtMs?: number;
  /** From now on (Q19). */
  readonly estimate?: Estimate;
}

export function agentViews(state: State): AgentView[] {
  return agentsShown(state).flatMap((id) => agentView(state, id) ?? []);
}

/** Those of the rules, then those that are gone from them with a call. */
export function agentsShown({ settings, agents }: State): AgentId[] {
  const shown = (settings?.agents ?? []).map(({ id }) => id);
  for (const { id, was, work } of agents.values()) if (was !== undefined && work !== null) shown.push(id);
  return shown;
}

export function agentView(state: State, id: AgentId): AgentView | undefined {
  const agent = state.agents.get(id);
  if (agent === undefined) return undefined;
  const { setting: now, phones = [] } = state.standing.seats.get(id) ?? {};
  const setting = now ?? (agent.work === null ? undefined : agent.was);
  if (setting === undefined) return undefined;
  return {
    agent: id,
    number: setting.number,
    sipUser: setting.sipUser,
    ...(now === undefined ? { gone: true as const } : {}),
    skills: Object.keys(setting.skills),
    ...(setting.site === undefined ? {} : { site: setting.site }),
    state: agent.reported,
    ...(agent.reportedReason === '' ? {} : { reason: agent.reportedReason }),
    sinceMs: agent.reportedSinceMs,
    ...contactOf(agent),
    devices: phones.length,
    next: agent.wish,
    ...(agent.setBy === undefined ? {} : { setBy: agent.setBy }),
    ...slotsView(state, setting),
    ...(isSetAside(state, agent) ? { digitalFromMs: agent.deskNotBeforeMs } : {}),
    ...(agent.conversations.length === 0 ? {} : { conversations: conversationViews(state, agent) }),
  };
}

function slotsView({ settings }: State, setting: AgentSetting): { slots?: SlotCounts } {
  const slots = settings === null ? {} : slotsOf(setting, settings);
  return Object.keys(slots).length === 0 ? {} : { slots };
}

function conversationViews(state: State, agent: Agent): ConversationView[] {
  return agent.conversations.flatMap((each) => {
    const contact = state.contacts.get(each.contact);
    if (contact === undefined || !isDigital(contact.medium)) return [];
    const { id, medium, stage } = contact;
    if (each.in === 'offer') {
      const untilMs = stage.in === 'queue' ? stage.offer?.leaseUntilMs : undefined;
      return {
        contact: id,
        medium,
        state: 'offered',
        token: each.token,
        ...(untilMs === undefined ? {} : { untilMs }),
      };
    }
    const untilMs = stage.in === 'conversation' ? stage.untilMs : null;
    const { sinceMs } = each;
    return untilMs === null
      ? { contact: id, medium, state: 'talking', sinceMs }
      : { contact: id, medium, state: 'left', sinceMs, untilMs };
  });
}

/** Where an open digital contact is. */
export interface DigitalView {
  readonly contact: ContactId;
  readonly medium: DigitalMedium;
  readonly queue: string;
  readonly state: 'waiting' | 'offered' | 'talking' | 'left';
  /** Who has it, or is offered it. */
  readonly agent?: AgentId;
  /** The closed one that it goes on from. */
  readonly continues?: ContactId;
}

export function digitalView(state: State, id: ContactId): DigitalView | 'call' | undefined {
  const contact = state.contacts.get(id);
  if (contact === undefined) return undefined;
  const { medium, stage } = contact;
  if (!isDigital(medium)) return 'call';
  if (stage.in !== 'conversation' && stage.in !== 'queue') return undefined;
  const view = { contact: id, medium, queue: stage.wait.queue, ...goesOnFrom(contact.continues) };
  if (stage.in === 'conversation')
    return { ...view, state: stage.untilMs === null ? 'talking' : 'left', agent: stage.agent };
  return stage.offer === null ? { ...view, state: 'waiting' } : { ...view, state: 'offered', agent: stage.offer.agent };
}

/** How manieth it is among those of its medium that wait in its queue, from 1; undefined: it waits in none. */
export function placeInQueue(state: State, id: ContactId): number | undefined {
  const contact = state.contacts.get(id);
  if (contact?.stage.in !== 'queue' || !isDigital(contact.medium)) return undefined;
  const { wait } = contact.stage;
  const order = state.standing.waiting.get(lineOf(wait.queue, slotOf(contact.medium)));
  const before = order?.rank({ atMs: effectiveSinceMs(wait), id });
  return before === undefined ? undefined : before + 1;
}

/** An open digital contact by its name outside; undefined when there is none. */
export function conversationView(state: State, medium: DigitalMedium, reference: string): ContactId | undefined {
  return state.standing.conversationOf.get(conversationKey({ medium, reference }));
}

/** Those of the rules, then those that are gone from them with somebody in them. */
export function queueViews(state: State): QueueView[] {
  const pausing = pausingIn(state);
  return [...Object.keys(state.settings?.queues ?? {}), ...goneQueues(state, pausing.keys())].map((name) => ({
    queue: name,
    ...skillOf(state, name),
    waiting: [
      ...SLOT_NAMES.flatMap((_, slot) => waitingViews(state, name, slot as Slot)),
      ...(pausing.get(name) ?? []).map((contact) => pausingView(state, contact)),
    ],
    idleAgents: idleFor(state, name),
    ...estimateOf(state, name, state.standing.waiting.get(name)?.size ?? 0),
    foreseen: { ended: state.paces.get(name)?.ended ?? 0, inside: state.paces.get(name)?.inside ?? 0 },
  }));
}

function skillOf(state: State, queue: string): Pick<QueueView, 'skill' | 'gone'> {
  const setting = queueOf(state, queue);
  return setting === undefined ? { skill: '', gone: true } : { skill: setting.skill };
}

type Pausing = Contact & { readonly stage: Extract<Contact['stage'], { in: 'pausing' }> };

/** K6: by queue. */
function pausingIn({ contacts }: State): Map<string, Pausing[]> {
  const pausing = new Map<string, Pausing[]>();
  for (const contact of contacts.values()) {
    if (!isPausing(contact)) continue;
    const { queue } = contact.stage.wait;
    pausing.set(queue, [...(pausing.get(queue) ?? []), contact]);
  }
  return pausing;
}

function isPausing(contact: Contact): contact is Pausing {
  return contact.stage.in === 'pausing';
}

function pausingView(state: State, contact: Pausing): WaitingView {
  const { id, from, stage } = contact;
  const order = state.standing.waiting.get(stage.wait.queue);
  return {
    contact: id,
    from,
    medium: 'callback',
    enqueuedAtMs: stage.wait.enqueuedAtMs,
    place: (order?.rank({ atMs: effectiveSinceMs(stage.wait), id }) ?? 0) + 1,
    ...(hasNobody(contact) ? { nobody: true as const } : {}),
    againAtMs: stage.untilMs,
  };
}

function goneQueues(state: State, pausing: Iterable<string>): string[] {
  const gone = new Set([...pausing].filter((queue) => queueOf(state, queue) === undefined));
  for (const order of state.standing.waiting.values()) {
    const stage = state.contacts.get(order.first()?.id as ContactId)?.stage;
    if (stage !== undefined && 'wait' in stage && queueOf(state, stage.wait.queue) === undefined)
      gone.add(stage.wait.queue);
  }
  return [...gone].sort();
}

function waitingViews(state: State, queue: string, slot: Slot): WaitingView[] {
  return [...(state.standing.waiting.get(lineOf(queue, slot)) ?? [])].flatMap(({ id }, index) => {
    const contact = state.contacts.get(id as ContactId);
    return contact === undefined ? [] : [waitingView(state, contact, queue, index + 1)];
  });
}

function estimateOf(state: State, queue: string, ahead: number): { estimate?: Estimate } {
  const estimate = estimateFor(state, queue, ahead);
  return estimate === undefined ? {} : { estimate };
}

/** Free agents whom some step of the queue's plan names. */
function idleFor(state: State, queue: string): number {
  const steps = stepsOf(state.settings, queue, '');
  const gone = queueOf(state, queue) === undefined;
  let count = 0;
  for (const kind of state.standing.kinds.values()) {
    const serves = (gone || kind.profile.has(queue)) && steps.some((step) => meets(step.needs, kind.skills));
    if (serves && gateOpen(state, kind, queue, VOICE)) count += kind.idle[VOICE]!.size;
  }
  return count;
}

export interface ModeView {
  readonly mode: ModeName;
  readonly sinceMs: number;
  /** Who set it; empty: nobody has yet. */
  readonly by: string;
  readonly proposed?: { readonly mode: ModeName; readonly atMs: number };
}

export function modeView({ mode }: State): ModeView {
  const { name, sinceMs, by, proposed } = mode;
  if (proposed === null) return { mode: name, sinceMs, by };
  return { mode: name, sinceMs, by, proposed: { mode: proposed.mode, atMs: proposed.atMs } };
}

export interface SiteView {
  readonly site: string;
  readonly name: string;
  readonly kind: 'main' | 'subPlatform' | 'subCentre';
  readonly status: 'open' | 'draining' | 'down';
  readonly capacity?: number;
  /** Offers and talks there. */
  readonly calls: number;
  /** Agents who are not offline, and those of them who may be offered something now. */
  readonly agents: number;
  readonly idleAgents: number;
}

export function siteViews(state: State): SiteView[] {
  return (state.settings?.sites ?? []).map(({ id, name, kind, capacity }) => {
    const kinds = [...state.standing.kinds.values()].filter(({ site }) => site === id);
    return {
      site: id,
      name,
      kind,
      status: state.sites.get(id) ?? 'open',
      ...(capacity === undefined ? {} : { capacity }),
      calls: state.standing.siteLoads.get(id)?.calls ?? 0,
      agents: kinds.reduce((sum, each) => sum + each.loggedIn, 0),
      idleAgents: kinds.reduce((sum, each) => sum + each.idle[VOICE]!.size, 0),
    };
  });
}

/** Missed calls that nobody has made good, and those of them that are past their time. */
export interface MissedView {
  readonly open: number;
  readonly overdue: number;
}

export function missedView({ missed, nowMs }: State): MissedView {
  let overdue = 0;
  for (const { dueAtMs } of missed.values()) if (dueAtMs < nowMs) overdue += 1;
  return { open: missed.size, overdue };
}

/** Legs that the core believes are on a node: what the adapter asks about at a survey. */
export function knownLegs(state: State, node: NodeId): LegId[] {
  return [...state.legs.values()].filter((leg) => leg.node === node).map((leg) => leg.id);
}

function waitingView(state: State, contact: Contact, queue: string, place: number): WaitingView {
  const { stage } = contact;
  const waited = stage.in === 'queue' || stage.in === 'connecting';
  const ringing = stage.in === 'queue' ? stage.offer?.agent : stage.in === 'connecting' ? stage.agent : undefined;
  return {
    contact: contact.id,
    from: contact.from,
    medium: isPromised(contact) ? 'callback' : contact.medium,
    enqueuedAtMs: waited ? stage.wait.enqueuedAtMs : contact.openedAtMs,
    place,
    ...(hasNobody(contact) ? { nobody: true as const } : {}),
    ...(ringing !== undefined ? { ringing } : isDigital(contact.medium) ? {} : estimateOf(state, queue, place - 1)),
  };
}

function contactOf(agent: Agent): { contact?: ContactId } {
  return agent.work === null ? {} : { contact: agent.work.contact };
}

/** W6: a call answered meanwhile ends the misses, not the time for which nothing digital is offered. The pause after a single miss is shorter. */
function isSetAside({ nowMs }: State, { deskNotBeforeMs }: Agent): boolean {
  return deskNotBeforeMs - nowMs > NO_ANSWER_PAUSE_MS;
}
