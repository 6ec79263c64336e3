import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contactId } from '../../src/core/ids.ts';
import { type Counts, noCounts, QUARTER_MS, sumOfCounts } from '../../src/lib/measure-counts.ts';
import { measuresOf } from '../../src/lib/measures.ts';
import { FigureFold } from '../../src/sim/figures.ts';
import { countCalls, countCallsBy, countCells, countUndecided, type Grouping } from '../../src/store/measures.ts';
import { applyEntries, type ProjectedEntry } from '../../src/store/projection.ts';
import { startDatabase, type TestDatabase } from './database.ts';
import { type CallPlan, JournalByHand, writeCall } from './facts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

test('a thousand calls give the measures that their definitions give', async () => {
  const journal = new JournalByHand();
  // 30 left in the menu; 970 queued: 940 answered, 900 of them within 15 s, waiting 7,520 s together; 30 gave up, 10 within 5 s.
  for (let n = 0; n < 1_000; n += 1) {
    const plan = { id: `k${n}`, openedAtMs: n, queuedAfterMs: 100 };
    if (n < 30) writeCall(journal, { id: `k${n}`, openedAtMs: n });
    else if (n < 60) writeCall(journal, { ...plan, abandonedAfterMs: n < 40 ? 5_000 : 9_000 });
    else {
      const answeredAfterMs = n < 100 ? 20_000 : n < 960 ? 7_500 : 6_750;
      writeCall(journal, { ...plan, answeredAfterMs, talkMs: 60_000, wrapUpMs: 3_000, agent: `s${n}` });
    }
  }
  await applyEntries(database.store.db, 'measures', journal.entries);
  const measures = measuresOf(await countCalls(database.store.db, { fromMs: 0, toMs: 1_000 }));
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

test('nothing in the period counts as nothing', async () => {
  expect(await countCalls(database.store.db, { fromMs: 5_000_000, toMs: 6_000_000 })).toEqual(noCounts());
});

test('a call counts where it was answered, else where it rang last, else at main; in the queue it entered first', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const plan = { openedAtMs: 10_000_000, queuedAfterMs: 1_000 };
  writeCall(journal, { ...plan, id: 'w1', answeredAfterMs: 2_000, site: 'sub3', queue: 'enterprise', agent: 'w1' });
  writeCall(journal, { ...plan, id: 'w2', abandonedAfterMs: 60_000, site: 'sub8' });
  writeCall(journal, { ...plan, id: 'w3', abandonedAfterMs: 60_000 });
  writeCall(journal, { id: 'w4', openedAtMs: 10_000_000 });
  await applyEntries(db, 'where', journal.entries);
  const period = { fromMs: 10_000_000, toMs: 10_000_001 };
  const seen = async (by: Grouping) =>
    (await countCallsBy(db, period, by, 10)).map(({ key, counts }) => [key, counts.inbound, counts.answered]);
  expect(await seen('site')).toEqual([
    ['main', 2, 0],
    ['sub3', 1, 1],
    ['sub8', 1, 0],
  ]);
  expect(await seen('queue')).toEqual([
    ['enterprise', 1, 1],
    ['personal', 2, 0],
    [null, 1, 0],
  ]);
  expect(await countCalls(db, { ...period, site: 'sub3' })).toMatchObject({ inbound: 1, answered: 1, queued: 1 });
  expect(await countCalls(db, { ...period, number: '12345', queue: 'personal' })).toMatchObject({ inbound: 2 });
});

test('[A6] a call that was diverted from a merged hotline counts under that number, and not under the one dialled', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const plan = { openedAtMs: 60_000_000, queuedAfterMs: 1_000, answeredAfterMs: 2_000 };
  writeCall(journal, { ...plan, id: 'd1', line: '12366' });
  writeCall(journal, { ...plan, id: 'd2' });
  writeCall(journal, { ...plan, id: 'd3', dialled: '12366' });
  await applyEntries(db, 'diverted', journal.entries);
  const period = { fromMs: 60_000_000, toMs: 60_000_001 };
  const seen = (await countCallsBy(db, period, 'number', 10)).map(({ key, counts }) => [key, counts.inbound]);
  expect(seen).toEqual([
    ['12345', 1],
    ['12366', 2],
  ]);
  expect(await countCalls(db, { ...period, number: '12366' })).toMatchObject({ inbound: 2 });
  expect((await countCells(db, period, 10)).map(({ line }) => line).sort()).toEqual(['12345', '12366']);
});

