import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../../channel/account.ts';
import type { Answer, Delivery } from '../../channel/channel.ts';
import { takeAnyType } from '../bodies.ts';
import { ApiError } from '../errors.ts';
import type { Api, ApiOptions } from '../options.ts';

const BODY_BYTES_USUAL = 65_536;
const BODY_BYTES_MAX = 1_048_576;
const AGAIN_S = 5;

/** Its questions are everybody's: they are answered at an address of their own, which slows down who asks too often. */
export const PUBLIC_CHANNEL = 'open311';

type Channels = NonNullable<ApiOptions['channels']>;

/** Where platforms deliver. Their signature decides, never a session; bodies are taken as bytes. */
export function addIntakeRoutes(app: Api, { channels }: ApiOptions): void {
  if (channels === undefined) return;
  void app.register(async (scope) => {
    takeAnyType(scope);
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route<{ Params: { channel: string; account: string } }>({
      method: ['GET', 'POST'],
      url: '/api/v1/intake/:channel/:account',
      bodyLimit: BODY_BYTES_MAX,
      config: { access: 'public', audit: 'never' },
      schema: { hide: true },
      onRequest: async (request) => {
        const account = accountOf(channels, request);
        if (Number(request.headers['content-length'] ?? 0) > bodyMax(account)) throw new ApiError('BODY_TOO_LARGE');
      },
      handler: (request, reply) => deliver(channels, request, reply),
    });
  });
}

async function deliver(
  channels: Channels,
  request: FastifyRequest<{ Params: { channel: string; account: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const startedMs = performance.now();
  const account = accountOf(channels, request);
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (body.length > bodyMax(account)) throw new ApiError('BODY_TOO_LARGE');
  const { result, answer = {} } = await channels.host.deliver(account, deliveryOf(request, body));
  if (result === 'refused') throw new ApiError('SIGNATURE_WRONG');
  if (result === 'full') throw new ApiError('BUSY', { retryAfterS: AGAIN_S });
  if (result === 'away') throw new ApiError('STORE_AWAY', { retryAfterS: AGAIN_S });
  channels.observeAcknowledgement(performance.now() - startedMs);
  return acknowledge(reply, answer);
}

function acknowledge(reply: FastifyReply, { status = 200, type = 'text/plain; charset=utf-8', body = '' }: Answer) {
  return reply.code(status).header('content-type', type).header('cache-control', 'no-store').send(body);
}

/** An account that is not there looks like an address that is not there. */
function accountOf({ host }: Channels, request: FastifyRequest): Account {
  const { channel, account: name } = request.params as { channel: string; account: string };
  const account = host.account(channel, name);
  const methods = account?.channel.methods ?? ['POST'];
  const isQuestion = channel === PUBLIC_CHANNEL && request.method === 'GET';
  if (account?.channel.receive === undefined || isQuestion || !methods.some((method) => method === request.method))
    throw new ApiError('NOT_FOUND');
  return account;
}

function bodyMax({ channel }: Account): number {
  return channel.limits?.bodyBytes ?? BODY_BYTES_USUAL;
}

/** A request as a channel sees it. */
export function deliveryOf(request: FastifyRequest, body: Buffer): Delivery {
  const url = request.raw.url ?? '';
  const at = url.indexOf('?');
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const origin = request.server.originOf(request.raw);
  return {
    method: request.method as Delivery['method'],
    ...(origin === undefined ? {} : { origin }),
    url,
    query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)),
    headers,
    body,
    receivedAtMs: Date.now(),
  };
}
