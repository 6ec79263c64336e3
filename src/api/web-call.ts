import type { FastifyRequest } from 'fastify';
import type { ApiOptions } from './options.ts';
import { isOpenFor } from './visitors.ts';

/** Whether this browser may call from the page: not when it is off, or not on this machine, or the switch has no telephone for pages. */
export function isWebCallOpen({ webCall, desk }: ApiOptions, request: FastifyRequest): boolean {
  return webCall !== undefined && desk?.ws() !== undefined && isOpenFor(webCall, request);
}
