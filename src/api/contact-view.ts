import { isDigital, type Medium } from '../core/medium.ts';
import { maskFrom, maskNumber } from '../lib/mask-number.ts';
import type { ContactRecord, ContactRow } from '../store/contact-records.ts';
import type { Hearing, Recorded, Spoken } from './hearing.ts';

/** `voice` is the medium of the core; people choose a channel, and here that is the phone. */
export const CHANNEL_OF_MEDIUM: Readonly<Record<string, string>> = { voice: 'phone' };

/** The channel that a conversation came by, as its account begins: `wechat/main`. */
export function platformOf(medium: string, dialled: string): string | null {
  return isDigital(medium as Medium) ? (dialled.split('/')[0] ?? null) : null;
}

/** A contact as the API shows it, its numbers masked: whole ones are revealed for a reason. */
export function contactSummary(row: ContactRow | ContactRecord['contact']) {
  const shown = (from: string): string => maskFrom(from, isDigital(row.medium as Medium));
  return {
    id: row.id,
    channel: CHANNEL_OF_MEDIUM[row.medium] ?? row.medium,
    platform: platformOf(row.medium, row.dialled),
    partOf: row.part_of,
    continues: row.continues,
    from: shown(row.from_number),
    fromName: row.from_name === null ? null : shown(row.from_name),
    dialled: row.dialled,
    diversion: row.diversion === null ? null : shown(row.diversion),
    flow: row.flow,
    openedAtMs: row.opened_at_ms,
    queuedAtMs: row.queued_at_ms,
    answeredAtMs: row.answered_at_ms,
    closedAtMs: row.closed_at_ms,
    outcome: row.outcome,
    approximate: row.approximate,
    rating: row.rating,
    grade: row.grade,
    order: row.order_no,
    disposition: row.disposition,
  };
}

/** `hears`: whether who asks may play a recording, of a contact with these talks. */
export function contactDetail(
  record: ContactRecord,
  hears: (recording: Recorded, talks: readonly Spoken[]) => Hearing,
) {
  return {
    ...contactSummary(record.contact),
    continuedBy: record.continuedBy ?? null,
    callBackNumber: record.contact.call_back_number && maskNumber(record.contact.call_back_number),
    callBackTries: record.contact.call_back_tries,
    ratedAgent: record.contact.rated_agent,
    dispositionNote: record.contact.disposition_note,
    disposedBy: record.contact.disposed_by,
    disposedAtMs: record.contact.disposed_at_ms,
    legs: record.legs.map(legView),
    waits: record.waits.map((wait) => ({
      queue: wait.queue,
      enqueuedAtMs: wait.enqueued_at_ms,
      startedAtMs: wait.started_at_ms,
      endedAtMs: wait.ended_at_ms,
      result: wait.result,
    })),
    digits: record.digits.map(({ step, digits, at_ms }) => ({ step, digits, atMs: at_ms })),
    offers: record.offers.map((offer) => ({
      token: offer.token,
      agent: offer.agent,
      madeAtMs: offer.made_at_ms,
      leaseUntilMs: offer.lease_until_ms,
      endedAtMs: offer.ended_at_ms,
      result: offer.result,
    })),
    talks: record.talks.map((talk) => ({
      agent: talk.agent,
      startedAtMs: talk.started_at_ms,
      endedAtMs: talk.ended_at_ms,
      endedBy: talk.ended_by,
    })),
    holds: record.holds.map((hold) => ({
      agent: hold.agent,
      startedAtMs: hold.started_at_ms,
      endedAtMs: hold.ended_at_ms,
    })),
    gaps: record.gaps.map((gap) => ({
      agent: gap.agent,
      cause: gap.cause,
      startedAtMs: gap.started_at_ms,
      endedAtMs: gap.ended_at_ms,
      result: gap.result,
    })),
    recordings: record.recordings.map((each) => recordingView(each, hears(each, record.talks))),
    calls: record.calls.map((call) => ({
      contact: call.id,
      openedAtMs: call.opened_at_ms,
      answeredAtMs: call.answered_at_ms,
      closedAtMs: call.closed_at_ms,
      outcome: call.outcome,
      recordings: call.recordings.map((each) => recordingView(each, hears(each, call.talks))),
    })),
  };
}

function legView(leg: ContactRecord['legs'][number]) {
  return {
    leg: leg.id,
    role: leg.role,
    agent: leg.agent,
    address: leg.role === 'citizen' ? maskFrom(leg.address, false) : leg.address,
    node: leg.node,
    openedAtMs: leg.opened_at_ms,
    answeredAtMs: leg.answered_at_ms,
    closedAtMs: leg.closed_at_ms,
    cause: leg.cause,
    sipStatus: leg.sip_status,
    approximate: leg.approximate,
  };
}

function recordingView(recording: ContactRecord['recordings'][number], hearing: Hearing) {
  return {
    number: recording.number,
    startedAtMs: recording.started_at_ms,
    endedAtMs: recording.ended_at_ms,
    expectedMs: recording.expected_ms,
    durationMs: recording.duration_ms,
    bytes: recording.bytes,
    differs: recording.differs,
    hearing,
  };
}
