import { NO_PROMPTS, promptFiles } from './announce.ts';
import { finish } from './closing.ts';
import { ask, type Decision, note, setStage, tells } from './decision.ts';
import { sayGoodbye } from './goodbye.ts';
import { beginFor, gradeCaller, queueAsBefore } from './grade.ts';
import { isOpenNow, openQueue } from './hours.ts';
import type { CommandKey } from './ids.ts';
import { takeKeptPlace } from './kept-place.ts';
import { FLOW_STEPS_MAX, MENU_AGAIN_MAX, PROMPT_MS_MAX } from './limits.ts';
import { enterQueue } from './queue.ts';
import type { Flow, FlowStep } from './settings.ts';
import type { Contact, Stage } from './state.ts';

type Menu = Extract<Stage, { in: 'menu' }>;
type Ask = Extract<FlowStep, { kind: 'ask' }>;
type QueueStep = Extract<FlowStep, { kind: 'queue' }>;

/** The call is answered: its flow begins. The flow is kept with the contact, so that new rules meet new calls only (F8). */
export function startFlow(d: Decision, contact: Contact, name: string): void {
  const flow = d.state.settings?.flows[name];
  if (flow === undefined) return finish(d, contact, 'ended', 'F9');
  gradeCaller(d, contact);
  const { step, before, as } = beginFor(d, contact, flow);
  contact.before = before;
  if (as === 'warned') warn(d, contact, flow, step);
  else enterStep(d, contact, flow, step);
}

/** G5: with the question that follows the notice: whoever presses 0 for an emergency is not made to hear all of it. */
function warn(d: Decision, contact: Contact, flow: Flow, name: string): void {
  const notice = flow.steps[name];
  if (notice?.kind !== 'say') return enterStep(d, contact, flow, name);
  const question = flow.steps[notice.then];
  if (question?.kind !== 'ask') return enterStep(d, contact, flow, name);
  const first = [...notice.prompts, ...question.opening];
  putQuestion(d, contact, { flow, step: notice.then, wrong: 0 }, question, first, 'F2');
}

/** The prompt with this key is over, whichever way (F1, F7). */
export function promptOver(d: Decision, contact: Contact, key: CommandKey): void {
  const { stage } = contact;
  if (stage.in === 'goodbye' && stage.key === key) return finish(d, contact, stage.outcome, 'F7');
  if (stage.in !== 'menu' || stage.key !== key) return;
  const step = stage.flow.steps[stage.step];
  if (step?.kind === 'say') enterStep(d, contact, stage.flow, step.then);
}

/** F2–F4: the answer to a question; empty when no key came. */
export function digitsTaken(d: Decision, contact: Contact, key: CommandKey, digits: string): void {
  const { stage } = contact;
  if (stage.in !== 'menu' || stage.key !== key) return;
  const step = stage.flow.steps[stage.step];
  if (step?.kind !== 'ask') return;
  const digit = digits.slice(0, 1);
  if (tells(d)) {
    note(d, digit === '' ? 'F4' : 'F2', {
      do: 'record-fact',
      fact: 'digits',
      contact: contact.id,
      step: stage.step,
      digits: digit,
    });
  }
  if (digit === '') return enterStep(d, contact, stage.flow, step.none);
  const chosen = Object.hasOwn(step.choose, digit) ? step.choose[digit]! : undefined;
  if (chosen === undefined) wrongKey(d, contact, stage, step);
  else if (chosen === stage.step) onceMore(d, contact, stage, step);
  else {
    contact.before = undefined;
    enterStep(d, contact, stage.flow, chosen);
  }
}

function wrongKey(d: Decision, contact: Contact, stage: Menu, step: Ask): void {
  if (stage.wrong >= step.wrongMax) return enterStep(d, contact, stage.flow, step.wrong);
  putQuestion(d, contact, { ...stage, wrong: stage.wrong + 1 }, step, step.wrongPrompts, 'F3');
}

/** F3: the caller wants to hear it again. */
function onceMore(d: Decision, contact: Contact, stage: Menu, step: Ask): void {
  const again = (stage.again ?? 0) + 1;
  if (again > MENU_AGAIN_MAX) return enterStep(d, contact, stage.flow, step.wrong);
  putQuestion(d, contact, { ...stage, again }, step, NO_PROMPTS, 'F3');
}

/** F6, and the switch refusing a command: the same as a prompt that ended or a key that did not come. */
export function menuStuck(d: Decision, contact: Contact, stage: Menu): void {
  if (stage.flow.steps[stage.step]?.kind === 'ask') digitsTaken(d, contact, stage.key, '');
  else promptOver(d, contact, stage.key);
}

/** S3: the leg does nothing although a prompt or a question was under way: again. */
export function menuAgain(d: Decision, contact: Contact, stage: Menu): void {
  const step = stage.flow.steps[stage.step];
  if (step?.kind === 'ask') putQuestion(d, contact, stage, step, NO_PROMPTS, 'S3');
  else enterStep(d, contact, stage.flow, stage.step);
}

function enterStep(d: Decision, contact: Contact, flow: Flow, first: string): void {
  let name = first;
  for (let steps = 0; steps < FLOW_STEPS_MAX; steps++) {
    const step = flow.steps[name];
    if (step === undefined) return finish(d, contact, 'ended', 'F9');
    switch (step.kind) {
      case 'say':
        if (say(d, contact, flow, name, step.prompts)) return;
        name = step.then;
        break;
      case 'ask':
        return putQuestion(d, contact, { flow, step: name, wrong: 0 }, step, step.opening, 'F2');
      case 'hours':
        name = isOpenNow(d, contact, step.hours) ? step.open : step.closed;
        break;
      case 'queue': {
        const entry = queueFor(d, contact, step);
        takeKeptPlace(d, contact, entry.queue);
        return enterQueue(d, contact, entry);
      }
      case 'end':
        return sayGoodbye(d, contact, step.prompts, 'F7');
    }
  }
  finish(d, contact, 'ended', 'F9');
}

/** G2, H3. */
function queueFor(d: Decision, contact: Contact, step: QueueStep): QueueStep {
  return openQueue(d, contact, queueAsBefore(d.state, contact, step));
}

function say(d: Decision, contact: Contact, flow: Flow, step: string, prompts: readonly string[]): boolean {
  const files = promptFiles(d.state, contact, prompts);
  const leg = d.state.legs.get(contact.leg);
  if (files.length === 0 || leg === undefined) return false; // F5
  const key = ask(d, leg, 'F1', { do: 'play', files });
  setStage(d, contact, { in: 'menu', flow, step, wrong: 0, key, untilMs: d.state.nowMs + PROMPT_MS_MAX });
  return true;
}

/** @param first said before the question. */
function putQuestion(
  d: Decision,
  contact: Contact,
  { flow, step: name, wrong, again }: Pick<Menu, 'flow' | 'step' | 'wrong' | 'again'>,
  step: Ask,
  first: readonly string[],
  because: string,
): void {
  const leg = d.state.legs.get(contact.leg);
  if (leg === undefined) return;
  const files = promptFiles(d.state, contact, first, step.prompts);
  const key = ask(d, leg, because, { do: 'collect', files, waitMs: step.waitMs });
  const untilMs = d.state.nowMs + PROMPT_MS_MAX + step.waitMs;
  const asked = again === undefined ? { wrong } : { wrong, again };
  setStage(d, contact, { in: 'menu', flow, step: name, ...asked, key, untilMs });
}
