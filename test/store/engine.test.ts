import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isAlive } from '../../src/lib/process-life.ts';
import { openEngine } from '../../src/store/engine.ts';
import { waitGone } from '../../src/store/postmaster.ts';
import { silent } from './database.ts';
import { closeElsewhere, giveTree, openElsewhere, stageEngine } from './engine-stage.ts';

// Servers that are made, killed and made anew, on two processors that others use as well.
vi.setConfig({ testTimeout: 120_000 });

const asRoot = process.getuid?.() === 0;
let folder: string;
let stage: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'minhu-engine-'));
  stage = join(folder, 'clone');
  await stageEngine(stage);
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const serversOf = (dataFolder: string) =>
  execFileSync('ps', ['-eo', 'args'])
    .toString()
    .split('\n')
    .filter((line) => line.includes(join(dataFolder, 'postgres', 'cluster')));

test('the engine starts within ten seconds, is UTF-8 in the C locale, durable, and nothing of it is left after stop', async () => {
  const dataFolder = join(folder, 'plain');
  const startedAtMs = Date.now();
  const engine = await openEngine({ dataFolder, logger: silent });
  expect(Date.now() - startedAtMs).toBeLessThan(10_000);
  const sql = `select current_setting('server_encoding') as e, current_setting('lc_collate', true) as c, current_setting('fsync') as f`;
  expect(await ask(engine.url, sql)).toMatchObject([{ e: 'UTF8', f: 'on' }]);
  expect((await stat(join(dataFolder, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  await expect(ask(engine.url.replace(/:[^:@/]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
  await engine.stop();
  await engine.gone;
  expect(serversOf(dataFolder)).toEqual([]);
});

test('a server killed outright is opened again with everything that was committed', async () => {
  const dataFolder = join(folder, 'killed');
  const engine = await openEngine({ dataFolder, logger: silent });
  await ask(engine.url, 'create table kept (n integer)');
  for (let round = 1; round <= 5; round += 1) {
    const open = await openEngine({ dataFolder, logger: silent });
    await ask(open.url, `insert into kept values (${round})`);
    process.kill(open.pid, 'SIGKILL');
    await open.gone;
  }
  const last = await openEngine({ dataFolder, logger: silent });
  expect(last.adopted).toBe(false);
  expect(last.url).toBe(engine.url);
  expect(await ask(last.url, 'select count(*)::int as n from kept')).toEqual([{ n: 5 }]);
  await last.stop();
});

// Each has a folder of its own, and the longest only waits.
test.concurrent('the engine outlives a starter that is killed, and the next one adopts it', async () => {
  const dataFolder = join(folder, 'outlives');
  const first = await openElsewhere(stage, dataFolder);
  first.starter.kill('SIGKILL');
  await waitGone(first.starter.pid!, 5_000);
  expect(await ask(first.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  const next = await openEngine({ dataFolder, logger: silent });
  expect(next).toMatchObject({ adopted: true, pid: first.pid, url: first.url });
  await next.stop();
  expect(isAlive(first.pid)).toBe(false);
});

test.concurrent("a pid file that names somebody else's process hinders nothing and harms nobody", async () => {
  const dataFolder = join(folder, 'stale');
  const engine = await openEngine({ dataFolder, logger: silent });
  const pidFile = join(dataFolder, 'postgres', 'cluster', 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8');
  await engine.stop();
  await writeFile(pidFile, content.replace(/^\d+/, String(process.ppid)));
  const again = await openEngine({ dataFolder, logger: silent });
  expect(again.adopted).toBe(false);
  expect(isAlive(process.ppid)).toBe(true);
  await again.stop();
});

test.concurrent('a server that does not answer any more is ended and started anew', async () => {
  const dataFolder = join(folder, 'frozen');
  const engine = await openEngine({ dataFolder, logger: silent });
  process.kill(engine.pid, 'SIGSTOP');
  const again = await openEngine({ dataFolder, logger: silent });
  expect(again.pid).not.toBe(engine.pid);
  expect(isAlive(engine.pid)).toBe(false);
  await again.stop();
}, 60_000);

test.concurrent('a path too long for a unix socket takes a loopback port, the same after a restart', async () => {
  const dataFolder = join(folder, '长'.repeat(30), 'data');
  const engine = await openEngine({ dataFolder, logger: silent });
  expect(new URL(engine.url).hostname).toBe('127.0.0.1');
  expect(engine.url).not.toContain('host=');
  await engine.stop();
  const again = await openEngine({ dataFolder, logger: silent });
  expect(again.url).toBe(engine.url);
  await again.stop();
});

test.concurrent('two starters of one folder share one server', async () => {
  const dataFolder = join(folder, 'shared');
  const first = await openEngine({ dataFolder, logger: silent });
  const both = await Promise.all([1, 2].map(() => openEngine({ dataFolder, logger: silent })));
  expect(both.map(({ pid }) => pid)).toEqual([first.pid, first.pid]);
  await first.stop();
});

test.concurrent('a clone and a data folder that only the owner may enter are enough', async () => {
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o700 });
  await stageEngine(join(closed, 'clone'));
  await chmod(join(closed, 'clone'), 0o700);
  const opened = await openElsewhere(join(closed, 'clone'), join(closed, 'data'));
  expect(await ask(opened.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  expect((await stat(join(closed, 'data', 'postgres'))).mode & 0o777).toBe(0o700);
  await closeElsewhere(opened);
  expect(serversOf(join(closed, 'data'))).toEqual([]);
});

// An ordinary user cannot become anybody else, so these two belong to root's run; as an ordinary user all others run as one.
test.runIf(asRoot)('an ordinary user runs the engine in a clone of somebody else', { concurrent: true }, async () => {
  const dataFolder = join(folder, 'nobody');
  await mkdir(dataFolder, { mode: 0o700 });
  await giveTree(dataFolder, 65_534, 65_534);
  const prefix = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--bounding-set=-all',
    '--no-new-privs',
  ];
  const opened = await openElsewhere(stage, dataFolder, { prefix });
  expect((await stat(`/proc/${opened.pid}`)).uid).toBe(65_534);
  expect(await ask(opened.url, 'select 1 as n')).toEqual([{ n: 1 }]);
  await closeElsewhere(opened);
  expect(serversOf(dataFolder)).toEqual([]);
});

test.runIf(asRoot)(
  'root without user namespaces runs the engine as an unprivileged account, in closed folders too',
  { concurrent: true },
  async () => {
    const closed = join(folder, 'no-namespaces');
    const tools = join(closed, 'bin');
    await mkdir(tools, { recursive: true });
    for (const tool of ['setpriv', 'sh', 'id']) await symlink(`/usr/bin/${tool}`, join(tools, tool));
    await chmod(closed, 0o700);
    const env = { ...process.env, PATH: tools };
    for (const adopted of [false, false]) {
      const opened = await openElsewhere(stage, join(closed, 'data'), { env });
      expect(opened.adopted).toBe(adopted);
      expect((await stat(`/proc/${opened.pid}`)).uid).toBe(65_534);
      expect(await ask(opened.url, 'select 1 as n')).toEqual([{ n: 1 }]);
      await closeElsewhere(opened);
    }
    // Where namespaces are back, the folder keeps the account that owns it.
    const again = await openEngine({ dataFolder: join(closed, 'data'), logger: silent });
    expect((await stat(`/proc/${again.pid}`)).uid).toBe(65_534);
    await again.stop();
  },
);
