/** A day of the Gregorian calendar, counted from 1970-01-01 (0). */
export type CivilDay = number;

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;

/** 400 years, after which the calendar repeats. */
const ERA_DAYS = 146_097;

/** `2026-02-14` → its day; undefined for what is no date. */
export function dayOfDate(date: string): CivilDay | undefined {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(date);
  if (match === null) return undefined;
  const day = countDays(Number(match[1]), Number(match[2]), Number(match[3]));
  return dateOfDay(day) === date ? day : undefined;
}

export function dateOfDay(day: CivilDay): string {
  const { year, month, date } = partsOf(day);
  return `${year.toString().padStart(4, '0')}-${two(month)}-${two(date)}`;
}

export function yearOfDay(day: CivilDay): number {
  return partsOf(day).year;
}

/** 1..12. */
export function monthOfDay(day: CivilDay): number {
  return partsOf(day).month;
}

/** Monday is 0. The first day of 1970 was a Thursday. */
export function weekdayOf(day: CivilDay): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** Years are counted from March, so that the leap day comes last. */
function countDays(year: number, month: number, date: number): CivilDay {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + date - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * ERA_DAYS + dayOfEra - EPOCH_FROM_ERA;
}

/** From 0000-03-01 to 1970-01-01. */
const EPOCH_FROM_ERA = 719_468;

function partsOf(day: CivilDay): { readonly year: number; readonly month: number; readonly date: number } {
  const shifted = day + EPOCH_FROM_ERA;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const date = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date };
}

function two(n: number): string {
  return n.toString().padStart(2, '0');
}
