import { hasDigit } from '../lib/digit.ts';
import { type Decision, touchContact } from './decision.ts';
import type { Contact, Wait } from './state.ts';

/**
 * C2: a phone that died is given up only after some seconds. Whoever has called again by then, and waits, goes on from where the first call stood.
 *
 * @returns whether there is such a call. All calls are looked at, for few end so.
 */
export function goesOnInAnother(d: Decision, { id, from }: Contact, wait: Wait): boolean {
  if (!hasDigit(from)) return false;
  for (const other of d.state.contacts.values()) {
    const { stage } = other;
    if (other.from !== from || other.id === id || other.medium !== 'voice' || other.spoke || stage.in !== 'queue')
      continue;
    const soonerMs = stage.wait.enqueuedAtMs - wait.enqueuedAtMs;
    if (soonerMs <= 0) continue;
    const { headStartMs, waitedBeforeMs = 0 } = stage.wait;
    const beforeMs = soonerMs + (wait.waitedBeforeMs ?? 0);
    const now = { ...stage.wait, headStartMs: headStartMs + beforeMs, waitedBeforeMs: waitedBeforeMs + beforeMs };
    other.stage = { ...stage, wait: now };
    touchContact(d, other);
    return true;
  }
  return false;
}
