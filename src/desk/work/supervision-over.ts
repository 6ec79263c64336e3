import type { AgentItem, SupervisionItem } from '../../api/live/messages.ts';

/** Why a supervision is over, for who did not end it; `lost`: the agent's phone, or the switch. */
export type WhyOver = 'notAgreed' | 'notAnswered' | 'talkOver' | 'sensitive' | 'lost';

/**
 * @param last what was shown of it.
 * @param agent the one whose talk it was, as the board shows it now.
 * @returns undefined: it became what it was to be, the supervisor's own talk.
 */
export function whyOver(last: SupervisionItem, agent: AgentItem): WhyOver | undefined {
  const talks = agent.contact === last.contact && (agent.state === 'talking' || agent.state === 'held');
  if (last.step === 'asked') return talks ? 'notAgreed' : 'talkOver';
  if (!talks) return last.mode === 'takeOver' ? undefined : 'talkOver';
  if (last.step === 'ringing') return 'notAnswered';
  return agent.sensitive === true ? 'sensitive' : 'lost';
}
