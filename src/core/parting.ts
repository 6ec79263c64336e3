import { ask, type Decision, note, setStage, setWork } from './decision.ts';
import { exclude } from './exclusion.ts';
import type { AgentId, LegId } from './ids.ts';
import { hangUp, type LegEnd } from './leg.ts';
import { BRIDGE_MS_MAX, RETURN_MS, RING_AGAIN_MS, RING_DEVICES_MAX } from './limits.ts';
import { playMusic } from './queue.ts';
import { queueOf } from './queue-of.ts';
import { askRating } from './rating.ts';
import { ringPhone } from './ring.ts';
import type { Agent, Contact, Leg, Stage } from './state.ts';
import { endSupervision } from './supervision.ts';
import { backToQueue, endTalk, isPutDown, losePhone } from './talk.ts';

export type Parted = Extract<Stage, { in: 'parted' }>;
type Talk = Extract<Stage, { in: 'talk' }>;

/** T8: the agent's phone was lost. The talk is kept open; whatever phone of the seat is there, or comes, takes it up again. */
export function part(d: Decision, contact: Contact, { wait, agent, held }: Talk, cause: string): void {
  if (held) note(d, 'T6', { do: 'record-fact', fact: 'holdEnded', contact: contact.id, agent });
  note(d, 'T8', { do: 'record-fact', fact: 'gapStarted', contact: contact.id, agent, cause });
  endSupervision(d, contact, 'fault', 'V4');
  playMusic(d, contact, ['TONE-FAULT'], 'T8');
  const untilMs = d.state.nowMs + (queueOf(d.state, wait.queue)?.returnMs ?? RETURN_MS);
  setStage(d, contact, { in: 'parted', wait, agent, seq: d.seq, untilMs, rings: [], retryAtMs: null, joining: null });
  showHeld(d, agent, true);
  ringSeat(d, contact);
}

/** T9: every registered phone of the seat that does not ring for the talk yet. */
export function ringSeat(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'parted' || stage.joining !== null) return;
  const timeoutMs = stage.untilMs - d.state.nowMs;
  const { setting, phones = [] } = d.state.standing.seats.get(stage.agent) ?? {};
  if (setting === undefined || timeoutMs <= 0) return;
  const { sipUser } = setting;
  const rings = [...stage.rings];
  for (const device of phones) {
    if (rings.length >= RING_DEVICES_MAX || rings.some((ring) => ring.device === device)) continue;
    const leg = ringPhone(d, contact, stage.agent, { sipUser, device, timeoutMs, resume: true }, 0, 'T9');
    rings.push({ leg, device });
  }
  setStage(d, contact, { ...stage, rings });
}

/** T9: a phone of the agent is (again) there. */
export function phoneRegistered(d: Decision, agent: Agent): void {
  const contact = partedOf(d, agent);
  if (contact !== undefined) ringSeat(d, contact);
}

/** T9: the first phone to answer has the caller. */
export function phoneBack(d: Decision, contact: Contact, stage: Parted, leg: Leg): void {
  const citizen = d.state.legs.get(contact.leg);
  const isRung = stage.rings.some((ring) => ring.leg === leg.id);
  if (!isRung || stage.joining !== null || leg.endByMs !== null || citizen === undefined) {
    return hangUp(d, leg.id, 'LOSE_RACE', 'O9');
  }
  for (const ring of stage.rings) if (ring.leg !== leg.id) hangUp(d, ring.leg, 'LOSE_RACE', 'T9');
  setStage(d, contact, { ...stage, rings: [], retryAtMs: null });
  joinBack(d, contact, citizen, leg.id, 'T9');
}

/** T9: until the switch reports the bridge it is asked for again, within the time that the talk is kept. */
export function joinBack(d: Decision, contact: Contact, citizen: Leg, leg: LegId, because: string): void {
  if (contact.stage.in !== 'parted') return;
  ask(d, citizen, because, { do: 'bridge', other: leg });
  const joining = { leg, untilMs: d.state.nowMs + BRIDGE_MS_MAX };
  setStage(d, contact, { ...contact.stage, joining });
}

