import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Client, signIn, startProgram, until } from './program.ts';

const root = join(import.meta.dirname, '../..');
/** Room for PostgreSQL's cluster and two journal segments. */
const DISK_MIB = 224;
/** The rules of the shipped city, which every start writes first; else they alone would ask for the next segment, while there is room. */
const RULES_BYTES = 128 * 1024;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}, 60_000);

/** A disk of its own for one data folder, in a mount namespace that nobody else sees. */
interface Disk {
  /** The folder by the path the program knows. */
  readonly folder: string;
  /** The same folder by the path this process may use. */
  readonly seen: string;
  readonly pid: number;
  fill(): void;
  free(): void;
}

async function openDisk(): Promise<Disk> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-disk-'));
  const mount = `mount -t tmpfs -o size=${DISK_MIB}m minhu "$1" && echo mounted && exec sleep 600`;
  const holder = spawn('unshare', ['-m', 'sh', '-c', mount, 'sh', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  cleanups.push(() => ended(holder, 'SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('exit', () => reject(new Error('the disk could not be mounted')));
  });
  const pid = holder.pid!;
  const seen = `/proc/${pid}/root${folder}`;
  const ballast = join(seen, 'ballast');
  return {
    folder,
    seen,
    pid,
    fill: () => {
      spawnSync('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null', 'sh', ballast]);
    },
    free: () => rmSync(ballast, { force: true }),
  };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });
}

async function startOn(disk: Disk): Promise<ChildProcess> {
  const child = spawn('nsenter', ['-t', String(disk.pid), '-m', process.execPath, join(root, 'dist/main.js')], {
    cwd: root,
    env: {
      ...process.env,
      MINHU_DATA: disk.folder,
      MINHU_CITY: join(root, 'dialplans'),
      MINHU_HTTP: '127.0.0.1:0',
      MINHU_SIP: '127.0.0.1:0',
      MINHU_RTP: '40000-40999',
      NODE_ENV: 'test',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => ended(child, 'SIGTERM'));
  let printed = '';
  child.stdout.on('data', (data) => {
    printed += data;
  });
  await until(
    'ready',
    () => printed,
    (text) => text.includes('Minhu is ready'),
    90_000,
  );
  return child;
}

/** As after a long day: only this much of the newest segment is left, and no spare is prepared yet. */
function shortenJournal(disk: Disk, leftBytes: number): void {
  const folder = join(disk.seen, 'journal');
  const segments = readdirSync(folder).filter((name) => /^journal-\d+\.seg$/.test(name));
  const path = join(folder, segments.sort().at(-1)!);
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  truncateSync(path, end + leftBytes);
  rmSync(join(folder, 'journal-spare.tmp'), { force: true });
}

const refused = process.getuid?.() === 0 ? (spawnSync('unshare', ['-m', 'true']).status ?? 1) !== 0 : true;

test('while the disk is full nothing is pretended, nothing crashes, and all is well again when there is room', async () => {
  if (refused) {
    process.stderr.write('only root may mount a disk to fill: here only the logs are tried full, by the other test\n');
    return;
  }
  const disk = await openDisk();
  const first = await startOn(disk);
  expect(await ended(first, 'SIGTERM')).toBe(0);
  shortenJournal(disk, RULES_BYTES + 96 * 1024);
  const child = await startOn(disk);
  const run = () => JSON.parse(readFileSync(join(disk.seen, 'run.json'), 'utf8'));
  const { http, pids } = run();
  const accounts = JSON.parse(readFileSync(join(disk.seen, 'first-run.json'), 'utf8'));
  const seat: Client = await signIn({ run } as never, accounts.seats[0]);
  const ready = async () => {
    const answer = await fetch(`http://${http}/readyz`);
    return {
      status: answer.status,
      ...((await answer.json()) as { journal: boolean; store: boolean; switch: boolean }),
    };
  };
  expect(await ready()).toMatchObject({ status: 200 });

  disk.fill();
  let turn = 0;
  let refusal = '';
  await until(
    'the journal finds no room',
    async () => {
      for (let asked = 0; asked < 10 && refusal === ''; asked += 1) {
        const state = turn++ % 2 === 0 ? 'ready' : 'notReady';
        await seat.put('/api/v1/agents/me/state', { state }).catch((error) => {
          refusal = String(error);
        });
      }
      return ready();
    },
    ({ journal }) => !journal,
    120_000,
  );
  expect(await ready()).toMatchObject({ status: 503, journal: false, switch: true });
  expect(refusal).toMatch(/: 503 /);
  expect(child.exitCode).toBeNull();

  disk.free();
  await until('ready again', ready, ({ status }) => status === 200, 15_000);
  await seat.put('/api/v1/agents/me/state', { state: 'ready' });
  expect(child.exitCode).toBeNull();
  const after = run().pids;
  for (const part of ['supervisor', 'core', 'switch']) expect(after[part], `${part} lived through it`).toBe(pids[part]);
  // The log lies on the same disk and drops what it cannot write, so what it says is no witness here.
  expect(await ended(child, 'SIGTERM')).toBe(0);
}, 300_000);

test('logs that take not one byte more end neither the core nor the switch nor their supervisor', async () => {
  const hotline = await startProgram({ LOG_LEVEL: 'debug' });
  cleanups.push(async () => {
    await hotline.stop();
    hotline.remove();
  });
  expect(await hotline.stop()).toBe(0);
  for (const part of ['supervisor', 'core', 'switch']) {
    const file = join(hotline.dataFolder, 'log', `${part}.log`);
    rmSync(file);
    symlinkSync('/dev/full', file);
  }
  await hotline.start();
  const before = hotline.run().pids;
  const agent = await signIn(hotline, hotline.firstRun().seats[0]!);
  for (const state of ['ready', 'notReady', 'ready']) await agent.put('/api/v1/agents/me/state', { state });
  // Longer than the pause after which an unwritten log is tried again.
  const endMs = Date.now() + 2_500;
  await until(
    'time to try again',
    () => Date.now(),
    (nowMs) => nowMs > endMs,
  );
  expect((await fetch(`http://${hotline.run().http}/readyz`)).status).toBe(200);
  expect(hotline.run().pids).toEqual(before);
  for (const pid of Object.values(before)) expect(process.kill(pid, 0)).toBe(true);
  expect(await hotline.stop()).toBe(0);
}, 200_000);
