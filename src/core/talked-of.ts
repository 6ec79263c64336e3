import type { AgentId, ContactId } from './ids.ts';
import type { Medium } from './medium.ts';
import type { Contact, Wait } from './state.ts';

/** What an agent's notes are about: the contact itself may be over before they are. */
export interface TalkedOf {
  readonly medium: Medium;
  readonly from: string;
  readonly fromName: string;
  readonly dialled: string;
  readonly openedAtMs: number;
  readonly calledBy: AgentId | undefined;
  readonly partOf: ContactId | undefined;
  readonly queue: string;
  readonly enqueuedAtMs: number;
  readonly talkSinceMs: number | undefined;
}

export function talkedOf(contact: Contact, wait: Wait, talkSinceMs: number | undefined): TalkedOf {
  const { medium, from, fromName, dialled, openedAtMs, calledBy, partOf } = contact;
  const { queue, enqueuedAtMs } = wait;
  return { medium, from, fromName, dialled, openedAtMs, calledBy, partOf, queue, enqueuedAtMs, talkSinceMs };
}
