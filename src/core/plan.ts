import { bestFor } from './best-agent.ts';
import { isExcluded } from './exclusion.ts';
import { siteTakes } from './gate.ts';
import { type Bucket, type Kind, servingOf } from './kind.ts';
import { slotOf } from './medium.ts';
import { oldestWaitMs } from './oldest.ts';
import { stepsOf } from './plan-steps.ts';
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
  const { enqueuedAtMs } = stage.wait;
  const isPast = (index: number) =>
    index < 0 || isOver(state, contact, stage.wait, steps[index]!, index, enqueuedAtMs - headStartMs);
  while (step < steps.length - 1 && isPast(step)) {
    step += 1;
    headStartMs += steps[step]!.headStartMs ?? 0;
  }
  // Rules with fewer steps than the wait has been through: the last one holds.
  step = Math.min(step, steps.length - 1);
  if (step !== stage.wait.step)
    contact.stage = withWait(stage, waitsOn(stage.wait, step, headStartMs, stage.wait.foreseen));
}

function isOver(state: State, contact: Contact, wait: Wait, step: PlanStep, index: number, sinceMs: number): boolean {
  if (step.untilMs !== null && state.nowMs >= wait.enqueuedAtMs + step.untilMs) return true;
  if (step.lastAgent === true && !mayHaveLast(state, contact, wait)) return true;
  if (step.skipIf === undefined) return false;
  const slot = slotOf(contact.medium);
  switch (step.skipIf) {
    case 'noneLoggedIn':
      return !isAnyoneThere(state, bucketFor(state, wait, index, slot));
    case 'noneAvailable':
      return bestFor(state, contact, bucketFor(state, wait, index, slot), sinceMs) === undefined;
    default:
      return oldestWaitMs(state, lineOf(wait.queue, slot)) > step.skipIf;
  }
}

/** Q18: there is a last agent, who has not just missed this contact. */
function mayHaveLast(state: State, contact: Contact, wait: Wait): boolean {
  return wait.lastAgent !== null && !isExcluded(state, contact, wait.lastAgent);
}

/** Whether anybody whom the step names is there. */
function isAnyoneThere(state: State, bucket: Bucket): boolean {
  const isThere = (kind: Kind, loggedIn: boolean) => loggedIn && siteTakes(state, kind.site);
  if (bucket.only === null) return bucket.servedBy.some(({ kind }) => isThere(kind, kind.loggedIn > 0));
  const seat = state.standing.seats.get(bucket.only);
  if (seat?.kind === undefined || servingOf(seat.kind, bucket, state.settings!) === undefined) return false;
  return isThere(seat.kind, seat.loggedIn);
}
