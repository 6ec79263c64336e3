import { readdirSync } from 'node:fs';
import type { Logger } from 'pino';
import { type City, loadCity } from '../city/load.ts';
import { type Config, type Endpoint, loadConfig } from '../config.ts';
import { type FolderLock, lockFolder } from '../lib/folder-lock.ts';
import { isAliveAs } from '../lib/process-life.ts';
import { openEngine } from '../store/engine.ts';
import { databasePlace, databaseProblem } from '../store/reach.ts';
import { type CoreProcess, keepCore } from './core-process.ts';
import { prepareForFreeSwitch } from './directory-secret.ts';
import { type Folders, foldersOf, makeFolders } from './folders.ts';
import { openLog } from './log.ts';
import { CORE_ENV } from './messages.ts';
import { probeTcp, probeUdp } from './probe-port.ts';
import { printReady, printWaiting } from './ready-line.ts';
import { type RunFile, readRunFile, writeRunFile } from './run-file.ts';
import { openSwitch, type SwitchProcess, stopSwitch } from './switch-process.ts';
import { tlsProblem } from './tls-files.ts';

/** Everything the supervisor holds while the program runs. */
interface Running {
  readonly config: Config;
  readonly city: City;
  readonly folders: Folders;
  readonly logger: Logger;
  /** Gives the data folder back. */
  readonly unlock: () => void;
  engine: Awaited<ReturnType<typeof openEngine>> | undefined;
  softswitch: SwitchProcess | undefined;
  core: CoreProcess | undefined;
  http: Endpoint | undefined;
  /** Where FreeSWITCH says that phones find it. */
  freeSwitchSip: readonly string[];
  stopping: boolean;
}

const STOP_GRACE_MS = 8_000;
/** A core's own limit for its end is 10 s. */
const FORMER_CORE_MAX_MS = 15_000;
/** A start that waits for FreeSWITCH says so after this long. */
const WAITING_TOLD_AFTER_MS = 8_000;

/**
 * Starts PostgreSQL, the switch and the core, starts again whichever dies, and stops all on SIGTERM or SIGINT.
 *
 * @returns the exit status, when all is over.
 */
export async function supervise(): Promise<number> {
  const prepared = await prepare();
  if (typeof prepared === 'string') return complain(prepared);
  const running = prepared;
  const over = untilStopped(running);
  try {
    await startParts(running);
  } catch (error) {
    running.logger.fatal({ err: error }, 'could not start');
    await stopParts(running);
    return complain(error instanceof Error ? error.message : String(error));
  }
  const status = await over;
  await stopParts(running);
  return status;
}

/** Settings, city and folders, or what is wrong with them in words for the operator. */
async function prepare(): Promise<Running | string> {
  const loaded = loadConfig(process.env);
  if (!loaded.ok) {
    return loaded.problems.map((problem) => `${problem.setting}: ${problem.message}\n  → ${problem.fix}`).join('\n');
  }
  const { config } = loaded;
  const tls = tlsProblem(config, Date.now());
  if (tls !== undefined) {
    const words = `MINHU_TLS_CERT, MINHU_TLS_KEY: ${tls.zh} / ${tls.en}\n  → 设置为一对可读、相配、在有效期内的 PEM 文件 / set both to a readable, matching, valid pair of PEM files`;
    if (tls.unusable) return words;
    complain(words);
  }
  const city = loadCity(config.cityFolder, config.channelsFile);
  if (!city.ok) {
    return city.problems
      .map((problem) => `${problem.file}:${problem.line} ${problem.message}\n  → ${problem.fix}`)
      .join('\n');
  }
  const folders = foldersOf(config);
  let lock: FolderLock;
  try {
    makeFolders(folders);
    lock = await lockFolder(folders.data);
  } catch (error) {
    return `数据目录不可写 / the data folder cannot be written: ${folders.data} (${(error as Error).message})\n  → 设置 MINHU_DATA 到可写目录；曾以 root 启动过的，先 chown -R 给当前用户 / set MINHU_DATA to a folder that you may write; after a start as root: chown -R it to yourself`;
  }
  if (!lock.ok) {
    return `民呼已在此数据目录运行（进程 ${lock.holder}） / already running on this data folder (process ${lock.holder}): ${folders.data}\n  → 先停止它，或设置另一个 MINHU_DATA / stop it first, or set another MINHU_DATA`;
  }
  const logger = openLog(config, folders, 'supervisor');
  return {
    config,
    city: city.city,
    folders,
    logger,
    unlock: lock.release,
    engine: undefined,
    softswitch: undefined,
    core: undefined,
    http: undefined,
    freeSwitchSip: [],
    stopping: false,
  };
}

