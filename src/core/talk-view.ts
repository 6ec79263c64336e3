import type { SupervisionMode } from './command.ts';
import type { AgentId, ContactId } from './ids.ts';
import type { Contact, State, Supervision } from './state.ts';
import { maySupervise } from './supervision.ts';

/** A talk and who hears it besides the two. Values, made afresh. */
export interface TalkView {
  readonly contact: ContactId;
  readonly agent: AgentId;
  readonly sensitive: boolean;
  /** Who would have the mark gone; a second person must say so, too. */
  readonly unmarkAskedBy?: string;
  readonly supervision?: SupervisionView;
}

export interface SupervisionView {
  readonly by: AgentId;
  readonly mode: SupervisionMode;
  /** `asked`: waits for a second person. */
  readonly step: 'asked' | 'ringing' | 'on';
  /** Of `wanted`, while there is one: what the second person reads. */
  readonly reason: string;
  /** The second person. */
  readonly approvedBy?: string;
  /** Until when a phone is rung, or a second person waited for. Unix time, ms. */
  readonly untilMs?: number;
  /** The mode that a second person is waited for. */
  readonly wanted?: SupervisionMode;
}

/** Undefined when nobody talks. */
export function talkView(state: State, id: ContactId): TalkView | undefined {
  const contact = state.contacts.get(id);
  if (contact?.stage.in !== 'talk') return undefined;
  const { stage, sensitive, unmarkAskedBy } = contact;
  return {
    ...{ contact: id, agent: stage.agent, sensitive: sensitive === true },
    ...(unmarkAskedBy === undefined ? {} : { unmarkAskedBy }),
    ...supervisionOf(contact),
  };
}

/** Whether this agent's seat could be rung for a supervision now (V1). */
export function canSupervise(state: State, agent: AgentId): boolean {
  return maySupervise({ state }, agent);
}

export function supervisionOf({ supervision }: Contact): { readonly supervision?: SupervisionView } {
  return supervision === undefined ? {} : { supervision: view(supervision) };
}

function view({ by, mode, step, reason, approvedBy, wanted, ...more }: Supervision): SupervisionView {
  const untilMs = wanted?.untilMs ?? more.untilMs;
  return {
    by,
    mode,
    step,
    reason: wanted?.reason ?? reason,
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(untilMs === null ? {} : { untilMs }),
    ...(wanted === undefined ? {} : { wanted: wanted.mode }),
  };
}
