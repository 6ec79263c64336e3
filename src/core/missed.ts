import { changesAtMs, isOpen } from './calendar.ts';
import { keptByCaller } from './caller.ts';
import { otherCalls } from './calls-from.ts';
import type { MissedResult } from './command.ts';
import { type Decision, note } from './decision.ts';
import { mayCallBack } from './dialable.ts';
import type { MissedCallHandled } from './event.ts';
import type { ContactId } from './ids.ts';
import { MISSED_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX } from './limits.ts';
import type { MissedCall } from './remembered.ts';
import type { Flow, MissedCallSetting } from './settings.ts';
import { setDeadline, setMissed } from './standing.ts';
import type { Contact, State } from './state.ts';

/** B1: this caller, who is being let go, has spoken with nobody or was cut off by a switch that died. */
export function missCall(d: Decision, contact: Contact, queue: string | undefined): void {
  const rule = d.state.settings?.missedCalls;
  const { from } = contact;
  if (rule === undefined || queue === undefined || !mayCallBack(from)) return;
  if (contact.medium === 'callback' && !contact.spoke) return;
  const kept = keptByCaller(d.state, from);
  if (kept !== undefined && kept.id !== contact.id) return; // B4
  const other = standIn(d.state, contact);
  if (other?.spoke || speaksByUs(d.state, contact)) return; // B4
  const before = d.state.missed.get(from);
  const by = other?.id ?? contact.id;
  const call = before === undefined ? firstMissed(d, contact, by, queue, rule) : again(d, before, by, contact);
  if (before !== undefined || d.state.missed.size < MISSED_MAX) setMissed(d.state, from, call);
  // What stands for it no more is withdrawn.
  if (before !== undefined && before.by !== call.by) lookAtMissed(d);
  note(d, 'B1', {
    do: 'record-fact',
    fact: 'callMissed',
    contact: call.contact,
    last: contact.id,
    number: from,
    queue: call.queue,
    calls: call.calls,
    dueAtMs: call.dueAtMs,
  });
}

/** B3: a new call from the number stands for the one that was missed, until it is over. */
export function standsForMissed(d: Decision, contact: Contact): void {
  const call = d.state.missed.get(contact.from);
  if (call !== undefined && !underWay(d, call)) setMissed(d.state, contact.from, { ...call, by: contact.id });
}

/** B3: the contact is over, and whatever was not made good waits again. */
export function letGoOfMissed(d: Decision, contact: Contact): void {
  const wasOurs = d.state.standing.missedUnderWay.delete(contact.id);
  const call = d.state.missed.get(contact.from);
  if (call?.by === contact.id) setMissed(d.state, contact.from, { ...call, by: standIn(d.state, contact)?.id ?? null });
  else if (!wasOurs) return;
  lookAtMissed(d);
}

/** B4, B5. */
export function closeMissed(
  d: Decision,
  number: string,
  result: MissedResult,
  because: string,
  handled: { readonly handledBy?: string; readonly note?: string } = {},
): void {
  const call = d.state.missed.get(number);
  if (call === undefined) return;
  setMissed(d.state, number, null);
  note(d, because, { do: 'record-fact', fact: 'missedCallClosed', contact: call.contact, result, ...handled });
  lookAtMissed(d);
}

/** B5: somebody says that the number need not be called any more. */
export function missedCallHandled(d: Decision, { number, by, note: text }: MissedCallHandled): void {
  closeMissed(d, number, 'handled', 'B5', {
    handledBy: by.slice(0, NAME_CHARS_MAX),
    ...(text === undefined ? {} : { note: text.slice(0, NOTE_CHARS_MAX) }),
  });
}

/** Call-backs are begun and withdrawn at the end of the entry. */
export function lookAtMissed(d: Decision): void {
  setDeadline(d.state, 'missed', '', d.state.nowMs);
}

/** The queue that a flow leads to, for a caller who was lost before choosing: the first that it names. */
export function firstQueueOf(flow: Flow | undefined): string | undefined {
  for (const step of Object.values(flow?.steps ?? {})) if (step.kind === 'queue') return step.queue;
  return undefined;
}

function firstMissed(d: Decision, contact: Contact, by: ContactId, queue: string, rule: MissedCallSetting): MissedCall {
  const { id, node, dialled } = contact;
  return { contact: id, node, queue, dialled, calls: 1, dueAtMs: dueAtMs(d, rule), known: knownUrgent(contact), by };
}

/** B3: another call of the number stands for the miss while it lasts; one that speaks makes it good. */
function standIn(state: State, contact: Contact): Contact | undefined {
  const others = otherCalls(state, contact);
  return others.find(({ spoke }) => spoke) ?? others[0];
}

/** On a call-back that we began: few stand or speak at once. */
function speaksByUs({ standing, contacts }: State, { id, from }: Contact): boolean {
  for (const [ours, number] of standing.missedUnderWay)
    if (number === from && ours !== id && contacts.get(ours)?.spoke === true) return true;
  return false;
}

function again(d: Decision, before: MissedCall, by: ContactId, contact: Contact): MissedCall {
  const known = knownUrgent(contact) ?? before.known;
  // What stands as no emergency is withdrawn, and stands again as one.
  const anew = before.known === undefined && known !== undefined && isNotYetServed(d.state, before);
  return { ...before, calls: before.calls + 1, known, by: underWay(d, before) && !anew ? before.by : by };
}

/** B3: what makes the call-back an emergency, too. */
function knownUrgent({ grade, known }: Contact): MissedCall['known'] {
  if (grade !== 'emergency') return undefined;
  return known?.order === undefined ? { grade } : { grade, order: known.order };
}

/** Our call-back of it, for which no agent is on the phone. */
function isNotYetServed({ standing, contacts }: State, { by }: MissedCall): boolean {
  const ours = by === null || !standing.missedUnderWay.has(by) ? undefined : contacts.get(by);
  return ours?.stage.in === 'queue' || ours?.stage.in === 'pausing';
}

function underWay(d: Decision, { by }: MissedCall): boolean {
  return by !== null && d.state.contacts.has(by);
}

/** B2. */
function dueAtMs(d: Decision, { calendar: name, withinMs, afterOpeningMs }: MissedCallSetting): number {
  const { settings, nowMs } = d.state;
  const calendar = settings?.hours?.[name];
  const byClock = nowMs + withinMs;
  if (calendar === undefined) return byClock;
  const workdays = settings?.workdays ?? {};
  const open = isOpen(calendar, workdays, nowMs);
  if (open && isOpen(calendar, workdays, byClock)) return byClock;
  const closesAtMs = open ? changesAtMs(calendar, workdays, nowMs) : nowMs;
  const opensAtMs = closesAtMs === undefined ? undefined : changesAtMs(calendar, workdays, closesAtMs);
  return opensAtMs === undefined ? byClock : opensAtMs + afterOpeningMs;
}
