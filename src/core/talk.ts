import { diallingBroken, dialOut } from './call-back.ts';
import { callOutOver } from './call-out.ts';
import { spokeWith } from './caller.ts';
import { isPromised } from './contact.ts';
import { ask, type Decision, note, setStage, setWork } from './decision.ts';
import { exclude } from './exclusion.ts';
import type { AgentId, LegId } from './ids.ts';
import { leaveKeptPlace } from './kept-place.ts';
import { hangUp, type LegEnd } from './leg.ts';
import { BRIDGE_MS_MAX, DECLINE_PAUSE_MS, REJOIN_MS, REJOINS_MAX } from './limits.ts';
import { closeMissed } from './missed.ts';
import { joinedAgain, part } from './parting.ts';
import { endWait, playMusic, standInQueue } from './queue.ts';
import { queueOf } from './queue-of.ts';
import { askRating } from './rating.ts';
import { countTalk, startRecording, stopRecordings } from './recording.ts';
import { freeAgent } from './release.ts';
import { siteOf } from './seat.ts';
import { keepPlace } from './standing.ts';
import type { Contact, Leg, Pair, Stage, Wait } from './state.ts';
import { endSupervision, supervisorJoined, takeOverFailed } from './supervision.ts';
import { talkedOf } from './talked-of.ts';

type Talk = Extract<Stage, { in: 'talk' }>;
type Connecting = Extract<Stage, { in: 'connecting' }>;

/** After these an answered phone was put down by somebody; after anything else it died (T3). */
const PUT_DOWN = new Set([
  'NORMAL_CLEARING',
  'NORMAL_UNSPECIFIED',
  'NONE',
  'ORIGINATOR_CANCEL',
  'CALL_REJECTED',
  'USER_BUSY',
  'NO_ANSWER',
  'ALLOTTED_TIMEOUT',
  'MANAGER_REQUEST',
  'LOSE_RACE',
  'ATTENDED_TRANSFER',
  'BLIND_TRANSFER',
]);

/** T1, R2: the agent is there; record and join. The wait goes on until the two hear each other. */
export function connect(d: Decision, contact: Contact, stage: Extract<Stage, { in: 'queue' }>, leg: Leg): void {
  const citizen = d.state.legs.get(contact.leg);
  if (citizen === undefined || citizen.endByMs !== null) return dialOut(d, contact, stage, leg);
  joinPair(d, contact, citizen, stage.wait, { agent: leg.agent!, agentLeg: leg.id });
}

/** K5: the citizen who was called back is there, and from now on a caller like all others (B3). */
export function citizenReached(d: Decision, contact: Contact, stage: Extract<Stage, { in: 'dialling' }>): void {
  const citizen = d.state.legs.get(contact.leg);
  const wait = { ...stage.wait, headStartMs: Math.max(0, stage.wait.headStartMs) };
  if (citizen !== undefined) joinPair(d, contact, citizen, wait, stage);
}

function joinPair(d: Decision, contact: Contact, citizen: Leg, wait: Wait, { agent, agentLeg }: Pair): void {
  contact.reachedAt = isPromised(contact) ? contact.callBack?.number : undefined;
  contact.callBack = undefined;
  keepPlace(d.state, contact);
  startRecording(d, contact, citizen);
  const key = ask(d, citizen, 'T1', { do: 'bridge', other: agentLeg });
  const untilMs = d.state.nowMs + BRIDGE_MS_MAX;
  setStage(d, contact, { in: 'connecting', wait, agent, agentLeg, key, untilMs });
}

/** T1: citizen and agent hear each other. */
export function joined(d: Decision, contact: Contact, a: LegId, b: LegId): void {
  const { stage } = contact;
  if (stage.in === 'parted') return joinedAgain(d, contact, stage, a, b);
  if (stage.in !== 'connecting' && stage.in !== 'talk') return;
  if (supervisorJoined(d, contact, a) || supervisorJoined(d, contact, b)) return;
  if (a !== stage.agentLeg && b !== stage.agentLeg) return;
  if (stage.in === 'talk') {
    setStage(d, contact, { ...stage, rejoinAtMs: null });
    return takeOverFailed(d, contact);
  }
  const { wait, agent: id, agentLeg } = stage;
  const agent = d.state.agents.get(id);
  endWait(d, contact, wait, 'connected', 'T1');
  note(d, 'T1', {
    do: 'record-fact',
    fact: 'talkStarted',
    contact: contact.id,
    agent: id,
    citizenLeg: contact.leg,
    agentLeg,
    site: agent && siteOf(d.state, agent),
  });
  madeGood(d, contact);
  contact.spoke = true;
  countTalk(d, contact);
  setStage(d, contact, {
    in: 'talk',
    wait,
    agent: id,
    agentLeg,
    held: false,
    rejoinAtMs: null,
    rejoins: 0,
  });
  if (agent === undefined) return;
  agent.misses = 0;
  setWork(d, agent, { in: 'talk', contact: contact.id, held: false, sinceMs: d.state.nowMs });
}

/** T5: the two came apart and both are there: nobody is left in silence. */
export function cameApart(d: Decision, contact: Contact): void {
  const { stage } = contact;
  if (stage.in !== 'talk' || stage.rejoinAtMs !== null) return;
  setStage(d, contact, { ...stage, rejoinAtMs: d.state.nowMs + REJOIN_MS });
}

export function rejoin(d: Decision, contact: Contact, stage: Talk, because: string): void {
  const citizen = d.state.legs.get(contact.leg);
  if (citizen === undefined) return;
  if (stage.rejoins >= REJOINS_MAX) {
    endTalk(d, contact, stage, 'fault', 'T5');
    hangUp(d, stage.agentLeg, 'NORMAL_CLEARING', 'T5');
    return backToQueue(d, contact, stage.wait, ['TONE-FAULT', 'QUE-02'], 'T5');
  }
  ask(d, citizen, because, { do: 'bridge', other: stage.agentLeg });
  setStage(d, contact, { ...stage, rejoins: stage.rejoins + 1, rejoinAtMs: d.state.nowMs + REJOIN_MS });
}

