import type { Command } from '../../src/core/command.ts';
import type { Candidates } from '../../src/core/decision.ts';
import type { ConversationOpened, Event, EventBody } from '../../src/core/event.ts';
import { agentId, type ContactId, type LegId, legId, nodeId } from '../../src/core/ids.ts';
import { type DigitalMedium, isDigital } from '../../src/core/medium.ts';
import type { AgentSetting, Need, PlanStep, QueueSetting, Settings } from '../../src/core/settings.ts';
import { initialState, type State } from '../../src/core/state.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { decide, nextDeadlineMs, step } from '../../src/core/step.ts';
import { conversationView } from '../../src/core/view.ts';

const NODE = nodeId('switch');
const FROM_MS = 10_000_000;

export function queue(name: string, more: Partial<QueueSetting> = {}): QueueSetting {
  const times = { ringMs: 20_000, wrapUpMs: 30_000, positionFirstMs: 15_000, positionEveryMs: 30_000 };
  return { name, skill: name, ...times, waitingMax: 100, ...more };
}

export function agent(name: string, skills: AgentSetting['skills'], more: Partial<AgentSetting> = {}): AgentSetting {
  return { id: agentId(name), number: '1', sipUser: name, skills, ...more };
}

export function always(needs: Need, more: Partial<PlanStep> = {}): PlanStep {
  return { untilMs: null, needs, ...more };
}

export function until(untilMs: number, needs: Need, more: Partial<PlanStep> = {}): PlanStep {
  return { untilMs, needs, ...more };
}

/** Each queue has a number of its own, without a menu. */
export function rules(
  queues: readonly QueueSetting[],
  agents: readonly AgentSetting[],
  more: Partial<Settings> = {},
): Settings {
  const flow = ({ name }: QueueSetting) => ({
    start: 'in',
    steps: { in: { kind: 'queue' as const, queue: name, prompts: [] } },
  });
  return {
    version: JSON.stringify([queues, agents, more]),
    lines: Object.fromEntries(queues.map(({ name }) => [name, name])),
    flows: Object.fromEntries(queues.map((each) => [each.name, flow(each)])),
    queues: Object.fromEntries(queues.map((each) => [each.name, each])),
    agents,
    prompts: {},
    ...more,
  };
}

/** A core with a switch that carries everything out at once, for tests about who is offered what. */
export class Hotline {
  state: State = initialState('0123456789abcdef');
  readonly commands: Command[] = [];
  /** False: a switch that never says that two hear each other. */
  bridges = true;
  /** True: of every offer is kept why it was made. */
  asksWhy = false;
  readonly why: Candidates[] = [];
  #nowMs = FROM_MS;
  #seq = 0;
  #calls = 0;
  #opened = 0;
  #messages = 0;

  readonly #watch: (state: State, decided: readonly Command[]) => void;

  /** @param watch sees the state after every entry. */
  constructor(settings: Settings, watch: (state: State, decided: readonly Command[]) => void = () => {}) {
    this.#watch = watch;
    this.hear({ type: 'started' });
    this.hear({ type: 'settingsLoaded', settings });
    this.#survey(settings);
  }

  /** @returns what was decided. */
  hear(body: EventBody): Command[] {
    this.#seq += 1;
    const decided = this.#decide({ ...body, atMs: this.#nowMs } as Event);
    this.commands.push(...decided);
    this.#watch(this.state, decided);
    for (const command of decided) {
      if (command.do === 'answer') this.hear({ type: 'legAnswered', node: NODE, leg: command.leg });
      if (command.do === 'bridge' && this.bridges)
        this.hear({ type: 'bridged', node: NODE, leg: command.leg, other: command.other });
      if (command.do === 'hangUp') this.hear({ type: 'legEnded', node: NODE, leg: command.leg, cause: command.cause });
    }
    return decided;
  }

  /** Every deadline on the way is met. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (
      let dueMs = nextDeadlineMs(this.state);
      dueMs !== undefined && dueMs <= untilMs;
      dueMs = nextDeadlineMs(this.state)
    ) {
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      this.hear({ type: 'tick' });
    }
    this.#nowMs = untilMs;
  }

  /** @returns the caller's contact. */
  call(queueName: string, from = '', partOf?: ContactId): ContactId {
    this.#calls += 1;
    const leg = legId(`call-${this.#calls}`);
    const beside = partOf === undefined ? {} : { partOf };
    this.hear({ type: 'callArrived', node: NODE, leg, from, dialled: queueName, ...beside });
    return this.state.legs.get(leg)!.contact;
  }

