import { afterEach, expect, test, vi } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { watchWorkdays } from '../../src/main/records.ts';

const DAY_MS = 86_400_000;
const read = loadCity(new URL('../../dialplans/', import.meta.url).pathname);
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { office, settings } = read.city;

afterEach(() => void vi.useRealTimers());

/** What the log says of a city with tables of these years, from a moment on. */
function logFrom(at: string, ...years: readonly string[]): { readonly year: number }[] {
  vi.useFakeTimers({ now: Date.parse(at) });
  const said: { readonly year: number }[] = [];
  const logger = { warn: (what: { readonly year: number }) => void said.push(what) };
  const workdays = Object.fromEntries(years.map((year) => [year, {}]));
  watchWorkdays({ logger } as never, { office, settings: { ...settings, workdays } });
  return said;
}

test('a year whose working days are missing is said at the start, and once a day from then on', () => {
  const said = logFrom('2026-06-01T12:00:00+08:00', '2025');
  expect(said).toEqual([{ year: 2026 }]);
  vi.advanceTimersByTime(DAY_MS - 1);
  expect(said).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(said).toHaveLength(2);
  vi.advanceTimersByTime(3 * DAY_MS);
  expect(said).toEqual(Array(5).fill({ year: 2026 }));
});

test('the next year is said from 1 December on, by a program that started before, and nothing while all are there', () => {
  const said = logFrom('2026-11-29T12:00:00+08:00', '2026');
  vi.advanceTimersByTime(DAY_MS);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(DAY_MS);
  expect(said).toEqual([{ year: 2027 }]);
  expect(logFrom('2026-12-01T12:00:00+08:00', '2026', '2027')).toEqual([]);
});
