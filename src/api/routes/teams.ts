import { Type } from 'typebox';
import { dropTeam, listTeams, putTeam } from '../../store/teams.ts';
import { TeamBody, TeamParams, TeamShape, TeamsShape } from '../account-shapes.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';

const ADMIN = ['admin'] as const;

/** A lead who is of a team sees that team's agents and contacts; a lead of none, everybody's. */
export function addTeamRoutes(app: Api, { db }: ApiOptions): void {
  app.get(
    '/api/v1/teams',
    { config: { access: ['admin', 'auditor'] }, schema: { response: { 200: TeamsShape } } },
    async () => ({ teams: await listTeams(db) }),
  );

  app.put(
    '/api/v1/teams/:team',
    {
      config: { access: ADMIN, audit: 'now' },
      schema: { params: TeamParams, body: TeamBody, response: { 200: TeamShape } },
    },
    async (request) => {
      const { team } = request.params;
      await putTeam(db, team, request.body.title, Date.now());
      const made = (await listTeams(db)).find((each) => each.team === team);
      if (made === undefined) throw new ApiError('TEAM_UNKNOWN');
      return made;
    },
  );

  app.delete(
    '/api/v1/teams/:team',
    { config: { access: ADMIN, audit: 'now' }, schema: { params: TeamParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      if (!(await dropTeam(db, request.params.team))) throw new ApiError('TEAM_UNKNOWN');
      return reply.code(204).send(null);
    },
  );
}
