import type { RecordFact } from '../core/command.ts';
import type { EventBody } from '../core/event.ts';
import type { AgentId, LegId } from '../core/ids.ts';
import type { Clock } from './clock.ts';
import type { Caller } from './people.ts';

/** One agent's turn of duty, Unix ms. */
export interface Shift {
  readonly agent: AgentId;
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long an agent who was set aside after missed calls, or whose phone failed, takes to come back. */
const BACK_MS = 30_000;

/** The agents at their desks: who comes and goes, who is done with the notes. They ask as people do through the desk. */
export class Desks {
  readonly #clock: Clock;
  readonly #ask: (event: EventBody) => void;
  readonly #callerOf: (leg: LegId) => Caller | null;
  readonly #onDuty = new Set<AgentId>();
  /** What the notes of the talk under way will take. */
  readonly #wrapUpMs = new Map<AgentId, number>();
  /** Rises with every state of an agent: what was meant for an older one is void. */
  readonly #turns = new Map<AgentId, number>();

  constructor(clock: Clock, ask: (event: EventBody) => void, callerOf: (leg: LegId) => Caller | null) {
    this.#clock = clock;
    this.#ask = ask;
    this.#callerOf = callerOf;
  }

  begin(shifts: readonly Shift[]): void {
    for (const { agent, fromMs, toMs } of shifts) {
      this.#clock.at(fromMs, () => {
        this.#onDuty.add(agent);
        this.#ask({ type: 'agentStateAsked', agent, state: 'ready' });
      });
      this.#clock.at(toMs, () => {
        this.#onDuty.delete(agent);
        this.#ask({ type: 'agentStateAsked', agent, state: 'offline' });
      });
    }
  }

  isOnDuty(agent: AgentId): boolean {
    return this.#onDuty.has(agent);
  }

  /** What the desk shows. */
  see(fact: RecordFact): void {
    if (fact.fact === 'talkStarted') this.#wrapUpMs.set(fact.agent, this.#callerOf(fact.citizenLeg)?.wrapUpMs ?? 0);
    else if (fact.fact === 'agentState') this.#seeState(fact.agent, fact.state);
  }

  #seeState(agent: AgentId, state: string): void {
    const turn = (this.#turns.get(agent) ?? 0) + 1;
    this.#turns.set(agent, turn);
    const delayMs = state === 'wrapUp' ? (this.#wrapUpMs.get(agent) ?? 0) : state === 'notReady' ? BACK_MS : Infinity;
    if (delayMs === Infinity) return;
    this.#clock.after(delayMs, () => {
      if (this.#turns.get(agent) !== turn || !this.#onDuty.has(agent)) return;
      this.#ask({ type: 'agentStateAsked', agent, state: 'ready' });
    });
  }
}
