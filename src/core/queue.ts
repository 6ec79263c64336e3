import { IN_TIME_MS } from '../lib/measure-counts.ts';
import { promptFiles } from './announce.ts';
import { agentBeside } from './beside.ts';
import { bestAgent } from './best-agent.ts';
import { takeCaller } from './caller.ts';
import type { WaitResult } from './command.ts';
import { ask, type Decision, note, setStage } from './decision.ts';
import { queueFull } from './deflect.ts';
import { countAnswer } from './donor.ts';
import { foresee, learnWait } from './estimate.ts';
import { gradedEntry } from './grade.ts';
import { isDigital } from './medium.ts';
import { armAnnouncements } from './messages.ts';
import { standsForMissed } from './missed.ts';
import { queueOf } from './queue-of.ts';
import type { FlowStep } from './settings.ts';
import { effectiveSinceMs } from './standing.ts';
import type { Contact, State, Wait } from './state.ts';

type QueueStep = Extract<FlowStep, { kind: 'queue' }>;

/** Announces nothing: the queue is gone from the rules. Unix ms that `setTimeout`-like clocks and JSON both hold. */
export const NEVER_MS = 8_640_000_000_000_000;

/** F10, Q1, Q7, Q9, Q10, G3: the flow is over; from now on the queue's rules hold. */
export function enterQueue(d: Decision, contact: Contact, entry: QueueStep): void {
  contact.language = queueOf(d.state, entry.queue)?.language;
  const caller = takeCaller(d, contact.from);
  const graded = gradedEntry(d.state, contact, entry);
  const wait: Wait = {
    queue: entry.queue,
    enqueuedAtMs: caller.enqueuedAtMs,
    headStartMs: graded.headStartMs + caller.headStartMs,
    waitedBeforeMs: caller.headStartMs === 0 ? undefined : caller.headStartMs,
    plan: graded.plan,
    ungraded: graded.ungraded,
    messages: entry.messages,
    step: -1,
    lastAgent: agentBeside(d.state, contact) ?? caller.lastAgent,
    returnTo: undefined,
    foreseen: undefined,
  };
  note(d, 'Q1', {
    do: 'record-fact',
    fact: 'waitStarted',
    contact: contact.id,
    queue: wait.queue,
    enqueuedAtMs: wait.enqueuedAtMs,
  });
  standsForMissed(d, contact);
  if (!hasRoom(d.state, contact, wait.queue)) return queueFull(d, contact, wait);
  standInQueue(d, contact, wait);
  const busy = bestAgent(d.state, contact) === undefined;
  if (busy) foresee(d, contact, positionOf(d.state, contact));
  playMusic(d, contact, busy ? [...entry.prompts, 'QUE-02'] : entry.prompts, 'Q9');
}

/** Q1: (back) to the queue, at the place that `enqueuedAtMs` gives. */
export function standInQueue(d: Decision, contact: Contact, wait: Wait): void {
  const firstMs = queueOf(d.state, wait.queue)?.positionFirstMs;
  const placeAtMs = firstMs === undefined ? NEVER_MS : d.state.nowMs + firstMs;
  setStage(d, contact, armAnnouncements(d.state, { wait, offer: null }, placeAtMs, d.state.nowMs));
}

export function endWait(d: Decision, contact: Contact, wait: Wait, result: WaitResult, because: string): void {
  if (contact.calledBy !== undefined && !contact.spoke) return; // Y4: it has waited in no queue.
  const { queue, enqueuedAtMs } = wait;
  if (!contact.spoke && (result === 'connected' || result === 'abandoned')) learnWait(d, wait, result);
  note(d, because, { do: 'record-fact', fact: 'waitEnded', contact: contact.id, queue, result });
  if (isDigital(contact.medium)) return; // W12
  const ours = contact.medium === 'callback' || result === 'lost' || result === 'unreached';
  if (ours || queueOf(d.state, queue)?.floor === undefined) return;
  countAnswer(d, queue, result === 'connected' && d.state.nowMs - enqueuedAtMs <= IN_TIME_MS);
}

export function playMusic(d: Decision, contact: Contact, prompts: readonly string[], because: string): void {
  const leg = d.state.legs.get(contact.leg);
  if (leg !== undefined) ask(d, leg, because, { do: 'music', files: promptFiles(d.state, contact, prompts) });
}

/** How many stand before this contact in its queue. */
export function positionOf(state: State, contact: Contact): number {
  const { stage } = contact;
  if (stage.in !== 'queue' && stage.in !== 'connecting') return 0;
  const { wait } = stage;
  return state.standing.waiting.get(wait.queue)?.rank({ atMs: effectiveSinceMs(wait), id: contact.id }) ?? 0;
}

/** C2: what was really waited, in this call and the ones given up before it; no other head start. */
export function waitedMs({ nowMs }: State, { enqueuedAtMs, waitedBeforeMs = 0 }: Wait): number {
  return nowMs - enqueuedAtMs + waitedBeforeMs;
}

/** Q7, G3. */
export function hasRoom(state: State, { grade }: Contact, queue: string): boolean {
  return grade === 'emergency' || !isFull(state, queue);
}

/** Those on the line; whose place is kept for a call-back has no need of it. */
function isFull(state: State, queue: string): boolean {
  const waitingMax = queueOf(state, queue)?.waitingMax ?? Infinity;
  return waitingIn(state, queue) - keptIn(state, queue) >= waitingMax;
}

/** K1, K8: as many places are kept for call-backs as callers may wait on the line. */
export function mayKeep(state: State, queue: string): boolean {
  return keptIn(state, queue) < (queueOf(state, queue)?.waitingMax ?? 0);
}

function keptIn({ standing }: State, queue: string): number {
  return standing.kept.get(queue) ?? 0;
}

/** @param line as `lineOf` names it; for calls the queue. */
export function waitingIn(state: State, line: string): number {
  return state.standing.waiting.get(line)?.size ?? 0;
}
