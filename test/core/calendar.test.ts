import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { offsetsOf } from '../../src/city/zone.ts';
import { type Calendar, instantOf, isOpen, localOf, missingYears, type Workdays } from '../../src/core/calendar.ts';
import { dueAtMs, parseLimit } from '../../src/core/due.ts';
import { parseInstant, spellInstant } from '../../src/core/instant-text.ts';
import { dateOfDay, dayOfDate, weekdayOf } from '../../src/lib/civil-day.ts';

const SHIPPED = new URL('../../dialplans/', import.meta.url).pathname;
const loaded = loadCity(SHIPPED);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const { office, settings } = loaded.city;
const workdays = settings.workdays ?? {};
const CHINA = office.offsets;
const SECONDS_2000_2100 = fc.integer({ min: 946_684_800, max: 4_102_444_800 });

function due(from: string, limit: string, calendar: Calendar = office): string {
  const atMs = dueAtMs(parseInstant(from, CHINA)!, parseLimit(limit)!, calendar, workdays);
  return atMs === undefined ? 'never' : spellInstant(CHINA, atMs);
}

function openAt(calendar: Calendar, at: string, days: Workdays = workdays): boolean {
  return isOpen(calendar, days, parseInstant(at, CHINA)!);
}

describe('a limit is over', () => {
  test.each([
    ['2025-11-13T10:00', '5wd', '2025-11-21T00:00:00+08:00'],
    ['2025-09-29T10:00', '5wd', '2025-10-14T00:00:00+08:00'],
    ['2026-02-13T10:00+08:00', '5wd', '2026-02-28T00:00:00+08:00'],
    ['2025-09-30T16:30', '2wh', '2025-10-09T10:30:00+08:00'],
    ['2025-09-01T10:00', '14wh', '2025-09-03T10:00:00+08:00'],
    ['2025-12-31T23:50', '15m', '2026-01-01T00:05:00+08:00'],
    ['2026-02-16T10:00', '2h', '2026-02-16T12:00:00+08:00'],
    ['2026-02-16T10:00', '24h', '2026-02-17T10:00:00+08:00'],
    ['2026-02-16T10:00', '3d', '2026-02-19T10:00:00+08:00'],
    ['2025-09-01T10:00', '2wh', '2025-09-01T12:00:00+08:00'],
    ['2025-09-01T12:30', '1wh', '2025-09-01T14:00:00+08:00'],
    ['2025-09-27T10:00', '1wd', '2025-09-29T00:00:00+08:00'],
    ['2023-01-20T10:00', '2wd', '2023-01-30T00:00:00+08:00'],
    ['2024-09-13T10:00', '1wd', '2024-09-15T00:00:00+08:00'],
  ])('that begins at %s and lasts %s at %s', (from, limit, instant) => {
    expect(due(from, limit)).toBe(instant);
  });

  test('a working day that follows counts the same from its first and its last minute', () => {
    expect(due('2025-09-29T00:00', '5wd')).toBe(due('2025-09-29T23:59:59.999', '5wd'));
  });

  test('never, when the office does not open', () => {
    const closed = { ...office, week: Array(7).fill([]) };
    expect(due('2025-09-29T10:00', '1wh', closed)).toBe('never');
  });

  test('is written as a count with its unit, and nothing else', () => {
    for (const text of ['', '0m', '5', 'wd', '5 wd', '-1h', '1.5h', '10000m', '5WD', '5w'])
      expect(parseLimit(text)).toBeUndefined();
    expect(parseLimit('14wh')).toEqual({ count: 14, unit: 'wh' });
  });

  test('a working limit never ends before it began, and later beginnings never end sooner', () => {
    fc.assert(
      fc.property(
        SECONDS_2000_2100,
        fc.integer({ min: 1, max: 864_000 }),
        fc.constantFrom('3wd', '1wh', '11wh'),
        (fromS, laterS, text) => {
          const limit = parseLimit(text)!;
          const first = dueAtMs(fromS * 1_000, limit, office, workdays)!;
          expect(first).toBeGreaterThan(fromS * 1_000);
          expect(dueAtMs((fromS + laterS) * 1_000, limit, office, workdays)).toBeGreaterThanOrEqual(first);
        },
      ),
    );
  });
});

