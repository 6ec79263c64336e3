import { isLouder } from '../lib/louder.ts';
import { ask, type Decision, note, setWork } from './decision.ts';
import type { SupervisionApproved, SupervisionAsked, SupervisionLeft, SurveyedLeg } from './event.ts';
import type { AgentId, CommandKey, LegId } from './ids.ts';
import { answerLeg, hangUp } from './leg.ts';
import {
  BRIDGE_MS_MAX,
  REASON_CHARS_MAX,
  RING_DEVICES_MAX,
  SECOND_PERSON_MS_MAX,
  SUPERVISOR_RING_MS,
} from './limits.ts';
import { ringPhone } from './ring.ts';
import { setDeadline, superviseDueMs } from './standing.ts';
import type { Contact, Leg, Supervision } from './state.ts';
import { takenOver } from './take-over.ts';

/** Why a supervision is over (V6). `refused`: nobody answered, or no second person agreed. `fault`: of the switch, or the agent's phone. */
export type SupervisionEnd = 'left' | 'rightsLost' | 'phoneGone' | 'talkOver' | 'refused' | 'fault' | 'takenOver';

/** V1, V2, V5. */
export function supervisionAsked(d: Decision, event: SupervisionAsked): void {
  const contact = d.state.contacts.get(event.contact);
  if (contact?.stage.in !== 'talk') return;
  const { supervision } = contact;
  if (supervision !== undefined) {
    if (supervision.by === event.by) modeAsked(d, contact, supervision, event);
    return;
  }
  if (event.reason === '' || event.by === contact.stage.agent || !maySupervise(d, event.by)) return;
  const made: Supervision = {
    by: event.by,
    mode: event.mode,
    reason: event.reason.slice(0, REASON_CHARS_MAX),
    step: 'asked',
    legs: [],
    leg: null,
    key: null,
    untilMs: d.state.nowMs + SECOND_PERSON_MS_MAX,
  };
  const { by, mode, reason } = made;
  note(d, 'V6', { do: 'record-fact', fact: 'supervisionAsked', contact: contact.id, by, mode, reason });
  if (contact.sensitive === true) setSupervision(d, contact, made);
  else ringSupervisor(d, contact, made);
}

/** V5: neither the supervisor nor the agent; the API knows who leads. Of what waits no longer, nobody has agreed to anything. */
export function supervisionApproved(d: Decision, { contact: id, by, supervisor, mode }: SupervisionApproved): void {
  const contact = d.state.contacts.get(id);
  const { supervision, stage } = contact ?? {};
  if (contact === undefined || stage?.in !== 'talk' || supervision === undefined) return;
  const { wanted, ...held } = supervision;
  if (supervision.step !== 'asked' && wanted === undefined) return;
  if (by === supervision.by || by === stage.agent) return;
  if ((supervisor ?? supervision.by) !== supervision.by) return;
  const waiting = wanted?.mode ?? supervision.mode;
  if ((mode ?? waiting) !== waiting) return;
  note(d, 'V5', { do: 'record-fact', fact: 'supervisionApproved', contact: id, by, supervisor: supervision.by });
  if (wanted !== undefined) {
    const { reason = held.reason } = wanted;
    return changeMode(d, contact, { ...held, reason, approvedBy: by }, wanted.mode);
  }
  if (maySupervise(d, supervision.by)) ringSupervisor(d, contact, { ...supervision, approvedBy: by });
  else endSupervision(d, contact, 'refused', 'V1');
}

/** V4. */
export function supervisionLeft(d: Decision, { contact: id, by, because }: SupervisionLeft): void {
  const contact = d.state.contacts.get(id);
  if (contact?.supervision?.by === by) endSupervision(d, contact, because ?? 'left', 'V4');
}

/** V5: whoever listens alone to what has become sensitive listens no longer; the mark goes by the words of two. */
export function contactMarked(d: Decision, id: Contact['id'], sensitive: boolean, by: string): void {
  const contact = d.state.contacts.get(id);
  if (contact === undefined) return;
  if (sensitive) contact.unmarkAskedBy = undefined;
  if ((contact.sensitive === true) === sensitive) return;
  if (!sensitive && !unmarkAgreed(d, contact, by)) return;
  contact.unmarkAskedBy = undefined;
  contact.sensitive = sensitive;
  note(d, 'V5', { do: 'record-fact', fact: 'contactMarked', contact: id, sensitive, by });
  if (sensitive && contact.supervision?.approvedBy === undefined) endSupervision(d, contact, 'refused', 'V5');
}