test('a call that took a call-back is neither answered nor abandoned, and the talk it led to is handled', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const plan = { openedAtMs: 20_000_000, queuedAfterMs: 1_000, talkMs: 60_000 };
  writeCall(journal, { ...plan, id: 'b1', answeredAfterMs: 3_000, agent: 'b1' });
  writeCall(journal, { ...plan, id: 'b2', answeredAfterMs: 900_000, agent: 'b2' });
  writeCall(journal, { ...plan, id: 'b3', abandonedAfterMs: 4_000 });
  for (const id of ['b2', 'b3'])
    journal.at(plan.openedAtMs, { fact: 'callBackPromised', contact: contactId(id), number: '1' });
  await applyEntries(db, 'called-back', journal.entries);
  const counts = await countCalls(db, { fromMs: 20_000_000, toMs: 20_000_001 });
  const waits = { waitedMs: 3_000, handled: 2, handlingMs: 120_000 };
  expect(counts).toMatchObject({ inbound: 3, callbacks: 2, answered: 1, abandoned: 0, abandonedShort: 0, ...waits });
  expect(foldedByTheSimulator(journal.entries)).toEqual(counts);
  const { connectRate, connectRateStrict } = measuresOf(counts);
  expect([connectRate.value, connectRateStrict.value]).toEqual([100, 33.33]);
});

test('a period has the call of its first millisecond, and leaves that of its end to the next', async () => {
  const { db } = database.store;
  const [fromMs, toMs] = [30_000_000, 30_060_000];
  const journal = new JournalByHand();
  for (const openedAtMs of [fromMs - 1, fromMs, toMs - 1, toMs])
    writeCall(journal, { id: `edge-${openedAtMs}`, openedAtMs, queuedAfterMs: 0, abandonedAfterMs: 9_000 });
  await applyEntries(db, 'edges', journal.entries);
  const inbound = async (from: number, to: number) => (await countCalls(db, { fromMs: from, toMs: to })).inbound;
  expect(await inbound(fromMs, toMs)).toBe(2);
  expect(await inbound(toMs, toMs + 1)).toBe(1);
  expect(await inbound(fromMs - 1, fromMs)).toBe(1);
});

test.each([
  ['answered after', 'answeredAfterMs', 'answeredWithin15', 15_000],
  ['given up after', 'abandonedAfterMs', 'abandonedShort', 5_000],
] as const)(
  'a call that is %s exactly the limit is within it, and a millisecond later no more',
  async (_how, after, counted, ms) => {
    const { db } = database.store;
    const fromMs = after === 'answeredAfterMs' ? 40_000_000 : 41_000_000;
    const journal = new JournalByHand();
    for (const [n, afterMs] of [ms - 1, ms, ms + 1].entries()) {
      const id = `${counted}-${n}`;
      writeCall(journal, { id, agent: id, openedAtMs: fromMs + n, queuedAfterMs: 7, [after]: afterMs });
    }
    await applyEntries(db, counted, journal.entries);
    const within = async (n: number) => (await countCalls(db, { fromMs: fromMs + n, toMs: fromMs + n + 1 }))[counted];
    expect([await within(0), await within(1), await within(2)]).toEqual([1, 1, 0]);
  },
);

test('who left a queue for the end of a flow was not served by the flow; who never was in one was', async () => {
  const { db } = database.store;
  const atMs = 42_000_000;
  const journal = new JournalByHand();
  writeCall(journal, { id: 'flow', openedAtMs: atMs, selfServed: true });
  const { entries } = journal;
  const queued = new JournalByHand();
  writeCall(queued, { id: 'queued', openedAtMs: atMs, queuedAfterMs: 1_000 });
  for (const { commands } of queued.entries)
    for (const command of commands)
      if (command.do === 'record-fact' && command.fact === 'contactClosed')
        Object.assign(command, { outcome: 'ended' });
  await applyEntries(db, 'served', entries);
  await applyEntries(db, 'served-queued', queued.entries);
  expect(await countCalls(db, { fromMs: atMs, toMs: atMs + 1 })).toMatchObject({
    inbound: 2,
    queued: 1,
    selfServed: 1,
  });
});

