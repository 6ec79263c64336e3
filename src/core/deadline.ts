import { assert } from '../lib/assert.ts';
import { endWrapUp } from './agent.ts';
import { endLeg } from './call.ts';
import { forgetCaller } from './caller.ts';

import { closeWithoutRecordings, closing, finish, refuse } from './closing.ts';
import { type Decision, touchAgent, touchContact } from './decision.ts';
import { devicesExpired } from './device.ts';
import { weighAgain } from './donor.ts';
import { menuStuck } from './flow.ts';
import { agentId, contactId, legId } from './ids.ts';
import { hangUp } from './leg.ts';
import { leaseOver } from './offer.ts';
import { announce } from './queue.ts';
import { setDeadline } from './standing.ts';
import type { Contact, State } from './state.ts';
import { connectFailed, rejoin } from './talk.ts';

/** Each deadline is met a bounded number of times; more means that one of them does not move on. */
const FIRED_MAX = 1_000_000;

export function nextDeadlineMs(state: State): number | undefined {
  return state.standing.deadlines.first()?.atMs;
}

/** E2: everything due is done, oldest first, whatever event brought the time. */
export function meetDeadlines(d: Decision): void {
  const { deadlines } = d.state.standing;
  for (let fired = 0; ; fired++) {
    const first = deadlines.first();
    if (first === undefined || first.atMs > d.state.nowMs) return;
    assert(fired < FIRED_MAX, `the deadline ${first.id} does not move on`);
    meet(d, first.id);
  }
}

function meet(d: Decision, id: string): void {
  const name = id.slice(2);
  switch (id[0]) {
    case 'c': {
      const contact = d.state.contacts.get(contactId(name));
      if (contact !== undefined) meetContact(d, contact);
      return;
    }
    case 'a': {
      const agent = d.state.agents.get(agentId(name));
      if (agent?.work?.in === 'wrapUp' && agent.work.untilMs <= d.state.nowMs) endWrapUp(d, agent);
      else if (agent !== undefined) touchAgent(d, agent);
      else setDeadline(d.state, id, null);
      return;
    }
    case 'l': {
      return endLeg(d, legId(name), { cause: 'RECOVERY_ON_TIMER_EXPIRE', approximate: true });
    }
    case 'd': {
      return devicesExpired(d, name);
    }
    case 'g': {
      return weighAgain(d, name);
    }
    default: {
      return forgetCaller(d, name);
    }
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
    case 'connecting':
      return connectFailed(d, contact, stage);
    case 'talk':
      return rejoin(d, contact, stage, 'T5');
    case 'goodbye':
      return finish(d, contact, stage.outcome, 'F6');
    case 'closing':
      return closeWithoutRecordings(d, contact);
  }
}

/** Q8, Q11, Q12: time to say the place, or for more agents to be asked. */
function waitOn(d: Decision, contact: Contact, stage: Extract<Contact['stage'], { in: 'queue' }>): void {
  touchContact(d, contact);
  d.freshContacts.add(contact.id);
  if (stage.announceAtMs <= d.state.nowMs) announce(d, contact);
}
