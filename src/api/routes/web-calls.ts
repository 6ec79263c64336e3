import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { ContactId } from '../../core/ids.ts';
import { makeWebCallTicket, WEB_CALL_TICKET_LIFE_MS } from '../../lib/web-call-ticket.ts';
import { SIP_REALM } from '../../store/passwords.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';
import { limitNetworks } from '../visitors.ts';
import { isWebCallOpen } from '../web-call.ts';
import { sessionOf } from './chat-files.ts';

const Wish = Type.Object(
  {
    number: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,20}$', description: 'One of the hotline; absent: the main one.' }),
    ),
  },
  { additionalProperties: false },
);
const WebCallShape = Type.Object({
  number: Type.String(),
  realm: Type.String(),
  username: Type.String({ description: 'User of From, and of the digest.' }),
  ha1: Type.String({ description: 'Good for one call of `number` until `expiresAtMs`.' }),
  expiresAtMs: Type.Integer(),
  ws: Type.Object({ port: Type.Integer(), secure: Type.Boolean() }, { description: 'On the host of this page.' }),
});

const LinesShape = Type.Object({
  numbers: Type.Array(Type.String(), { description: 'Those that may be called from the page, the main one first.' }),
});

/**
 * The one call of a citizen at a page: who asks is nobody, so the ticket is for one call, of one number, now. Who shows the token of a web
 * chat calls beside that conversation.
 */
export function addWebCallRoute(app: Api, options: ApiOptions): void {
  const { webCall, desk } = options;
  const limiter = webCall && limitNetworks({ ...webCall.perAddress, times: webCall.perAddress.calls });
  app.get(
    '/api/v1/web-calls',
    { config: { access: 'public', audit: 'never' }, schema: { response: { 200: LinesShape } } },
    (request) => {
      if (webCall === undefined || !isWebCallOpen(options, request)) throw new ApiError('NOT_FOUND');
      return { numbers: [...webCall.numbers] };
    },
  );
  app.post(
    '/api/v1/web-calls',
    { config: { access: 'public', audit: 'never' }, schema: { body: Wish, response: { 200: WebCallShape } } },
    async (request, reply) => {
      const ws = desk?.ws();
      if (webCall === undefined || ws === undefined || !isWebCallOpen(options, request))
        throw new ApiError('NOT_FOUND');
      const beside = await besideOf(request, options);
      const number = request.body.number ?? webCall.numbers[0]!;
      if (!webCall.numbers.includes(number)) throw new ApiError('NOT_FOUND');
      if (webCall.count() >= webCall.atOnceMax) throw new ApiError('WEB_CALLS_FULL', { retryAfterS: 60 });
      const nowMs = Date.now();
      const waitS = limiter?.take(request.client, nowMs) ?? 0;
      if (waitS > 0) throw new ApiError('WEB_CALL_THROTTLED', { retryAfterS: waitS });
      const expiresAtMs = nowMs + WEB_CALL_TICKET_LIFE_MS;
      const ticket = makeWebCallTicket({ number, expiresAtMs }, webCall.key, SIP_REALM, randomBytes);
      if (beside !== undefined) webCall.drawn?.(ticket.username, expiresAtMs, beside);
      return reply.header('cache-control', 'no-store').send({ number, realm: SIP_REALM, ...ticket, expiresAtMs, ws });
    },
  );
}

async function besideOf(request: FastifyRequest, options: ApiOptions): Promise<ContactId | undefined> {
  const { webChat } = options;
  if (webChat?.contactOf === undefined || request.headers.authorization === undefined) return undefined;
  return webChat.contactOf(await sessionOf(request, webChat));
}