/** S6: a bridge half made is finished. */
export function connectAgain(d: Decision, contact: Contact, stage: Connecting, recording: boolean): void {
  const citizen = d.state.legs.get(contact.leg)!;
  const file = contact.recordings.at(-1);
  if (!recording && file !== undefined) ask(d, citizen, 'S6', { do: 'record', file });
  const key = ask(d, citizen, 'S6', { do: 'bridge', other: stage.agentLeg });
  setStage(d, contact, { ...stage, key, untilMs: d.state.nowMs + BRIDGE_MS_MAX });
}

/** T4: no bridge came about. The caller goes on waiting where it stood, the agent is asked later. */
export function connectFailed(d: Decision, contact: Contact, stage: Connecting): void {
  stopRecordings(d, contact);
  if (contact.calledBy !== undefined) return callOutOver(d, contact, stage, 'unreached', 'Y4');
  hangUp(d, stage.agentLeg, 'NORMAL_TEMPORARY_FAILURE', 'T4');
  exclude(d, contact, stage.agent);
  playMusic(d, contact, [], 'T4');
  standInQueue(d, contact, stage.wait);
  freeAgent(d, stage.agent, DECLINE_PAUSE_MS);
}

/** T6. */
export function held(d: Decision, contact: Contact, leg: LegId, isHeld: boolean): void {
  const { stage } = contact;
  if (stage.in !== 'talk' || stage.agentLeg !== leg || stage.held === isHeld) return;
  setStage(d, contact, { ...stage, held: isHeld });
  note(d, 'T6', {
    do: 'record-fact',
    fact: isHeld ? 'holdStarted' : 'holdEnded',
    contact: contact.id,
    agent: stage.agent,
  });
  const agent = d.state.agents.get(stage.agent);
  if (agent?.work?.in === 'talk') setWork(d, agent, { ...agent.work, held: isHeld });
}

/** T2, T3: what an agent's leg leaves behind. A talk that lost its phone is kept for a while (T8). */
export function agentLegGone(d: Decision, contact: Contact, leg: Leg, end: LegEnd): void {
  const { stage } = contact;
  if (stage.in !== 'talk' && stage.in !== 'connecting' && stage.in !== 'dialling') return;
  if (stage.agentLeg !== leg.id) return;
  const died = !isPutDown(end.cause);
  if (died && stage.in === 'talk') return part(d, contact, stage, end.cause);
  if (died) losePhone(d, stage.agent);
  if (stage.in === 'dialling') return diallingBroken(d, contact, stage);
  if (stage.in === 'connecting') return connectFailed(d, contact, stage);
  endTalk(d, contact, stage, 'agent', 'T2');
  askRating(d, contact, stage.wait.queue, stage.agent);
}

/** T3: somebody put the phone down; by any other cause it was lost. */
export function isPutDown(cause: string): boolean {
  return PUT_DOWN.has(cause);
}

/** B4, K7: an agent and the number speak. */
function madeGood(d: Decision, contact: Contact): void {
  closeMissed(d, contact.from, contact.medium === 'callback' ? 'reached' : 'cameThrough', 'B4');
  leaveKeptPlace(d, contact);
}

/** T2, P3: the talk is over for the records and for the agent; whose legs end now is the caller's to say. */
export function endTalk(
  d: Decision,
  contact: Contact,
  stage: Pick<Talk, 'wait' | 'agent' | 'held'>,
  endedBy: 'citizen' | 'agent' | 'fault' | 'supervisor',
  because: string,
): void {
  if (stage.held) note(d, 'T6', { do: 'record-fact', fact: 'holdEnded', contact: contact.id, agent: stage.agent });
  note(d, because, { do: 'record-fact', fact: 'talkEnded', contact: contact.id, agent: stage.agent, endedBy });
  stopRecordings(d, contact);
  spokeWith(d, contact, stage.agent, stage.wait.queue);
  // What another call of the number has left meanwhile, too.
  madeGood(d, contact);
  endSupervision(d, contact, 'talkOver', 'V4');
  const agent = d.state.agents.get(stage.agent);
  if (agent === undefined) return;
  const wrapUpMs = queueOf(d.state, stage.wait.queue)?.wrapUpMs ?? 0;
  agent.idleSinceMs = d.state.nowMs;
  if (agent.wish !== 'ready' || wrapUpMs === 0) return setWork(d, agent, null);
  const of = talkedOf(contact, stage.wait, agent.work?.in === 'talk' ? agent.work.sinceMs : undefined);
  setWork(d, agent, { in: 'wrapUp', contact: contact.id, untilMs: d.state.nowMs + wrapUpMs, of });
}

export function losePhone(d: Decision, id: AgentId): void {
  const agent = d.state.agents.get(id);
  if (agent === undefined || agent.wish !== 'ready') return;
  agent.wish = 'notReady';
  agent.reason = 'phoneLost';
  agent.setBy = undefined;
}

/** Q1: a talk broke off; the caller waits where it stood. */
export function backToQueue(
  d: Decision,
  contact: Contact,
  wait: Wait,
  prompts: readonly string[],
  because: string,
): void {
  const { queue, enqueuedAtMs } = wait;
  playMusic(d, contact, prompts, because);
  note(d, because, { do: 'record-fact', fact: 'waitStarted', contact: contact.id, queue, enqueuedAtMs });
  standInQueue(d, contact, wait);
}