/** V5: one asks, another agrees; the agent is neither. */
function unmarkAgreed(d: Decision, contact: Contact, by: string): boolean {
  const agent = contact.stage.in === 'talk' ? contact.stage.agent : undefined;
  if (by === agent) return false;
  const first = contact.unmarkAskedBy;
  if (first !== undefined && first !== agent) return first !== by;
  contact.unmarkAskedBy = by;
  note(d, 'V5', { do: 'record-fact', fact: 'unmarkAsked', contact: contact.id, by });
  return false;
}

/** V2: the first phone to answer has it. */
export function supervisorAnswered(d: Decision, contact: Contact, leg: Leg): void {
  const { supervision, stage } = contact;
  const rings = supervision?.step === 'ringing' && supervision.legs.includes(leg.id);
  if (supervision === undefined || !rings || stage.in !== 'talk') return hangUp(d, leg.id, 'LOSE_RACE', 'V2');
  for (const other of supervision.legs) if (other !== leg.id) hangUp(d, other, 'LOSE_RACE', 'V2');
  const { by, mode } = supervision;
  note(d, 'V6', { do: 'record-fact', fact: 'supervisionStarted', contact: contact.id, by, mode });
  joinIn(d, contact, { ...supervision, step: 'on', legs: [leg.id], leg: leg.id, untilMs: null }, mode);
}

/** V4: the talk goes on as if nobody had been there. */
export function supervisorGone(d: Decision, contact: Contact, leg: Leg): void {
  const { supervision } = contact;
  if (supervision === undefined || !supervision.legs.includes(leg.id)) return;
  const legs = supervision.legs.filter((id) => id !== leg.id);
  if (leg.id === supervision.leg) endSupervision(d, contact, 'phoneGone', 'V4');
  else if (legs.length === 0) endSupervision(d, contact, 'refused', 'V2');
  else setSupervision(d, contact, { ...supervision, legs });
}

/** V4: the supervisor would sit in silence. */
export function superviseEnded(d: Decision, contact: Contact, leg: LegId): void {
  if (contact.supervision?.leg === leg && contact.supervision.step === 'on') {
    endSupervision(d, contact, 'fault', 'V4');
  }
}

/** V4, V3: the switch refused to let the supervisor hear, or to join the citizen with the supervisor. */
export function superviseRefused(d: Decision, contact: Contact, key: CommandKey): void {
  if (contact.supervision?.key !== key) return;
  if (contact.supervision.mode === 'takeOver') takeOverFailed(d, contact);
  else endSupervision(d, contact, 'fault', 'V4');
}

/** V2, V3, V5: nobody answered, nobody agreed, or the switch has joined nobody, in time. */
export function superviseDue(d: Decision, contact: Contact): void {
  dropWanted(d, contact);
  const { supervision } = contact;
  if (supervision === undefined || supervision.untilMs === null || supervision.untilMs > d.state.nowMs) return;
  if (supervision.step === 'on') return takeOverFailed(d, contact);
  endSupervision(d, contact, 'refused', supervision.step === 'asked' ? 'V5' : 'V2');
}

/** V4. Whatever of the supervisor's is open ends; nobody else notices. */
export function endSupervision(d: Decision, contact: Contact, result: SupervisionEnd, because: string): void {
  const { supervision } = contact;
  if (supervision === undefined) return;
  setSupervision(d, contact, undefined);
  const { by } = supervision;
  note(d, because, { do: 'record-fact', fact: 'supervisionEnded', contact: contact.id, by, result });
  if (result === 'takenOver') return;
  for (const leg of supervision.legs) hangUp(d, leg, 'NORMAL_CLEARING', because);
}

/** V3: the citizen and the supervisor hear each other. */
export function supervisorJoined(d: Decision, contact: Contact, leg: LegId): boolean {
  const { supervision, stage } = contact;
  if (supervision?.leg !== leg || stage.in !== 'talk' || supervision.mode !== 'takeOver') return false;
  const phone = d.state.legs.get(leg);
  if (phone === undefined) return false;
  endSupervision(d, contact, 'takenOver', 'V3');
  phone.role = 'agent';
  const { agentLeg } = stage;
  takenOver(d, contact, stage, { agent: supervision.by, agentLeg: leg });
  hangUp(d, agentLeg, 'NORMAL_CLEARING', 'V3');
  const agent = d.state.agents.get(supervision.by);
  if (agent !== undefined) setWork(d, agent, { in: 'talk', contact: contact.id, held: false, sinceMs: d.state.nowMs });
  return true;
}

/** V3: a take-over that did not come about leaves the two as they were, and the supervisor listening. */
export function takeOverFailed(d: Decision, contact: Contact): void {
  const { supervision } = contact;
  if (supervision?.step !== 'on' || supervision.mode !== 'takeOver') return;
  joinIn(d, contact, supervision, 'listen');
}

