import { isOpen } from './calendar.ts';
import { callerOf, promisedTo } from './caller.ts';
import { closeIfOver, closing } from './closing.ts';
import { isPromised } from './contact.ts';
import { type Decision, note } from './decision.ts';
import { gradeCaller, gradedEntry } from './grade.ts';
import { openQueue } from './hours.ts';
import type { ContactId, NodeId } from './ids.ts';
import { MISSED_AGE_MS } from './limits.ts';
import { cancelOffer } from './offer.ts';
import { openOurCall } from './our-call.ts';
import { endWait, standInQueue } from './queue.ts';
import { queueOf } from './queue-of.ts';
import type { MissedCall } from './remembered.ts';
import type { MissedCallSetting } from './settings.ts';
import { missedDueMs, nodeLive, setDeadline, setMissed } from './standing.ts';
import type { State, Wait } from './state.ts';

/**
 * B3: within its hours the earliest due stand in their queues, `standingMax` at once; outside them, or when somebody else has made one good,
 * those that have not reached an agent are withdrawn.
 */
export function callBackMissed(d: Decision): void {
  const { settings, standing, missed, nowMs } = d.state;
  const rule = settings?.missedCalls;
  const calendar = rule === undefined ? undefined : settings?.hours?.[rule.calendar];
  const mayDial = rule !== undefined && settings?.dialsOut === true;
  const open = mayDial && (calendar === undefined || isOpen(calendar, settings.workdays ?? {}, nowMs));
  for (const [id, number] of [...standing.missedUnderWay]) {
    if (!open || missed.get(number)?.by !== id) withdraw(d, id);
  }
  if (open) {
    let next = standing.missed.first();
    while (next !== undefined && (hasRoom(d.state, rule) || isUrgent(d.state, next.id)) && stand(d, next.id)) {
      next = standing.missed.first();
    }
  }
  setDeadline(d.state, 'missed', '', missedDueMs(d.state));
}

function hasRoom({ standing }: State, { standingMax }: MissedCallSetting): boolean {
  return standing.missedUnderWay.size < standingMax;
}

/** B3: emergencies stand at once, however many others do. */
function isUrgent({ missed }: State, number: string): boolean {
  return missed.get(number)?.known !== undefined;
}

/** B3: an entry like any other, without a caller on the line. @returns false while no switch is up. */
function stand(d: Decision, number: string): boolean {
  const call = d.state.missed.get(number)!;
  const node = nodeFor(d.state, call);
  if (node === undefined) return false;
  const { dialled, known } = call;
  const contact = openOurCall(d, { node, number, dialled, of: call.contact, known }, 'B3');
  gradeCaller(d, contact);
  d.state.standing.missedUnderWay.set(contact.id, number);
  setMissed(d.state, number, { ...call, by: contact.id });
  promisedTo(d, number, contact.id);
  const { nowMs } = d.state;
  const untilDue = {
    kind: 'queue',
    queue: call.queue,
    prompts: [],
    headStartMs: nowMs - (call.dueAtMs - MISSED_AGE_MS),
  } as const;
  const entry = openQueue(d, contact, untilDue);
  const wait: Wait = {
    ...gradedEntry(d.state, contact, entry),
    queue: entry.queue,
    enqueuedAtMs: nowMs,
    step: -1,
    lastAgent: callerOf(d.state, number)?.lastAgent ?? null,
  };
  note(d, 'B3', {
    do: 'record-fact',
    fact: 'waitStarted',
    contact: contact.id,
    queue: wait.queue,
    enqueuedAtMs: nowMs,
  });
  contact.language = queueOf(d.state, wait.queue)?.language;
  standInQueue(d, contact, wait);
  return true;
}

function withdraw(d: Decision, id: ContactId): void {
  const contact = d.state.contacts.get(id);
  if (contact === undefined) return void d.state.standing.missedUnderWay.delete(id);
  const { stage, callBack } = contact;
  // K4: the citizen was reached, and has had the place kept: it is a promise like any other.
  if (isPromised(contact) && callBack?.key !== null) return void d.state.standing.missedUnderWay.delete(id);
  // A citizen who was reached, and waits because a phone or a bridge failed, is on the line.
  if ((stage.in !== 'queue' && stage.in !== 'pausing') || !isPromised(contact)) return;
  cancelOffer(d, contact, 'cancelled', 'B3');
  endWait(d, contact, stage.wait, 'lost', 'B3');
  closing(d, contact, 'ended');
  closeIfOver(d, contact);
}

/** The one that had the call, or any other that is up. */
function nodeFor(state: State, { node }: MissedCall): NodeId | undefined {
  if (nodeLive(state, node)) return node;
  return [...state.nodes.keys()].filter((each) => nodeLive(state, each)).sort()[0];
}
