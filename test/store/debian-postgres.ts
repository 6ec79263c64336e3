import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../src/lib/process-life.ts';
import { readPostmaster } from '../../src/store/postmaster.ts';

const INSTALLED = '/usr/lib/postgresql';
export const PASSWORD = 'a/strange:pass@word';

/** A private cluster of the machine's own PostgreSQL, over TCP, as an unprivileged user; the system's cluster is not touched. */
export interface DebianPostgres {
  readonly port: number;
  /** Of a database that exists and belongs to the account. */
  url(options?: { readonly password?: string; readonly database?: string }): string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** As the administrator, in the database `postgres`. */
  sql(statement: string): void;
  remove(): Promise<void>;
}

export async function startDebianPostgres(): Promise<DebianPostgres> {
  const version = readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a))[0];
  const bin = join(INSTALLED, String(version), 'bin');
  const owner = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'minhu-debian-pg-'));
  const [cluster, sockets] = [join(folder, 'cluster'), join(folder, 'sockets')];
  writeFileSync(join(folder, 'password'), PASSWORD);
  mkdirSync(sockets);
  if (owner !== undefined) for (const path of [folder, sockets]) chownSync(path, owner.uid, owner.gid);
  const options = { ...owner, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  const run = (program: string, args: readonly string[], env: object = {}) => {
    const { status, stderr } = spawnSync(join(bin, program), args, {
      ...options,
      env: { ...options.env, ...env },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  run('initdb', ['-D', cluster, '-U', 'hotline', '--encoding=UTF8', '--auth=scram-sha-256', '--pwfile=password', '-N']);
  const port = await freePort();
  const sql = (statement: string) =>
    run('psql', ['-h', sockets, '-p', String(port), '-U', 'hotline', '-d', 'postgres', '-c', statement], {
      PGPASSWORD: PASSWORD,
    });
  const server: DebianPostgres = {
    port,
    url: ({ password = PASSWORD, database = 'records' } = {}) =>
      `postgresql://hotline:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    async start() {
      const settings = [
        '-c',
        `port=${port}`,
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        `unix_socket_directories=${sockets}`,
      ];
      spawn(join(bin, 'postgres'), ['-D', cluster, ...settings], {
        ...options,
        stdio: 'ignore',
        detached: true,
      }).unref();
      await waitFor(async () => (await readPostmaster(cluster))?.ready === true);
    },
    async stop() {
      const running = await readPostmaster(cluster);
      if (running === undefined || !isAlive(running.pid)) return;
      process.kill(running.pid, 'SIGINT');
      await waitFor(async () => !isAlive(running.pid));
    },
    sql,
    async remove() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  sql('create database records');
  return server;
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = lines.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

async function waitFor(satisfied: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 30_000;
  while (!(await satisfied())) {
    if (performance.now() > untilMs) throw new Error('PostgreSQL does not come or go in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
