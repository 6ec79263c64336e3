import type { ContactOutcome } from './command.ts';
import { type Decision, note, setStage } from './decision.ts';
import type { Event } from './event.ts';
import { callBeside } from './idle.ts';
import { hangUp } from './leg.ts';
import { RECORDING_END_MS_MAX } from './limits.ts';
import { letGoOfMissed } from './missed.ts';
import { closeRecording } from './recording.ts';
import { unplaceContact } from './standing.ts';
import type { Contact } from './state.ts';

/** The contact is over but for its last legs and recordings. */
export function closing(d: Decision, contact: Contact, outcome: ContactOutcome): void {
  setStage(d, contact, { in: 'closing', outcome, recordingByMs: null });
}

export function refuse(d: Decision, contact: Contact, cause: string, because: string): void {
  closing(d, contact, 'refused');
  hangUp(d, contact.leg, cause, because);
}

/** Ends the citizen's leg, with what the contact counts as. */
export function finish(d: Decision, contact: Contact, outcome: ContactOutcome, because: string): void {
  closing(d, contact, outcome);
  hangUp(d, contact.leg, 'NORMAL_CLEARING', because);
}

/** R1: a contact that is over closes once, when its last leg and its last recording have. */
export function closeIfOver(d: Decision, contact: Contact, approximate = false): void {
  const { stage } = contact;
  if (stage.in !== 'closing' || contact.legs.length > 0) return;
  if (contact.recordings.length > 0) {
    if (stage.recordingByMs === null) {
      setStage(d, contact, { ...stage, recordingByMs: d.state.nowMs + RECORDING_END_MS_MAX });
    }
    return;
  }
  d.state.contacts.delete(contact.id);
  callBeside(d, contact.partOf, -1);
  letGoOfMissed(d, contact);
  unplaceContact(d.state, contact);
  note(d, 'R1', {
    do: 'record-fact',
    fact: 'contactClosed',
    contact: contact.id,
    outcome: stage.outcome,
    approximate: approximate ? true : undefined,
  });
}

/** R3: the switch said nothing about a recording's end; the ledger shows the difference. */
export function closeWithoutRecordings(d: Decision, contact: Contact): void {
  for (const file of contact.recordings) closeRecording(d, contact, file, null, undefined);
  closeIfOver(d, contact);
}

export function recordingEnded(d: Decision, event: Extract<Event, { type: 'recordingEnded' }>): void {
  const recording = d.state.recordings.get(event.file);
  const contact = recording === undefined ? undefined : d.state.contacts.get(recording.contact);
  if (contact === undefined) return;
  closeRecording(d, contact, event.file, event.durationMs, event.bytes);
  closeIfOver(d, contact);
}
