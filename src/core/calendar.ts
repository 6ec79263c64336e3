import { type CivilDay, DAY_MS, dateOfDay, MINUTE_MS, monthOfDay, weekdayOf, yearOfDay } from '../lib/civil-day.ts';

/** From `fromMinute` (0..1439) until before `toMinute` (1..1440) of a local day. */
export interface Shift {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** What a zone's clocks are ahead of UTC by, from an instant on (Unix ms). A list of them is oldest first; the first holds before as well. */
export interface ZoneOffset {
  readonly fromMs: number;
  readonly offsetMinutes: number;
}

/** When people answer. Every list of shifts is in order and without overlap; an empty one is a closed day. */
export interface Calendar {
  readonly offsets: readonly ZoneOffset[];
  /** Monday first, seven entries. */
  readonly week: readonly (readonly Shift[])[];
  /** On a statutory day off. Absent: holidays are days like others, and so are make-up days. */
  readonly holiday?: readonly Shift[];
  /** On a weekend day that is worked instead. Absent: Monday's shifts. */
  readonly makeUp?: readonly Shift[];
  /** Local date (`2026-02-16`) → its shifts, whatever the rest says. */
  readonly dates?: Readonly<Record<string, readonly Shift[]>>;
}

/** A year (`2026`) → the days of the State Council's notice: rest days of a holiday, and weekend days that are worked. */
export type Workdays = Readonly<Record<string, Readonly<Record<string, 'off' | 'makeUp'>>>>;

/** H1: the shifts of a local day: its own date's, else the holiday's or make-up day's, else the weekday's. */
export function shiftsOn(calendar: Calendar, workdays: Workdays, day: CivilDay): readonly Shift[] {
  const dated = calendar.dates?.[dateOfDay(day)];
  if (dated !== undefined) return dated;
  const special = calendar.holiday === undefined ? undefined : exceptionOn(workdays, day);
  if (special === 'off') return calendar.holiday!;
  if (special === 'makeUp') return calendar.makeUp ?? calendar.week[0] ?? [];
  return calendar.week[weekdayOf(day)] ?? [];
}

/** H1. */
export function isOpen(calendar: Calendar, workdays: Workdays, atMs: number): boolean {
  const { day, minute } = localOf(calendar.offsets, atMs);
  return shiftsOn(calendar, workdays, day).some(
    ({ fromMinute, toMinute }) => fromMinute <= minute && minute < toMinute,
  );
}

/** Longer than any holiday. */
const CHANGE_DAYS_MAX = 40;

/** H1: when a calendar that is open (or closed) at an instant will no longer be so; undefined when that is more than 40 days away. */
export function changesAtMs(calendar: Calendar, workdays: Workdays, atMs: number): number | undefined {
  const before = isOpen(calendar, workdays, atMs);
  const first = localOf(calendar.offsets, atMs).day;
  for (let day = first; day <= first + CHANGE_DAYS_MAX; day++) {
    for (const minute of shiftsOn(calendar, workdays, day).flatMap((shift) => [shift.fromMinute, shift.toMinute])) {
      const boundaryMs = instantOf(calendar.offsets, day, minute);
      if (boundaryMs > atMs && isOpen(calendar, workdays, boundaryMs) !== before) return boundaryMs;
    }
  }
  return undefined;
}

/** Domain guide §3.5: Monday to Friday without the statutory days off, and the make-up days. A year without a table has neither. */
export function isWorkday(workdays: Workdays, day: CivilDay): boolean {
  const special = exceptionOn(workdays, day);
  return special === undefined ? weekdayOf(day) < 5 : special === 'makeUp';
}

function exceptionOn(workdays: Workdays, day: CivilDay): 'off' | 'makeUp' | undefined {
  const year = yearOfDay(day).toString();
  return Object.hasOwn(workdays, year) ? workdays[year]![dateOfDay(day)] : undefined;
}

/** Years whose table is needed now and is not there: this one, and from 1 December the next. */
export function missingYears(workdays: Workdays, offsets: readonly ZoneOffset[], atMs: number): readonly number[] {
  const { day } = localOf(offsets, atMs);
  const year = yearOfDay(day);
  const needed = monthOfDay(day) === 12 ? [year, year + 1] : [year];
  return needed.filter((each) => !Object.hasOwn(workdays, each.toString()));
}

/** The local day of an instant, and the time of it: `minute` 0..1439, `msOfDay` to the millisecond. */
export function localOf(
  offsets: readonly ZoneOffset[],
  atMs: number,
): { readonly day: CivilDay; readonly minute: number; readonly msOfDay: number } {
  const localMs = atMs + offsetAt(offsets, atMs) * MINUTE_MS;
  const day = Math.floor(localMs / DAY_MS);
  const msOfDay = localMs - day * DAY_MS;
  return { day, minute: Math.floor(msOfDay / MINUTE_MS), msOfDay };
}

/** The instant at which a local clock shows this; of two the earlier. A time that the clock skips is read by the clock before. */
export function instantOf(offsets: readonly ZoneOffset[], day: CivilDay, minute: number): number {
  const localMs = day * DAY_MS + minute * MINUTE_MS;
  const shown = [...new Set(offsets.map(({ offsetMinutes }) => offsetMinutes))]
    .map((ahead) => ({ ahead, atMs: localMs - ahead * MINUTE_MS }))
    .filter(({ ahead, atMs }) => offsetAt(offsets, atMs) === ahead);
  if (shown.length > 0) return Math.min(...shown.map(({ atMs }) => atMs));
  return localMs - offsetAt(offsets, localMs - 2 * DAY_MS) * MINUTE_MS;
}

export function offsetAt(offsets: readonly ZoneOffset[], atMs: number): number {
  let minutes = offsets[0]?.offsetMinutes ?? 0;
  for (const { fromMs, offsetMinutes } of offsets) {
    if (fromMs > atMs) break;
    minutes = offsetMinutes;
  }
  return minutes;
}
