import { Type } from 'typebox';
import { isDigital } from '../../core/medium.ts';
import type { WaitingView } from '../../core/view.ts';
import { maskFrom } from '../../lib/mask-number.ts';
import type { Role } from '../../store/schema.ts';
import { membersOf } from '../../store/teams.ts';
import { LEADS, personOf, reachOf, STAFF, seesCitizens } from '../access.ts';
import { agentShown } from '../agent-view.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { AgentShape, AgentStateBody, AgentsShape, QueuesShape } from '../schemas.ts';
import { ForcedStateBody } from '../supervision-shapes.ts';
import { writeDown } from '../write-down.ts';

const AgentParams = Type.Object({ agent: Type.String({ minLength: 1, maxLength: 64 }) });

/** Others of a team see that team. */
const SEE_EVERY_AGENT: readonly Role[] = ['dispatcher', 'supervisor', 'admin'];

export function addAgentRoutes(app: Api, options: ApiOptions): void {
  const { db, core } = options;
  addForcedStateRoute(app, options);
  app.put(
    '/api/v1/agents/me/state',
    { config: { access: ['agent', ...LEADS] }, schema: { body: AgentStateBody, response: { 200: AgentShape } } },
    async (request) => {
      const { user } = personOf(request);
      const own = () => core.agents().find(({ agent, gone }) => agent === user && gone === undefined);
      const agent = own()?.agent;
      if (agent === undefined) throw new ApiError('NO_SEAT');
      const { state, reason } = request.body;
      await writeDown(
        core,
        request,
        {
          type: 'agentStateAsked',
          agent,
          state,
          ...(reason === undefined ? {} : { reason }),
        },
        'an agent state',
      );
      const view = own();
      if (!view) throw new ApiError('NO_SEAT');
      return agentShown(view);
    },
  );

  app.get(
    '/api/v1/agents/me',
    { config: { access: STAFF }, schema: { response: { 200: AgentShape } } },
    async (request) => {
      const { user } = personOf(request);
      const view = core.agents().find(({ agent }) => agent === user);
      if (!view) throw new ApiError('NO_SEAT');
      return agentShown(view);
    },
  );

  app.get(
    '/api/v1/agents',
    { config: { access: STAFF }, schema: { response: { 200: AgentsShape } } },
    async (request) => {
      const { team, roles } = personOf(request);
      const all = team === undefined || roles.some((role) => SEE_EVERY_AGENT.includes(role));
      const shown = all ? undefined : new Set(await membersOf(db, team));
      const agents = core.agents().filter(({ agent }) => shown === undefined || shown.has(agent));
      return { agents: agents.map(agentShown) };
    },
  );

  addQueuesRoute(app, core);
}

/** Who waits where; without anything of a citizen for who sees figures alone. */
function addQueuesRoute(app: Api, core: ApiOptions['core']): void {
  app.get(
    '/api/v1/queues',
    {
      config: { access: [...STAFF, 'integrator'], scope: 'queues:read' },
      schema: { response: { 200: QueuesShape } },
    },
    async (request) => {
      const named = seesCitizens(personOf(request).roles);
      const shown = ({ from, medium }: WaitingView) => (named ? maskFrom(from, isDigital(medium)) : '');
      return {
        queues: core.queues().map((view) => ({
          ...view,
          waiting: view.waiting.map((waiting) => ({ ...waiting, from: shown(waiting) })),
        })),
      };
    },
  );
}

/** P8: a lead asks in an agent's stead. */
function addForcedStateRoute(app: Api, { db, core }: ApiOptions): void {
  app.put(
    '/api/v1/agents/:agent/state',
    {
      config: { access: LEADS, audit: 'now' },
      schema: { params: AgentParams, body: ForcedStateBody, response: { 200: AgentShape } },
    },
    async (request) => {
      const { agent } = request.params;
      const { state, reason } = request.body;
      request.deed = { target: agent, detail: `${state}: ${reason}` };
      const agents = await reachOf(request, db);
      const known = core.agents().find((view) => view.agent === agent && view.gone === undefined);
      if (known === undefined || agents?.includes(agent) === false) throw new ApiError('USER_UNKNOWN');
      const by = personOf(request).user;
      await writeDown(
        core,
        request,
        { type: 'agentStateAsked', agent: known.agent, state, reason, by },
        "another's state",
      );
      const view = core.agents().find((each) => each.agent === agent);
      if (!view) throw new ApiError('USER_UNKNOWN');
      return agentShown(view);
    },
  );
}
