import { callerOf, placeLost } from './caller.ts';
import { closeIfOver, closing } from './closing.ts';
import type { Decision } from './decision.ts';
import { endWait } from './queue.ts';
import type { Contact } from './state.ts';

/** K7: a caller who was to be called back is here again and takes the place, unless an agent is being found for it already. */
export function takeKeptPlace(d: Decision, { from }: Contact): void {
  const id = callerOf(d.state, from)?.promised;
  const kept = id === undefined || id === null ? undefined : d.state.contacts.get(id);
  if (kept?.callBack?.step !== 'promised' || kept.legs.length > 0) return;
  const { stage } = kept;
  if (stage.in !== 'pausing' && (stage.in !== 'queue' || stage.offer !== null)) return;
  // A call-back that we began has no place of the caller's to give (B3).
  if (kept.medium === 'voice') placeLost(d, from, stage.wait.enqueuedAtMs);
  endWait(d, kept, stage.wait, 'lost', 'K7');
  closing(d, kept, 'ended');
  closeIfOver(d, kept);
}
