import { hadContact } from '../store/contact-records.ts';
import { ApiError } from './errors.ts';
import type { ApiOptions } from './options.ts';

const AGAIN_S = 1;

type Records = Pick<ApiOptions, 'db' | 'channels'>;

/**
 * What the records hold of a contact. Its number is told outside as soon as the journal has it, and the records follow: who asks in between
 * waits for them.
 *
 * @throws ApiError `CONTACT_UNKNOWN`; `RECORDS_BEHIND` when they do not follow in a second, so that nobody can say.
 */
export async function readFollowed<Found>(
  { channels }: Pick<Records, 'channels'>,
  read: () => Promise<Found | undefined>,
): Promise<Found> {
  const found = await read();
  if (found !== undefined) return found;
  const isAllThere = (await channels?.host.settled()) ?? true;
  const late = await read();
  if (late !== undefined) return late;
  throw isAllThere ? new ApiError('CONTACT_UNKNOWN') : new ApiError('RECORDS_BEHIND', { retryAfterS: AGAIN_S });
}

/** This agent has the contact now, or is offered it. */
export function hasNow(core: ApiOptions['core'], agent: string, id: string): boolean {
  const now = core.agents().find((each) => each.agent === agent);
  return now?.contact === id || now?.conversations?.some(({ contact }) => contact === id) === true;
}

/** `agents`: one of them spoke in it; undefined: everybody's. @throws as `readFollowed`. */
export async function mustHaveHad(records: Records, id: string, agents: readonly string[] | undefined): Promise<void> {
  await readFollowed(records, async () => (await hadContact(records.db, id, agents)) || undefined);
}
