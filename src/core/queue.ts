import { positionPrompts, promptFiles } from './announce.ts';
import { ask, type Decision, note, setStage, touchContact } from './decision.ts';
import { sayGoodbye } from './goodbye.ts';
import type { QueueSetting } from './settings.ts';
import { setDeadline } from './standing.ts';
import type { Contact, State, Wait } from './state.ts';

/** Announces nothing: the queue is gone from the rules. Unix ms that `setTimeout`-like clocks and JSON both hold. */
const NEVER_MS = 8_640_000_000_000_000;
const PAUSE_MS = 30_000;

/** Q1, Q7, Q9, Q10: the flow is over; from now on the queue's rules hold. */
export function enterQueue(d: Decision, contact: Contact, name: string, prompts: readonly string[]): void {
  const queue = queueOf(d.state, name);
  const enqueuedAtMs = takeLostPlace(d, contact) ?? d.state.nowMs;
  note(d, 'Q1', { fact: 'waitStarted', contact: contact.id, queue: name, enqueuedAtMs });
  if (queue !== undefined && waitingIn(d.state, name) >= queue.waitingMax) {
    endWait(d, contact, name, 'full', 'Q7');
    return sayGoodbye(d, contact, ['FUL-01'], 'Q7');
  }
  const busy = queue === undefined || (d.state.standing.idle.get(queue.skill)?.size ?? 0) === 0;
  playMusic(d, contact, busy ? [...prompts, 'QUE-02'] : prompts, 'Q9');
  wait(d, contact, { queue: name, enqueuedAtMs });
}

/** Q1: (back) to the queue, at the place that `enqueuedAtMs` gives. */
export function wait(d: Decision, contact: Contact, { queue, enqueuedAtMs }: Wait): void {
  const firstMs = queueOf(d.state, queue)?.positionFirstMs;
  const announceAtMs = firstMs === undefined ? NEVER_MS : d.state.nowMs + firstMs;
  setStage(d, contact, { in: 'queue', queue, enqueuedAtMs, announceAtMs, offer: null });
}

export function endWait(
  d: Decision,
  contact: Contact,
  queue: string,
  result: 'connected' | 'abandoned' | 'lost' | 'full',
  because: string,
): void {
  note(d, because, { fact: 'waitEnded', contact: contact.id, queue, result });
}

/** Q8: how many are ahead; not while a phone rings for this caller. */
export function announce(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'queue') return;
  const queue = queueOf(d.state, stage.queue);
  if (stage.offer === null && queue !== undefined) {
    playMusic(d, contact, positionPrompts(positionOf(d.state, contact)), 'Q8');
  }
  const announceAtMs = queue === undefined ? NEVER_MS : d.state.nowMs + Math.max(queue.positionEveryMs, PAUSE_MS / 10);
  contact.stage = { ...stage, announceAtMs };
  touchContact(d, contact);
}

export function playMusic(d: Decision, contact: Contact, prompts: readonly string[], because: string): void {
  const leg = d.state.legs.get(contact.leg);
  if (leg !== undefined) ask(d, leg, because, { do: 'music', files: promptFiles(d.state, prompts) });
}

/** How many stand before this contact in its queue. */
export function positionOf(state: State, contact: Contact): number {
  const { stage } = contact;
  if (stage.in !== 'queue' && stage.in !== 'connecting') return 0;
  return state.standing.waiting.get(stage.queue)?.rank({ atMs: stage.enqueuedAtMs, id: contact.id }) ?? 0;
}

export function waitingIn(state: State, queue: string): number {
  return state.standing.waiting.get(queue)?.size ?? 0;
}

export function queueOf(state: State, name: string): QueueSetting | undefined {
  const queues = state.settings?.queues ?? {};
  return Object.hasOwn(queues, name) ? queues[name] : undefined;
}

/** Q10: who lost the place to a dead switch takes it up again, once. */
function takeLostPlace(d: Decision, contact: Contact): number | undefined {
  const lost = d.state.lostCallers.get(contact.from);
  if (lost === undefined) return undefined;
  d.state.lostCallers.delete(contact.from);
  setDeadline(d.state, `x:${contact.from}`, null);
  return lost.enqueuedAtMs;
}
