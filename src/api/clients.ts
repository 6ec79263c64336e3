import type { IncomingMessage } from 'node:http';
import { askedOrigin, clientAddress, readNetworks } from '../lib/client-address.ts';
import type { Api } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, behind proxies that are trusted. */
    client: string;
  }
  interface FastifyInstance {
    /** As `client`, of what comes without fastify: upgrades to sockets. */
    clientOf: (request: IncomingMessage) => string;
    /** @see askedOrigin */
    originOf: (request: IncomingMessage) => string | undefined;
  }
}

/** Limits and the audit trail go by who asks, not by the proxy before us. */
export function knowClients(app: Api, trustedProxies: readonly string[] = []): void {
  const trusted = readNetworks(trustedProxies);
  app.decorate('clientOf', (request: IncomingMessage) => clientAddress(request, trusted));
  app.decorate('originOf', (request: IncomingMessage) => askedOrigin(request, trusted));
  app.decorateRequest('client', '');
  app.addHook('onRequest', async (request) => {
    request.client = app.clientOf(request.raw);
  });
}
