import { maskNumber } from '../../lib/mask-number.ts';
import { seatOf } from '../../store/accounts.ts';
import { personOf, seesAll } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { AgentShape, AgentStateBody, AgentsShape, QueuesShape } from '../schemas.ts';
import { writeDown } from '../write-down.ts';

export function addAgentRoutes(app: Api, { db, core }: ApiOptions): void {
  app.put(
    '/api/v1/agents/me/state',
    { config: { access: 'loggedIn' }, schema: { body: AgentStateBody, response: { 200: AgentShape } } },
    async (request) => {
      const seat = await seatOf(db, personOf(request).user);
      const known = core.agents().some(({ agent }) => agent === seat?.agent);
      if (!seat || !known) throw new ApiError('NO_SEAT');
      const { state, reason } = request.body;
      await writeDown(
        core,
        request,
        {
          type: 'agentStateAsked',
          agent: seat.agent,
          state,
          ...(reason === undefined ? {} : { reason }),
        },
        'an agent state',
      );
      const view = core.agents().find(({ agent }) => agent === seat.agent);
      if (!view) throw new ApiError('NO_SEAT');
      return { ...view, skills: [...view.skills] };
    },
  );

  app.get(
    '/api/v1/agents',
    { config: { access: 'loggedIn' }, schema: { response: { 200: AgentsShape } } },
    async () => ({ agents: core.agents().map((view) => ({ ...view, skills: [...view.skills] })) }),
  );

  app.get(
    '/api/v1/queues',
    { config: { access: 'loggedIn' }, schema: { response: { 200: QueuesShape } } },
    async (request) => {
      const shown = seesAll(request) ? (number: string) => number : maskNumber;
      return {
        queues: core.queues().map((view) => ({
          ...view,
          waiting: view.waiting.map((waiting) => ({ ...waiting, from: shown(waiting.from) })),
        })),
      };
    },
  );
}
