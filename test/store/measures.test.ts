import { afterAll, beforeAll, expect, test } from 'vitest';
import { countContacts, measuresOf } from '../../src/store/measures.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { startDatabase, type TestDatabase } from './database.ts';
import { JournalByHand, writeCall } from './facts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

test('a thousand calls give the measures that their definitions give', async () => {
  const journal = new JournalByHand();
  // 30 left in the menu; 970 queued: 940 answered, 900 of them within 15 s, waiting 7,520 s together; 30 gave up, 10 within 5 s.
  for (let n = 0; n < 1_000; n += 1) {
    const plan = { id: `k${n}`, openedAtMs: n };
    if (n < 30) writeCall(journal, plan);
    else if (n < 60) writeCall(journal, { ...plan, queuedAfterMs: 100, abandonedAfterMs: n < 40 ? 5_000 : 9_000 });
    else {
      const answeredAfterMs = n < 100 ? 20_000 : n < 960 ? 7_500 : 6_750;
      writeCall(journal, {
        ...plan,
        queuedAfterMs: 100,
        answeredAfterMs,
        talkMs: 60_000,
        wrapUpMs: 3_000,
        agent: `s${n}`,
      });
    }
  }
  await applyEntries(database.store.db, 'measures', journal.entries);
  const measures = measuresOf(await countContacts(database.store.db, 0, 1_000));
  expect(measures).toMatchObject({
    connectRate: { numerator: 940, denominator: 1_000, value: 94 },
    humanConnectRate: { numerator: 940, denominator: 970, value: 96.91 },
    humanConnectRateWithoutShortAbandons: { numerator: 940, denominator: 960, value: 97.92 },
    answeredWithin15Rate: { numerator: 900, denominator: 940, value: 95.74 },
    serviceLevel15: { numerator: 900, denominator: 970, value: 92.78 },
    averageSpeedOfAnswer: { numerator: 7_520, denominator: 940, value: 8 },
    abandonRate: { numerator: 30, denominator: 970, value: 3.09 },
    averageHandlingTime: { numerator: 59_220, denominator: 940, value: 63 },
  });
}, 60_000);

test('a measure of nothing is null, not zero', async () => {
  const measures = measuresOf(await countContacts(database.store.db, 5_000_000, 6_000_000));
  for (const measure of Object.values(measures)) expect(measure).toMatchObject({ denominator: 0, value: null });
});

test('rates are rounded half up to two decimals', () => {
  const counts = {
    inbound: 0,
    selfServed: 0,
    queued: 20_000,
    answered: 1,
    answeredWithin15: 1,
    abandoned: 3,
    abandonedShort: 0,
  };
  const measures = measuresOf({ ...counts, waitedMs: 5, handled: 1, handlingMs: 4 });
  expect(measures.humanConnectRate.value).toBe(0.01);
  expect(measures.abandonRate.value).toBe(0.02);
  expect(measures.averageSpeedOfAnswer.value).toBe(0.01);
  expect(measures.averageHandlingTime.value).toBe(0);
});
