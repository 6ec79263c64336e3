import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initialState, type State } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import type { Entry } from '../../src/runtime/entry.ts';
import { type Journal, openJournal } from '../../src/runtime/journal.ts';
import { replayed, replayFolder, type Span } from '../../src/runtime/replay.ts';
import { writeSnapshot } from '../../src/runtime/snapshot.ts';

const JOURNAL = '0123456789abcdef';

let folder: string;
let journal: Journal;
let state: State;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-replay-'));
  writeFileSync(join(folder, 'journal-id'), `${JOURNAL}\n`);
  ({ journal } = await openJournal({ folder, segmentBytes: 256 }, () => {}));
  state = initialState(JOURNAL);
});
afterEach(async () => {
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ticks up to this entry, a second apart; then a snapshot. */
async function writeTo(last: number): Promise<void> {
  for (let seq = state.seq + 1; seq <= last; seq += 1) {
    const event = { type: 'tick', atMs: seq * 1_000 } as const;
    await journal.append([{ seq, atMs: event.atMs, event, commands: step(state, event, seq) } satisfies Entry]);
  }
  await writeSnapshot(folder, state);
}

async function seqs(span?: Span): Promise<number[]> {
  const found: number[] = [];
  for await (const { entry } of replayed(folder, false, span)) found.push(entry.seq);
  return found;
}

const replay = () => replayFolder(folder, () => {});

test('a journal that is whole is replayed from its first entry, whatever snapshots there are', async () => {
  await writeTo(5);
  await writeTo(9);
  expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await replay()).toMatchObject({ entries: 9, differences: [], state: { seq: 9, nowMs: 9_000 } });
});

test('whoever asks from an entry on has those behind the newest snapshot before it', async () => {
  await writeTo(5);
  await writeTo(9);
  await writeTo(12);
  expect(await seqs({ fromSeq: 11 })).toEqual([10, 11, 12]);
  expect(await seqs({ fromSeq: 11, untilSeq: 11 })).toEqual([10, 11]);
});

test('of a journal whose beginning is removed, what follows the oldest snapshot is replayed', async () => {
  await writeTo(5);
  await writeTo(9);
  await journal.removeBelow(6);
  expect(await seqs()).toEqual([6, 7, 8, 9]);
  expect(await replay()).toMatchObject({ entries: 4, state: { seq: 9 } });
});

test('a journal that nothing was written to yet has nothing to replay', async () => {
  expect(await replay()).toMatchObject({ entries: 0, differences: [], state: { seq: 0, journalId: JOURNAL } });
});
