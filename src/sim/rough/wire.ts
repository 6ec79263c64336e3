import type { SwitchCommand } from '../../core/command.ts';
import type { SwitchEvent } from '../../core/event.ts';
import type { NodeId } from '../../core/ids.ts';
import type { Chance } from '../chance.ts';
import type { Clock } from '../clock.ts';

export interface WireOptions {
  readonly node: NodeId;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Longest delay, each way. */
  readonly roughMs: number;
  /** To the core. */
  readonly deliver: (event: SwitchEvent) => void;
  /** To the switch. */
  readonly carryOut: (command: SwitchCommand) => void;
}

/**
 * What lies between core and switch: drawn delays, in order on one leg, in any order across legs. What the switch says while the link is cut, or
 * had on its way then, is never heard; what the core had sent arrives.
 */
export class Wire {
  readonly #options: WireOptions;
  readonly #saidMs = new Map<string, number>();
  readonly #sentMs = new Map<string, number>();
  #connection = 0;
  #isUp = false;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  connect(): void {
    this.#connection += 1;
    this.#isUp = true;
  }

  cut(): void {
    this.#connection += 1;
    this.#isUp = false;
  }

  /** The switch says something. */
  say(event: SwitchEvent): void {
    if (!this.#isUp) return;
    const { roughMs, deliver } = this.#options;
    if (roughMs === 0) return deliver(event);
    const connection = this.#connection;
    this.#later(this.#saidMs, 'leg' in event ? event.leg : '', () => {
      if (connection === this.#connection) deliver(event);
    });
  }

  /** The core commands something. */
  send(command: SwitchCommand): void {
    const { node, roughMs, deliver, carryOut } = this.#options;
    const { key, leg } = command;
    if (!this.#isUp) return deliver({ type: 'commandFailed', node, key, leg, reason: 'the link is down' });
    if (roughMs === 0) return carryOut(command);
    this.#later(this.#sentMs, leg, () => carryOut(command));
  }

  #later(lastMs: Map<string, number>, leg: string, act: () => void): void {
    const { clock, chance, roughMs } = this.#options;
    const dueMs = Math.max(clock.nowMs + chance.below(roughMs + 1), lastMs.get(leg) ?? 0);
    lastMs.set(leg, dueMs);
    clock.at(dueMs, act);
  }
}
