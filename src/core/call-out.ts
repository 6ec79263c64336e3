import { dialOut } from './call-back.ts';
import { closing } from './closing.ts';
import { type Decision, setStage, setWork } from './decision.ts';
import { mayCallBack } from './dialable.ts';
import type { CallOutAsked } from './event.ts';
import { callBeside } from './idle.ts';
import type { AgentId, LegId } from './ids.ts';
import { hangUp, type LegEnd } from './leg.ts';
import { CALL_OUT_RING_MS, RING_DEVICES_MAX } from './limits.ts';
import { openOurCall } from './our-call.ts';
import { freeAgent } from './release.ts';
import { ringPhone } from './ring.ts';
import { seatOfAgent } from './seat.ts';
import type { AgentSetting, Settings } from './settings.ts';
import { nodeLive } from './standing.ts';
import type { Agent, Contact, Leg, Pair, Stage, State } from './state.ts';

type Placing = Extract<Stage, { in: 'placing' }>;

/** Why an agent may not call: there is no way out, the number is not one of those, the agent is busy or away. */
export type CallOutVerdict = 'yes' | 'noWay' | 'number' | 'agent';

/** Y1: a number of the catalogue, or the citizen of a contact that this agent had. */
export function mayCallOut(state: State, id: AgentId, number: string, isCitizen: boolean): CallOutVerdict {
  const { settings } = state;
  const agent = state.agents.get(id);
  if (settings?.dialOut === undefined || settings.dialsOut !== true) return 'noWay';
  if (!(isCitizen ? mayCallBack(number) : settings.dialOut.numbers.includes(number))) return 'number';
  return agent !== undefined && isFreeToCall(state, agent) ? 'yes' : 'agent';
}

/** In no call, not offline, with a phone that can be rung. Notes of the last call end with it. */
function isFreeToCall(state: State, agent: Agent): boolean {
  const { setting, phones } = seatOfAgent(state.standing, agent);
  const busy = agent.work !== null && agent.work.in !== 'wrapUp';
  if (setting === undefined || busy || agent.legs.length > 0 || agent.wish === 'offline') return false;
  return phones.length > 0;
}

/** Y1, Y2: the agent's own phone first. */
export function callOutAsked(d: Decision, { agent: id, number, of, beside }: CallOutAsked): void {
  const agent = d.state.agents.get(id);
  const { setting, phones = [] } = d.state.standing.seats.get(id) ?? {};
  const node = [...d.state.nodes.keys()].filter((each) => nodeLive(d.state, each)).sort()[0];
  if (agent === undefined || setting === undefined || node === undefined) return;
  if (mayCallOut(d.state, id, number, of !== undefined) !== 'yes') return;
  const untilMs = d.state.nowMs + CALL_OUT_RING_MS;
  const queue = queueFor(d.state.settings!, setting);
  const wait = { queue, enqueuedAtMs: d.state.nowMs, headStartMs: 0, plan: '', step: -1, lastAgent: id };
  const partOf = beside === true ? of : undefined;
  const { line } = d.state.settings!.dialOut!;
  const call = { node, number, dialled: line, calledBy: id, partOf, ...(of === undefined ? {} : { of }) };
  const contact = openOurCall(d, call, partOf === undefined ? 'Y1' : 'Y6');
  callBeside(d, partOf, 1);
  setWork(d, agent, { in: 'offer', contact: contact.id, token: d.state.nextToken++ });
  const rings: LegId[] = [];
  for (const device of phones.slice(0, RING_DEVICES_MAX)) {
    const phone = { sipUser: setting.sipUser, device, timeoutMs: CALL_OUT_RING_MS, resume: true as const };
    rings.push(ringPhone(d, contact, id, phone, 0, 'Y2'));
  }
  setStage(d, contact, { in: 'placing', wait, agent: id, rings, untilMs });
}

/** Y3: the agent is on the phone; now the other side is dialled. */
export function placerAnswered(d: Decision, contact: Contact, stage: Placing, leg: Leg): void {
  if (!stage.rings.includes(leg.id) || leg.endByMs !== null) return hangUp(d, leg.id, 'LOSE_RACE', 'O9');
  for (const other of stage.rings) if (other !== leg.id) hangUp(d, other, 'LOSE_RACE', 'Y2');
  dialOut(d, contact, stage, leg, 'Y3');
}

/** Y2: a phone of the agent that rang is over. */
export function placerLegGone(d: Decision, contact: Contact, stage: Placing, leg: Leg, end: LegEnd): void {
  const rings = stage.rings.filter((id) => id !== leg.id);
  setStage(d, contact, { ...stage, rings });
  if (rings.length === 0 || end.cause === 'CALL_REJECTED') callOutOver(d, contact, stage, 'ended', 'Y2');
}

/** Y2: nobody took up the own phone in time. */
export function placingDue(d: Decision, contact: Contact, stage: Placing): void {
  callOutOver(d, contact, stage, 'ended', 'Y2');
}

/** Y2–Y4: it came to nothing; nobody else is asked, and the agent is free at once. */
export function callOutOver(
  d: Decision,
  contact: Contact,
  stage: Placing | Pair,
  outcome: 'ended' | 'unreached' | 'lostNode',
  because: string,
): void {
  const cause = outcome === 'unreached' ? 'NO_ANSWER' : 'ORIGINATOR_CANCEL';
  hangUp(d, contact.leg, cause, because);
  for (const leg of 'rings' in stage ? stage.rings : [stage.agentLeg]) hangUp(d, leg, 'NORMAL_CLEARING', because);
  closing(d, contact, outcome);
  freeAgent(d, stage.agent, 0);
}

/** Whose times hold for the talk: the agent's own queue, or the first that asks for a skill of the agent's. */
function queueFor({ queues }: Settings, { home, profile, skills }: AgentSetting): string {
  const serves = home ?? profile?.[0]?.queue;
  if (serves !== undefined) return serves;
  const names = Object.keys(queues).sort();
  return names.find((name) => skills[queues[name]!.skill] !== undefined) ?? names[0] ?? '';
}
