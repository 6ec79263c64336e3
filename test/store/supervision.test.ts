import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CONNECT_LIMITS } from '../../src/lib/measure-alarm.ts';
import { QUARTER_MS } from '../../src/lib/measure-counts.ts';
import { type Alarm, acknowledgeAlarm, countOpenAlarms, listAlarms } from '../../src/store/alarms.ts';
import { dayFigures } from '../../src/store/day-figures.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { startSupervision } from '../../src/store/supervision.ts';
import { startDatabase, type TestDatabase } from './database.ts';
import { type CallPlan, JournalByHand, writeCall } from './facts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());
beforeEach(async () => {
  const { db } = database.store;
  for (const table of ['alarms', 'supervision', 'contacts', 'projection'] as const)
    await db.deleteFrom(table).execute();
});

/** A full quarter of the future: the supervision's own clock must have nothing to judge while a test plays another time. */
const FROM_MS = 4_000_000 * QUARTER_MS;
const everything = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, open: false, rowsMax: 100 };

let journals = 0;
async function play(calls: readonly CallPlan[]): Promise<void> {
  const journal = new JournalByHand();
  for (const call of calls) writeCall(journal, call);
  await applyEntries(database.store.db, `supervised-${journals++}`, journal.entries);
}

/** So many calls of which the first are answered, the rest lost while a phone of the site rang. */
function calls(of: { site: string; dialled: string; answered: number; all: number; fromMs?: number }): CallPlan[] {
  const { site, dialled, answered, all, fromMs = FROM_MS } = of;
  return Array.from({ length: all }, (_, n) => {
    const id = `${fromMs}-${site}-${dialled}-${n}`;
    const plan = { id, openedAtMs: fromMs + n, queuedAfterMs: 1_000, site, dialled, agent: id, talkMs: 1_000 };
    return n < answered ? { ...plan, answeredAfterMs: 2_000 } : { ...plan, abandonedAfterMs: 9_000 };
  });
}

/** A supervision as after a start, with a log that is kept. Position as it was left, or at the first look. */
async function watch<Result>(
  use: (watcher: {
    judge: (nowMs: number) => Promise<number>;
    alarms: Alarm[];
    said: () => object[];
  }) => Promise<Result>,
): Promise<Result> {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const alarms: Alarm[] = [];
  const supervision = startSupervision({
    db: database.store.db,
    limits: CONNECT_LIMITS,
    logger,
    settled: async () => {},
    onAlarm: (alarm) => void alarms.push(alarm),
  });
  try {
    return await use({ judge: supervision.judge, alarms, said: () => lines.map((line) => JSON.parse(line)) });
  } finally {
    await supervision.stop();
  }
}

const watchedSince = (fromMs: number) =>
  database.store.db
    .insertInto('supervision')
    .values({ kind: 'connectRate', judged_to_ms: fromMs })
    .onConflict((conflict) => conflict.column('kind').doUpdateSet({ judged_to_ms: fromMs }))
    .execute();

/** 949 of 1,000 at one site; another site lifts the number's own rate above the line. */
async function siteAt949(): Promise<void> {
  await play([
    ...calls({ site: 'sub1', dialled: '12345', answered: 949, all: 1_000 }),
    ...calls({ site: 'main', dialled: '12345', answered: 200, all: 200 }),
  ]);
}

test('a site with 94.9 % in a quarter of an hour raises exactly one alarm, said in the log with its figures', async () => {
  await siteAt949();
  await watchedSince(FROM_MS);
  const { alarms, said } = await watch(async (watcher) => {
    expect(await watcher.judge(FROM_MS + QUARTER_MS - 1)).toBe(FROM_MS + QUARTER_MS);
    expect(watcher.alarms).toEqual([]);
    expect(await watcher.judge(FROM_MS + QUARTER_MS)).toBe(FROM_MS + 2 * QUARTER_MS);
    await watcher.judge(FROM_MS + QUARTER_MS + 1_000);
    return { alarms: watcher.alarms, said: watcher.said() };
  });
  expect(alarms).toMatchObject([
    { scope: 'site', key: 'sub1', from_ms: FROM_MS, numerator: 949, denominator: 1_000, limit_percent: 95 },
  ]);
  expect(await listAlarms(database.store.db, everything)).toEqual(alarms);
  expect(said).toMatchObject([{ scope: 'site', key: 'sub1', answered: 949, calls: 1_000, percent: 94.9 }]);
}, 120_000);

