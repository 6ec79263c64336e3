import { callerOf } from './caller.ts';
import type { TakenFor } from './command.ts';
import { type Decision, note, touchContact } from './decision.ts';
import type { CallerKnown, ContactRegraded, Grade } from './event.ts';
import { NAME_CHARS_MAX } from './limits.ts';
import { stepsBegunMs, stepsOf } from './plan-steps.ts';
import { queueOf } from './queue-of.ts';
import type { Flow, FlowStep, GradeSetting } from './settings.ts';
import { setMissed } from './standing.ts';
import type { Contact, QueueBefore, State, Ungraded, Wait } from './state.ts';

type QueueStep = Extract<FlowStep, { kind: 'queue' }>;

/** G2, G5: how the flow begins for this caller. An urgent order goes before every notice. */
export interface Beginning {
  readonly step: string;
  readonly before?: QueueBefore;
  /** Absent: like anybody. */
  readonly as?: TakenFor;
}

function beginningFor(state: State, contact: Contact, flow: Flow): Beginning {
  const { known = {} } = contact;
  const { direct, warned, limited } = flow.known ?? {};
  const callers = direct?.callers ?? [];
  if (direct !== undefined && callers.includes('urgent') && isUrgent(known)) return { step: direct.step, as: 'urgent' };
  if (known.stage === 'limited' && limited !== undefined) return { step: limited, as: 'limited' };
  if (known.stage === 'warned' && warned !== undefined) return { step: warned, as: 'warned' };
  if (direct === undefined) return { step: flow.start };
  if (callers.includes('elder') && known.elder === true) return { step: direct.step, as: 'elder' };
  const queue = callers.includes('repeat') ? callerOf(state, contact.from)?.queue : undefined;
  if (queue === undefined) return { step: flow.start };
  return { step: direct.step, before: { queue, headStartMs: direct.repeatHeadStartMs ?? 0 }, as: 'repeat' };
}

/** Who asks later why there was no menu, or a warning, is told; what the city knows of the number is not, beyond what was made of it. */
export function beginFor(d: Decision, contact: Contact, flow: Flow): Beginning {
  const beginning = beginningFor(d.state, contact, flow);
  const { as, step } = beginning;
  const because = as === 'limited' || as === 'warned' ? 'G5' : 'G2';
  if (as !== undefined) note(d, because, { do: 'record-fact', fact: 'takenFor', contact: contact.id, as, step });
  return beginning;
}

/** G2: by that queue's own plan: the agent of that call may be asked first. */
export function queueAsBefore(state: State, { before }: Contact, entry: QueueStep): QueueStep {
  if (before === undefined || queueOf(state, before.queue) === undefined) return entry;
  return { kind: 'queue', prompts: [], ...before };
}

/** G3. */
export function gradeCaller(d: Decision, contact: Contact): void {
  const { grade, order } = contact.known ?? {};
  const byOrder = gradeOfOrder(order);
  const predicted = byOrder === 'emergency' ? byOrder : (grade ?? byOrder);
  if (predicted === undefined) return;
  contact.grade = predicted;
  note(d, 'G3', {
    do: 'record-fact',
    fact: 'graded',
    contact: contact.id,
    grade: predicted,
    ...(order === undefined ? {} : { order: order.no }),
  });
}

/** G3: what the contact's grade makes of the flow's entry. */
export function gradedEntry(
  state: State,
  { grade }: Contact,
  { queue, plan = '', headStartMs = 0 }: QueueStep,
): Pick<Wait, 'plan' | 'headStartMs' | 'ungraded'> {
  const setting = settingOf(state, grade, queue);
  if (setting === undefined && headStartMs >= 0) return { plan, headStartMs };
  const own = { plan, headStartMs: Math.min(headStartMs, 0) };
  const graded = underGrade(own, setting);
  return { plan: graded.plan, headStartMs: graded.headStartMs + Math.max(headStartMs, 0), ungraded: own };
}

/** A grade's head start stands in for what puts the contact after others. */
function underGrade(own: Ungraded, setting: GradeSetting | undefined): Ungraded {
  return setting === undefined ? own : { plan: setting.plan ?? own.plan, headStartMs: setting.headStartMs };
}

/** G4. */
export function contactRegraded(d: Decision, { contact: id, grade, by }: ContactRegraded): void {
  const contact = d.state.contacts.get(id);
  if (contact === undefined || (contact.grade ?? null) === grade) return;
  const { grade: before } = contact;
  contact.grade = grade ?? undefined;
  note(d, 'G4', {
    do: 'record-fact',
    fact: 'graded',
    contact: id,
    grade,
    by: by.slice(0, NAME_CHARS_MAX),
  });
  // B3: of a call-back that we began, the next one is what this one is now.
  const missed = d.state.missed.get(contact.from);
  if (missed?.by === id && contact.medium === 'callback')
    setMissed(d.state, contact.from, { ...missed, known: grade === 'emergency' ? { grade } : undefined });
  const { stage } = contact;
  // Whoever rings, or talks: the wait may go on.
  if (!('wait' in stage)) return;
  const { queue } = stage.wait;
  const [was, is] = [settingOf(d.state, before, queue), settingOf(d.state, contact.grade, queue)];
  contact.stage = { ...stage, wait: regraded(d.state, stage.wait, was, is) };
  touchContact(d, contact);
}

/** G4: by the new grade's plan from its first step, or by the flow's; the head starts of steps begun go with the plan that they are of. */
function regraded(state: State, wait: Wait, before: GradeSetting | undefined, after: GradeSetting | undefined): Wait {
  const own = wait.ungraded ?? { plan: before?.plan === undefined ? wait.plan : '', headStartMs: 0 };
  const { plan, headStartMs } = underGrade(own, after);
  const now = {
    ...wait,
    ungraded: own,
    headStartMs: wait.headStartMs - underGrade(own, before).headStartMs + headStartMs,
  };
  const begunMs = stepsBegunMs(stepsOf(state.settings, wait.queue, wait.plan), wait.step);
  return plan === wait.plan ? now : { ...now, plan, step: -1, headStartMs: now.headStartMs - begunMs };
}

/** What a grade means in a queue: its plan may be for others alone. */
function settingOf(state: State, grade: Grade | undefined, queue: string): GradeSetting | undefined {
  const setting = grade === undefined ? undefined : state.settings?.grades?.[grade];
  if (setting?.queues === undefined || setting.queues.includes(queue)) return setting;
  return { headStartMs: setting.headStartMs };
}

function gradeOfOrder(order: CallerKnown['order']): Grade | undefined {
  if (order?.urgency === 'emergency') return 'emergency';
  return order?.urgency === 'urgent' ? 'business' : undefined;
}

function isUrgent({ grade, order }: CallerKnown): boolean {
  return grade === 'emergency' || order?.urgency === 'emergency' || order?.urgency === 'urgent';
}
