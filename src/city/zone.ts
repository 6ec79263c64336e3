import type { ZoneOffset } from '../core/calendar.ts';
import { DAY_MS, dayOfDate, MINUTE_MS } from '../lib/civil-day.ts';

/** What is known of a zone's clocks: later they stay as they are at the end of it. */
const FROM_MS = dayOfDate('2020-01-01')! * DAY_MS;
const UNTIL_MS = dayOfDate('2040-01-01')! * DAY_MS;
/** Two changes of a zone's clocks lie further apart. */
const STEP_MS = 7 * DAY_MS;

/** The zone's offsets from UTC, for a core that knows no zones. China has one. Undefined: there is no such zone. */
export function offsetsOf(zone: string): readonly ZoneOffset[] | undefined {
  const format = formatOf(zone);
  if (format === undefined) return undefined;
  const offsets: ZoneOffset[] = [{ fromMs: 0, offsetMinutes: offsetIn(format, FROM_MS) }];
  for (let atMs = FROM_MS; atMs < UNTIL_MS; atMs += STEP_MS) {
    const before = offsets.at(-1)!.offsetMinutes;
    const offsetMinutes = offsetIn(format, atMs + STEP_MS);
    if (offsetMinutes !== before) offsets.push({ fromMs: changeWithin(format, atMs, before), offsetMinutes });
  }
  return offsets;
}

/** The first minute after `fromMs`, within a step, at which the offset is not `before`. */
function changeWithin(format: Intl.DateTimeFormat, fromMs: number, before: number): number {
  let [same, other] = [fromMs, fromMs + STEP_MS];
  while (other - same > MINUTE_MS) {
    const middle = same + Math.floor((other - same) / (2 * MINUTE_MS)) * MINUTE_MS;
    if (offsetIn(format, middle) === before) same = middle;
    else other = middle;
  }
  return other;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', year: 'numeric' });
  } catch {
    return undefined;
  }
}

function offsetIn(format: Intl.DateTimeFormat, atMs: number): number {
  const match = /GMT(?:([+-])([0-9]{2}):([0-9]{2}))?/.exec(format.format(atMs));
  const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0);
  return match?.[1] === '-' ? -minutes : minutes;
}
