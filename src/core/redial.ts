import { otherCalls } from './calls-from.ts';
import { type Decision, touchContact } from './decision.ts';
import type { Contact, Wait } from './state.ts';

/**
 * C2: a phone that died is given up only after some seconds. Whoever has called again by then, and waits, goes on from where the first call stood;
 * of several calls before it, from the one that had waited longest.
 *
 * @returns whether there is such a call.
 */
export function goesOnInAnother(d: Decision, contact: Contact, wait: Wait): boolean {
  for (const other of otherCalls(d.state, contact)) {
    const { stage } = other;
    if (other.spoke || stage.in !== 'queue') continue;
    const soonerMs = stage.wait.enqueuedAtMs - wait.enqueuedAtMs;
    if (soonerMs <= 0) continue;
    const { headStartMs, waitedBeforeMs = 0 } = stage.wait;
    const longestMs = Math.max(waitedBeforeMs, soonerMs + (wait.waitedBeforeMs ?? 0));
    const now = { ...stage.wait, headStartMs: headStartMs + longestMs - waitedBeforeMs, waitedBeforeMs: longestMs };
    other.stage = { ...stage, wait: now };
    touchContact(d, other);
    return true;
  }
  return false;
}
