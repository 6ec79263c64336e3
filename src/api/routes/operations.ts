import { Type } from 'typebox';
import type { AccountProblem } from '../../channel/accounts.ts';
import type { AccountHealth } from '../../channel/host.ts';
import { HELD_MAX } from '../../channel/intake.ts';
import { STAFF } from '../access.ts';
import type { Api, ApiOptions } from '../options.ts';
import { ChannelsShape, ReadinessShape } from '../schemas.ts';

const NO_BACKLOG = { storing: 0, deciding: 0, held: 0 };

function accountView({ title, ...health }: AccountHealth) {
  const known = Object.fromEntries(Object.entries(health).filter(([, value]) => value !== undefined)) as typeof health;
  const { broken, silentSinceMs, trouble } = health;
  const healthy = [broken, silentSinceMs, trouble].every((fault) => fault === undefined);
  return { ...known, title: { ...title }, healthy };
}

function leftOutView({ channel = '', account = '', line, message, fix }: AccountProblem) {
  return { channel, account, line, message, fix };
}

/** What machines ask: health, metrics, the description of this interface. Nothing personal is in any of it. */
export function addOperationRoutes(app: Api, { channels, health, metrics }: ApiOptions): void {
  app.get('/api/v1/channels', { config: { access: STAFF }, schema: { response: { 200: ChannelsShape } } }, async () => {
    const phone = { channel: 'phone', account: 'default', healthy: (await health()).switch };
    return {
      channels: [phone, ...(channels?.host.health() ?? []).map(accountView)],
      leftOut: (channels?.leftOut ?? []).map(leftOutView),
      backlog: { ...(channels?.host.backlog() ?? NO_BACKLOG), most: HELD_MAX },
    };
  });

  app.get(
    '/healthz',
    { config: { access: 'public' }, schema: { response: { 200: Type.Object({ up: Type.Boolean() }) } } },
    async () => ({ up: true }),
  );

  app.get(
    '/readyz',
    { config: { access: 'public' }, schema: { response: { 200: ReadinessShape, 503: ReadinessShape } } },
    async (_request, reply) => {
      const parts = await health();
      const ready = parts.switch && parts.journal && parts.store;
      return reply.code(ready ? 200 : 503).send({ ready, ...parts });
    },
  );

  app.get('/metrics', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  app.get('/api/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () => app.swagger());
}
