import { maskFrom } from '../lib/mask-number.ts';
import type { SwitchWish } from './command.ts';
import { askLeg, type Decision, nextLegId } from './decision.ts';
import type { AgentId, LegId, OfferToken } from './ids.ts';
import { openLeg } from './leg.ts';
import { STANDING } from './standing-key.ts';
import type { Contact, Leg } from './state.ts';

type Ring = Extract<SwitchWish, { do: 'ring' }>;

/** A name that is a number, whole. */
const NUMBER = /\d{5}/;

/** Rings one phone of an agent, which shows no whole number: that is asked for, with a reason. The leg is made where the caller's is: a bridge joins legs of one node. */
export function ringPhone(
  d: Decision,
  contact: Contact,
  agent: AgentId,
  phone: Pick<Ring, 'sipUser' | 'device' | 'timeoutMs' | 'resume'>,
  token: OfferToken,
  because: string,
  role: Leg['role'] = 'agent',
): LegId {
  const id = nextLegId(d);
  // Nearly nobody's: what it holds is looked through only when it is there.
  const { fromName } = contact;
  const ringKey = askLeg(d, id, contact.node, because, {
    do: 'ring',
    sipUser: phone.sipUser,
    device: phone.device,
    timeoutMs: phone.timeoutMs,
    resume: phone.resume,
    callerNumber: maskFrom(contact.from, false),
    callerName: fromName !== '' && NUMBER.test(fromName) ? '' : fromName,
    contact: contact.id,
  });
  const leg: Leg = {
    id,
    node: contact.node,
    contact: contact.id,
    role,
    agent,
    token,
    ringKey,
    answered: false,
    endByMs: null,
    [STANDING]: undefined,
  };
  openLeg(d, contact, leg, phone.device);
  return id;
}
