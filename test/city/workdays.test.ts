import { describe, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { instantOf, isOpen, isWorkday } from '../../src/core/calendar.ts';
import { dateOfDay, dayOfDate, weekdayOf } from '../../src/lib/civil-day.ts';
import { SHIPPED } from './shipped-copy.ts';

const read = loadCity(SHIPPED);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { office, settings } = read.city;
const workdays = settings.workdays ?? {};

interface Notice {
  /** How many days each holiday has, by its first. */
  readonly off: Readonly<Record<string, number>>;
  /** Saturdays and Sundays that are worked. */
  readonly worked: readonly string[];
}

/** The yearly notices of the General Office of the State Council, which were compared with them day by day. */
const NOTICES: Readonly<Record<string, Notice>> = {
  '2023': {
    off: { '01-01': 2, '01-21': 7, '04-05': 1, '04-29': 5, '06-22': 3, '09-29': 8 },
    worked: ['01-28', '01-29', '04-23', '05-06', '06-25', '10-07', '10-08'],
  },
  '2024': {
    off: { '01-01': 1, '02-10': 8, '04-04': 3, '05-01': 5, '06-10': 1, '09-15': 3, '10-01': 7 },
    worked: ['02-04', '02-18', '04-07', '04-28', '05-11', '09-14', '09-29', '10-12'],
  },
  '2025': {
    off: { '01-01': 1, '01-28': 8, '04-04': 3, '05-01': 5, '05-31': 3, '10-01': 8 },
    worked: ['01-26', '02-08', '04-27', '09-28', '10-11'],
  },
  '2026': {
    off: { '01-01': 3, '02-15': 9, '04-04': 3, '05-01': 5, '06-19': 3, '09-25': 3, '10-01': 7 },
    worked: ['01-04', '02-14', '02-28', '05-09', '09-20', '10-10'],
  },
};

function daysOf(year: string): readonly number[] {
  const [first, next] = [dayOfDate(`${year}-01-01`)!, dayOfDate(`${Number(year) + 1}-01-01`)!];
  return Array.from({ length: next - first }, (_, index) => first + index);
}

function restDays(year: string, { off }: Notice): ReadonlySet<number> {
  const days = Object.entries(off).flatMap(([first, count]) =>
    Array.from({ length: count }, (_, index) => dayOfDate(`${year}-${first}`)! + index),
  );
  return new Set(days);
}

describe.each(Object.entries(NOTICES))('the shipped working days of %s', (year, notice) => {
  const rest = restDays(year, notice);
  const worked = (day: number) =>
    !rest.has(day) && (weekdayOf(day) < 5 || notice.worked.includes(dateOfDay(day).slice(5)));

  test('are those of the notice, every one', () => {
    const wrong = daysOf(year).filter((day) => isWorkday(workdays, day) !== worked(day));
    expect(wrong.map(dateOfDay)).toEqual([]);
  });

  test('are those on which the office is open, at its hours', () => {
    const openAt = (day: number, minute: number) => isOpen(office, workdays, instantOf(office.offsets, day, minute));
    const edges = [539, 540, 719, 720, 779, 780, 1_019, 1_020];
    const wrong = daysOf(year).filter((day) => {
      const open = edges.map((minute) => openAt(day, minute));
      return open.join() !== [false, true, true, false, false, true, true, false].map((on) => on && worked(day)).join();
    });
    expect(wrong.map(dateOfDay)).toEqual([]);
  });

  test('leave out nothing of a holiday: what is open on weekends, too, is closed on all its days', () => {
    const daily = { ...office, week: Array(7).fill([{ fromMinute: 0, toMinute: 1_440 }]), holiday: [] };
    const wrong = daysOf(year).filter(
      (day) => isOpen(daily, workdays, instantOf(office.offsets, day, 720)) === rest.has(day),
    );
    expect(wrong.map(dateOfDay)).toEqual([]);
  });
});
