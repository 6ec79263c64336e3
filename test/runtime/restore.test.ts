import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initialState } from '../../src/core/state.ts';
import { openDeaths } from '../../src/runtime/deaths.ts';
import type { Entry } from '../../src/runtime/entry.ts';
import { openJournal } from '../../src/runtime/journal.ts';
import { restoreState } from '../../src/runtime/restore.ts';
import { readEntries } from '../../src/runtime/segment.ts';
import { writeSnapshot } from '../../src/runtime/snapshot.ts';

const JOURNAL = '0123456789abcdef';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-restore-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const say = (text: string) => void said.push(text);
const tick = (seq: number, atMs: number, commands: Entry['commands'] = []): Entry => {
  return { seq, atMs, event: { type: 'tick', atMs }, commands };
};

async function write(...entries: Entry[]): Promise<void> {
  const { journal } = await openJournal({ folder, segmentBytes: 65_536 }, say);
  await journal.append(entries);
  await journal.close();
}

/** A process of its own each time. */
const start = () => restoreState(folder, JOURNAL, openDeaths(folder), { info: say, warn: say, error: say });

test('an entry that kills every start is set aside with the third, and the hotline goes on without it', async () => {
  await write(tick(1, 1_000), tick(2, 500), tick(3, 2_000));
  for (const _ of [1, 2]) await expect(start()).rejects.toThrow(/time went back/);
  expect(said).toEqual([]);
  expect(await start()).toMatchObject({ seq: 3, nowMs: 2_000 });
  expect(said).toEqual([expect.stringMatching(/^Entry 2 of the journal .*set-aside\/entry_2\.json/)]);
  expect(await start()).toMatchObject({ seq: 3, nowMs: 2_000 });
  expect(said).toHaveLength(1);
});

test('entries that were decided otherwise are counted and told of', async () => {
  const other: Entry['commands'] = [{ do: 'record-fact', fact: 'modeProposed', mode: 'holiday' }];
  await write(tick(1, 1_000), tick(2, 1_000, other), tick(3, 2_000, other));
  expect(await start()).toMatchObject({ seq: 3 });
  expect(said).toEqual([expect.stringMatching(/^2 entries are decided otherwise/)]);
});

test('a snapshot of another journal is refused', async () => {
  await writeSnapshot(folder, initialState('fedcba9876543210'));
  await expect(start()).rejects.toMatchObject({ code: 'corrupt' });
});

test('entries are read from one to another, both included, and none beyond', async () => {
  await write(...[1, 2, 3, 4].map((seq) => tick(seq, seq * 1_000)));
  const seqs: number[] = [];
  for await (const { seq } of readEntries(folder, 2, 3)) seqs.push(seq);
  expect(seqs).toEqual([2, 3]);
});
