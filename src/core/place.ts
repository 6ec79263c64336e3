import { positionPrompts } from './announce.ts';
import { mayOffer, offered, promiseTold } from './call-back.ts';
import { isPromised } from './contact.ts';
import { type Decision, touchContact } from './decision.ts';
import { estimatePrompts } from './estimate.ts';
import { PLACE_SPEECH_MS } from './limits.ts';
import { armAnnouncements, messagesDue } from './messages.ts';
import { NEVER_MS, playMusic, positionOf } from './queue.ts';
import { queueOf } from './queue-of.ts';
import type { WaitMessage } from './settings.ts';
import type { Contact, Stage } from './state.ts';

type Queue = Extract<Stage, { in: 'queue' }>;

const EVERY_MS_MIN = 3_000;

/** Q8, Q21: how many are ahead, and what else the city says to who waits; not while a phone rings for this caller. */
export function announce(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'queue') return;
  const { nowMs } = d.state;
  const queue = queueOf(d.state, stage.wait.queue);
  const placeAtMs = stage.placeAtMs ?? stage.announceAtMs;
  const placeDue = placeAtMs <= nowMs;
  let quietMs = 0;
  if (isPromised(contact)) promiseTold(d, contact, null);
  else if (stage.offer === null && queue !== undefined) quietMs = tell(d, contact, stage, placeDue);
  const everyMs = Math.max(queue?.positionEveryMs ?? NEVER_MS, EVERY_MS_MIN);
  const nextMs = queue === undefined ? NEVER_MS : placeDue ? nowMs + everyMs : placeAtMs;
  contact.stage = armAnnouncements(d.state, stage, nextMs, nowMs + quietMs);
  touchContact(d, contact);
}

/** @returns how long it takes to say, at most. */
function tell(d: Decision, contact: Contact, stage: Queue, placeDue: boolean): number {
  const messages = messagesDue(d.state, stage);
  const said = messages.flatMap(({ prompts }) => prompts);
  if (placeDue) tellPlace(d, contact, stage, said);
  else if (said.length > 0) playMusic(d, contact, said, 'Q21');
  return messages.reduce((sum, { lastsMs }) => sum + lastsMs, placeDue ? PLACE_SPEECH_MS : 0);
}

/** Q8, Q20, K1; then what else is due (Q21). */
function tellPlace(d: Decision, contact: Contact, stage: Queue, said: WaitMessage['prompts']): void {
  const ahead = positionOf(d.state, contact);
  const estimate = ahead === 0 ? [] : estimatePrompts(d.state, stage.wait.queue, ahead, contact.language);
  const place = [...positionPrompts(ahead, contact.language), ...estimate];
  if (mayOffer(d, contact, stage, ahead)) {
    offered(contact);
    return playMusic(d, contact, [...said, ...place, 'CBK-01'], 'K1');
  }
  playMusic(d, contact, [...said, ...place], estimate.length === 0 ? 'Q8' : 'Q20');
}
