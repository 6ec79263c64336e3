import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

const HARMLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a change that another site's page asks a logged-in browser for. Browsers say where a request comes from (Fetch Metadata,
 * or at least Origin); programs that are no browsers say nothing and carry no cookie by accident.
 */
export async function refuseForeignOrigin(request: FastifyRequest): Promise<void> {
  if (!HARMLESS.has(request.method) && isForeign(request.headers)) throw new ApiError('ORIGIN_REFUSED');
}

/** Whether a browser says that another site's page asks. */
export function isForeign(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && hostOf(origin) !== host;
}

/** As `isForeign`, for an upgrade to a socket, which every browser sends with an Origin: both must fit. */
export function isForeignUpgrade(headers: IncomingHttpHeaders): boolean {
  return isForeign(headers) || (headers.origin !== undefined && hostOf(headers.origin) !== headers.host);
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
