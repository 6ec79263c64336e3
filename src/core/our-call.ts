import { plainNumber } from '../lib/phone-number.ts';
import { makeContact } from './contact.ts';
import { type Decision, nextContactId, note } from './decision.ts';
import { type AgentId, type ContactId, legId, type NodeId } from './ids.ts';
import type { Contact } from './state.ts';

/** A call that nobody has placed from outside: to a citizen whose call was missed (B3), or for an agent (Y1). */
export interface OurCall {
  readonly node: NodeId;
  /** The citizen's. */
  readonly number: string;
  /** The line that it is of. */
  readonly dialled: string;
  readonly calledBy?: AgentId;
  /** Of the citizen (G3). */
  readonly known?: Contact['known'];
  /** The contact that it comes from. */
  readonly of?: ContactId;
  /** The conversation that it stands beside (Y6). */
  readonly partOf?: ContactId | undefined;
}

/** A contact without a leg yet; the citizen is dialled once an agent is on the phone. */
export function openOurCall(d: Decision, call: OurCall, because: string): Contact {
  const { node, number, dialled } = call;
  const contact = makeContact({
    id: nextContactId(d),
    medium: 'callback',
    calledBy: call.calledBy,
    partOf: call.partOf,
    leg: legId(''),
    node,
    from: number,
    fromName: '',
    dialled,
    openedAtMs: d.state.nowMs,
    known: call.known,
    stage: { in: 'closing', outcome: 'ended', recordingByMs: null },
    callBack: { step: 'promised', digits: '', wrong: 0, number: plainNumber(number), tries: 0, key: null },
  });
  d.state.contacts.set(contact.id, contact);
  note(d, because, {
    do: 'record-fact',
    fact: 'contactOpened',
    contact: contact.id,
    medium: 'callback',
    from: number,
    dialled,
    flow: '',
    calledBy: call.calledBy,
    of: call.of,
    partOf: call.partOf,
  });
  return contact;
}
