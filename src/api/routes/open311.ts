import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Account, keysOf } from '../../channel/account.ts';
import type { Delivery } from '../../channel/channel.ts';
import { takeAnyType } from '../bodies.ts';
import type { Limiter } from '../limiter.ts';
import type { Api, ApiOptions } from '../options.ts';
import { limitNetworks } from '../visitors.ts';
import { deliveryOf, PUBLIC_CHANNEL } from './intake.ts';

const BODY_BYTES_MAX = 65_536;
const REQUESTS = { times: 60, withinMs: 60_000 };
const AGAIN_S = 5;

type Channels = NonNullable<ApiOptions['channels']>;

/** Open311 GeoReport v2 at the addresses that its clients expect. The channel of that name says everything; here it is found, and slowed down. */
export function addOpen311Routes(app: Api, { channels }: ApiOptions): void {
  if (channels === undefined) return;
  const limit = limitNetworks(REQUESTS);
  void app.register(async (scope) => {
    takeAnyType(scope);
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route({
      method: ['GET', 'POST'],
      url: '/open311/*',
      bodyLimit: BODY_BYTES_MAX,
      config: { access: 'public', audit: 'never' },
      schema: { hide: true },
      handler: (request, reply) => answer(channels, limit, request, reply),
    });
  });
}

async function answer(
  { host }: Channels,
  limit: Limiter,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const delivery = deliveryOf(request, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  const waitS = limit.take(request.client, delivery.receivedAtMs);
  if (waitS > 0) return refuse(reply.header('retry-after', waitS), delivery, 429, 'too many requests');
  const accounts = host.health().flatMap(({ channel, account }) => {
    const found = channel === PUBLIC_CHANNEL ? host.account(channel, account) : undefined;
    return found ?? [];
  });
  if (accounts.length === 0) return refuse(reply, delivery, 404, 'there is nothing at this address');
  const account = accounts.find((one) => knows(one, delivery));
  if (account === undefined) return refuse(reply, delivery, 403, 'Missing or invalid api_key');
  const { result, answer: said = {} } = await host.deliver(account, delivery);
  if (result === 'refused') return refuse(reply, delivery, 403, 'Missing or invalid api_key');
  if (result === 'full' || result === 'away')
    return refuse(reply.header('retry-after', AGAIN_S), delivery, 503, 'come again in a moment');
  const { status = 200, type = 'text/plain; charset=utf-8', body = '' } = said;
  return reply.code(status).header('content-type', type).header('cache-control', 'no-store').send(body);
}

function knows(account: Account, delivery: Delivery): boolean {
  return keysOf(account, delivery.receivedAtMs).some((keys) => account.channel.verify?.(delivery, keys) === true);
}

/** GeoReport v2, “Errors”, in the format that was asked for. */
function refuse(reply: FastifyReply, { url }: Delivery, code: number, description: string): FastifyReply {
  const xml = `<?xml version="1.0" encoding="utf-8"?>\n<errors><error><code>${code}</code><description>${description}</description></error></errors>`;
  return /\.xml(\?|$)/.test(url)
    ? reply.code(code).header('content-type', 'text/xml; charset=utf-8').send(xml)
    : reply
        .code(code)
        .header('content-type', 'application/json; charset=utf-8')
        .send(JSON.stringify([{ code, description }]));
}
