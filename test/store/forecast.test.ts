import { afterAll, beforeAll, expect, test } from 'vitest';
import { readForecast } from '../../src/store/forecast.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { startDatabase, type TestDatabase } from './database.ts';
import { JournalByHand, writeCall } from './facts.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
/** A Friday, midnight in the city. */
const TODAY_MS = Date.parse('2026-02-13T00:00:00+08:00');
const NOW_MS = TODAY_MS + 10 * 3_600_000;

let database: TestDatabase;
const journal = new JournalByHand();
let calls = 0;

beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

/** So many calls in that quarter of an hour, so many days before today. */
async function called(daysAgo: number, quarter: number, count: number): Promise<void> {
  const from = journal.entries.length;
  for (let n = 0; n < count; n += 1) {
    calls += 1;
    writeCall(journal, { id: `f${calls}`, openedAtMs: TODAY_MS - daysAgo * DAY_MS + quarter * QUARTER_MS + n * 1_000 });
  }
  await applyEntries(database.store.db, 'forecast', journal.entries.slice(from));
}

test('without records of a whole such day there is no forecast, however many calls today brings', async () => {
  expect(await readForecast(database.store.db, NOW_MS)).toEqual({ dayMs: TODAY_MS, days: [], inbound: [] });
  await called(0, 36, 5);
  // The hotline began to work in the middle of that Friday: what came before is not known.
  await called(7, 40, 9);
  expect(await readForecast(database.store.db, NOW_MS)).toMatchObject({ days: [], inbound: [] });
});

test('the forecast is the mean of the same weekday of the last four weeks, of those days that are known', async () => {
  await called(15, 0, 1);
  await called(14, 36, 4);
  await called(14, 37, 1);
  await called(13, 36, 50);
  const forecast = await readForecast(database.store.db, NOW_MS);
  expect(forecast.days).toEqual(['2026-02-06', '2026-01-30']);
  expect(forecast.inbound).toHaveLength(96);
  expect(forecast.inbound[36]).toBe(2);
  expect(forecast.inbound[37]).toBe(0.5);
  expect(forecast.inbound[40]).toBe(4.5);
  expect(forecast.inbound.reduce((sum, each) => sum + each, 0)).toBe(7);
});

test('another day is foreseen by its own weekday', async () => {
  const forecast = await readForecast(database.store.db, NOW_MS + DAY_MS);
  expect(forecast.days).toEqual(['2026-01-31']);
  expect(forecast.inbound[36]).toBe(50);
});
