import type { AgentView } from '../core/view.ts';

/** An agent as the interface shows it. */
export function agentShown({ skills, conversations, ...view }: AgentView) {
  return {
    ...view,
    skills: [...skills],
    ...(conversations === undefined ? {} : { conversations: [...conversations] }),
  };
}
