import { ask, type Decision, note } from './decision.ts';
import { withOne, without } from './short-list.ts';
import type { Contact, Leg } from './state.ts';

/** R2: from the agent's answer, on the citizen's leg, into a file of its own for each talk. */
export function startRecording(d: Decision, contact: Contact, leg: Leg): void {
  const folder = d.state.settings?.recordingFolder;
  if (folder === undefined) return;
  contact.recordingsMade += 1;
  const file = `${folder}/${contact.id}-${contact.recordingsMade}.wav`;
  contact.recordings = withOne(contact.recordings, file);
  d.state.recordings.set(file, { contact: contact.id, leg: leg.id, talkFromMs: null, talkToMs: null });
  note(d, 'R2', { do: 'record-fact', fact: 'recordingStarted', contact: contact.id, leg: leg.id, file });
  ask(d, leg, 'R2', { do: 'record', file });
}

/** R3: the ledger counts from here. */
export function countTalk(d: Decision, contact: Contact): void {
  for (const file of contact.recordings) {
    const recording = d.state.recordings.get(file);
    if (recording !== undefined && recording.talkFromMs === null) recording.talkFromMs = d.state.nowMs;
  }
}

/** R3: the ledger counts to here. The file is closed when the switch says so. */
export function stopRecordings(d: Decision, contact: Contact): void {
  for (const file of contact.recordings) {
    const recording = d.state.recordings.get(file);
    if (recording === undefined || recording.talkToMs !== null) continue;
    recording.talkToMs = d.state.nowMs;
    const leg = d.state.legs.get(recording.leg);
    if (leg !== undefined) ask(d, leg, 'R2', { do: 'stopRecord', file });
  }
}

/** R3: `expectedMs` is what the talk lasted, holds included. */
export function closeRecording(
  d: Decision,
  contact: Contact,
  file: string,
  durationMs: number | null,
  bytes: number | undefined,
): void {
  const recording = d.state.recordings.get(file);
  if (recording === undefined) return;
  const { talkFromMs, talkToMs, leg } = recording;
  const expectedMs = talkFromMs === null ? 0 : (talkToMs ?? d.state.nowMs) - talkFromMs;
  d.state.recordings.delete(file);
  contact.recordings = without(contact.recordings, file);
  note(d, 'R3', {
    do: 'record-fact',
    fact: 'recordingEnded',
    contact: contact.id,
    leg,
    file,
    expectedMs,
    durationMs,
    bytes,
  });
}
