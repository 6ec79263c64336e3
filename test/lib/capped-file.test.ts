import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCappedFile } from '../../src/lib/capped-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-capped-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file that has grown to its size is kept once while a new one begins, also over a restart', () => {
  const file = join(folder, 'part.log');
  const write = (...texts: string[]) => {
    const log = openCappedFile(file, 10);
    for (const text of texts) log.write(text);
    log.close();
  };
  write('12345\n');
  write('6789\n', 'a\n', 'bcdefghijklm\n', 'n\n');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('a\nbcdefghijklm\n');
  expect(readFileSync(file, 'utf8')).toBe('n\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('when no new file can begin, the old one goes on', () => {
  const file = join(folder, 'part.log');
  const log = openCappedFile(file, 4);
  mkdirSync(`${file}.new`);
  expect(() => log.write('12345\n')).toThrow();
  rmSync(`${file}.new`, { recursive: true });
  log.write('6\n');
  log.write('7\n');
  log.close();
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('12345\n6\n');
  expect(readFileSync(file, 'utf8')).toBe('7\n');
});
