import { type Decision, touchAgent } from './decision.ts';
import type { AgentId } from './ids.ts';

/** The agent had a contact that came to nothing. */
export function freeAgent(d: Decision, id: AgentId, pauseMs: number): void {
  const agent = d.state.agents.get(id);
  if (agent === undefined) return;
  agent.work = null;
  agent.notBeforeMs = Math.max(agent.notBeforeMs, d.state.nowMs + pauseMs);
  touchAgent(d, agent);
}
