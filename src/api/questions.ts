import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

const NONE = Type.Object({}, { additionalProperties: false });
/** What platforms and FreeSWITCH deliver carries questions of their own; a WebSocket is opened by browsers and proxies of all kinds. */
const OPEN = ['/api/v1/intake/', '/api/v1/freeswitch/', '/api/v1/live', '/api/v1/chat'];

/** A route that names no question behind `?` takes none: one that is misspelt would be answered as if it were not there. */
export function refuseUnknownQuestions(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { url, schema } = route;
    if (!url.startsWith('/api/v1/') || OPEN.some((beginning) => url.startsWith(beginning))) return;
    route.schema = { querystring: NONE, ...schema };
  });
}
