import type { Logger } from 'pino';
import type { SwitchEvent } from '../../core/event.ts';
import type { LegId, NodeId } from '../../core/ids.ts';
import type { EslClient } from './client.ts';
import type { EslEvent } from './event.ts';
import type { Legs } from './leg.ts';
import type { EndsLogged } from './leg-log.ts';
import type { AwayPages } from './lost-page.ts';
import type { Registrations } from './registrations.ts';

/** One configured switch and all that the adapter knows of it. */
export interface Node {
  readonly id: NodeId;
  readonly client: EslClient;
  readonly logger: Logger;
  readonly now: () => number;
  /** `host:port` through which citizens are called; absent: nobody is. */
  readonly trunk: string | undefined;
  /** How legs ended, by the switch's own log where we can read it. */
  readonly endsLogged: EndsLogged;
  readonly legs: Legs;
  readonly registrations: Registrations;
  readonly away: AwayPages;
  /** `ready`: surveyed on this connection, events flow. */
  phase: 'down' | 'surveying' | 'ready';
  /** Rises with every connection: a survey that outlives its connection is dropped. */
  connection: number;
  /** Events that came while the survey ran. */
  buffered: EslEvent[];
  emit: (event: SwitchEvent) => void;
  known: () => readonly LegId[];
}

type WithoutNode<Event> = Event extends unknown ? Omit<Event, 'node'> : never;

export function tell(node: Node, event: WithoutNode<SwitchEvent>): void {
  node.emit({ node: node.id, ...event } as SwitchEvent);
}

/** Ends a leg. That there is none any more is no failure. */
export function kill(node: Node, leg: LegId, cause: string): void {
  node.client.send(`api uuid_kill ${leg} ${cause}`, () => {});
}
