import { MINUTE_MS } from '../lib/civil-day.ts';
import { type Calendar, instantOf, isWorkday, localOf, shiftsOn, type Workdays } from './calendar.ts';

/** How long something may take: by the clock, by the office's open time, or by working days (domain guide §3.5). */
export interface Limit {
  readonly count: number;
  readonly unit: 'm' | 'h' | 'd' | 'wh' | 'wd';
}

/** Days looked at for one due instant: more than forty years. A calendar that is never open has none. */
const DAYS_MAX = 15_000;

const CLOCK_MS = { m: MINUTE_MS, h: 60 * MINUTE_MS, d: 24 * 60 * MINUTE_MS } as const;

/** `15m`, `2h`, `24h`, `14wh`, `5wd`; 1 to 9,999 of them. */
export function parseLimit(text: string): Limit | undefined {
  const match = /^([0-9]{1,4})(m|h|d|wh|wd)$/.exec(text);
  const count = Number(match?.[1] ?? 0);
  return count < 1 ? undefined : { count, unit: match![2] as Limit['unit'] };
}

/**
 * When a limit that began at `fromMs` is over; done in time is before it. Of working days the day of `fromMs` is not counted, and the
 * last one counts whole: the answer is the midnight after it. Undefined when the office does not open often enough.
 */
export function dueAtMs(fromMs: number, limit: Limit, office: Calendar, workdays: Workdays): number | undefined {
  switch (limit.unit) {
    case 'm':
    case 'h':
    case 'd':
      return fromMs + limit.count * CLOCK_MS[limit.unit];
    case 'wh':
      return afterOpenTime(fromMs, limit.count * CLOCK_MS.h, office, workdays);
    case 'wd':
      return afterWorkdays(fromMs, limit.count, office, workdays);
  }
}

function afterWorkdays(fromMs: number, count: number, office: Calendar, workdays: Workdays): number | undefined {
  const first = localOf(office.offsets, fromMs).day;
  let left = count;
  for (let day = first + 1; day <= first + DAYS_MAX; day++) {
    if (isWorkday(workdays, day)) left -= 1;
    if (left === 0) return instantOf(office.offsets, day + 1, 0);
  }
  return undefined;
}

function afterOpenTime(fromMs: number, openMs: number, office: Calendar, workdays: Workdays): number | undefined {
  const first = localOf(office.offsets, fromMs).day;
  let leftMs = openMs;
  for (let day = first; day <= first + DAYS_MAX; day++) {
    for (const { fromMinute, toMinute } of shiftsOn(office, workdays, day)) {
      const beginMs = Math.max(fromMs, instantOf(office.offsets, day, fromMinute));
      const endMs = instantOf(office.offsets, day, toMinute);
      if (endMs <= beginMs) continue;
      if (leftMs <= endMs - beginMs) return beginMs + leftMs;
      leftMs -= endMs - beginMs;
    }
  }
  return undefined;
}