  ready(...names: string[]): void {
    for (const name of names) this.hear({ type: 'agentStateAsked', agent: agentId(name), state: 'ready' });
  }

  ask(name: string, state: 'ready' | 'notReady' | 'offline'): void {
    this.hear({ type: 'agentStateAsked', agent: agentId(name), state });
  }

  /** @returns the digital contact; undefined when it was not opened. */
  open(
    medium: DigitalMedium,
    queueName: string,
    from = '',
    more: Partial<ConversationOpened> = {},
  ): ContactId | undefined {
    this.#opened += 1;
    const reference = more.reference ?? `${medium}-${this.#opened}`;
    this.hear({ type: 'conversationOpened', medium, queue: queueName, from, reference, ...more });
    return conversationView(this.state, medium, reference);
  }

  /** The digital offer that stands is taken, or declined. */
  reply(contact: ContactId, take = true): void {
    const stage = this.state.contacts.get(contact)?.stage;
    if (stage?.in !== 'queue' || stage.offer === null) return;
    const { agent: who, token } = stage.offer;
    this.hear({ type: 'offerAnswered', agent: who, contact, token, take });
  }

  end(contact: ContactId, by: 'citizen' | 'agent'): void {
    this.hear({ type: 'conversationEnded', contact, by, who: 'somebody' });
  }

  /** Its agent's message is stored. @returns its number. */
  replied(contact: ContactId): number {
    this.#messages += 1;
    this.hear({ type: 'messageReplied', contact, message: this.#messages });
    return this.#messages;
  }

  /** Its citizen's message is stored. */
  wrote(contact: ContactId): void {
    const { medium, from, reference = '' } = this.state.contacts.get(contact)!;
    if (!isDigital(medium)) return;
    this.#messages += 1;
    this.hear({ type: 'messageArrived', message: this.#messages, medium, queue: 'personal', from, reference });
  }

  give(contact: ContactId, queueName: string): void {
    this.hear({ type: 'conversationReturned', contact, queue: queueName, who: 'somebody' });
  }

  /** Who has the digital contact. */
  holder(contact: ContactId): string | undefined {
    const stage = this.state.contacts.get(contact)?.stage;
    return stage?.in === 'conversation' ? stage.agent : undefined;
  }

  /** Who is offered the contact: whose phone rings for it, if it is a call. */
  ringing(contact: ContactId): string | undefined {
    const stage = this.state.contacts.get(contact)?.stage;
    return stage?.in === 'queue' ? stage.offer?.agent : undefined;
  }

  answer(contact: ContactId): void {
    const leg = this.#ring(contact);
    if (leg !== undefined) this.hear({ type: 'legAnswered', node: NODE, leg });
  }

  decline(contact: ContactId): void {
    const leg = this.#ring(contact);
    if (leg !== undefined) this.hear({ type: 'legEnded', node: NODE, leg, cause: 'CALL_REJECTED' });
  }

  hangUp(contact: ContactId): void {
    const leg = this.state.contacts.get(contact)?.leg;
    if (leg !== undefined && this.state.legs.has(leg)) {
      this.hear({ type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING' });
    }
  }

  /** The process dies and goes on from its snapshot. */
  restart(): void {
    this.state = decodeState(encodeState(this.state));
  }

  #decide(event: Event): Command[] {
    if (!this.asksWhy) return step(this.state, event, this.#seq);
    const { commands, candidates } = decide(this.state, event, this.#seq, true);
    this.why.push(...candidates!);
    return commands;
  }

  #ring(contact: ContactId): LegId | undefined {
    const stage = this.state.contacts.get(contact)?.stage;
    return stage?.in === 'queue' ? stage.offer?.legs[0] : undefined;
  }

  #survey(settings: Settings): void {
    const devices = settings.agents.map(({ sipUser }) => ({ sipUser, uri: `sip:${sipUser}`, expiresAtMs: 1e14 }));
    this.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'boot', legs: [], devices, ended: [] } });
  }
}
