import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../../src/lib/folder-lock.ts';
import { isAlive, isAliveAs, startOf } from '../../src/lib/process-life.ts';
import { compileModules } from '../compile-modules.ts';

let root: string;
let folder: string;
const started: ChildProcess[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'minhu-lock-'));
  folder = join(root, 'data');
  mkdirSync(folder);
  await compileModules(root, ['lib/folder-lock', 'lib/process-life']);
  writeFileSync(join(root, 'take.mjs'), TAKE);
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(root, { recursive: true, force: true });
});

const TAKE = `
import { lockFolder } from './lib/folder-lock.mjs';
process.stdin.once('data', async () => {
  const lock = await lockFolder(process.argv[2]);
  console.log(JSON.stringify(lock));
  if (!lock.ok) process.exit(0);
});
console.log('up');
`;

interface Taker {
  readonly child: ChildProcess;
  /** Takes the folder when told. */
  take(): Promise<{ readonly ok: boolean; readonly holder?: number }>;
}

async function taker(): Promise<Taker> {
  const child = spawn(process.execPath, [join(root, 'take.mjs'), folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout!, 'data');
  return {
    child,
    async take() {
      const answer = once(child.stdout!, 'data');
      child.stdin!.write('go');
      return JSON.parse(String((await answer)[0]));
    },
  };
}

test('of many who want a folder at the same moment exactly one gets it, though a dead holder left its mark there', async () => {
  for (let round = 0; round < 3; round++) {
    const takers = await Promise.all(Array.from({ length: 6 }, taker));
    const answers = await Promise.all(takers.map(({ take }) => take()));
    const winners = takers.filter((_, index) => answers[index]!.ok);
    expect(winners).toHaveLength(1);
    winners[0]!.child.kill('SIGKILL');
    await once(winners[0]!.child, 'exit');
    expect(readdirSync(folder).some((name) => name.includes(`.${winners[0]!.child.pid}.`))).toBe(true);
  }
});

test('whoever is refused is told who holds the folder, and gets it once that one is gone', async () => {
  const first = await taker();
  const second = await taker();
  expect(await first.take()).toEqual({ ok: true });
  expect(await second.take()).toEqual({ ok: false, holder: first.child.pid });
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const lock = await lockFolder(folder);
  expect(lock.ok).toBe(true);
  expect(await lockFolder(folder)).toEqual({ ok: false, holder: process.pid });
  if (lock.ok) lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a process id that was given to another program holds nothing', async () => {
  writeFileSync(join(folder, `lock.${process.ppid}.1.holds`), '');
  const lock = await lockFolder(folder);
  expect(lock.ok).toBe(true);
  if (lock.ok) lock.release();
});

test('a process is known by its id, its start and its command line', async () => {
  const { child } = await taker();
  expect(isAliveAs(child.pid, 'take.mjs')).toBe(true);
  expect(isAliveAs(child.pid, 'another.mjs')).toBe(false);
  expect(startOf(child.pid!)).toBe(startOf(child.pid!));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(child.pid)).toBe(false);
  for (const none of [undefined, null, 0, -1, 1.5, Number.NaN]) expect(isAlive(none)).toBe(false);
});
