import type { Hours, Shift } from './city.ts';
import { readChoice, readFields, readList, readText, type TextRule } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const SHIFTS_MAX = 10;

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

/** A day that no entry names is closed. */
export function readHours(top: Field): Hours | undefined {
  const fields = readFields(top, ['zone', 'week']);
  if (fields === undefined) return undefined;
  const zone = readZone(fields.zone);
  const week: Shift[][] = DAYS.map(() => []);
  for (const field of readList(fields.week, DAYS.length)) {
    const part = readFields(field, ['days', 'open']);
    if (part === undefined) continue;
    const shifts = readShifts(part.open);
    for (const day of readList(part.days, DAYS.length)) openDay(week, day, shifts);
  }
  return zone === undefined ? undefined : { zone, week };
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

function readZone(field: Field): string | undefined {
  const zone = readText(field, ZONE);
  if (zone === undefined) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone === '' ? undefined : zone;
  } catch {
    return complain(
      field,
      [`没有时区“${zone}”。`, `There is no time zone "${zone}".`],
      [`请改为：${ZONE.looks[0]}。`, `Write ${ZONE.looks[1]}.`],
    );
  }
}

function minuteOf(time: string): number {
  const [hour = '', minute = ''] = time.split(':');
  return Number(hour) * 60 + Number(minute);
}