test('call-backs, chats and mails are no calls that came in', async () => {
  const { db } = database.store;
  const atMs = 43_000_000;
  const journal = new JournalByHand();
  writeCall(journal, { id: 'only', openedAtMs: atMs, queuedAfterMs: 1_000, abandonedAfterMs: 9_000 });
  for (const medium of ['callback', 'chat', 'mail'] as const) {
    const contact = contactId(`no-${medium}`);
    journal.at(atMs, { fact: 'contactOpened', contact, medium, from: '13800008000', dialled: '12345', flow: '' });
    journal.at(atMs, { fact: 'waitStarted', contact, queue: 'personal', enqueuedAtMs: atMs });
  }
  await applyEntries(db, 'media', journal.entries);
  const period = { fromMs: atMs, toMs: atMs + 1 };
  expect(await countCalls(db, period)).toMatchObject({ inbound: 1, queued: 1, abandoned: 1 });
  expect((await countCallsBy(db, period, 'site', 10)).map(({ counts }) => counts.inbound)).toEqual([1]);
  expect(await countUndecided(db, period)).toBe(0);
});

const CALL = fc.record({
  openedAtMs: fc.nat(4 * QUARTER_MS),
  queuedAfterMs: fc.option(fc.nat(60_000), { nil: undefined }),
  answeredAfterMs: fc.option(fc.nat(40_000), { nil: undefined }),
  abandonedAfterMs: fc.nat(12_000),
  talkMs: fc.nat(300_000),
  wrapUpMs: fc.nat(120_000),
  dialled: fc.constantFrom('12345', '12315', '12320'),
  queue: fc.constantFrom('personal', 'enterprise'),
  site: fc.constantFrom(undefined, 'main', 'sub1', 'centre2'),
  selfServed: fc.boolean(),
});
type RandomCall = typeof CALL extends fc.Arbitrary<infer Drawn> ? Drawn : never;

let runs = 0;

function journalOf(calls: readonly RandomCall[], run: number): JournalByHand {
  const journal = new JournalByHand();
  calls.forEach((drawn, n) => {
    const id = `r${run}-${n}`;
    const given = Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined));
    // Every run has a week of its own, so that none sees the calls of another.
    writeCall(journal, {
      ...(given as Omit<CallPlan, 'id'>),
      id,
      agent: id,
      openedAtMs: weekOf(run) + drawn.openedAtMs,
    });
  });
  return journal;
}

const weekOf = (run: number) => 1_000 * QUARTER_MS * (run + 1);

/** The same calls counted by another hand: the simulator's, from the facts alone. */
function foldedByTheSimulator(entries: readonly ProjectedEntry[]): Counts {
  const fold = new FigureFold();
  const ordered = [...entries].sort((a, b) => a.event.atMs - b.event.atMs || a.seq - b.seq);
  for (const { event, commands } of ordered) {
    for (const command of commands) if (command.do === 'record-fact') fold.take(event.atMs, command);
  }
  return fold.figures(ordered.at(-1)?.event.atMs ?? 0).total;
}

test('what the records give is what the facts give, and every grouping adds up to the city', async () => {
  const { db } = database.store;
  await fc.assert(
    fc.asyncProperty(fc.array(CALL, { maxLength: 40 }), async (calls) => {
      const run = runs++;
      const { entries } = journalOf(calls, run);
      await applyEntries(db, `random-${run}`, entries);
      const period = { fromMs: weekOf(run), toMs: weekOf(run) + 5 * QUARTER_MS };
      const city = await countCalls(db, period);
      expect(city.inbound).toBe(calls.length);
      expect(city).toEqual(foldedByTheSimulator(entries));
      for (const by of ['site', 'number', 'queue', 'quarter'] as const) {
        const groups = await countCallsBy(db, period, by, 100);
        expect(sumOfCounts(groups.map(({ counts }) => counts))).toEqual(city);
      }
      expect(await countUndecided(db, period)).toBe(0);
    }),
    { numRuns: 25 },
  );
}, 120_000);

test('applied a second time from the first entry on, the facts give the same figures', async () => {
  const { db } = database.store;
  const run = runs++;
  const { entries } = journalOf(fc.sample(CALL, { numRuns: 60, seed: 7 }), run);
  const period = { fromMs: weekOf(run), toMs: weekOf(run) + 5 * QUARTER_MS };
  await applyEntries(db, `again-${run}`, entries);
  const once = await countCallsBy(db, period, 'site', 100);
  await db.updateTable('projection').set({ seq: 0 }).where('journal', '=', `again-${run}`).execute();
  await applyEntries(db, `again-${run}`, entries);
  expect(await countCallsBy(db, period, 'site', 100)).toEqual(once);
}, 60_000);
