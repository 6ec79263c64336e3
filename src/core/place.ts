import { positionPrompts } from './announce.ts';
import { isPromised, mayOffer, offered, promiseTold } from './call-back.ts';
import { type Decision, touchContact } from './decision.ts';
import { estimatePrompts } from './estimate.ts';
import { NEVER_MS, playMusic, positionOf } from './queue.ts';
import { queueOf } from './queue-of.ts';
import type { Contact, Stage } from './state.ts';

const EVERY_MS_MIN = 3_000;

/** Q8: how many are ahead; not while a phone rings for this caller. */
export function announce(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'queue') return;
  const queue = queueOf(d.state, stage.wait.queue);
  if (isPromised(contact)) promiseTold(d, contact, null);
  else if (stage.offer === null && queue !== undefined) tellPlace(d, contact, stage);
  const announceAtMs = queue === undefined ? NEVER_MS : d.state.nowMs + Math.max(queue.positionEveryMs, EVERY_MS_MIN);
  contact.stage = { ...stage, announceAtMs };
  touchContact(d, contact);
}

function tellPlace(d: Decision, contact: Contact, stage: Extract<Stage, { in: 'queue' }>): void {
  const ahead = positionOf(d.state, contact);
  const estimate = ahead === 0 ? [] : estimatePrompts(d.state, stage.wait.queue, ahead);
  const place = [...positionPrompts(ahead), ...estimate];
  if (mayOffer(d, contact, stage, ahead)) {
    offered(contact);
    return playMusic(d, contact, [...place, 'CBK-01'], 'K1');
  }
  playMusic(d, contact, place, estimate.length === 0 ? 'Q8' : 'Q20');
}
