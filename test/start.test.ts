import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from './e2e/program.ts';

let clone: string;
const started: ChildProcess[] = [];

/** Notes each build, refuses to build beside another, and builds a program that says where it runs. */
const TSC = `
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
const out = process.argv[process.argv.indexOf('--outDir') + 1];
appendFileSync('builds', 'begun\\n');
mkdirSync(out);
while (existsSync('hold')) await new Promise((resolve) => setTimeout(resolve, 20));
writeFileSync(out + '/main.js', "console.log('running');");
writeFileSync(out + '/package.json', '{"type":"module"}');
`;

/** Builds a page into the folder that the compiler has made. */
const VITE = `
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
const out = process.argv[process.argv.indexOf('--outDir') + 1];
while (!existsSync(dirname(out))) await new Promise((resolve) => setTimeout(resolve, 20));
mkdirSync(out, { recursive: true });
writeFileSync(out + '/index.html', 'a page');
`;

/** Joins the modules of a program's part into one file. */
const ROLLDOWN = `
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
export const parseAst = () => ({ body: [] });
export const rolldown = async () => ({ write: async ({ file }) => writeFileSync(dirname(dirname(file)) + '/joined', file) });
`;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'minhu-clone-'));
  const folders = ['src/desk', 'src/api/live', 'src/api/chat', 'compiler/bin', 'bundler/bin', 'joiner'];
  for (const folder of folders) mkdirSync(join(clone, folder), { recursive: true });
  for (const name of ['live/messages.ts', 'live/live-client.ts', 'chat/messages.ts'])
    writeFileSync(join(clone, 'src/api', name), '');
  cpSync(join(import.meta.dirname, '../src/start.mjs'), join(clone, 'src/start.mjs'));
  writeJson('tsconfig.json', {});
  writeJson('compiler/package.json', { name: 'typescript', version: '1.0.0', type: 'module' });
  writeFileSync(join(clone, 'compiler/bin/tsc'), TSC);
  writeJson('bundler/package.json', { name: 'vite', version: '1.0.0', type: 'module' });
  writeFileSync(join(clone, 'bundler/bin/vite.js'), VITE);
  const exports = { '.': './index.js', './parseAst': './index.js' };
  writeJson('joiner/package.json', { name: 'rolldown', version: '1.0.0', type: 'module', exports });
  writeFileSync(join(clone, 'joiner/index.js'), ROLLDOWN);
  const dependencies = { typescript: 'file:compiler', vite: 'file:bundler', rolldown: 'file:joiner' };
  writeJson('package.json', { name: 'clone', version: '1.0.0', type: 'module', dependencies });
  const packages = {
    '': { name: 'clone', version: '1.0.0', dependencies },
    compiler: { name: 'typescript', version: '1.0.0' },
    'node_modules/typescript': { resolved: 'compiler', link: true },
    bundler: { name: 'vite', version: '1.0.0' },
    'node_modules/vite': { resolved: 'bundler', link: true },
    joiner: { name: 'rolldown', version: '1.0.0' },
    'node_modules/rolldown': { resolved: 'joiner', link: true },
  };
  writeJson('package-lock.json', { name: 'clone', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(clone, { recursive: true, force: true, maxRetries: 5 });
});

function writeJson(name: string, content: object): void {
  writeFileSync(join(clone, name), JSON.stringify(content));
}

function builds(): number {
  return existsSync(join(clone, 'builds')) ? readFileSync(join(clone, 'builds'), 'utf8').split('\n').length - 1 : 0;
}

function start(): { readonly child: ChildProcess; said(): string; end(): Promise<number | null> } {
  const child = spawn(process.execPath, ['src/start.mjs'], { cwd: clone, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
    });
  }
  const ended = once(child, 'close').then(([status]) => status as number | null);
  return { child, said: () => said, end: () => ended };
}

test('two first starts in one clone: one installs and builds, the other waits and runs the same', async () => {
  writeFileSync(join(clone, 'hold'), '');
  const both = [start(), start()];
  await until(
    'one builds and the other waits',
    () => both.map(({ said }) => said()).join(),
    (said) => said.includes('building…') && said.includes('waiting for process') && builds() === 1,
    30_000,
  );
  rmSync(join(clone, 'hold'));
  for (const one of both) {
    expect(await one.end(), one.said()).toBe(0);
    expect(one.said()).toContain('running');
  }
  expect(builds()).toBe(1);
  expect(readFileSync(join(clone, 'dist/desk/index.html'), 'utf8')).toBe('a page');
  expect(readFileSync(join(clone, 'dist/joined'), 'utf8')).toMatch(/sim\/simulate\.js$/);
  expect(readdirSync(join(clone, '.minhu-start'))).toEqual([]);
}, 60_000);

test('a first start that is killed while it builds holds up nobody: the next one builds anew', async () => {
  writeFileSync(join(clone, 'hold'), '');
  const first = start();
  await until('it builds', builds, (count) => count === 1, 30_000);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  rmSync(join(clone, 'hold'));
  const second = start();
  expect(await second.end(), second.said()).toBe(0);
  expect(second.said()).toContain('running');
  expect(builds()).toBe(2);
}, 60_000);

test('npx asked before the first build says what to do, and runs the program after it', () => {
  const root = join(import.meta.dirname, '..');
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  writeJson('package.json', { name: 'minhu', version: '1.0.0', type: 'module', bin });
  const file = bin['minhu']!;
  if (file.startsWith('src/')) cpSync(join(root, file), join(clone, file));
  const env = { ...process.env, npm_config_cache: join(clone, 'cache'), npm_config_offline: 'true' };
  const npx = () => spawnSync('npx', ['minhu', 'due'], { cwd: clone, encoding: 'utf8', env });
  const before = npx();
  expect([before.status, before.stderr]).toEqual([1, expect.stringContaining('npm run build')]);
  mkdirSync(join(clone, 'dist'));
  writeFileSync(join(clone, 'dist/cli.js'), 'console.log(process.argv[2]);');
  expect(npx().stdout).toBe('due\n');
}, 60_000);
