import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { readNetworks } from './lib/client-address.ts';

/** Every setting of the program, from the environment, typed and checked. The README's table of settings is this file's, but for what tests alone set. */
export interface Config {
  /** `MINHU_DATA`: everything that must survive. Absolute. */
  readonly dataFolder: string;
  /** `MINHU_CITY`: the city's flows, queues, seats, trunks, hours and prompts. Absolute. */
  readonly cityFolder: string;
  /** `MINHU_CHANNELS`: the accounts of the channels. Absolute. */
  readonly channelsFile: string;
  /** `MINHU_HTTP`: API, desk, live socket. Port 0 picks a free one. */
  readonly http: Endpoint;
  /** `MINHU_TLS_CERT`, `MINHU_TLS_KEY`: PEM files; both or none. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** `MINHU_WS`: the embedded switch's SIP over WebSocket; `wss` with `tls`. */
  readonly ws: Endpoint;
  /** `MINHU_WS` with `eslNodes`: FreeSWITCH's; undefined: pages have no telephone. */
  readonly eslWs: Endpoint | undefined;
  /** `MINHU_WS_ORIGINS`: origins of pages that may open it besides those of its own host. */
  readonly wsOrigins: readonly string[];
  /** `MINHU_TRUSTED_PROXIES`: addresses and networks whose `X-Forwarded-For` or `Forwarded` tells who asks; empty: nobody's does. */
  readonly trustedProxies: readonly string[];
  /** `MINHU_WEB_CALL`: who may call from the page `/call/`: nobody, browsers on this machine (a demonstration), everybody. */
  readonly webCall: 'off' | 'local' | 'public';
  /** `MINHU_WEB_CHAT`: who may write from the page `/chat/`: nobody, browsers on this machine (a demonstration), everybody. */
  readonly webChat: 'off' | 'local' | 'public';
  /** `MINHU_SIP`: the embedded switch's SIP, UDP and TCP. */
  readonly sip: Endpoint;
  /** `MINHU_RTP`: `min-max`, at least 100 ports. */
  readonly rtp: { readonly min: number; readonly max: number };
  /** `MINHU_PUBLIC_IP`: put into SDP and Contact instead of the local address of each route. */
  readonly publicIp: string | undefined;
  /** `MINHU_TRUNK`: through which citizens are called; undefined: nobody is called back. */
  readonly trunk: Endpoint | undefined;
  /** `MINHU_ESL`: FreeSWITCH nodes; empty: the embedded switch. */
  readonly eslNodes: readonly Endpoint[];
  /** `MINHU_ESL_PASSWORD`: for `eslNodes`. */
  readonly eslPassword: string | undefined;
  /** `DATABASE_URL`: a PostgreSQL server; undefined: the embedded engine under `dataFolder`. */
  readonly databaseUrl: string | undefined;
  /** `LOG_LEVEL`: pino's. */
  readonly logLevel: LogLevel;
  /** `MINHU_CALLS_MAX`: calls the embedded switch holds at once before it answers 503. Default 250 per two cores. */
  readonly callsMax: number;
  /** `MINHU_ROUGH_SEED`: the embedded switch's rough mode, for tests. */
  readonly roughSeed: number | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const WEB_CALL_CHOICES = ['off', 'local', 'public'] as const;
const WEB_CHAT_CHOICES = ['off', 'local', 'public'] as const;

/** One setting that cannot be used, with what to write instead. */
export interface ConfigProblem {
  readonly setting: string;
  readonly message: string;
  readonly fix: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads all settings at once, so that every mistake is named in one run. Never throws. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const problems: ConfigProblem[] = [];
  const certFile = text(env, 'MINHU_TLS_CERT');
  const keyFile = text(env, 'MINHU_TLS_KEY');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push({
      setting: 'MINHU_TLS_CERT, MINHU_TLS_KEY',
      message: 'only one of the two is set',
      fix: 'set both to PEM files, or none',
    });
  }
  const tls =
    certFile !== undefined && keyFile !== undefined
      ? { certFile: resolve(certFile), keyFile: resolve(keyFile) }
      : undefined;
  const eslNodes = nodes(env, problems);
  const cityFolder = resolve(text(env, 'MINHU_CITY') ?? 'dialplans');
  const http = endpoint(env, 'MINHU_HTTP', tls ? '0.0.0.0:8080' : '127.0.0.1:8080', problems);
  const ws = ipv4Endpoint(env, 'MINHU_WS', besideHttp(http), problems);
  const config: Config = {
    dataFolder: resolve(text(env, 'MINHU_DATA') ?? 'data'),
    cityFolder,
    channelsFile: resolve(text(env, 'MINHU_CHANNELS') ?? join(cityFolder, 'channels.yaml')),
    http,
    tls,
    ws,
    eslWs: eslNodes.length > 0 && text(env, 'MINHU_WS') !== undefined ? ws : undefined,
    wsOrigins: origins(env, problems),
    trustedProxies: networks(env, problems),
    webCall: choice(env, 'MINHU_WEB_CALL', WEB_CALL_CHOICES, 'local', problems),
    webChat: choice(env, 'MINHU_WEB_CHAT', WEB_CHAT_CHOICES, 'local', problems),
    sip: ipv4Endpoint(env, 'MINHU_SIP', '0.0.0.0:5060', problems),
    rtp: portRange(env, problems),
    publicIp: publicIp(env, problems),
    trunk: trunk(env, problems),
    eslNodes,
    eslPassword: eslPassword(env, eslNodes, problems),
    databaseUrl: databaseUrl(env, problems),
    logLevel: choice(env, 'LOG_LEVEL', LOG_LEVELS, 'info', problems),
    callsMax: integer(env, 'MINHU_CALLS_MAX', 1, 5_000, Math.max(250, 125 * availableParallelism()), problems) ?? 250,
    roughSeed: integer(env, 'MINHU_ROUGH_SEED', 0, 2 ** 31, undefined, problems),
  };
  return problems.length === 0 ? { ok: true, config } : { ok: false, problems };
}

