import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Logger } from 'pino';
import { isAlive } from '../lib/process-life.ts';
import { type EngineBinaries, findBinaries } from './engine-binaries.ts';
import { chooseOwner, type EngineOwner, giveFolder } from './engine-owner.ts';
import { isOurServer, type Postmaster, readPostmaster, stopServer, waitGone } from './postmaster.ts';

const run = promisify(execFile);

/** The embedded PostgreSQL, running. It does not end with us: whoever opens the same folder next adopts it. */
export interface Engine {
  /** For `DATABASE_URL`; holds the password. The same over restarts, unless it speaks TCP and its port was taken meanwhile. */
  readonly url: string;
  readonly pid: number;
  /** True when it was running already. */
  readonly adopted: boolean;
  /** Resolves when the server is gone, whoever ended it. Never rejects, and keeps no process alive. */
  readonly gone: Promise<void>;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** `MINHU_DATA`; the engine keeps to its folder `postgres` (0700). */
  readonly dataFolder: string;
  readonly logger: Logger;
}

interface EngineFolders {
  readonly root: string;
  readonly cluster: string;
  readonly socket: string;
  readonly links: string;
  readonly passwordFile: string;
  readonly portFile: string;
  readonly startLog: string;
}

const USER = 'minhu';
const DATABASE = 'minhu';
/** Crash recovery reads the write-ahead log since the last checkpoint; it may take a while, and is not to be cut short. */
const READY_MAX_MS = 120_000;
/** A server that has our folder and a ready mark, yet does not answer for so long, is ended and started anew. */
const ANSWER_MAX_MS = 5_000;
const START_ATTEMPTS_MAX = 5;
/** `sun_path` of sockaddr_un, less the closing zero. */
const SOCKET_PATH_MAX = 107;
const CONNECTIONS_MAX = 50;

/**
 * Opens the embedded PostgreSQL of a data folder: makes it on first use, adopts it when it runs, starts it else.
 *
 * @throws when it cannot be started; the message ends with what PostgreSQL said.
 */
export async function openEngine({ dataFolder, logger }: EngineOptions): Promise<Engine> {
  const folders = await engineFolders(dataFolder);
  const password = await ownPassword(folders);
  const adopted = await adopt(folders, password, logger);
  const server = adopted ?? (await start(folders, password, logger));
  const url = urlOf(server, password);
  await makeDatabase(urlOf(server, password, 'postgres'));
  logger.info({ server: server.pid, adopted: adopted !== undefined }, 'embedded PostgreSQL is open');
  return {
    url,
    pid: server.pid,
    adopted: adopted !== undefined,
    gone: waitGone(server.pid, Number.POSITIVE_INFINITY, true).then(() => undefined),
    stop: () => stopServer(server.pid),
  };
}

async function engineFolders(dataFolder: string): Promise<EngineFolders> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const root = join(await realpath(dataFolder), 'postgres');
  await mkdir(root, { recursive: true, mode: 0o700 });
  return {
    root,
    cluster: join(root, 'cluster'),
    socket: join(root, 'socket'),
    links: join(root, 'lib'),
    passwordFile: join(root, 'password'),
    portFile: join(root, 'port'),
    startLog: join(root, 'start.log'),
  };
}

