import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journalIdOf } from '../../src/runtime/identity.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-identity-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a journal’s id is drawn once, is nobody else’s to read, and is refused when it is none', async () => {
  const path = join(folder, 'journal-id');
  const id = await journalIdOf(folder);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await journalIdOf(folder)).toBe(id);
  writeFileSync(path, 'none\n');
  await expect(journalIdOf(folder)).rejects.toMatchObject({ code: 'corrupt' });
});
