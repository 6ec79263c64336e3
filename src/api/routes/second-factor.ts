import { Type } from 'typebox';
import type { Db } from '../../store/store.ts';
import { beginTotp, confirmTotp, dropTotp, totpUri } from '../../store/totp.ts';
import { personOf } from '../access.ts';
import { CodeBody, ProofBody, RecoveryCodesShape, TotpShape } from '../account-shapes.ts';
import { ApiError } from '../errors.ts';
import type { LoginCheck } from '../login.ts';
import type { Api } from '../options.ts';

const URL = '/api/v1/me/second-factor';

/** A person's own second factor (RFC 6238): set up, confirmed by a first code, taken off again. */
export function addSecondFactorRoutes(app: Api, db: Db, fieldKey: Buffer, check: LoginCheck): void {
  app.post(
    URL,
    {
      config: { access: 'loggedIn', audit: 'now' },
      schema: {
        description: 'Begins; nothing is asked for at a login until it is confirmed.',
        body: ProofBody,
        response: { 200: TotpShape },
      },
    },
    async (request, reply) => {
      const { user } = personOf(request);
      await check(request, { ...request.body, user });
      const secret = await beginTotp(db, fieldKey, user);
      if (secret === undefined) throw new ApiError('SECOND_FACTOR_SET');
      return reply.header('cache-control', 'no-store').send({ secret, uri: totpUri(user, secret) });
    },
  );

  app.post(
    `${URL}/confirm`,
    { config: { access: 'loggedIn', audit: 'now' }, schema: { body: CodeBody, response: { 200: RecoveryCodesShape } } },
    async (request, reply) => {
      const { user } = personOf(request);
      const recoveryCodes = await confirmTotp(db, fieldKey, { user, code: request.body.code, nowMs: Date.now() });
      if (recoveryCodes === undefined) throw new ApiError('SECOND_FACTOR_WRONG');
      return reply.header('cache-control', 'no-store').send({ recoveryCodes });
    },
  );

  app.delete(
    URL,
    { config: { access: 'loggedIn', audit: 'now' }, schema: { body: ProofBody, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { user } = personOf(request);
      await check(request, { ...request.body, user });
      await dropTotp(db, user);
      return reply.code(204).send(null);
    },
  );
}
