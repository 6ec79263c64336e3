import { lookup } from 'node:dns/promises';
import { type Endpoint, loadConfig, parseEndpoint } from '../../config.ts';
import { isAliveAs } from '../../lib/process-life.ts';
import { foldersOf } from '../../main/folders.ts';
import { readJson, readRunFile } from '../../main/run-file.ts';

/** One line of `first-run.json` under `seats`. */
export interface SeatAccount {
  readonly user: string;
  readonly password: string;
  readonly sipUser: string;
  readonly sipPassword: string;
  readonly number: string;
}

export interface SeatPlan {
  /** An IPv4 address. */
  readonly server: Endpoint;
  readonly transport: 'udp' | 'tcp';
  readonly account: SeatAccount;
  /** Base address of the API to become ready at; undefined: only the phone. */
  readonly api: string | undefined;
  readonly answers: boolean;
}

/** A found thing, or why it was not found, in words for the person at the terminal. */
export type Found<Thing> = { readonly ok: true; readonly thing: Thing } | { readonly ok: false; readonly why: string };

/** The SIP server to talk to, as an IPv4 address: `given` (`HOST:PORT`), else that of the program running on `MINHU_DATA`. */
export async function findServer(given: string | undefined, env: Env = process.env): Promise<Found<Endpoint>> {
  if (given !== undefined) {
    const endpoint = parseEndpoint(given);
    return endpoint === undefined ? no(`“${given}” 不是 HOST:PORT / is not HOST:PORT`) : resolved(endpoint);
  }
  const run = runningProgram(env);
  if (!run.ok) return run;
  const endpoint = parseEndpoint(run.thing.sip ?? '');
  if (endpoint === undefined) {
    return no(
      '话务由 FreeSWITCH 承担，请用 --server HOST:PORT 指明 / FreeSWITCH is the switch: name it with --server HOST:PORT',
    );
  }
  return resolved(endpoint);
}

/** Base address of the API of the running program. */
export function findApi(env: Env = process.env): Found<string> {
  const run = runningProgram(env);
  if (!run.ok) return run;
  const endpoint = parseEndpoint(run.thing.http);
  if (endpoint === undefined) return no('run.json 没有网页地址 / run.json names no web address');
  const scheme = (env['MINHU_TLS_CERT'] ?? '') === '' ? 'http' : 'https';
  const host = reachable(endpoint.host);
  return { ok: true, thing: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}` };
}

/** The account of a seat, by login name or by SIP user. */
export function findSeat(user: string, env: Env = process.env): Found<SeatAccount> {
  const folders = foldersFrom(env);
  if (!folders.ok) return folders;
  const file = folders.thing.firstRunFile;
  const seats = readJson<{ readonly seats?: readonly SeatAccount[] }>(file)?.seats;
  if (seats === undefined) return no(`没有账号文件 / there is no accounts file: ${file}`);
  const seat = seats.find((account) => account.user === user) ?? seats.find((account) => account.sipUser === user);
  if (seat !== undefined) return { ok: true, thing: seat };
  const known = seats.map((account) => account.user).join(', ');
  return no(`${file} 中没有座席 ${user}，有 / knows no seat ${user}, only: ${known}`);
}

type Env = Readonly<Record<string, string | undefined>>;

function foldersFrom(env: Env): Found<ReturnType<typeof foldersOf>> {
  const loaded = loadConfig(env);
  if (loaded.ok) return { ok: true, thing: foldersOf(loaded.config) };
  return no(loaded.problems.map(({ setting, message }) => `${setting}: ${message}`).join('\n'));
}

function runningProgram(env: Env): Found<NonNullable<ReturnType<typeof readRunFile>>> {
  const folders = foldersFrom(env);
  if (!folders.ok) return folders;
  const { data, runFile } = folders.thing;
  const run = readRunFile(folders.thing);
  if (run === undefined) {
    return no(
      `没有找到 ${runFile}。先运行 npm start，或设置 MINHU_DATA / ${runFile} is missing: run npm start first, or set MINHU_DATA`,
    );
  }
  if (isAliveAs(run.pids.supervisor, 'node') || isAliveAs(run.pids.core, 'node')) return { ok: true, thing: run };
  return no(`${data} 的程序没有在运行，先运行 npm start / the program of ${data} is not running: run npm start first`);
}

async function resolved({ host, port }: Endpoint): Promise<Found<Endpoint>> {
  try {
    const { address } = await lookup(reachable(host), { family: 4 });
    return { ok: true, thing: { host: address, port } };
  } catch {
    return no(`找不到主机 ${host} / no IPv4 address of ${host}`);
  }
}

/** A server that listens everywhere is reached here. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

function no(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why };
}
