import { STANDING } from './standing-key.ts';
import type { Contact } from './state.ts';

/** What is known of a contact when it begins. */
export type Begun = Pick<
  Contact,
  | 'id'
  | 'medium'
  | 'calledBy'
  | 'partOf'
  | 'leg'
  | 'node'
  | 'from'
  | 'fromName'
  | 'dialled'
  | 'diversion'
  | 'reference'
  | 'continues'
  | 'askedFor'
  | 'openedAtMs'
  | 'known'
  | 'stage'
  | 'callBack'
>;

/** K4: whoever it is of will be called back. */
export function isPromised({ callBack }: Contact): boolean {
  return callBack?.step === 'promised';
}

/** B3: a call-back of ours whose citizen is not there: it stands in a queue, and nobody waits. */
export function hasNobody(contact: Contact): boolean {
  return contact.medium === 'callback' && isPromised(contact);
}

/** All fields at once and in one order, whatever the medium, so that contacts are one kind of record to the engine that runs this. */
export function makeContact(begun: Begun): Contact {
  return {
    id: begun.id,
    medium: begun.medium,
    calledBy: begun.calledBy,
    partOf: begun.partOf,
    leg: begun.leg,
    node: begun.node,
    from: begun.from,
    fromName: begun.fromName,
    dialled: begun.dialled,
    diversion: begun.diversion,
    reference: begun.reference,
    continues: begun.continues,
    askedFor: begun.askedFor,
    openedAtMs: begun.openedAtMs,
    known: begun.known,
    grade: undefined,
    stage: begun.stage,
    legs: [],
    excluded: [],
    recordings: [],
    recordingsMade: 0,
    spoke: false,
    callsBeside: undefined,
    supervision: undefined,
    sensitive: undefined,
    unmarkAskedBy: undefined,
    callBack: begun.callBack,
    reachedAt: undefined,
    [STANDING]: undefined,
  };
}
