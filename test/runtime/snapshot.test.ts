import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initialState, type State } from '../../src/core/state.ts';
import { encodeState } from '../../src/core/state-codec.ts';
import { step } from '../../src/core/step.ts';
import { oldestSnapshotSeq, readSnapshot, writeSnapshot } from '../../src/runtime/snapshot.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-snapshot-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const said: string[] = [];
const say = (text: string) => void said.push(text);
beforeEach(() => said.splice(0));

/** One for each entry. @returns the state as it was at each of them. */
async function written(entries: number): Promise<string[]> {
  const state: State = initialState('0123456789abcdef');
  const states: string[] = [];
  for (let seq = 1; seq <= entries; seq += 1) {
    step(state, { type: 'tick', atMs: seq * 1_000 }, seq);
    states.push(encodeState(state));
    await writeSnapshot(folder, state);
  }
  return states;
}

const names = () => readdirSync(folder).sort();
const read = async (...which: ['newest' | 'oldest', number?]) => {
  const state = await readSnapshot(folder, say, ...which);
  return state === undefined ? undefined : encodeState(state);
};

function damage(name: string): void {
  writeFileSync(join(folder, name), readFileSync(join(folder, name), 'utf8').replace('"seq":', '"sEq":'));
}

test('the last two snapshots are kept, and the newest is read, the oldest, or the newest before an entry', async () => {
  expect(await oldestSnapshotSeq(folder)).toBe(0);
  expect(await read('newest')).toBeUndefined();
  const [, second, third] = await written(3);
  expect(names()).toEqual(['snapshot-000000000002.json', 'snapshot-000000000003.json']);
  expect(names().map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600]);
  expect(await oldestSnapshotSeq(folder)).toBe(2);
  expect(await read('newest')).toBe(third);
  expect(await read('oldest')).toBe(second);
  expect(await read('newest', 3)).toBe(second);
  expect(await read('newest', 2)).toBeUndefined();
  expect(said).toEqual([]);
});

test('a snapshot that does not add up is told of and passed over', async () => {
  const [first] = await written(2);
  damage('snapshot-000000000002.json');
  expect(await read('newest')).toBe(first);
  expect(said).toEqual([expect.stringContaining('snapshot-000000000002.json does not add up')]);
  damage('snapshot-000000000001.json');
  expect(await read('newest')).toBeUndefined();
});
