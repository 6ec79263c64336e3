import { isExcluded } from './exclusion.ts';
import { gateOpen, siteTakes } from './gate.ts';
import { servingOf } from './kind.ts';
import { slotOf } from './medium.ts';
import { stepsOf } from './plan-steps.ts';
import { isFree } from './seat.ts';
import type { PlanStep } from './settings.ts';
import { bucketFor, lineOf } from './standing.ts';
import type { Contact, State, Wait } from './state.ts';
import { waitsOn, withWait } from './waiting.ts';

/**
 * Q11: goes on to the first step that holds now, never back; a step's head start is added once, when it begins (Q17). Changes the contact,
 * and only while nobody rings for it.
 */
export function advanceStep(state: State, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'queue' || stage.offer !== null) return;
  const steps = stepsOf(state.settings, stage.wait.queue, stage.wait.plan);
  let { step, headStartMs } = stage.wait;
  while (step < steps.length - 1 && (step < 0 || isOver(state, contact, stage.wait, steps[step]!, step))) {
    step += 1;
    headStartMs += steps[step]!.headStartMs ?? 0;
  }
  // Rules with fewer steps than the wait has been through: the last one holds.
  step = Math.min(step, steps.length - 1);
  if (step !== stage.wait.step)
    contact.stage = withWait(stage, waitsOn(stage.wait, step, headStartMs, stage.wait.foreseen));
}

function isOver(state: State, contact: Contact, wait: Wait, step: PlanStep, index: number): boolean {
  if (step.untilMs !== null && state.nowMs >= wait.enqueuedAtMs + step.untilMs) return true;
  if (step.lastAgent === true && !mayHaveLast(state, contact, wait)) return true;
  switch (step.skipIf) {
    case undefined:
      return false;
    case 'noneLoggedIn':
      return !someone(state, contact, wait, index, false);
    case 'noneAvailable':
      return !someone(state, contact, wait, index, true);
    default:
      return oldestWaitMs(state, lineOf(wait.queue, slotOf(contact.medium))) > step.skipIf;
  }
}

/** Q18: there is a last agent, who has not just missed this contact. */
function mayHaveLast(state: State, contact: Contact, wait: Wait): boolean {
  return wait.lastAgent !== null && !isExcluded(state, contact, wait.lastAgent);
}

/** Whether anybody whom the step names is there (or free, when `available`). */
function someone(state: State, contact: Contact, wait: Wait, index: number, available: boolean): boolean {
  const slot = slotOf(contact.medium);
  const bucket = bucketFor(state, wait, index, slot);
  if (bucket.only !== null) {
    const seat = state.standing.seats.get(bucket.only);
    const kind = seat?.kind;
    if (seat === undefined || kind === undefined) return false;
    if (servingOf(kind, bucket, state.settings!) === undefined) return false;
    return available
      ? isFree(state, bucket.only, slot) && gateOpen(state, kind, wait.queue, slot)
      : seat.loggedIn && siteTakes(state, kind.site);
  }
  return bucket.servedBy.some(({ kind }) =>
    available
      ? kind.idle[slot]!.size > 0 && gateOpen(state, kind, wait.queue, slot)
      : kind.loggedIn > 0 && siteTakes(state, kind.site),
  );
}

function oldestWaitMs(state: State, line: string): number {
  const first = state.standing.waiting.get(line)?.first();
  const contact = first === undefined ? undefined : state.contacts.get(first.id as Contact['id']);
  return contact?.stage.in === 'queue' ? state.nowMs - contact.stage.wait.enqueuedAtMs : 0;
}
