import { Type } from 'typebox';
import { listTokens, makeToken, revokeToken } from '../../store/api-tokens.ts';
import { personOf } from '../access.ts';
import { TokenBody, TokenMadeShape, TokenParams, TokensShape, UserParams } from '../account-shapes.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';

const ADMIN = ['admin'] as const;

/** Tokens for programs, of accounts with the role `integrator`. */
export function addTokenRoutes(app: Api, { db }: ApiOptions): void {
  app.get(
    '/api/v1/users/:user/tokens',
    { config: { access: ['admin', 'auditor'] }, schema: { params: UserParams, response: { 200: TokensShape } } },
    async (request) => ({
      tokens: (await listTokens(db, request.params.user)).map((token) => ({ ...token, scopes: [...token.scopes] })),
    }),
  );

  app.post(
    '/api/v1/users/:user/tokens',
    {
      config: { access: ADMIN, audit: 'now' },
      schema: { params: UserParams, body: TokenBody, response: { 201: TokenMadeShape } },
    },
    async (request, reply) => {
      const { user } = request.params;
      request.deed = { detail: JSON.stringify(request.body) };
      const made = await makeToken(db, { ...request.body, user, by: personOf(request).user, nowMs: Date.now() });
      if (made === undefined) throw new ApiError('TOKEN_NOT_MADE');
      request.deed = { ...request.deed, target: `${user} ${made.id}` };
      return reply.code(201).header('cache-control', 'no-store').send(made);
    },
  );

  app.delete(
    '/api/v1/tokens/:id',
    { config: { access: ADMIN, audit: 'now' }, schema: { params: TokenParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      if (!(await revokeToken(db, request.params.id, Date.now()))) throw new ApiError('TOKEN_UNKNOWN');
      return reply.code(204).send(null);
    },
  );
}