/** V7: after a survey. */
export function resumeSupervision(d: Decision, contact: Contact, seen: (leg: LegId) => SurveyedLeg | undefined): void {
  const { supervision } = contact;
  if (supervision === undefined) return;
  for (const id of supervision.legs) {
    const leg = d.state.legs.get(id);
    const found = seen(id);
    if (leg === undefined || found === undefined) continue;
    if (found.state === 'answered' && !leg.answered) {
      answerLeg(d, leg, 'V7');
      supervisorAnswered(d, contact, leg);
    } else if (supervision.leg === id && supervision.mode !== 'takeOver') {
      if (found.doing !== 'supervising' || found.key !== supervision.key)
        joinIn(d, contact, supervision, supervision.mode);
    }
  }
}

/** V2: louder for a reason alone; V5: of a sensitive contact it is asked for, and a second person agrees. */
function modeAsked(d: Decision, contact: Contact, supervision: Supervision, event: SupervisionAsked): void {
  const { mode } = event;
  if (supervision.mode === 'takeOver' || supervision.wanted?.mode === mode) return;
  const { wanted: _dropped, ...held } = supervision;
  const louder = isLouder(mode, supervision.mode);
  if (louder && event.reason === '') return;
  const isOther = mode !== supervision.mode && event.reason !== '';
  const reason = isOther ? event.reason.slice(0, REASON_CHARS_MAX) : supervision.reason;
  if (contact.sensitive !== true || supervision.step === 'asked' || !louder)
    return changeMode(d, contact, { ...held, reason }, mode);
  note(d, 'V5', { do: 'record-fact', fact: 'supervisionWanted', contact: contact.id, by: supervision.by, mode });
  setSupervision(d, contact, { ...held, wanted: { mode, reason, untilMs: d.state.nowMs + SECOND_PERSON_MS_MAX } });
}

/** V5: nobody has agreed in time to what more would have heard. */
function dropWanted(d: Decision, contact: Contact): void {
  const { supervision } = contact;
  if (supervision?.wanted === undefined || supervision.wanted.untilMs > d.state.nowMs) return;
  const { wanted: _dropped, ...held } = supervision;
  setSupervision(d, contact, held);
}

function changeMode(d: Decision, contact: Contact, supervision: Supervision, mode: Supervision['mode']): void {
  if (supervision.mode === mode || supervision.mode === 'takeOver') return setSupervision(d, contact, supervision);
  note(d, 'V6', { do: 'record-fact', fact: 'supervisionChanged', contact: contact.id, by: supervision.by, mode });
  if (supervision.step === 'on') joinIn(d, contact, supervision, mode);
  else setSupervision(d, contact, { ...supervision, mode });
}

/** V2, V3: from now on the supervisor hears, is heard by, or takes the place of the agent. */
function joinIn(d: Decision, contact: Contact, supervision: Supervision, mode: Supervision['mode']): void {
  const { stage } = contact;
  const leg = supervision.leg === null ? undefined : d.state.legs.get(supervision.leg);
  const citizen = d.state.legs.get(contact.leg);
  if (stage.in !== 'talk' || leg === undefined || citizen === undefined) return;
  const key =
    mode === 'takeOver'
      ? ask(d, citizen, 'V3', { do: 'bridge', other: leg.id })
      : ask(d, leg, 'V2', { do: 'supervise', of: stage.agentLeg, mode });
  const untilMs = mode === 'takeOver' ? d.state.nowMs + BRIDGE_MS_MAX : null;
  setSupervision(d, contact, { ...supervision, mode, key, untilMs });
}

/** V1: at a seat of their own, in no call, with a phone that can be rung. */
export function maySupervise(d: Pick<Decision, 'state'>, id: AgentId): boolean {
  const agent = d.state.agents.get(id);
  const seat = d.state.standing.seats.get(id);
  if (agent === undefined || seat?.setting === undefined || agent.work !== null || agent.legs.length > 0) return false;
  return seat.phones.length > 0;
}

function ringSupervisor(d: Decision, contact: Contact, supervision: Supervision): void {
  const { setting, phones } = d.state.standing.seats.get(supervision.by)!;
  const { sipUser } = setting!;
  const legs: LegId[] = [];
  for (const device of phones.slice(0, RING_DEVICES_MAX)) {
    const phone = { sipUser, device, timeoutMs: SUPERVISOR_RING_MS };
    legs.push(ringPhone(d, contact, supervision.by, phone, 0, 'V2', 'supervisor'));
  }
  setSupervision(d, contact, { ...supervision, step: 'ringing', legs, untilMs: d.state.nowMs + SUPERVISOR_RING_MS });
}

function setSupervision(d: Decision, contact: Contact, supervision: Supervision | undefined): void {
  contact.supervision = supervision;
  setDeadline(d.state, 'supervision', contact.id, superviseDueMs(d.state, contact));
}
