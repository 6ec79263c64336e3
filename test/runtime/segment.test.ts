import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Entry } from '../../src/runtime/entry.ts';
import { encodeFrame } from '../../src/runtime/frame.ts';
import { openJournal } from '../../src/runtime/journal.ts';
import { readEntries } from '../../src/runtime/segment.ts';

const tick = (seq: number): Entry => ({ seq, atMs: 1_000, event: { type: 'tick', atMs: 1_000 }, commands: [] });
const FRAME = encodeFrame([tick(1)]).length;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-segment-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Each batch is written as one, into segments that hold two entries written alone. */
async function write(...batches: Entry[][]): Promise<void> {
  const { journal } = await openJournal({ folder, segmentBytes: 2 * FRAME }, () => {});
  for (const batch of batches) await journal.append(batch);
  await journal.close();
}

const segments = () => readdirSync(folder).filter((name) => name.endsWith('.seg'));

function tearLast(name: string): void {
  const bytes = readFileSync(join(folder, name));
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(join(folder, name), bytes);
}

async function seqs(): Promise<number[]> {
  const found: number[] = [];
  for await (const { seq } of readEntries(folder, 1)) found.push(seq);
  return found;
}

test('a torn tail of the last segment ends the reading, one of an earlier segment is damage', async () => {
  await write([tick(1)], [tick(2)], [tick(3)], [tick(4)]);
  expect(segments()).toEqual(['journal-000000000001.seg', 'journal-000000000003.seg']);
  tearLast('journal-000000000003.seg');
  expect(await seqs()).toEqual([1, 2, 3]);
  tearLast('journal-000000000001.seg');
  await expect(seqs()).rejects.toMatchObject({ code: 'corrupt' });
});

test('a batch larger than a segment has one to itself, and those after it are of the usual size', async () => {
  const large = [2, 3, 4, 5].map(tick);
  await write([tick(1)], large, ...[6, 7, 8, 9].map((seq) => [tick(seq)]));
  const sizes = segments().map((name) => [Number(name.slice(8, 20)), statSync(join(folder, name)).size]);
  expect(sizes).toEqual([
    [1, 2 * FRAME],
    [2, encodeFrame(large).length],
    [6, 2 * FRAME],
    [8, 2 * FRAME],
  ]);
  expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
