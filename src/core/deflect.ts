import { promptFiles } from './announce.ts';
import { offered, promise } from './call-back.ts';
import { gaveUp } from './caller.ts';
import { ask, type Decision, setStage } from './decision.ts';
import { mayCallBack } from './dialable.ts';
import { sayGoodbye } from './goodbye.ts';
import type { CommandKey } from './ids.ts';
import { isKeptFor, keptPlaceOf } from './kept-place.ts';
import { DEFLECT_WAIT_MS, PROMPT_MS_MAX } from './limits.ts';
import { missCall } from './missed.ts';
import { endWait, mayKeep, standInQueue, waitedMs } from './queue.ts';
import { queueOf } from './queue-of.ts';
import type { Contact, Stage, Wait } from './state.ts';

type Deflecting = Extract<Stage, { in: 'deflecting' }>;

/** Q7, K7, K8: no room to wait on the line. The place itself can still be had, where it can be kept and the number be dialled. */
export function queueFull(d: Decision, contact: Contact, wait: Wait): void {
  if (keptPlaceOf(d.state, contact.from) !== undefined) return stillKept(d, contact, wait);
  if (mayDeflect(d, contact, wait)) return putQuestion(d, contact, wait, 'K8');
  turnAway(d, contact, wait);
}

/** K8: 1 takes the place; anything else, or nothing, does not. */
export function deflectTaken(d: Decision, contact: Contact, stage: Deflecting, key: CommandKey, digits: string): void {
  if (stage.key !== key) return;
  if (isKeptFor(d.state, contact)) return stillKept(d, contact, stage.wait);
  // As many were asked as there was room for then.
  if (digits.slice(0, 1) !== '1' || !mayKeep(d.state, stage.wait.queue)) return turnAway(d, contact, stage.wait);
  standInQueue(d, contact, stage.wait);
  offered(contact);
  promise(d, contact, contact.from, 'K8');
}

/** S3: the question is gone, put again. */
export function deflectAgain(d: Decision, contact: Contact, stage: Deflecting): void {
  putQuestion(d, contact, stage.wait, 'S3');
}

/** K7: they will be called back all the same, and hear so. */
function stillKept(d: Decision, contact: Contact, wait: Wait): void {
  endWait(d, contact, wait, 'full', 'K7');
  sayGoodbye(d, contact, ['CBK-04'], 'K7');
}

function turnAway(d: Decision, contact: Contact, wait: Wait): void {
  // Q10, C2: what this number had waited before is not lost by it.
  if (wait.enqueuedAtMs < contact.openedAtMs || wait.waitedBeforeMs !== undefined)
    gaveUp(d, contact.from, waitedMs(d.state, wait), wait.queue);
  endWait(d, contact, wait, 'full', 'Q7');
  missCall(d, contact, wait.queue);
  sayGoodbye(d, contact, ['FUL-01'], 'Q7');
}

function mayDeflect(d: Decision, contact: Contact, { queue }: Wait): boolean {
  const rule = queueOf(d.state, queue);
  if (rule?.callBack === undefined || d.state.settings?.dialsOut !== true || !mayCallBack(contact.from)) return false;
  if (promptFiles(d.state, contact, ['FUL-02', 'CBK-04']).length < 2) return false;
  return mayKeep(d.state, queue);
}

function putQuestion(d: Decision, contact: Contact, wait: Wait, because: string): void {
  const leg = d.state.legs.get(contact.leg);
  if (leg === undefined) return;
  const files = promptFiles(d.state, contact, ['FUL-02']);
  const key = ask(d, leg, because, { do: 'collect', files, waitMs: DEFLECT_WAIT_MS });
  setStage(d, contact, { in: 'deflecting', wait, key, untilMs: d.state.nowMs + PROMPT_MS_MAX + DEFLECT_WAIT_MS });
}
