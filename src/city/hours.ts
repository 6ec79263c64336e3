import type { Calendar, Shift, ZoneOffset } from '../core/calendar.ts';
import { dayOfDate } from '../lib/civil-day.ts';
import { type Entry, NAME, readChoice, readEntries, readFields, readList, readText, type TextRule } from './fields.ts';
import { complain, type Field, scalarOf } from './yaml-file.ts';
import { offsetsOf } from './zone.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const SHIFTS_MAX = 10;
export const CALENDARS_MAX = 100;
const DATES_MAX = 1_000;
const WHOLE_DAY: readonly Shift[] = [{ fromMinute: 0, toMinute: 1_440 }];

const SHIFT: TextRule = {
  pattern: /^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
  looks: [
    '带引号的时段，例如 "08:30-12:00"，到午夜写 24:00',
    'a shift in quotes such as "08:30-12:00", with 24:00 for midnight',
  ],
};
const ZONE: TextRule = {
  pattern: /^[A-Za-z]+(?:\/[A-Za-z_+-]+[0-9]*)*$/,
  looks: ['时区名称，例如 Asia/Shanghai', 'the name of a time zone, such as Asia/Shanghai'],
};
const DATE: TextRule = {
  pattern: /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
  looks: ['带引号的日期，例如 "2026-02-16"', 'a date in quotes, such as "2026-02-16"'],
};

export interface ReadHours {
  /** IANA time zone of every calendar. */
  readonly zone: string;
  readonly offsets: readonly ZoneOffset[];
  readonly calendars: Readonly<Record<string, Calendar>>;
  /** Also of calendars with a mistake in them: who refers to one is not to blame. */
  readonly names: ReadonlySet<string>;
}

/** A day that no entry names is closed. */
export function readHours(top: Field): ReadHours | undefined {
  const fields = readFields(top, ['zone', 'calendars']);
  if (fields === undefined) return undefined;
  const zone = readText(fields.zone, ZONE);
  const offsets = zone === undefined ? undefined : offsetsOf(zone);
  if (zone !== undefined && offsets === undefined) sayNoZone(fields.zone, zone);
  const entries = readEntries(fields.calendars, NAME, CALENDARS_MAX);
  const read = entries.map((entry) => [entry.key, readCalendar(entry, offsets ?? [])] as const);
  const whole = read.filter((pair): pair is readonly [string, Calendar] => pair[1] !== undefined);
  if (zone === undefined || offsets === undefined) return undefined;
  return { zone, offsets, calendars: Object.fromEntries(whole), names: new Set(entries.map(({ key }) => key)) };
}

function readCalendar({ value }: Entry, offsets: readonly ZoneOffset[]): Calendar | undefined {
  const fields = readFields(value, ['week'], ['holidays', 'makeUp', 'dates']);
  if (fields === undefined) return undefined;
  const holiday = fields.holidays && readDay(fields.holidays);
  const makeUp = fields.makeUp && readDay(fields.makeUp);
  if (fields.makeUp !== undefined && fields.holidays === undefined) sayNoHolidays(fields.makeUp);
  const dates = fields.dates && readDates(fields.dates);
  return {
    offsets,
    week: readWeek(fields.week),
    ...(holiday && { holiday }),
    ...(makeUp && { makeUp }),
    ...(dates && { dates }),
  };
}

function readWeek(list: Field): readonly (readonly Shift[])[] {
  const week: Shift[][] = DAYS.map(() => []);
  for (const field of readList(list, DAYS.length)) {
    const part = readFields(field, ['days', 'open']);
    if (part === undefined) continue;
    const shifts = readShifts(part.open);
    for (const day of readList(part.days, DAYS.length)) openDay(week, day, shifts);
  }
  return week;
}

function openDay(week: Shift[][], field: Field, shifts: readonly Shift[]): void {
  const name = readChoice(field, DAYS);
  if (name === undefined) return;
  const day = week[DAYS.indexOf(name)]!;
  if (day.length > 0) {
    complain(
      field,
      [`“${name}”写了两次。`, `"${name}" is there twice.`],
      ['请把一天的时段都写在同一个 open 里。', 'Write all shifts of a day in one open list.'],
    );
    return;
  }
  day.push(...shifts);
}

/** Days that are not like others: the date's own shifts, `closed`, or `open` all day. */
function readDates(field: Field): Readonly<Record<string, readonly Shift[]>> {
  const dates: Record<string, readonly Shift[]> = {};
  for (const { key, keyField, value } of readEntries(field, DATE, DATES_MAX)) {
    if (dayOfDate(key) === undefined) {
      complain(
        keyField,
        [`没有 ${key} 这一天。`, `There is no day ${key}.`],
        [`请改为：${DATE.looks[0]}。`, `Write ${DATE.looks[1]}.`],
      );
      continue;
    }
    dates[key] = readDay(value);
  }
  return dates;
}

function readDay(field: Field): readonly Shift[] {
  const word = scalarOf(field);
  if (word === 'closed') return [];
  return word === 'open' ? WHOLE_DAY : readShifts(field);
}

function readShifts(list: Field): readonly Shift[] {
  const shifts: Shift[] = [];
  for (const field of readList(list, SHIFTS_MAX)) {
    const text = readText(field, SHIFT);
    if (text === undefined) continue;
    const [from, to] = text.split('-').map(minuteOf) as [number, number];
    if (to > from && from >= (shifts.at(-1)?.toMinute ?? 0)) shifts.push({ fromMinute: from, toMinute: to });
    else {
      complain(
        field,
        [`时段 ${text} 的先后不对。`, `The shift ${text} is out of order.`],
        [
          '请按先后写，互不重叠；跨午夜的班次拆成两段。',
          'Write shifts in order and without overlap, and split one that crosses midnight.',
        ],
      );
    }
  }
  return shifts;
}

function minuteOf(time: string): number {
  const [hour = '', minute = ''] = time.split(':');
  return Number(hour) * 60 + Number(minute);
}

function sayNoZone(field: Field, zone: string): void {
  complain(
    field,
    [`没有时区“${zone}”。`, `There is no time zone "${zone}".`],
    [`请改为：${ZONE.looks[0]}。`, `Write ${ZONE.looks[1]}.`],
  );
}

function sayNoHolidays(field: Field): void {
  complain(
    field,
    ['写了 makeUp 却没有 holidays。', 'There is a makeUp without holidays.'],
    ['请同时写 holidays，例如 holidays: closed。', 'Write holidays as well, such as holidays: closed.'],
  );
}
