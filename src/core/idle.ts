import { type Decision, note, setStage, touchContact } from './decision.ts';
import type { MessageReplied } from './event.ts';
import type { ContactId } from './ids.ts';
import { IDLE_SPARE_MS } from './limits.ts';
import { isDigital } from './medium.ts';
import { mediumRules } from './medium-rules.ts';
import type { Contact, Idle, Stage, State } from './state.ts';

type Held = Extract<Stage, { in: 'conversation' }>;

/** W16: the agent's word is there; the citizen's is waited for from now on. */
export function agentReplied(d: Decision, { contact: id, message }: MessageReplied): void {
  const contact = d.state.contacts.get(id);
  if (contact?.stage.in !== 'conversation' || message <= (contact.stage.idle?.reply ?? 0)) return;
  const idle: Idle = { awaits: 'citizen', sinceMs: d.state.nowMs, reply: message };
  setStage(d, contact, { ...contact.stage, idle });
}

/** W16, U6: the citizen's word is there. Of several the agent owes an answer to the first. */
export function citizenWrote({ state }: Decision, { idle }: Held): Idle {
  if (idle?.awaits === 'agent') return idle;
  return { awaits: 'agent', sinceMs: state.nowMs, ...(idle?.reply === undefined ? {} : { reply: idle.reply }) };
}

/** W16. @returns false: the citizen is given up (W17). */
export function remindCitizen(d: Decision, contact: Contact, stage: Held): boolean {
  const { idle } = stage;
  if (idle?.reply === undefined || idle.remindedAtMs !== undefined || !isDigital(contact.medium)) return false;
  if (mediumRules(d.state, contact.medium).remindMs === undefined) return false;
  note(d, 'W16', { do: 'record-fact', fact: 'citizenReminded', contact: contact.id, message: idle.reply });
  setStage(d, contact, { ...stage, idle: { ...idle, remindedAtMs: d.state.nowMs } });
  return true;
}

/** W18: what citizens wrote while the process was away comes first. */
export function idleAfterStart(d: Decision): void {
  for (const contact of d.state.contacts.values()) {
    const { stage } = contact;
    if (stage.in !== 'conversation' || stage.idle?.awaits !== 'citizen') continue;
    setStage(d, contact, { ...stage, idle: { ...stage.idle, notBeforeMs: d.state.nowMs + IDLE_SPARE_MS } });
  }
}

/** W18: while the two speak nobody owes the other a word, and afterwards they begin anew. */
export function callBeside(d: Decision, conversation: ContactId | undefined, more: 1 | -1): void {
  const contact = conversation === undefined ? undefined : d.state.contacts.get(conversation);
  if (contact === undefined) return;
  contact.callsBeside = Math.max(0, (contact.callsBeside ?? 0) + more);
  const { stage } = contact;
  if (stage.in !== 'conversation' || stage.idle === undefined) return touchContact(d, contact);
  const { remindedAtMs: _, ...idle } = stage.idle;
  setStage(d, contact, { ...stage, idle: { ...idle, sinceMs: d.state.nowMs } });
}

/** W16: reminders that were decided on, and by which reply; for a start, which may have lost them. */
export function remindersOf({ contacts }: State): readonly { readonly contact: ContactId; readonly message: number }[] {
  return [...contacts.values()].flatMap(({ id, stage }) => {
    const idle = stage.in === 'conversation' ? stage.idle : undefined;
    if (idle?.reply === undefined || idle.remindedAtMs === undefined) return [];
    return [{ contact: id, message: idle.reply }];
  });
}