/** `host:port` or `[v6]:port`. */
export function parseEndpoint(value: string): Endpoint | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(value.trim());
  if (match === null) return undefined;
  const port = Number(match[2]);
  return port <= 65_535 ? { host: match[1]!.replace(/^\[|\]$/g, ''), port } : undefined;
}

/** True for the addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Why this event-socket password must not be used with these nodes, or undefined when it may (CVE-2019-19492). */
export function weakEslPassword(
  password: string | undefined,
  eslNodes: readonly Endpoint[],
  nodeEnv: string | undefined,
): string | undefined {
  const weak =
    password === undefined || password === ''
      ? 'is not set'
      : password === ESL_PASSWORD_DEFAULT
        ? "is FreeSWITCH's well-known default"
        : password.length < ESL_PASSWORD_MIN
          ? `is shorter than ${ESL_PASSWORD_MIN} characters`
          : undefined;
  if (weak === undefined) return undefined;
  const excused = nodeEnv === 'test' && password !== undefined && eslNodes.every((node) => isLoopback(node.host));
  return excused ? undefined : weak;
}

/** FreeSWITCH's own default, known to everybody (CVE-2019-19492). */
export const ESL_PASSWORD_DEFAULT = 'ClueCon';
const ESL_PASSWORD_MIN = 16;

type Env = Readonly<Record<string, string | undefined>>;

