import type { FastifyRequest } from 'fastify';
import type { ConversationEvent, PeopleEvent } from '../core/event.ts';
import { ApiError } from './errors.ts';
import type { ApiOptions } from './options.ts';

/**
 * Hands an event over and waits until it is in the journal. `what` names it for the log.
 *
 * @throws ApiError `NOT_WRITTEN` when it could not be: then it was not done.
 */
export async function writeDown(
  core: ApiOptions['core'],
  request: FastifyRequest,
  event: PeopleEvent | ConversationEvent,
  what: string,
): Promise<void> {
  try {
    await core.submit(event);
  } catch (error) {
    request.log.error({ err: error }, `${what} was not written`);
    throw new ApiError('NOT_WRITTEN', { retryAfterS: 1 });
  }
}
