import type { Command } from '../../core/command.ts';
import type { ContactCard, DeskView } from '../../core/desk-view.ts';
import type { Estimate } from '../../core/estimate.ts';
import type { Event } from '../../core/event.ts';
import type { AgentId, ContactId } from '../../core/ids.ts';
import type { Alert } from '../../core/state.ts';
import type { ModeView, SiteView } from '../../core/view.ts';

/** What was heard and decided in one entry of the journal. */
export interface Decided {
  readonly atMs: number;
  readonly event: Event;
  readonly commands: readonly Command[];
}

/** What the live socket needs of the core: everything that changed, and a look at each thing by its name. */
export interface LiveCore {
  /** Hears every batch after it is written down, while the state is what the batch made of it. @returns what ends it. */
  follow(listener: (entries: readonly Decided[]) => void): () => void;
  /** Another object when the state was put together anew: all that was seen of it may be wrong. */
  state(): object;
  agents(): Iterable<AgentId>;
  agent(id: AgentId): DeskView | undefined;
  agentOfSeat(sipUser: string): AgentId | undefined;
  contacts(): Iterable<ContactId>;
  contact(id: ContactId): ContactCard | undefined;
  /** Of the rules. */
  queues(): Iterable<string>;
  estimate(queue: string, ahead: number): Estimate | undefined;
  sites(): readonly SiteView[];
  mode(): ModeView;
  /** By key: what lasts too long now. */
  alerts(): ReadonlyMap<string, Alert>;
  /** Registered phones: whose, and when the registration ends. */
  devices(): Iterable<{ readonly sipUser: string; readonly expiresAtMs: number }>;
}
