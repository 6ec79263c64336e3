import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, watch } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { City } from '../city/load.ts';
import { type Config, type Endpoint, parseEndpoint, weakEslPassword } from '../config.ts';
import { isAliveAs } from '../lib/process-life.ts';
import { replaceFileNow } from '../lib/replace-file.ts';
import type { SwitchOptions } from '../softswitch/options.ts';
import type { Folders } from './folders.ts';
import { switchLogFile } from './log.ts';
import { readJson } from './run-file.ts';

/** The embedded switch's own process as the supervisor sees it; it may be older than the supervisor. */
export interface SwitchProcess {
  readonly pid: number;
  readonly sip: Endpoint;
  /** Undefined for a switch of a former version, which serves none. */
  readonly ws: Endpoint | undefined;
  readonly esl: Endpoint;
  /** Resolves when the process is gone, whoever started it. */
  readonly ended: Promise<void>;
}

interface Status {
  readonly pid: number;
  readonly sip: Endpoint;
  readonly ws: Endpoint | undefined;
  readonly esl: Endpoint;
}

const PROGRAM = fileURLToPath(new URL('../softswitch/main.js', import.meta.url));
const READY_WITHIN_MS = 15_000;

/**
 * Takes over the switch that outlived an earlier supervisor, also one of another version's folder, or starts one. Its calls go on through the
 * former.
 *
 * @throws when the former plays from another city folder: it would refuse the prompts of this one.
 */
export async function openSwitch(config: Config, folders: Folders, city: City): Promise<SwitchProcess> {
  const status = readStatus(folders);
  if (status !== undefined && isAliveAs(status.pid, folders.switchOptionsFile) && (await answers(status.esl))) {
    refuseOtherPrompts(status.pid, city, folders);
    return { ...status, ended: endOfStranger(status, folders) };
  }
  return startSwitch(config, folders, city, status);
}

function refuseOtherPrompts(pid: number, { promptFolder }: City, { switchOptionsFile }: Folders): void {
  const played = readJson<Pick<SwitchOptions, 'promptFolder'>>(switchOptionsFile)?.promptFolder;
  if (played === undefined || played === promptFolder) return;
  const city = dirname(played);
  throw new Error(
    `原来的软交换（进程 ${pid}）还在运行，播放的是 ${city} 的语音。设 MINHU_CITY=${city} 即可接管其通话；或先结束它：kill ${pid}。 ` +
      `The former switch (process ${pid}) still runs and plays from ${city}. Set MINHU_CITY=${city} to take over its calls, or end it first: kill ${pid}.`,
  );
}

/** Asks the switch to end its calls and itself; kills it when it does not within `graceMs`. */
export async function stopSwitch(running: SwitchProcess, graceMs: number): Promise<void> {
  signal(running.pid, 'SIGTERM');
  const timer = setTimeout(() => signal(running.pid, 'SIGKILL'), graceMs);
  await running.ended;
  clearTimeout(timer);
}

/** The event-socket password of this data folder: made at its first start, and again when the file holds none that is strong. */
export function eslPasswordOf({ eslPasswordFile }: Pick<Folders, 'eslPasswordFile'>): string {
  const kept = existsSync(eslPasswordFile) ? readFileSync(eslPasswordFile, 'utf8').trim() : '';
  if (weakEslPassword(kept, [], undefined) === undefined) return kept;
  const made = randomBytes(24).toString('base64url');
  replaceFileNow(eslPasswordFile, made, 'powerCut');
  return made;
}

async function startSwitch(
  config: Config,
  folders: Folders,
  city: City,
  before: Status | undefined,
): Promise<SwitchProcess> {
  eslPasswordOf(folders);
  const options = `${JSON.stringify(optionsFor(config, folders, city, before), null, 2)}\n`;
  replaceFileNow(folders.switchOptionsFile, options, 'powerCut');
  rmSync(folders.switchStatusFile, { force: true });
  const log = openSync(switchLogFile(folders), 'a', 0o600);
  const child = spawn(process.execPath, [PROGRAM, folders.switchOptionsFile], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env['PATH'], LOG_LEVEL: config.logLevel, NODE_ENV: process.env['NODE_ENV'] },
  });
  closeSync(log);
  child.unref();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const status = await statusOf(child, folders, ended);
  return { ...status, ended };
}

