import { assert } from '../lib/assert.ts';
import type { Due } from '../lib/due-heap.ts';
import { endWrapUp } from './agent.ts';
import { alertDue } from './alert.ts';
import { endLeg } from './call.ts';
import { notReached } from './call-back.ts';
import { placingDue } from './call-out.ts';
import { closeWithoutRecordings, closing, finish, refuse } from './closing.ts';
import { conversationDue } from './conversation.ts';
import { type Decision, oldestWaited, touchAgent, touchContact } from './decision.ts';
import { deflectTaken } from './deflect.ts';
import { devicesExpired } from './device.ts';
import { weighAgain } from './donor.ts';
import { DUE } from './due-kind.ts';
import { menuStuck } from './flow.ts';
import { agentId, contactId, legId } from './ids.ts';
import { hangUp } from './leg.ts';
import { lookAtMissed } from './missed.ts';
import { callBackMissed } from './missed-call-back.ts';
import { leaseOver } from './offer.ts';
import { partingDue } from './parting.ts';
import { announce } from './place.ts';
import { standInQueue } from './queue.ts';
import { setDeadline } from './standing.ts';
import type { Contact, State } from './state.ts';
import { superviseDue } from './supervision.ts';
import { connectFailed, rejoin } from './talk.ts';

/** Each deadline is met a bounded number of times; more means that one of them does not move on. */
const FIRED_MAX = 1_000_000;

export function nextDeadlineMs(state: State): number | undefined {
  return state.standing.dues.first()?.atMs;
}

/** E2: everything due is done, oldest first, whatever event brought the time. */
export function meetDeadlines(d: Decision): void {
  const { dues } = d.state.standing;
  for (let fired = 0; ; fired++) {
    const first = dues.first();
    if (first === undefined || first.atMs > d.state.nowMs) return;
    if (fired >= FIRED_MAX) assert(false, `the deadline of ${first.id} does not move on`);
    meet(d, first);
  }
}

function meet(d: Decision, due: Due): void {
  const { id } = due;
  switch (due.kind) {
    case DUE.contact: {
      const contact = d.state.contacts.get(contactId(id));
      if (contact !== undefined) meetContact(d, contact);
      return;
    }
    case DUE.agent: {
      const agent = d.state.agents.get(agentId(id));
      if (agent?.work?.in === 'wrapUp' && agent.work.untilMs <= d.state.nowMs) endWrapUp(d, agent);
      else if (agent !== undefined) touchAgent(d, agent);
      return;
    }
    case DUE.leg:
      return endLeg(d, legId(id), { cause: 'RECOVERY_ON_TIMER_EXPIRE', approximate: true });
    case DUE.seat:
      return devicesExpired(d, id);
    case DUE.level:
      return weighAgain(d, id);
    case DUE.missed:
      return callBackMissed(d);
    case DUE.supervision: {
      const contact = d.state.contacts.get(contactId(id));
      if (contact === undefined) return setDeadline(d.state, 'supervision', id, null);
      return superviseDue(d, contact);
    }
    case DUE.alert:
      return alertDue(d, due);
    case DUE.oldest:
      return oldestWaited(d, id);
    default:
      // DUE.mode: looked at at the end of every entry; this one is met by its coming.
      return setDeadline(d.state, 'mode', '', null);
  }
}

function meetContact(d: Decision, contact: Contact): void {
  const { stage } = contact;
  switch (stage.in) {
    case 'arrived':
      return refuse(d, contact, 'NORMAL_TEMPORARY_FAILURE', 'A2');
    case 'answering':
      closing(d, contact, 'refused');
      return hangUp(d, contact.leg, 'RECOVERY_ON_TIMER_EXPIRE', 'A5');
    case 'menu':
      return menuStuck(d, contact, stage);
    case 'queue':
      if (stage.offer !== null && stage.offer.leaseUntilMs <= d.state.nowMs) return leaseOver(d, contact, stage.offer);
      return waitOn(d, contact, stage);
    case 'placing':
      return placingDue(d, contact, stage);
    case 'dialling':
      return notReached(d, contact, stage, 'NO_ANSWER');
    case 'pausing':
      lookAtMissed(d);
      return standInQueue(d, contact, stage.wait);
    case 'connecting':
      return connectFailed(d, contact, stage);
    case 'talk':
      return rejoin(d, contact, stage, 'T5');
    case 'parted':
      return partingDue(d, contact, stage);
    case 'deflecting':
      return deflectTaken(d, contact, stage, stage.key, '');
    case 'conversation':
      return conversationDue(d, contact, stage);
    case 'rating':
      return finish(d, contact, 'answered', 'F6');
    case 'goodbye':
      return finish(d, contact, stage.outcome, 'F6');
    case 'closing':
      return closeWithoutRecordings(d, contact);
  }
}

/** Q8, Q11, Q12: time to say the place, or for more agents to be asked. */
function waitOn(d: Decision, contact: Contact, stage: Extract<Contact['stage'], { in: 'queue' }>): void {
  touchContact(d, contact);
  if (stage.announceAtMs <= d.state.nowMs) announce(d, contact);
}
