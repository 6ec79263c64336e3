import type { RecordFact } from '../core/command.ts';
import type { PeopleEvent } from '../core/event.ts';
import { type AgentId, type LegId, NO_LEG } from '../core/ids.ts';
import type { Clock } from './clock.ts';
import type { Caller } from './people.ts';
import type { Stamped } from './stamped.ts';

/** One agent's turn of duty, Unix ms. */
export interface Shift {
  readonly agent: AgentId;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Desk {
  onDuty: boolean;
  /** What the notes of the talk under way will take. */
  wrapUpMs: number;
  /** Rises with every state of the agent: what was meant for an older one is void. */
  turn: number;
}

/** How long an agent who was set aside after missed calls, or whose phone failed, takes to come back. */
const BACK_MS = 30_000;

/** The agents at their desks: who comes and goes, who is done with the notes. They ask as people do through the desk. */
export class Desks {
  readonly #clock: Clock;
  readonly #ask: (event: Stamped<PeopleEvent>) => void;
  readonly #callerOf: (leg: LegId) => Caller | null;
  readonly #desks = new Map<AgentId, Desk>();

  constructor(clock: Clock, ask: (event: Stamped<PeopleEvent>) => void, callerOf: (leg: LegId) => Caller | null) {
    this.#clock = clock;
    this.#ask = ask;
    this.#callerOf = callerOf;
  }

  begin(shifts: readonly Shift[]): void {
    for (const { agent, fromMs, toMs } of shifts) {
      const desk = this.#desk(agent);
      this.#clock.at(fromMs, () => {
        desk.onDuty = true;
        this.#asks(agent, 'ready');
      });
      this.#clock.at(toMs, () => {
        desk.onDuty = false;
        this.#asks(agent, 'offline');
      });
    }
  }

  isOnDuty(agent: AgentId): boolean {
    return this.#desk(agent).onDuty;
  }

  /** What the desk shows. */
  see(fact: RecordFact): void {
    switch (fact.fact) {
      case 'agentState':
        return this.#seeState(fact.agent, fact.state);
      case 'talkStarted':
        this.#desk(fact.agent).wrapUpMs = this.#callerOf(fact.citizenLeg ?? NO_LEG)?.wrapUpMs ?? 0;
    }
  }

  #seeState(agent: AgentId, state: string): void {
    const desk = this.#desk(agent);
    const turn = ++desk.turn;
    if (state === 'wrapUp') this.#readyIn(desk.wrapUpMs, agent, desk, turn);
    else if (state === 'notReady') this.#readyIn(BACK_MS, agent, desk, turn);
  }

  #readyIn(delayMs: number, agent: AgentId, desk: Desk, turn: number): void {
    this.#clock.after(delayMs, () => {
      if (desk.turn === turn && desk.onDuty) this.#asks(agent, 'ready');
    });
  }

  #asks(agent: AgentId, state: 'ready' | 'offline'): void {
    this.#ask({ type: 'agentStateAsked', agent, state, atMs: this.#clock.nowMs });
  }

  #desk(agent: AgentId): Desk {
    let desk = this.#desks.get(agent);
    if (desk === undefined) {
      desk = { onDuty: false, wrapUpMs: 0, turn: 0 };
      this.#desks.set(agent, desk);
    }
    return desk;
  }
}
