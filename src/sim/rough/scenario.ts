import type { ListeningMode, SupervisionMode } from '../../core/command.ts';
import type { Grade } from '../../core/event.ts';
import type { DigitalMedium } from '../../core/medium.ts';
import type { ModeName } from '../../core/settings.ts';
import type { Caller } from '../people.ts';

/** A day in which things go wrong, as data: drawn from a seed or by a property, small enough to be read. Times from the day's start, ms. */
export interface Scenario {
  /** Of the delays on the wire and of what people do with ringing phones. */
  readonly seed: number;
  /** Longest delay between core and switch, each way; 0: everything at once. */
  readonly roughMs: number;
  readonly promptMs: number;
  /** `twoSided`: plans that relax in steps, ranks, delays, home queues and sites; `plain`: a skill and a queue. */
  readonly routing: 'plain' | 'twoSided';
  /** `calls`: calls alone. `everything`: chats and mails beside them, call-backs, missed calls, known callers, modes. */
  readonly work: 'calls' | 'everything';
  readonly callers: readonly Caller[];
  readonly conversations: readonly ConversationPlan[];
  readonly agents: readonly AgentPlan[];
  readonly leads: readonly LeadAct[];
  readonly faults: readonly Fault[];
}

export interface AgentPlan {
  readonly name: string;
  readonly skills: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly phones: 1 | 2;
  readonly answersAfterMs: number;
  /** Shares of offers, 0..1. */
  readonly declined: number;
  readonly missed: number;
}

/** A chat or a mail. */
export interface ConversationPlan {
  readonly medium: DigitalMedium;
  readonly queue: string;
  readonly from: string;
  /** Of one scenario, each another. */
  readonly reference: string;
  readonly atMs: number;
  /** Leaves when nobody has had it for so long; Infinity: never. */
  readonly patienceMs: number;
  readonly talkMs: number;
  readonly endedBy: 'citizen' | 'agent';
  /** Its first agent gives it to this queue. */
  readonly givenTo?: string;
}

/** What somebody who leads does, about the so-manieth contact that is open then. */
export type LeadAct = { readonly atMs: number } & (
  | {
      readonly does: 'supervise';
      readonly by: string;
      readonly nth: number;
      readonly mode: SupervisionMode;
      readonly thenMode: ListeningMode;
      readonly leavesAfterMs: number;
      /** Marked so before, and agreed to by a second person a quarter of that time later. */
      readonly sensitive: boolean;
    }
  | { readonly does: 'mark'; readonly nth: number; readonly sensitive: boolean }
  | { readonly does: 'regrade'; readonly nth: number; readonly grade: Grade | null }
  | { readonly does: 'setMode'; readonly mode: ModeName }
  | { readonly does: 'force'; readonly agent: string; readonly state: 'ready' | 'notReady' }
);

export type Fault =
  /** The core dies at its so-manieth entry. `halfReleased`: after the first half of that entry's commands. */
  | { readonly kind: 'killCore'; readonly entry: number; readonly point: KillPoint; readonly downMs: number }
  | { readonly kind: 'loseLink'; readonly atMs: number; readonly downMs: number }
  /** Who was on it and waited calls again so long after it is back. */
  | { readonly kind: 'killSwitch'; readonly atMs: number; readonly downMs: number; readonly callsBackAfterMs: number }
  | { readonly kind: 'unplug'; readonly agent: string; readonly atMs: number; readonly downMs: number }
  /** The second site takes no more, or is gone, for so long. */
  | { readonly kind: 'closeSite'; readonly status: 'draining' | 'down'; readonly atMs: number; readonly downMs: number }
  /** Not ready for so long, whatever is under way. */
  | { readonly kind: 'pause'; readonly agent: string; readonly atMs: number; readonly downMs: number };

export type KillPoint = 'beforeWrite' | 'beforeRelease' | 'halfReleased';

/** For whoever must find out what went wrong. */
export function tellScenario(scenario: Scenario): string {
  const { seed, roughMs, promptMs, routing, work, callers, conversations, agents, leads, faults } = scenario;
  return [
    `seed ${seed}, wire up to ${roughMs} ms, prompts of ${promptMs} ms, ${routing} routing, ${work}`,
    ...agents.map(tellAgent),
    ...callers.map(tellCaller),
    ...conversations.map(tellConversation),
    ...leads.map(({ atMs, ...act }) => `${seconds(atMs)} a lead: ${JSON.stringify(act)}`),
    ...faults.map(tellFault),
  ].join('\n  ');
}

function tellAgent({ name, skills, fromMs, toMs, phones, answersAfterMs, declined, missed }: AgentPlan): string {
  return (
    `agent ${name} (${skills.join('+')}) from ${seconds(fromMs)} to ${seconds(toMs)}, ${phones} phones, ` +
    `answers after ${seconds(answersAfterMs)}, declines ${declined}, misses ${missed}`
  );
}

function tellCaller(caller: Caller): string {
  const { from, atMs, keys, keyAfterMs, menuPatienceMs, patienceMs, talkMs, talkEndedBy, wrapUpMs, mishap } = caller;
  const { callBackKeys } = caller;
  return (
    `${seconds(atMs)} call from ${from}, keys [${keys.join(' ')}] after ${seconds(keyAfterMs)}, waits ${seconds(menuPatienceMs)} in the menu, ` +
    `${seconds(patienceMs)} in the queue, talks ${seconds(talkMs)}, ${talkEndedBy} ends, notes ${seconds(wrapUpMs)}` +
    (mishap === undefined
      ? ''
      : `, ${mishap.kind} after ${seconds(mishap.afterMs)}, back after ${seconds(mishap.backAfterMs ?? 0)}`) +
    (caller.known === undefined ? '' : `, known as ${JSON.stringify(caller.known)}`) +
    (callBackKeys === undefined ? '' : `, ${callBackKeys} when a call-back is offered`)
  );
}

function tellConversation(plan: ConversationPlan): string {
  const { medium, reference, from, queue, atMs, patienceMs, talkMs, endedBy, givenTo } = plan;
  return (
    `${seconds(atMs)} ${medium} ${reference} from ${from} for ${queue}, waits ${seconds(patienceMs)}, lasts ${seconds(talkMs)}, ` +
    `${endedBy} ends${givenTo === undefined ? '' : `, first given to ${givenTo}`}`
  );
}

function tellFault(fault: Fault): string {
  const back = `back after ${seconds(fault.downMs)}`;
  switch (fault.kind) {
    case 'killCore':
      return `entry ${fault.entry}: core killed ${fault.point}, ${back}`;
    case 'loseLink':
      return `${seconds(fault.atMs)} link lost, ${back}`;
    case 'killSwitch':
      return `${seconds(fault.atMs)} switch killed, ${back}, callers call back after ${seconds(fault.callsBackAfterMs)}`;
    case 'unplug':
      return `${seconds(fault.atMs)} phones of ${fault.agent} gone, ${back}`;
    case 'closeSite':
      return `${seconds(fault.atMs)} site sub ${fault.status}, ${back}`;
    case 'pause':
      return `${seconds(fault.atMs)} ${fault.agent} pauses, ${back}`;
  }
}

function seconds(valueMs: number): string {
  return valueMs === Infinity ? 'for ever' : `${(valueMs / 1_000).toFixed(3)} s`;
}
