import { hasDigit } from '../lib/digit.ts';
import type { Contact, State } from './state.ts';

/** Kept up as calls come and go, so that only of a number with several is any other looked for. */
export function countCall({ standing: { callsFrom } }: State, { medium, from }: Contact, by: 1 | -1): void {
  if (medium !== 'voice' || !hasDigit(from)) return;
  const count = (callsFrom.get(from) ?? 0) + by;
  if (count > 0) callsFrom.set(from, count);
  else callsFrom.delete(from);
}

/** Other calls of this number that are not over: of a phone that died and its owner's next one, or of several people behind one number. */
export function otherCalls({ standing, contacts }: State, { id, medium, from }: Contact): readonly Contact[] {
  const own = medium === 'voice' ? 1 : 0;
  if ((standing.callsFrom.get(from) ?? 0) <= own) return [];
  return [...contacts.values()].filter(
    (other) => other.from === from && other.id !== id && other.medium === 'voice' && other.stage.in !== 'closing',
  );
}