test('a restart, and a position that was lost, raise no second alarm for the same quarter', async () => {
  await play(calls({ site: 'sub1', dialled: '12315', answered: 10, all: 20 }));
  await watchedSince(FROM_MS);
  const judgeAgain = () =>
    watch(async ({ judge, alarms }) => {
      await judge(FROM_MS + QUARTER_MS);
      return alarms.map(({ scope }) => scope);
    });
  expect(await judgeAgain()).toEqual(['site', 'number']);
  expect(await judgeAgain()).toEqual([]);
  await watchedSince(FROM_MS);
  expect(await judgeAgain()).toEqual([]);
  expect(await listAlarms(database.store.db, everything)).toHaveLength(2);
});

test('two programs that judge the same quarter at once raise each alarm once', async () => {
  await play(calls({ site: 'sub1', dialled: '12315', answered: 10, all: 20 }));
  await watchedSince(FROM_MS);
  await watch((one) =>
    watch(async (other) => {
      await Promise.all([one.judge(FROM_MS + QUARTER_MS), other.judge(FROM_MS + QUARTER_MS)]);
      expect(one.alarms.length + other.alarms.length).toBe(2);
    }),
  );
  expect(await listAlarms(database.store.db, everything)).toHaveLength(2);
});

test('every quarter that passed while the program was away is judged, each for itself', async () => {
  for (const n of [0, 2]) {
    const fromMs = FROM_MS + n * QUARTER_MS;
    await play(calls({ site: 'sub2', dialled: '12345', answered: 18, all: 20, fromMs }));
  }
  await watchedSince(FROM_MS);
  const alarms = await watch(async (watcher) => {
    await watcher.judge(FROM_MS + 3 * QUARTER_MS);
    return watcher.alarms.filter(({ scope }) => scope === 'site').map(({ from_ms }) => from_ms - FROM_MS);
  });
  expect(alarms).toEqual([0, 2 * QUARTER_MS]);
});

test('a call that still waits puts the judgement off, a quarter of an hour at most', async () => {
  const journal = new JournalByHand();
  writeCall(journal, { id: 'waits', openedAtMs: FROM_MS + QUARTER_MS - 1, queuedAfterMs: 1_000 });
  // The wait has begun and nothing more is known.
  await applyEntries(database.store.db, 'waits', journal.entries.slice(0, 2));
  await play(calls({ site: 'main', dialled: '12345', answered: 19, all: 19 }));
  await watchedSince(FROM_MS);
  await watch(async ({ judge, alarms }) => {
    const soon = FROM_MS + QUARTER_MS + 100;
    expect(await judge(soon)).toBeLessThan(soon + 60_000);
    expect(alarms).toEqual([]);
    await judge(FROM_MS + 2 * QUARTER_MS);
    // 19 of 20 are 95 %, which is not below it.
    expect(alarms).toEqual([]);
    expect(await judge(FROM_MS + 2 * QUARTER_MS)).toBe(FROM_MS + 3 * QUARTER_MS);
  });
});

test('the first acknowledgement stands, and an open alarm counts until then', async () => {
  const { db } = database.store;
  await play(calls({ site: 'sub1', dialled: '12345', answered: 10, all: 20 }));
  await watchedSince(FROM_MS);
  await watch(({ judge }) => judge(FROM_MS + QUARTER_MS));
  expect(await countOpenAlarms(db)).toEqual({ site: 1, number: 1 });
  const site = (await listAlarms(db, everything)).find(({ scope }) => scope === 'site')!;
  const first = await acknowledgeAlarm(db, site.id, { by: 'lead', note: '已加派座席', atMs: 5 });
  expect(first).toMatchObject({ acknowledged_by: 'lead', acknowledged_at_ms: 5, note: '已加派座席' });
  expect(await acknowledgeAlarm(db, site.id, { by: 'admin', note: null, atMs: 9 })).toEqual(first);
  expect(await acknowledgeAlarm(db, 999_999, { by: 'lead', note: null, atMs: 9 })).toBeUndefined();
  expect(await countOpenAlarms(db)).toEqual({ site: 0, number: 1 });
  expect(await listAlarms(db, { ...everything, open: true })).toMatchObject([{ scope: 'number' }]);
});

test("the last day's figures are asked of the database once for all who want them at the same time", async () => {
  await play(calls({ site: 'sub1', dialled: '12345', answered: 15, all: 20 }));
  let nowMs = FROM_MS + QUARTER_MS;
  const day = dayFigures(database.store.db, () => nowMs);
  const first = day();
  expect(day()).toBe(first);
  expect((await first).city).toMatchObject({ inbound: 20, answered: 15 });
  expect([...(await first).sites.keys()]).toEqual(['sub1']);
  nowMs += 86_400_000;
  expect((await day()).city.inbound).toBe(0);
});
