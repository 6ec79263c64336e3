import type { Workdays } from '../core/calendar.ts';
import { type CivilDay, dateOfDay, dayOfDate, weekdayOf } from '../lib/civil-day.ts';
import { readEntries, readFields, readList, readText, type TextRule } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

const YEARS_MAX = 50;
/** Entries of one list; a range is one. */
const DAYS_MAX = 100;

const YEAR: TextRule = {
  pattern: /^20[0-9]{2}$/,
  looks: ['带引号的年份，例如 "2026"', 'a year in quotes, such as "2026"'],
};
const DAYS: TextRule = {
  pattern: /^[0-9]{2}-[0-9]{2}(\.\.[0-9]{2}-[0-9]{2})?$/,
  looks: [
    '带引号的日期或起止，例如 "06-19" 或 "10-01..10-07"',
    'a day or a first and last day in quotes, such as "06-19" or "10-01..10-07"',
  ],
};

/** The notices of the State Council, one table a year. */
export function readWorkdays(top: Field): Workdays {
  const fields = readFields(top, ['years']);
  if (fields === undefined) return {};
  const years = readEntries(fields.years, YEAR, YEARS_MAX);
  return Object.fromEntries(years.map(({ key, value }) => [key, readYear(key, value)]));
}

function readYear(year: string, field: Field): Readonly<Record<string, 'off' | 'makeUp'>> {
  const days: Record<string, 'off' | 'makeUp'> = {};
  const fields = readFields(field, ['off', 'makeUp']);
  if (fields === undefined) return days;
  for (const item of readList(fields.off, DAYS_MAX))
    for (const day of readDays(year, item)) days[dateOfDay(day)] = 'off';
  for (const item of readList(fields.makeUp, DAYS_MAX)) {
    for (const day of readDays(year, item)) {
      if (weekdayOf(day) < 5 || days[dateOfDay(day)] !== undefined) sayNoMakeUp(item, dateOfDay(day));
      else days[dateOfDay(day)] = 'makeUp';
    }
  }
  return days;
}

function readDays(year: string, field: Field): readonly CivilDay[] {
  const text = readText(field, DAYS);
  if (text === undefined) return [];
  const [from = '', to = from] = text.split('..');
  const [first, last] = [dayOfDate(`${year}-${from}`), dayOfDate(`${year}-${to}`)];
  if (first === undefined || last === undefined || last < first) {
    complain(
      field,
      [`${year} 年没有“${text}”。`, `There is no "${text}" in ${year}.`],
      [`请改为：${DAYS.looks[0]}。`, `Write ${DAYS.looks[1]}.`],
    );
    return [];
  }
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function sayNoMakeUp(field: Field, date: string): void {
  complain(
    field,
    [
      `${date} 本来就上班，或在假期里，不能是调休上班日。`,
      `${date} is worked anyway or lies in a holiday: it makes up for nothing.`,
    ],
    ['请核对当年的放假通知。', "Compare it with the year's notice."],
  );
}
