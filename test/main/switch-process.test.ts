import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eslPasswordOf } from '../../src/main/switch-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-password-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['is not there', undefined],
  ['is empty', ''],
  ['holds a few letters', 'ClueCon\n'],
])('an event-socket password is drawn when its file %s, and then kept', (_what, text) => {
  const eslPasswordFile = join(folder, 'esl-password');
  if (text !== undefined) writeFileSync(eslPasswordFile, text);
  const password = eslPasswordOf({ eslPasswordFile });
  expect(password).toMatch(/^[\w-]{32}$/);
  expect(readFileSync(eslPasswordFile, 'utf8')).toBe(password);
  expect(statSync(eslPasswordFile).mode & 0o777).toBe(0o600);
  expect(eslPasswordOf({ eslPasswordFile })).toBe(password);
});
