import { nationalNumber, plainNumber } from '../lib/phone-number.ts';
import { promptFiles } from './announce.ts';
import { callOutOver } from './call-out.ts';
import { promisedTo } from './caller.ts';
import { closeIfOver, closing } from './closing.ts';
import { isPromised } from './contact.ts';
import { ask, askLeg, type Decision, nextLegId, note, setStage, touchContact } from './decision.ts';
import { mayCallBack } from './dialable.ts';
import { exclude } from './exclusion.ts';
import type { CommandKey, LegId } from './ids.ts';
import { hasOwnPlace, isKeptFor, isToBeDialled } from './kept-place.ts';
import { hangUp, openLeg } from './leg.ts';
import { CALL_BACK_DIGITS_MAX, CALL_BACK_WRONG_MAX, DECLINE_PAUSE_MS, DIAL_SPARE_MS, KEY_QUIET_MS } from './limits.ts';
import { closeMissed, lookAtMissed } from './missed.ts';
import { endWait, mayKeep, playMusic, standInQueue } from './queue.ts';
import { queueOf } from './queue-of.ts';
import { freeAgent } from './release.ts';
import { keepPlace } from './standing.ts';
import { STANDING } from './standing-key.ts';
import type { Contact, Leg, Stage, Wait } from './state.ts';
import { waiting } from './waiting.ts';

type Queue = Extract<Stage, { in: 'queue' }>;
type Dialling = Extract<Stage, { in: 'dialling' }>;

const TRIES = 3;
const PAUSE_MS = 120_000;
const RING_MS = 30_000;

/** K1: whether this caller hears the offer with the place; nobody is promised what cannot be done or is not recorded. */
export function mayOffer(d: Decision, contact: Contact, stage: Queue, ahead: number): boolean {
  const { settings, nowMs } = d.state;
  const rule = queueOf(d.state, stage.wait.queue)?.callBack;
  if (rule === undefined || settings?.dialsOut !== true || contact.spoke) return false;
  if (!mayKeep(d.state, stage.wait.queue)) return false;
  if (promptFiles(d.state, contact, ['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04']).length < 4) return false;
  return nowMs - stage.wait.enqueuedAtMs >= rule.afterMs || ahead >= rule.ahead;
}

/** K1. */
export function offered(contact: Contact): void {
  contact.callBack = { step: 'offered', digits: '', wrong: 0, number: '', tries: 0, key: null };
}

/** K2, K3: a key of somebody who waits. Anything that means nothing here is left alone. */
export function keyWhileWaiting(d: Decision, contact: Contact, leg: LegId, digit: string): void {
  const { callBack } = contact;
  if (contact.stage.in !== 'queue' || leg !== contact.leg || callBack === undefined) return;
  if (callBack.step !== 'offered' || digit === '1') staySilent(d, contact, contact.stage);
  switch (callBack.step) {
    case 'offered':
      if (digit !== '1') return;
      if (mayCallBack(contact.from)) return goOn(d, contact, 'confirm', ['CBK-02']);
      return goOn(d, contact, 'number', ['CBK-03']);
    case 'confirm':
      if (digit === '2') return goOn(d, contact, 'number', ['CBK-03']);
      if (digit !== '1') return;
      if (isKeptFor(d.state, contact)) return goOn(d, contact, 'number', ['MNU-05', 'CBK-03']);
      return promise(d, contact, contact.from);
    case 'number':
      return numberKey(d, contact, digit);
    case 'promised':
      return;
  }
}

/** Q8: whoever is typing is not talked into, and keeps what was typed. */
function staySilent(d: Decision, contact: Contact, stage: Queue): void {
  const announceAtMs = Math.max(stage.announceAtMs, d.state.nowMs + KEY_QUIET_MS);
  contact.stage = waiting(stage.wait, stage.offer, announceAtMs, stage.placeAtMs, stage.toldAtMs);
  touchContact(d, contact);
}

function numberKey(d: Decision, contact: Contact, digit: string): void {
  const callBack = contact.callBack!;
  if (digit !== '#') {
    const digits = digit === '*' ? '' : `${callBack.digits}${digit}`.slice(0, CALL_BACK_DIGITS_MAX);
    contact.callBack = { ...callBack, digits };
    return;
  }
  const asked = nationalNumber(callBack.digits);
  if (mayCallBack(callBack.digits) && !isToBeDialled(d.state, asked)) return promise(d, contact, asked);
  if (callBack.wrong >= CALL_BACK_WRONG_MAX) {
    offered(contact);
    return playMusic(d, contact, ['MNU-05'], 'K3');
  }
  goOn(d, contact, 'number', ['MNU-05', 'CBK-03'], callBack.wrong + 1);
}

function goOn(d: Decision, contact: Contact, step: 'confirm' | 'number', prompts: readonly string[], wrong = 0): void {
  contact.callBack = { ...contact.callBack!, step, digits: '', wrong };
  playMusic(d, contact, prompts, step === 'confirm' ? 'K2' : 'K3');
}

