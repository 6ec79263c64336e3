import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contactId } from '../../src/core/ids.ts';
import { QUARTER_MS } from '../../src/lib/measure-counts.ts';
import { DayCounts } from '../../src/store/day-counts.ts';
import { countCalls, countCallsBy } from '../../src/store/measures.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { startDatabase, type TestDatabase } from './database.ts';
import { JournalByHand, writeCall } from './facts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

const anyCall = fc.record({
  openedAtMs: fc.integer({ min: 0, max: 20 * QUARTER_MS }),
  queuedAfterMs: fc.option(fc.integer({ min: 0, max: 9_000 }), { nil: undefined }),
  answeredAfterMs: fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined }),
  abandonedAfterMs: fc.integer({ min: 0, max: 9_000 }),
  selfServed: fc.boolean(),
  promised: fc.boolean(),
  dialled: fc.constantFrom('12345', '12315'),
  diverted: fc.boolean(),
  site: fc.constantFrom('sub1', 'sub2', undefined),
});

test('counted on with each fact, the day is what the records say, wherever the reading began', {
  timeout: 60_000,
}, async () => {
  const { db } = database.store;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyCall, { maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (calls, part) => {
        run += 1;
        const journal = new JournalByHand();
        const fromMs = run * 1_000 * QUARTER_MS;
        for (const [
          index,
          { openedAtMs, promised, queuedAfterMs, answeredAfterMs, site, diverted, ...call },
        ] of calls.entries()) {
          const id = `d${run}-${index}`;
          const seat = { ...(site === undefined ? {} : { site }), ...(diverted ? { line: '12366' } : {}) };
          const plan = { ...call, ...seat, id, openedAtMs: fromMs + openedAtMs, agent: id };
          const queued = queuedAfterMs === undefined ? {} : { queuedAfterMs };
          const answered = answeredAfterMs === undefined ? {} : { answeredAfterMs };
          writeCall(journal, { ...plan, ...queued, ...answered });
          if (promised && queuedAfterMs !== undefined) {
            const promise = {
              do: 'record-fact',
              fact: 'callBackPromised',
              contact: contactId(id),
              number: '139',
            } as const;
            const at = journal.entries.findIndex(({ commands }) =>
              commands.some((each) => 'fact' in each && each.fact === 'waitStarted' && each.contact === id),
            );
            const entry = journal.entries[at]!;
            journal.entries[at] = { ...entry, commands: [...entry.commands, promise] };
          }
        }
        const name = `day-${run}`;
        const nowMs = fromMs + 30 * QUARTER_MS;
        const day = new DayCounts(db, name, () => nowMs);
        const cut = Math.floor(part * journal.entries.length);
        await applyEntries(db, name, journal.entries.slice(0, cut));
        await day.load();
        const { facts } = await applyEntries(db, name, journal.entries.slice(cut));
        for (const applied of facts) day.apply(applied);
        const sum = day.sum()!;
        const {
          waitedMs: _waited,
          handled: _handled,
          handlingMs: _handling,
          ...wanted
        } = await countCalls(db, {
          fromMs: sum.fromMs,
          toMs: nowMs,
        });
        expect(sum.counts).toMatchObject(wanted);
        for (const [by, table] of [
          ['number', sum.lines],
          ['site', sum.sites],
          ['quarter', sum.quarters],
        ] as const) {
          const groups = await countCallsBy(db, { fromMs: sum.fromMs, toMs: nowMs }, by, 100);
          const shown = new Map<unknown, unknown>([...table].filter(([, { inbound }]) => inbound > 0));
          expect(new Set(shown.keys())).toEqual(new Set(groups.map(({ key }) => key)));
          for (const { key, counts } of groups) {
            const { waitedMs: _w, handled: _h, handlingMs: _m, ...rest } = counts;
            expect(shown.get(key)).toMatchObject(rest);
          }
        }
      },
    ),
    { numRuns: 15 },
  );
});

test('a quarter of an hour that is over for a day leaves the sum', async () => {
  let nowMs = 900_000 * QUARTER_MS;
  const day = new DayCounts(database.store.db, 'leaves', () => nowMs);
  const journal = new JournalByHand();
  writeCall(journal, { id: 'leaves', openedAtMs: nowMs });
  await day.load();
  const { facts } = await applyEntries(database.store.db, 'leaves', journal.entries);
  for (const applied of facts) day.apply(applied);
  nowMs += 96 * QUARTER_MS;
  expect(day.sum()?.counts.inbound).toBe(1);
  nowMs += QUARTER_MS;
  expect(day.sum()?.counts.inbound).toBe(0);
});
