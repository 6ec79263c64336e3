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
  if (Number.isNaN(ms) || !isDay(text.slice(0, 10)))
    throw new ApiError('REQUEST_INVALID', { detail: `${text} is no instant` });
  return ms;
}

/** `Date` counts a day that its month does not have on into the next. */
function isDay(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/**
 * The period of a question, `[fromMs, toMs)`: up to now when `to` is missing, `usualMs` long when `from` is.
 *
 * @throws ApiError when it ends before it begins.
 */
export function readPeriod(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  usualMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const toMs = to === undefined ? Date.now() : readInstant(to);
  const fromMs = from === undefined ? toMs - usualMs : readInstant(from);
  if (fromMs > toMs) throw new ApiError('REQUEST_INVALID', { detail: 'the period ends before it begins' });
  return { fromMs, toMs };
}