function text(env: Env, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function endpoint(env: Env, name: string, fallback: string, problems: ConfigProblem[]): Endpoint {
  const value = text(env, name) ?? fallback;
  const parsed = parseEndpoint(value);
  if (parsed !== undefined) return parsed;
  problems.push({
    setting: name,
    message: `“${value}” is not host:port`,
    fix: `for example ${fallback}; port 0 picks a free one`,
  });
  return { host: '127.0.0.1', port: 0 };
}

/** The embedded switch's sockets are IPv4. */
function ipv4Endpoint(env: Env, name: string, fallback: string, problems: ConfigProblem[]): Endpoint {
  const found = endpoint(env, name, fallback, problems);
  if (!found.host.includes(':')) return found;
  problems.push({
    setting: name,
    message: `“${found.host}” is an IPv6 address, which the embedded switch does not take`,
    fix: `write an IPv4 address of this machine, for example ${fallback}`,
  });
  return found;
}

const WS_PORT = 5066;

/** Where the desk's page comes from, its telephone goes to; a free port beside a free port. */
function besideHttp(http: Endpoint): string {
  const host = http.host === '::1' ? '127.0.0.1' : http.host.includes(':') ? '0.0.0.0' : http.host;
  return `${host}:${http.port === 0 ? 0 : WS_PORT}`;
}

function origins(env: Env, problems: ConfigProblem[]): readonly string[] {
  const listed = (text(env, 'MINHU_WS_ORIGINS') ?? '').split(',').map((entry) => entry.trim());
  const entries = listed.filter((entry) => entry !== '');
  const wrong = entries.find((entry) => !/^https?:\/\/[^\s/?#@]+$/i.test(entry));
  if (wrong === undefined && entries.length <= ORIGINS_MAX) return entries;
  problems.push({
    setting: 'MINHU_WS_ORIGINS',
    message: wrong === undefined ? `more than ${ORIGINS_MAX} origins` : `“${wrong}” is not the origin of a page`,
    fix: 'scheme, host and port, for example https://desk.example,https://desk.example:8443',
  });
  return [];
}

const ORIGINS_MAX = 20;
const PROXIES_MAX = 100;

function networks(env: Env, problems: ConfigProblem[]): readonly string[] {
  const listed = (text(env, 'MINHU_TRUSTED_PROXIES') ?? '').split(',').map((entry) => entry.trim());
  const entries = listed.filter((entry) => entry !== '');
  try {
    if (entries.length > PROXIES_MAX) throw new TypeError(`more than ${PROXIES_MAX} networks`);
    readNetworks(entries);
    return entries;
  } catch (error) {
    problems.push({
      setting: 'MINHU_TRUSTED_PROXIES',
      message: (error as Error).message,
      fix: 'addresses or networks of your own proxies alone, for example 127.0.0.1,10.20.0.0/24',
    });
    return [];
  }
}

function trunk(env: Env, problems: ConfigProblem[]): Endpoint | undefined {
  const value = text(env, 'MINHU_TRUNK');
  if (value === undefined) return undefined;
  const parsed = parseEndpoint(value);
  if (parsed !== undefined && /^\d{1,3}(\.\d{1,3}){3}$/.test(parsed.host) && parsed.port > 0) return parsed;
  problems.push({
    setting: 'MINHU_TRUNK',
    message: `“${value}” is not the IPv4 address and port of a trunk`,
    fix: 'for example 203.0.113.10:5060',
  });
  return undefined;
}

function nodes(env: Env, problems: ConfigProblem[]): readonly Endpoint[] {
  const value = text(env, 'MINHU_ESL');
  if (value === undefined) return [];
  const parsed = value.split(',').map(parseEndpoint);
  if (parsed.every((node) => node !== undefined)) return parsed;
  problems.push({
    setting: 'MINHU_ESL',
    message: `“${value}” is not a list of host:port`,
    fix: 'for example 127.0.0.1:8021,127.0.0.2:8021',
  });
  return [];
}

function eslPassword(env: Env, eslNodes: readonly Endpoint[], problems: ConfigProblem[]): string | undefined {
  const password = text(env, 'MINHU_ESL_PASSWORD');
  if (eslNodes.length === 0) return password;
  const weak = weakEslPassword(password, eslNodes, env['NODE_ENV']);
  if (weak !== undefined) {
    problems.push({
      setting: 'MINHU_ESL_PASSWORD',
      message: `the event-socket password ${weak}`,
      fix: `give FreeSWITCH and this setting the same random password of at least ${ESL_PASSWORD_MIN} characters`,
    });
  }
  return password;
}

function portRange(env: Env, problems: ConfigProblem[]): Config['rtp'] {
  const value = text(env, 'MINHU_RTP') ?? '20000-29999';
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(value);
  const min = Number(match?.[1]);
  const max = Number(match?.[2]);
  if (match !== null && min >= 1024 && max <= 65_535 && max - min >= 99) return { min, max };
  problems.push({
    setting: 'MINHU_RTP',
    message: `“${value}” is not a range of at least 100 ports from 1024 to 65535`,
    fix: 'for example 20000-29999',
  });
  return { min: 20_000, max: 29_999 };
}

function publicIp(env: Env, problems: ConfigProblem[]): string | undefined {
  const value = text(env, 'MINHU_PUBLIC_IP');
  if (value === undefined || isIP(value) !== 0) return value;
  problems.push({
    setting: 'MINHU_PUBLIC_IP',
    message: `“${value}” is not an IP address`,
    fix: 'write the address itself, not a name',
  });
  return undefined;
}

function databaseUrl(env: Env, problems: ConfigProblem[]): string | undefined {
  const value = text(env, 'DATABASE_URL');
  if (value === undefined || /^postgres(ql)?:\/\//.test(value)) return value;
  problems.push({
    setting: 'DATABASE_URL',
    message: 'is not a PostgreSQL address',
    fix: 'postgresql://user:password@host:5432/database, or leave it unset for the embedded engine',
  });
  return undefined;
}

function choice<Choice extends string>(
  env: Env,
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
  problems: ConfigProblem[],
): Choice {
  const value = text(env, name) ?? fallback;
  const found = choices.find((each) => each === value);
  if (found !== undefined) return found;
  problems.push({ setting: name, message: `“${value}” is not among its values`, fix: `one of ${choices.join(', ')}` });
  return fallback;
}

function integer(
  env: Env,
  name: string,
  min: number,
  max: number,
  fallback: number | undefined,
  problems: ConfigProblem[],
) {
  const value = text(env, name);
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  problems.push({
    setting: name,
    message: `“${value}” is not a whole number from ${min} to ${max}`,
    fix: `leave it unset, or write a number in that range`,
  });
  return fallback;
}