async function startParts(running: Running): Promise<void> {
  await endFormerCore(running);
  // Both are waited for even when one fails: what did start must be there to be stopped.
  const results = await Promise.allSettled([startStore(running), startSwitchPart(running)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  startCore(running);
}

/** A core whose supervisor died stops PostgreSQL and gives the journal back by itself; nobody else can end one that does not. */
async function endFormerCore({ folders, logger }: Running): Promise<void> {
  const former = readRunFile(folders)?.pids.core;
  const untilMs = performance.now() + FORMER_CORE_MAX_MS;
  while (isAliveAs(former, 'main.js')) {
    if (performance.now() > untilMs) {
      logger.error({ former }, 'the core of the last supervisor does not end; it is killed');
      process.kill(former as number, 'SIGKILL');
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function startStore(running: Running): Promise<void> {
  const { config, folders, logger } = running;
  if (config.databaseUrl !== undefined) return judgeDatabase(config.databaseUrl, running);
  running.engine = await openEngine({ dataFolder: folders.data, logger });
  const { engine } = running;
  void engine.gone.then(async () => {
    if (running.stopping || running.engine !== engine) return;
    logger.error('PostgreSQL ended unasked; starting it again');
    await again(running, 'PostgreSQL', () => startStore(running));
    writeState(running);
  });
}

/** Without records nothing can begin; once there are rules in the journal, calls go on without them. */
async function judgeDatabase(url: string, { folders, logger }: Running): Promise<void> {
  const problem = await databaseProblem(url);
  if (problem === undefined) return;
  const { zh, en, fix } = problem;
  const words = `DATABASE_URL: PostgreSQL ${databasePlace(url)} ${zh} / ${en}\n  → ${fix}`;
  const hasRun = readdirSync(folders.journal).some((name) => name.endsWith('.seg'));
  if (!hasRun) throw new Error(words);
  logger.error({ problem: en }, 'the database cannot be used; calls go on, records wait in the journal');
  process.stderr.write(`${words}\n  通话照常，记录留在日志账中等待 / calls go on, records wait in the journal\n`);
}

async function startSwitchPart(running: Running): Promise<void> {
  const { config, folders, city, logger } = running;
  if (config.eslNodes.length > 0) return prepareForFreeSwitch(config, folders);
  if (running.softswitch === undefined) await refuseTakenPorts(config, folders);
  running.softswitch = await openSwitch(config, folders, city);
  const { softswitch } = running;
  void softswitch.ended.then(async () => {
    if (running.stopping || running.softswitch !== softswitch) return;
    logger.error('the switch ended unasked; starting it again');
    await again(running, 'the switch', () => startSwitchPart(running));
    writeState(running);
  });
}

/** Tries until it works: a machine without its switch or its records is worth every attempt. The pause between two is bounded. */
async function again(running: Running, part: string, start: () => Promise<void>): Promise<void> {
  for (let pauseMs = 100; !running.stopping; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      await start();
      return;
    } catch (error) {
      running.logger.error({ err: error, pauseMs }, `${part} could not be started`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function startCore(running: Running): void {
  let first = true;
  if (running.config.eslNodes.length > 0) {
    setTimeout(() => {
      if (first && !running.stopping) printWaiting(running.config);
    }, WAITING_TOLD_AFTER_MS).unref();
  }
  running.core = keepCore(
    () => coreEnvironment(running),
    {
      ready(_pid, http, sip) {
        running.http = http;
        running.freeSwitchSip = sip;
        writeState(running);
        if (first) printReady(running.config, running.folders, http, running.softswitch?.sip ?? sip);
        first = false;
      },
      fatal(message) {
        process.exitCode = complain(message);
        process.emit('SIGTERM');
      },
    },
    running.logger,
  );
}

function coreEnvironment(running: Running): NodeJS.ProcessEnv {
  const { engine, softswitch, http } = running;
  return {
    ...process.env,
    ...(engine === undefined ? {} : { DATABASE_URL: engine.url, [CORE_ENV.ownsPostgres]: '1' }),
    ...(softswitch === undefined ? {} : { [CORE_ENV.esl]: `${softswitch.esl.host}:${softswitch.esl.port}` }),
    // A restarted core keeps the address that desks already know, although the settings say “any port”.
    ...(http === undefined ? {} : { MINHU_HTTP: `${http.host}:${http.port}` }),
  };
}

function writeState(running: Running): void {
  const { http, softswitch, engine, core, config } = running;
  if (http === undefined || core === undefined) return;
  const esl = softswitch?.esl ?? config.eslNodes[0]!;
  const ws = softswitch === undefined ? config.eslWs : softswitch.ws;
  const run: RunFile = {
    http: `${http.host}:${http.port}`,
    sip:
      softswitch === undefined ? (running.freeSwitchSip[0] ?? null) : `${softswitch.sip.host}:${softswitch.sip.port}`,
    ws: ws === undefined ? null : `${ws.host}:${ws.port}`,
    esl: `${esl.host}:${esl.port}`,
    pids: {
      supervisor: process.pid,
      core: core.pid(),
      switch: softswitch?.pid ?? null,
      postgres: engine?.pid ?? null,
    },
  };
  try {
    writeRunFile(running.folders, run);
  } catch (error) {
    running.logger.error({ err: error }, 'run.json could not be written; the hotline goes on');
  }
}

/** The switch first, so that the core still hears how its calls ended; the records' engine last. */
async function stopParts(running: Running): Promise<void> {
  running.stopping = true;
  if (running.softswitch !== undefined) await stopSwitch(running.softswitch, STOP_GRACE_MS);
  await running.core?.stop(STOP_GRACE_MS);
  await running.engine?.stop();
  running.unlock();
}

function untilStopped(running: Running): Promise<number> {
  return new Promise((resolve) => {
    const stop = (): void => {
      if (running.stopping) return;
      running.stopping = true;
      resolve(Number(process.exitCode ?? 0));
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

/** A port that somebody else holds is named before anything is started. */
async function refuseTakenPorts({ sip, ws }: Config, folders: Folders): Promise<void> {
  if (isAliveAs(readRunFile(folders)?.pids.switch, 'softswitch')) return;
  for (const [endpoint, probe, what, setting, example] of [
    [sip, probeTcp, 'SIP', 'MINHU_SIP', '127.0.0.1:5080'],
    [sip, probeUdp, 'SIP', 'MINHU_SIP', '127.0.0.1:5080'],
    [ws, probeTcp, 'WebSocket', 'MINHU_WS', '127.0.0.1:5067'],
  ] as const) {
    const code = endpoint.port === 0 ? undefined : await probe(endpoint);
    if (code === undefined) continue;
    throw new Error(
      `${what} 端口 ${endpoint.host}:${endpoint.port} 不可用 / cannot be used (${code})\n  → 停止占用它的程序，或设置 ${setting} / stop the program that holds it, or set ${setting}, e.g. ${example}`,
    );
  }
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}
