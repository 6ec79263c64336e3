import type { Words } from '../language/zh.ts';

type Why = keyof Words['ended']['why'];

/** The switch's words for what one does something different about. Whatever else: the line. */
const WHY: Readonly<Record<string, Why>> = {
  USER_BUSY: 'busy',
  NO_ANSWER: 'noAnswer',
  ALLOTTED_TIMEOUT: 'noAnswer',
  CALL_REJECTED: 'refused',
  OUTGOING_CALL_BARRED: 'refused',
  INCOMING_CALL_BARRED: 'refused',
  UNALLOCATED_NUMBER: 'invalid',
  NO_ROUTE_DESTINATION: 'invalid',
  NUMBER_CHANGED: 'invalid',
  INVALID_NUMBER_FORMAT: 'invalid',
  INVALID_URL: 'invalid',
  // 480: as networks answer for a phone that is switched off.
  NO_USER_RESPONSE: 'off',
  SUBSCRIBER_ABSENT: 'off',
  DESTINATION_OUT_OF_ORDER: 'off',
};

/** Why somebody who was dialled was not reached. */
export function whyUnreached(cause: string | undefined): Why {
  return WHY[cause ?? ''] ?? 'line';
}