async function ownPassword({ passwordFile, cluster }: EngineFolders): Promise<string> {
  try {
    return await readFile(passwordFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (await exists(cluster)) throw new Error(`The database's password is missing: restore ${passwordFile}.`);
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, password, { mode: 0o600, flush: true });
  return password;
}

/** The server that runs on this folder, if it answers. One that does not is ended; a pid that is not ours is left alone. */
async function adopt(folders: EngineFolders, password: string, logger: Logger): Promise<Postmaster | undefined> {
  const found = await readPostmaster(folders.cluster);
  if (!found) return undefined;
  if (!isOurServer(found.pid, folders.cluster)) {
    // PostgreSQL would refuse to start while any process has this pid.
    await rm(join(folders.cluster, 'postmaster.pid'), { force: true });
    return undefined;
  }
  const ready = await waitReady(folders, found.pid);
  if (ready && (await answers(urlOf(ready, password, 'postgres')))) return ready;
  logger.warn({ server: found.pid }, 'a PostgreSQL of ours does not answer; ending it');
  await stopServer(found.pid);
  return undefined;
}

async function start(folders: EngineFolders, password: string, logger: Logger): Promise<Postmaster> {
  const binaries = await findBinaries(folders.links);
  await mkdir(folders.socket, { recursive: true, mode: 0o700 });
  const owner = await chooseOwner(binaries, folders.root);
  await giveFolder(owner, folders.root);
  if (!(await exists(folders.cluster))) await makeCluster(folders, binaries, owner, logger);
  for (let attempt = 1; ; attempt += 1) {
    const server = await startOnce(folders, binaries, owner, attempt);
    if (server && (await answers(urlOf(server, password, 'postgres')))) return server;
    if (attempt === START_ATTEMPTS_MAX) throw new Error(`PostgreSQL does not start: ${await lastWords(folders)}`);
    // A killed server's children may need a moment to let go of its shared memory.
    await sleep(200 * attempt);
  }
}

async function makeCluster(
  { root, cluster, passwordFile }: EngineFolders,
  binaries: EngineBinaries,
  owner: EngineOwner,
  logger: Logger,
): Promise<void> {
  logger.info('making the database for the first time');
  // Renamed when whole, so that a first start that was cut short leaves no half database.
  const unfinished = join(root, 'cluster.new');
  await rm(unfinished, { recursive: true, force: true });
  const args = ['-D', unfinished, `--username=${USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  args.push('--encoding=UTF8', '--locale=C', '--no-instructions');
  const [program = binaries.initdb, ...rest] = [...owner.prefix, binaries.initdb, ...args];
  try {
    await run(program, rest, { cwd: root, env: engineEnv(binaries), timeout: READY_MAX_MS });
  } catch (error) {
    throw new Error(`PostgreSQL's initdb failed: ${(error as { stderr?: string }).stderr?.trim() || error}`);
  }
  await rename(unfinished, cluster);
}

async function startOnce(
  folders: EngineFolders,
  binaries: EngineBinaries,
  owner: EngineOwner,
  attempt: number,
): Promise<Postmaster | undefined> {
  const listening = fitsSocket(folders.socket) ? onSocket(folders.socket) : await onLoopback(folders.portFile, attempt);
  const settings = [...listening, ...FIXED_SETTINGS].flatMap((setting) => ['-c', setting]);
  const command = [...owner.prefix, binaries.postgres, '-D', folders.cluster, ...settings];
  const log = openSync(folders.startLog, 'w', 0o600);
  const [program = binaries.postgres, ...args] = command;
  const child = spawn(program, args, {
    cwd: folders.root,
    env: engineEnv(binaries),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // A program that cannot be started shows as a pid that is gone.
  child.on('error', () => undefined);
  child.unref();
  return child.pid === undefined ? undefined : waitReady(folders, child.pid);
}

/** Durability stays on (fsync, synchronous commit: the defaults). Its log keeps a week, a file a day. */
const FIXED_SETTINGS = [
  `max_connections=${CONNECTIONS_MAX}`,
  'shared_buffers=64MB',
  'max_wal_size=512MB',
  'timezone=UTC',
  'log_timezone=UTC',
  'logging_collector=on',
  'log_directory=../log',
  'log_filename=postgres-%a.log',
  'log_rotation_age=1d',
  'log_truncate_on_rotation=on',
];

/** A comma or a quote in the path would need PostgreSQL's own quoting; such folders take TCP. */
function fitsSocket(folder: string): boolean {
  return Buffer.byteLength(join(folder, '.s.PGSQL.5432')) <= SOCKET_PATH_MAX && /^[\w./-]+$/.test(folder);
}

function onSocket(folder: string): string[] {
  return ['listen_addresses=', `unix_socket_directories=${folder}`, 'unix_socket_permissions=0700', 'port=5432'];
}

async function onLoopback(portFile: string, attempt: number): Promise<string[]> {
  const last = Number(await readFile(portFile, 'utf8').catch(() => '0'));
  const port = last > 0 && attempt === 1 ? last : await freePort();
  await writeFile(portFile, String(port), { mode: 0o600 });
  return ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`];
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

/** Waits for the mark `ready` of the server with this pid, as long as it lives. */
async function waitReady({ cluster }: EngineFolders, pid: number): Promise<Postmaster | undefined> {
  const untilMs = Date.now() + READY_MAX_MS;
  while (Date.now() < untilMs) {
    const found = await readPostmaster(cluster);
    if (found?.pid === pid && found.ready) return found;
    if (!isAlive(pid)) return undefined;
    await sleep(20);
  }
  return undefined;
}

async function answers(url: string): Promise<boolean> {
  const untilMs = Date.now() + ANSWER_MAX_MS;
  while (Date.now() < untilMs) {
    if (await once(url, 'select 1').catch(() => undefined)) return true;
    await sleep(100);
  }
  return false;
}

async function makeDatabase(url: string): Promise<void> {
  const found = await once(url, `select 1 from pg_database where datname = '${DATABASE}'`);
  if (found === 0) await once(url, `create database ${DATABASE}`);
}

async function once(url: string, sql: string): Promise<number> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_MAX_MS,
    query_timeout: READY_MAX_MS,
  });
  // The server may go while we are connected; the query says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rowCount ?? 0;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf({ port, socketFolder }: Postmaster, password: string, database = DATABASE): string {
  const account = `${USER}:${password}`;
  if (!socketFolder) return `postgresql://${account}@127.0.0.1:${port}/${database}`;
  return `postgresql://${account}@localhost:${port}/${database}?host=${encodeURIComponent(socketFolder)}`;
}

/** Nothing of our own environment changes the server: no PG… variable, no locale. */
function engineEnv(binaries: EngineBinaries): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', ...binaries.env };
}

async function lastWords({ startLog }: EngineFolders): Promise<string> {
  const lines = (await readFile(startLog, 'utf8').catch(() => '')).trim().split('\n');
  return lines.slice(-5).join(' | ') || `see ${startLog}`;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
