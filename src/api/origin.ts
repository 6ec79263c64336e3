import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

const HARMLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a change that another site's page asks a logged-in browser for. Browsers say where a request comes from (Fetch Metadata,
 * or at least Origin); programs that are no browsers say nothing and carry no cookie by accident.
 */
export async function refuseForeignOrigin(request: FastifyRequest): Promise<void> {
  if (HARMLESS.has(request.method)) return;
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new ApiError('ORIGIN_REFUSED');
  if (site === undefined && origin !== undefined && hostOf(origin) !== host) throw new ApiError('ORIGIN_REFUSED');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