/** K4: from here on the place is kept without the caller. */
export function promise(d: Decision, contact: Contact, asked: string, because = 'K4'): void {
  const leg = d.state.legs.get(contact.leg);
  if (leg === undefined) return;
  const number = plainNumber(asked);
  const queue = contact.stage.in === 'queue' ? contact.stage.wait.queue : undefined;
  note(d, because, { do: 'record-fact', fact: 'callBackPromised', contact: contact.id, number });
  for (const each of new Set([contact.from, number])) {
    if (each === contact.from || !hasOwnPlace(d.state, each)) promisedTo(d, each, contact.id, queue);
    closeMissed(d, each, 'promised', 'B4');
  }
  const key = ask(d, leg, because, { do: 'play', files: promptFiles(d.state, contact, ['CBK-04']) });
  contact.callBack = { ...contact.callBack!, step: 'promised', number, key };
  keepPlace(d.state, contact);
}

/** K4: the last words are over, or have had time enough. */
export function promiseTold(d: Decision, contact: Contact, key: CommandKey | null): void {
  if (contact.stage.in !== 'queue' || !isPromised(contact)) return;
  if (key === null || contact.callBack?.key === key) hangUp(d, contact.leg, 'NORMAL_CLEARING', 'K4');
}

/** K5: the agent is there; now the citizen is dialled. The agent hears music meanwhile. */
export function dialOut(d: Decision, contact: Contact, stage: Pick<Queue, 'wait'>, phone: Leg, because = 'K5'): void {
  dial(d, contact, stage.wait, phone, because);
}

/** S5: no switch has heard of the call to the citizen: it is made again, and is no try of K6. */
export function dialAgain(d: Decision, contact: Contact, stage: Dialling): void {
  const phone = d.state.legs.get(stage.agentLeg);
  if (phone !== undefined) dial(d, contact, stage.wait, phone, 'S5');
}

function dial(d: Decision, contact: Contact, wait: Wait, phone: Leg, because: string): void {
  const ringMs = queueOf(d.state, wait.queue)?.callBack?.ringMs ?? RING_MS;
  const { number } = contact.callBack!;
  const id = nextLegId(d);
  const ringKey = askLeg(d, id, contact.node, because, {
    do: 'dial',
    number,
    timeoutMs: ringMs,
    callerNumber: contact.dialled,
    contact: contact.id,
  });
  contact.leg = id;
  const untilMs = d.state.nowMs + ringMs + DIAL_SPARE_MS;
  setStage(d, contact, { in: 'dialling', wait, agent: phone.agent!, agentLeg: phone.id, untilMs });
  const leg: Leg = {
    id,
    node: contact.node,
    contact: contact.id,
    role: 'citizen',
    agent: null,
    token: 0,
    ringKey,
    answered: false,
    endByMs: null,
    [STANDING]: undefined,
  };
  openLeg(d, contact, leg, number);
  ask(d, phone, because, { do: 'music', files: [] });
}

/** K6: busy, no answer, no such number: the agent is free again, and the place is kept for another try, or the contact ends. */
export function notReached(d: Decision, contact: Contact, stage: Dialling, cause: string): void {
  const rule = queueOf(d.state, stage.wait.queue)?.callBack;
  const tries = (contact.callBack?.tries ?? 0) + 1;
  if (contact.calledBy !== undefined) {
    note(d, 'Y3', { do: 'record-fact', fact: 'callBackFailed', contact: contact.id, tries, cause });
    return callOutOver(d, contact, stage, 'unreached', 'Y3');
  }
  contact.callBack = { ...contact.callBack!, tries };
  note(d, 'K6', { do: 'record-fact', fact: 'callBackFailed', contact: contact.id, tries, cause });
  hangUp(d, contact.leg, 'NO_ANSWER', 'K6');
  hangUp(d, stage.agentLeg, 'NORMAL_CLEARING', 'K6');
  if (tries >= (rule?.tries ?? TRIES)) {
    endWait(d, contact, stage.wait, 'unreached', 'K6');
    if (contact.medium === 'callback') closeMissed(d, contact.from, 'unreached', 'B5');
    closing(d, contact, 'unreached');
  } else
    setStage(d, contact, { in: 'pausing', wait: stage.wait, untilMs: d.state.nowMs + (rule?.pauseMs ?? PAUSE_MS) });
  freeAgent(d, stage.agent, 0);
  closeIfOver(d, contact);
}

/** K5: it was not the citizen: the same place, somebody else. */
export function diallingBroken(d: Decision, contact: Contact, stage: Dialling): void {
  if (contact.calledBy !== undefined) return callOutOver(d, contact, stage, 'ended', 'Y3');
  hangUp(d, contact.leg, 'ORIGINATOR_CANCEL', 'K5');
  hangUp(d, stage.agentLeg, 'NORMAL_CLEARING', 'K5');
  exclude(d, contact, stage.agent);
  standInQueue(d, contact, stage.wait);
  freeAgent(d, stage.agent, DECLINE_PAUSE_MS);
  // B3: it may have come through meanwhile.
  if (contact.medium === 'callback') lookAtMissed(d);
}
