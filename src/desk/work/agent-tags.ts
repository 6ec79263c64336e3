import type { AgentItem } from '../../api/live/messages.ts';

/** What stands beside an agent's name in the leads' list. `word`: in `words.supervision`. */
export interface AgentTag {
  readonly word: 'seatGone' | 'alerted';
  readonly tone: 'is-warn' | 'is-bad';
}

/** @param isAlerted there is an alert about the agent. */
export function agentTags({ gone }: AgentItem, isAlerted: boolean): readonly AgentTag[] {
  return [
    ...(gone ? [{ word: 'seatGone', tone: 'is-warn' } as const] : []),
    ...(isAlerted ? [{ word: 'alerted', tone: 'is-bad' } as const] : []),
  ];
}
