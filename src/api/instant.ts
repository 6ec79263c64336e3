import { ApiError } from './errors.ts';

/** As `from` and `to` take it: Unix time in ms, an instant with its zone, or a day (which begins at midnight in China, +08:00). */
export const INSTANT_PATTERN =
  '^(\\d{1,15}|\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,9})?)?(Z|[+ -]\\d\\d:?\\d\\d))?)$';

/** @throws ApiError when the text has the form of an instant and is none, such as February 30th. */
export function readInstant(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  // An unescaped plus arrives as a space.
  const instant = text.includes('T') ? text.replace(' ', '+') : `${text}T00:00:00+08:00`;
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) throw new ApiError('REQUEST_INVALID', { detail: `${text} is no instant` });
  return ms;
}