/** T9: the two hear each other again. */
export function joinedAgain(d: Decision, contact: Contact, { wait, agent, joining }: Parted, a: LegId, b: LegId): void {
  if (joining === null || (a !== joining.leg && b !== joining.leg)) return;
  note(d, 'T9', { do: 'record-fact', fact: 'gapEnded', contact: contact.id, agent, result: 'joined' });
  const talk = { wait, agent, agentLeg: joining.leg, held: false, rejoinAtMs: null, rejoins: 0 };
  setStage(d, contact, { in: 'talk', ...talk });
  showHeld(d, agent, false);
}

/** T2, T9, T10: a phone that rang for the talk, or had just taken it up, is over. */
export function returnLegGone(d: Decision, contact: Contact, stage: Parted, leg: Leg, end: LegEnd): void {
  if (stage.joining?.leg === leg.id) {
    if (isPutDown(end.cause)) {
      endGap(d, contact, stage, 'givenUp', 'T2');
      endTalk(d, contact, { ...stage, held: false }, 'agent', 'T2');
      return askRating(d, contact, stage.wait.queue, stage.agent);
    }
    setStage(d, contact, { ...stage, joining: null, retryAtMs: d.state.nowMs + RING_AGAIN_MS });
    return playMusic(d, contact, ['TONE-FAULT'], 'T8');
  }
  const ring = stage.rings.find((each) => each.leg === leg.id);
  if (ring === undefined) return;
  const rings = stage.rings.filter((each) => each !== ring);
  setStage(d, contact, { ...stage, rings, retryAtMs: stage.retryAtMs ?? d.state.nowMs + RING_AGAIN_MS });
  if (end.cause === 'CALL_REJECTED') giveBack(d, contact);
}

/** T9, T10: a bridge is asked for again, or the seat is rung again; or no phone came back in time. */
export function partingDue(d: Decision, contact: Contact, stage: Parted): void {
  const citizen = d.state.legs.get(contact.leg);
  const { joining } = stage;
  if (citizen !== undefined && d.state.nowMs < stage.untilMs) {
    if (joining !== null) return joinBack(d, contact, citizen, joining.leg, 'T9');
    setStage(d, contact, { ...stage, retryAtMs: null });
    return ringSeat(d, contact);
  }
  losePhone(d, stage.agent);
  toQueue(d, contact, stage);
}

/** T10: the agent said, by a word or on the phone, that the talk is not taken up again. */
export function giveBack(d: Decision, contact: Contact): void {
  if (contact.stage.in !== 'parted') return;
  exclude(d, contact, contact.stage.agent);
  toQueue(d, contact, contact.stage);
}

/** The contact whose talk with this agent is interrupted. */
export function partedOf(d: Decision, agent: Agent): Contact | undefined {
  const contact = agent.work?.in === 'talk' ? d.state.contacts.get(agent.work.contact) : undefined;
  return contact?.stage.in === 'parted' ? contact : undefined;
}

/** The gap is over, and so are the phones that ring or stand open for it. */
export function endGap(
  d: Decision,
  contact: Contact,
  stage: Parted,
  result: 'givenUp' | 'abandoned' | 'lost',
  because: string,
): void {
  note(d, because, { do: 'record-fact', fact: 'gapEnded', contact: contact.id, agent: stage.agent, result });
  for (const { leg } of stage.rings) hangUp(d, leg, 'ORIGINATOR_CANCEL', because);
  if (stage.joining !== null) hangUp(d, stage.joining.leg, 'NORMAL_CLEARING', because);
}

function toQueue(d: Decision, contact: Contact, stage: Parted): void {
  endGap(d, contact, stage, 'givenUp', 'T10');
  endTalk(d, contact, { ...stage, held: false }, 'fault', 'T10');
  const wait = { ...stage.wait, lastAgent: stage.agent, returnTo: stage.agent };
  backToQueue(d, contact, wait, ['QUE-02'], 'T10');
}

function showHeld(d: Decision, id: AgentId, held: boolean): void {
  const agent = d.state.agents.get(id);
  if (agent?.work?.in === 'talk') setWork(d, agent, { ...agent.work, held });
}
