import type { FastifyInstance } from 'fastify';
import { readJson } from '../channel/channel.ts';
import { ApiError } from './errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is a file, and may come slowly. */
    slowBody?: true;
  }
}

/** From the end of the headers to that of the body. */
export const BODY_MAX_MS = 10_000;
/** RFC 9110 §8.3.1 */
const MEDIA_TYPE = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/;

/** Nothing but JSON, read as what platforms deliver: no prototypes, no depth, every digit kept. */
export function takeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, readJson(body as Buffer));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });
}

/** Whatever the sender calls its body, and if it calls it by no name at all, is looked at by whoever takes it. For the scope's own parser of `*`. */
export function takeAnyType(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addHook('onRequest', async ({ raw }) => {
    const { headers } = raw;
    if (!MEDIA_TYPE.test(headers['content-type'] ?? '')) delete headers['content-type'];
  });
}

/** A body that does not come in time is answered 408: who sends a byte now and then holds nothing open. Files have the server's own, longer limit. */
export function limitBodies(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    if (request.routeOptions.config.slowBody === true || (length === '0' && coding === undefined)) return done();
    const late = setTimeout(() => payload.emit('error', new ApiError('REQUEST_LATE')), BODY_MAX_MS).unref();
    const clear = (): void => clearTimeout(late);
    for (const end of ['end', 'error', 'close']) payload.once(end, clear);
    done();
  });
}
