import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foldersOf, makeFolders } from '../../src/main/folders.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'minhu-folders-'));
  if (!isRoot) return;
  chownSync(data, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
});
afterEach(() => {
  if (isRoot) process.seteuid?.(0);
  rmSync(data, { recursive: true });
});

test('a file that another user left in the data folder is named before anything starts', () => {
  const folders = foldersOf({ dataFolder: data });
  makeFolders(folders);
  makeFolders(folders);
  const snapshot = join(folders.journal, 'snapshot-000000000051.json');
  writeFileSync(snapshot, '{}');
  chmodSync(snapshot, 0);
  expect(() => makeFolders(folders)).toThrow(snapshot);
});