describe('[H1] a calendar', () => {
  test('is open from the first minute of a shift until before its end, with the break between two shifts closed', () => {
    for (const [time, open] of [
      ['08:59:59.999', false],
      ['09:00', true],
      ['11:59:59.999', true],
      ['12:00', false],
      ['12:59', false],
      ['13:00', true],
      ['17:00', false],
    ] as const)
      expect(openAt(office, `2025-09-29T${time}`), time).toBe(open);
  });

  test('keeps holidays and make-up days when it says so, and takes them like other days when it does not', () => {
    expect(openAt(office, '2025-10-01T10:00')).toBe(false);
    expect(openAt(office, '2025-10-11T10:00')).toBe(true);
    const { holiday: _, ...plain } = office;
    expect(openAt(plain, '2025-10-01T10:00')).toBe(true);
    expect(openAt(plain, '2025-10-11T10:00')).toBe(false);
  });

  test('has shifts of its own for holidays and for make-up days', () => {
    const short = [{ fromMinute: 600, toMinute: 660 }];
    const calendar = { ...office, holiday: short, makeUp: short };
    expect(openAt(calendar, '2025-10-01T10:30')).toBe(true);
    expect(openAt(calendar, '2025-10-01T11:30')).toBe(false);
    expect(openAt(calendar, '2025-10-11T10:30')).toBe(true);
    expect(openAt(calendar, '2025-10-11T13:30')).toBe(false);
  });

  test('puts a single date before holidays, make-up days and the week', () => {
    const dates = { '2025-10-01': [{ fromMinute: 540, toMinute: 600 }], '2025-10-11': [], '2025-09-29': [] };
    const calendar = { ...office, dates };
    expect(openAt(calendar, '2025-10-01T09:30')).toBe(true);
    expect(openAt(calendar, '2025-10-11T09:30')).toBe(false);
    expect(openAt(calendar, '2025-09-29T09:30')).toBe(false);
    expect(openAt(calendar, '2025-09-30T09:30')).toBe(true);
  });

  test('that is open always is open at every instant', () => {
    fc.assert(fc.property(SECONDS_2000_2100, (atS) => isOpen(settings.hours!['always']!, workdays, atS * 1_000)));
  });

  test('of the year 2025 has 248 working days, as its notice leaves them', () => {
    const first = dayOfDate('2025-01-01')!;
    const open = Array.from({ length: 365 }, (_, index) => dateOfDay(first + index)).filter((date) =>
      openAt(office, `${date}T10:00`),
    );
    expect(open).toHaveLength(248);
  });
});

describe('a year without a table', () => {
  test('is missed from 1 December of the year before, by the city’s clock, and not an instant sooner', () => {
    const at = (text: string) => missingYears(workdays, CHINA, parseInstant(text, CHINA)!);
    expect(at('2026-11-30T23:59:59.999')).toEqual([]);
    expect(at('2026-12-01T00:00')).toEqual([2027]);
    expect(at('2027-01-01T00:00')).toEqual([2027]);
    expect(at('2027-12-01T00:00')).toEqual([2027, 2028]);
    expect(at('2025-12-01T00:00')).toEqual([]);
  });
});

describe('days and clocks', () => {
  test('agree with the calendar of the machine', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (day) => {
        const date = new Date(day * 86_400_000);
        expect(dateOfDay(day)).toBe(date.toISOString().slice(0, 10));
        expect(dayOfDate(dateOfDay(day))).toBe(day);
        expect(weekdayOf(day)).toBe((date.getUTCDay() + 6) % 7);
      }),
    );
    expect(dayOfDate('2025-02-29')).toBeUndefined();
    expect(dayOfDate('2025-13-01')).toBeUndefined();
  });

  test('of China are eight hours ahead of UTC, always', () => {
    expect(offsetsOf('Asia/Shanghai')).toEqual([{ fromMs: 0, offsetMinutes: 480 }]);
    expect(offsetsOf('Asia/Urumqi')?.[0]?.offsetMinutes).toBe(360);
    expect(offsetsOf('Mars/Base')).toBeUndefined();
  });

  test('of a zone with summer time change on its days, to the minute', () => {
    const berlin = offsetsOf('Europe/Berlin')!;
    expect(berlin).toContainEqual({ fromMs: Date.parse('2026-03-29T01:00Z'), offsetMinutes: 120 });
    expect(berlin).toContainEqual({ fromMs: Date.parse('2026-10-25T01:00Z'), offsetMinutes: 60 });
    expect(parseInstant('2026-10-25T02:30', berlin)).toBe(Date.parse('2026-10-25T00:30Z'));
    expect(spellInstant(berlin, parseInstant('2026-03-29T02:30', berlin)!)).toBe('2026-03-29T03:30:00+02:00');
    fc.assert(
      fc.property(SECONDS_2000_2100, (atS) => {
        const { day, minute } = localOf(berlin, atS * 1_000);
        const again = instantOf(berlin, day, minute);
        expect([0, 3_600_000]).toContain(atS * 1_000 - ((atS * 1_000) % 60_000) - again);
      }),
    );
  });

  test('an instant reads back as it is written, and half a date is none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (atMs) => {
        expect(parseInstant(spellInstant(CHINA, atMs), [])).toBe(atMs);
        expect(parseInstant(new Date(atMs).toISOString(), CHINA)).toBe(atMs);
      }),
    );
    for (const text of ['', '2026', '2026-02-30', '2026-02-13T25:00', '2026-02-13 10:00', '2026-02-13T10:00+8'])
      expect(parseInstant(text, CHINA), text).toBeUndefined();
  });
});
