import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { makePageLogin, PAGE_LOGIN_LIFE_MS } from '../../lib/page-login.ts';
import { directoryEntryOf } from '../../store/directory.ts';
import { SIP_REALM } from '../../store/passwords.ts';
import { LEADS, personOf } from '../access.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';

/** Where a seat hears itself: `src/softswitch/echo.ts`. */
const ECHO_NUMBER = '9196';

const PhoneShape = Type.Object({
  sipUser: Type.String(),
  address: Type.String({
    description: 'User part of the address of record: the seat, or at FreeSWITCH the name of the login.',
  }),
  realm: Type.String(),
  username: Type.String({ description: 'For the digest.' }),
  ha1: Type.String({ description: 'Good for `username` until `expiresAtMs`.' }),
  expiresAtMs: Type.Integer(),
  nowMs: Type.Integer(),
  ws: Type.Object({ port: Type.Integer(), secure: Type.Boolean() }, { description: 'On the host of this page.' }),
  echoNumber: Type.String(),
});

/** What the page's telephone registers with: for the own seat, for an hour, never the seat's password. */
export function addPhoneRoute(app: Api, { db, desk, directorySecret }: ApiOptions): void {
  app.post(
    '/api/v1/me/phone',
    { config: { access: ['agent', ...LEADS], idle: true }, schema: { response: { 200: PhoneShape } } },
    async (request, reply) => {
      const seat = await directoryEntryOf(db, personOf(request).user);
      if (seat === undefined) throw new ApiError('NO_SEAT');
      const ws = desk?.ws();
      if (ws === undefined) throw new ApiError('PHONE_ELSEWHERE');
      const nowMs = Date.now();
      const expiresAtMs = nowMs + PAGE_LOGIN_LIFE_MS;
      const login = makePageLogin({ ...seat, realm: SIP_REALM }, expiresAtMs, randomBytes);
      return reply.header('cache-control', 'no-store').send({
        ...{ sipUser: seat.sipUser, address: directorySecret === undefined ? seat.sipUser : login.username },
        ...{ realm: SIP_REALM, ...login, expiresAtMs, nowMs, ws, echoNumber: ECHO_NUMBER },
      });
    },
  );
}
