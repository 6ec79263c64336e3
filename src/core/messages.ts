import { PLACE_SPEECH_MS } from './limits.ts';
import { isDigital } from './medium.ts';
import { queueOf } from './queue-of.ts';
import type { WaitMessage } from './settings.ts';
import type { Contact, Stage, State, Wait } from './state.ts';
import { waiting } from './waiting.ts';

type Queue = Extract<Stage, { in: 'queue' }>;

const NONE: readonly WaitMessage[] = [];

/** Q21: by the rules of now, so that a mode may say something else to everybody who waits (M2). */
function messagesOf(state: State, wait: Wait): readonly WaitMessage[] {
  const name = wait.messages ?? queueOf(state, wait.queue)?.messages;
  const all = state.settings?.messages ?? {};
  return name !== undefined && Object.hasOwn(all, name) ? all[name]! : NONE;
}

/** Q21: those whose moment has come since something was said last, in the city's order. */
export function messagesDue(state: State, { wait, toldAtMs = state.nowMs }: Queue): readonly WaitMessage[] {
  return messagesOf(state, wait).filter((message) => momentAfter(message, wait, toldAtMs) <= state.nowMs);
}

/**
 * Q21: when something is said next.
 *
 * @param quietUntilMs something is being said until then.
 * @param toldAtMs what was due by then has been said.
 */
export function armAnnouncements(
  state: State,
  { wait, offer }: Pick<Queue, 'wait' | 'offer'>,
  placeAtMs: number,
  quietUntilMs: number,
  toldAtMs = state.nowMs,
): Queue {
  const messages = messagesOf(state, wait);
  if (messages.length === 0) return waiting(wait, offer, placeAtMs);
  const moments = messages.map((message) => momentAfter(message, wait, toldAtMs));
  const announceAtMs = Math.max(Math.min(placeAtMs, ...moments), quietUntilMs);
  return waiting(wait, offer, announceAtMs, placeAtMs, toldAtMs);
}

/** M2: new rules, for who waits already. */
export function armAgain(state: State, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'queue' || isDigital(contact.medium)) return;
  const { toldAtMs, announceAtMs, placeAtMs = announceAtMs } = stage;
  if (toldAtMs === undefined && messagesOf(state, stage.wait).length === 0) return;
  const quietUntilMs = toldAtMs === undefined ? state.nowMs : toldAtMs + PLACE_SPEECH_MS;
  contact.stage = armAnnouncements(state, stage, placeAtMs, quietUntilMs, toldAtMs);
}

/** The first of its moments after this one; never again: infinitely late. */
function momentAfter({ afterMs, everyMs }: WaitMessage, { enqueuedAtMs }: Wait, atMs: number): number {
  const firstMs = enqueuedAtMs + afterMs;
  if (firstMs > atMs) return firstMs;
  if (everyMs === undefined) return Infinity;
  return firstMs + (Math.floor((atMs - firstMs) / everyMs) + 1) * everyMs;
}