/** A restarted switch keeps the ports it had, so that phones find it again although the settings say “any”. */
function optionsFor(config: Config, folders: Folders, city: City, before: Status | undefined): SwitchOptions {
  const sipPort = config.sip.port === 0 ? (before?.sip.port ?? 0) : config.sip.port;
  const wsPort = config.ws.port === 0 ? (before?.ws?.port ?? 0) : config.ws.port;
  return {
    realm: 'minhu',
    sip: { host: config.sip.host, port: sipPort },
    ws: {
      ...{ host: config.ws.host, port: wsPort, origins: config.wsOrigins, trustedProxies: config.trustedProxies },
      ...(config.tls === undefined ? {} : { tls: config.tls }),
    },
    esl: { host: '127.0.0.1', port: before?.esl.port ?? 0 },
    eslPasswordFile: folders.eslPasswordFile,
    rtpPortMin: config.rtp.min,
    rtpPortMax: config.rtp.max,
    ...(config.publicIp === undefined ? {} : { publicIp: config.publicIp }),
    trunks: city.trunks,
    directoryFile: folders.directoryFile,
    registrationsFile: folders.registrationsFile,
    legLogFile: folders.legLogFile,
    statusFile: folders.switchStatusFile,
    promptFolder: city.promptFolder,
    recordingFolder: folders.recordings,
    musicFile: city.musicFile,
    apologyFile: city.apologyFile,
    callsMax: config.callsMax,
    ...(config.roughSeed === undefined ? {} : { roughSeed: config.roughSeed }),
  };
}

/** Waits for the status file to appear, the process to end, or the time to be up. */
function statusOf(child: ChildProcess, folders: Folders, ended: Promise<void>): Promise<Status> {
  return new Promise((resolve, reject) => {
    const folder = dirname(folders.switchStatusFile);
    const watcher = watch(folder, (_, name) => {
      if (name === basename(folders.switchStatusFile)) look();
    });
    const done = (): void => {
      watcher.close();
      clearTimeout(timer);
    };
    const fail = (why: string): void => {
      done();
      reject(new Error(`${why}; see ${join(folders.log, 'switch.log')}`));
    };
    const timer = setTimeout(() => fail(`the switch was not ready after ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    function look(): void {
      const status = readStatus(folders);
      if (status?.pid !== child.pid || status === undefined) return;
      done();
      resolve(status);
    }
    void ended.then(() => fail('the switch ended at its start'));
    look();
  });
}

/** As the switch wrote it: addresses are `host:port`. */
function readStatus(folders: Folders): Status | undefined {
  const file = readJson<{ pid: number; sip: string; ws?: string; esl: string }>(folders.switchStatusFile);
  const sip = parseEndpoint(file?.sip ?? '');
  const ws = parseEndpoint(file?.ws ?? '');
  const esl = parseEndpoint(file?.esl ?? '');
  return file === undefined || sip === undefined || esl === undefined ? undefined : { pid: file.pid, sip, ws, esl };
}

/** True when an event socket greets at this address. */
function answers(esl: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(esl.port, esl.host);
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('data', (data) => finish(data.toString('latin1').includes('auth/request')));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}

/** The end of a process that is not our child shows as the end of a connection to it; one that does not say who it is would be cut. */
async function endOfStranger(
  { pid, esl }: Pick<Status, 'pid' | 'esl'>,
  folders: Pick<Folders, 'switchOptionsFile' | 'eslPasswordFile'>,
): Promise<void> {
  const password = eslPasswordOf(folders);
  while (isAliveAs(pid, folders.switchOptionsFile)) {
    await new Promise<void>((resolve) => {
      const socket = connect(esl.port, esl.host);
      socket.once('data', () => socket.write(`auth ${password}\n\n`));
      socket.resume();
      socket.once('error', () => setTimeout(resolve, 500));
      socket.once('close', () => setTimeout(resolve, 20));
    });
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already: what was wanted.
  }
}
