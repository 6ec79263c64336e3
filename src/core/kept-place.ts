import { plainNumber } from '../lib/phone-number.ts';
import { keptByCaller, placeLost, promisedContact } from './caller.ts';
import { closeIfOver, closing } from './closing.ts';
import type { Decision } from './decision.ts';
import { endWait, hasRoom } from './queue.ts';
import type { Contact, State, Wait } from './state.ts';

/** K7: a caller who was to be called back is here again and takes the place, if there is room on the line of `queue`. */
export function takeKeptPlace(d: Decision, contact: Contact, queue: string): void {
  const { from } = contact;
  const kept = keptPlaceOf(d.state, from);
  if (kept === undefined || !hasRoom(d.state, contact, queue)) return;
  // A call-back that we began has no place of the caller's to give (B3).
  if (kept.contact.medium === 'voice') placeLost(d, from, kept.wait, kept.wait.queue);
  letGo(d, kept);
}

/** K7: who speaks with an agent on another call needs to be called back no more. What we began ends by B4. */
export function leaveKeptPlace(d: Decision, { from, reachedAt = from }: Contact): void {
  // Reached at another number: whoever has kept a place for this one has not spoken.
  if (reachedAt !== from && reachedAt !== plainNumber(from)) return;
  const kept = keptPlaceOf(d.state, from);
  if (kept?.contact.medium === 'voice') letGo(d, kept);
}

function letGo(d: Decision, { contact, wait }: Kept): void {
  endWait(d, contact, wait, 'lost', 'K7');
  closing(d, contact, 'ended');
  closeIfOver(d, contact);
}

interface Kept {
  readonly contact: Contact;
  readonly wait: Wait;
}

/** K7: what waits for a call-back to or of this number, unless an agent is being found for it already. */
export function keptPlaceOf(state: State, number: string): Kept | undefined {
  const contact = promisedContact(state, number);
  if (contact === undefined || contact.legs.length > 0) return undefined;
  const { stage } = contact;
  if (stage.in !== 'pausing' && (stage.in !== 'queue' || stage.offer !== null)) return undefined;
  return { contact, wait: stage.wait };
}

/** K3: this number will be dialled, by a promise that still stands. */
export function isToBeDialled(state: State, number: string): boolean {
  return promisedContact(state, number)?.callBack?.number === number;
}

/** K2: a place that a caller has kept will dial this one's number; not a call-back that we began. */
export function isKeptFor(state: State, { from }: Contact): boolean {
  const number = plainNumber(from);
  return keptByCaller(state, number)?.callBack?.number === number;
}

/** K7: who calls from this number keeps a place, wherever they are to be dialled. */
export function hasOwnPlace(state: State, number: string): boolean {
  return promisedContact(state, number)?.from === number;
}
