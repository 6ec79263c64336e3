import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-strange-'));
  cpSync(new URL('../../dialplans/', import.meta.url), folder, { recursive: true, dereference: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['seats.yaml', 'seats.yaml'],
  ['prompts/GRT-01.wav', 'prompts.yaml'],
])('a pipe in the place of %s is named, and nobody waits for what it will say', (file, named) => {
  rmSync(join(folder, file));
  execFileSync('mkfifo', [join(folder, file)]);
  const result = loadCity(folder);
  expect(result.ok ? [] : result.problems.map((problem) => problem.file)).toContain(named);
});
