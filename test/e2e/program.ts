import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeDatabase } from '../store/template.ts';
import { type FreeSwitch, freeSwitchPrefix, startFreeSwitch } from '../switch/free-switch.ts';
import { freePort } from './free-port.ts';

const root = join(import.meta.dirname, '../..');

export interface SeatAccount {
  readonly user: string;
  readonly password: string;
  readonly sipUser: string;
  readonly sipPassword: string;
  readonly number: string;
  readonly skills: Readonly<Record<string, number>> | readonly string[];
}

export interface RunFile {
  readonly http: string;
  readonly sip: string;
  readonly ws: string;
  readonly esl: string;
  readonly pids: {
    readonly supervisor: number;
    readonly core: number;
    readonly switch: number;
    readonly postgres: number;
  };
}

/** The whole program, started as an operator would, on free ports and a data folder of its own. */
export interface Program {
  readonly dataFolder: string;
  /** The switch, when the tests run on FreeSWITCH instead of the embedded one; it is ended on its own. */
  readonly freeSwitch?: FreeSwitch;
  /** As it stands now: pids change when a part is started again. */
  run(): RunFile;
  /** The switch's process, whichever it is. */
  switchPid(): number;
  /** The password of the event socket at `run().esl`. */
  eslPassword(): string;
  firstRun(): { readonly admin: Account; readonly lead: Account; readonly seats: readonly SeatAccount[] };
  /** Everything printed so far. */
  output(): string;
  /** Ends it by SIGTERM; resolves with the exit status. The data folder stays until `remove`. */
  stop(): Promise<number | null>;
  /** Starts it again on the same data folder, after a stop or a death. */
  start(): Promise<void>;
  remove(): void;
}

export interface Account {
  readonly user: string;
  readonly password: string;
}

const READY_WITHIN_MS = 90_000;

export async function startProgram(env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'minhu-e2e-'));
  if (env['MINHU_DATA'] === undefined && env['DATABASE_URL'] === undefined) await placeDatabase(dataFolder);
  const rtpMin = await freePort();
  const real = freeSwitchPrefix === undefined ? undefined : await placeFreeSwitch(freeSwitchPrefix, dataFolder, env);
  let child: ChildProcess;
  let printed = '';

  async function start(): Promise<void> {
    printed = '';
    child = spawn(process.execPath, ['dist/main.js'], {
      cwd: root,
      env: {
        ...process.env,
        MINHU_DATA: dataFolder,
        MINHU_HTTP: '127.0.0.1:0',
        MINHU_SIP: '127.0.0.1:0',
        MINHU_WS: '127.0.0.1:0',
        MINHU_RTP: `${rtpMin - (rtpMin % 2)}-${rtpMin + 1_000}`,
        NODE_ENV: 'test',
        ...real?.env,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr?.on('data', (data) => {
      printed += data;
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready in time:\n${printed}`)), READY_WITHIN_MS);
      child.stdout?.on('data', (data) => {
        printed += data;
        if (printed.includes('Minhu is ready')) {
          clearTimeout(timer);
          resolve();
        }
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`ended with ${code} before it was ready:\n${printed}`));
      });
    });
  }

  await start();
  return {
    dataFolder,
    ...(real === undefined ? {} : { freeSwitch: real.freeSwitch }),
    run: () => JSON.parse(readFileSync(join(dataFolder, 'run.json'), 'utf8')),
    switchPid: () =>
      real?.freeSwitch.pid() ?? JSON.parse(readFileSync(join(dataFolder, 'run.json'), 'utf8')).pids.switch,
    eslPassword: () =>
      real?.freeSwitch.esl.password ?? readFileSync(join(dataFolder, 'switch/esl-password'), 'utf8').trim(),
    firstRun: () => JSON.parse(readFileSync(join(dataFolder, 'first-run.json'), 'utf8')),
    output: () => printed,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
        child.once('exit', (code) => resolve(code));
        child.kill('SIGTERM');
      }),
    start,
    remove: () => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** As the operator's guide says (`dialplans/freeswitch/README.md`): the secret of the directory is known to both sides. */
async function placeFreeSwitch(prefix: string, dataFolder: string, env: Readonly<Record<string, string>>) {
  const { MINHU_HTTP: http = `127.0.0.1:${await freePort()}`, MINHU_TLS_KEY: key, MINHU_TLS_CERT: cert } = env;
  const pair =
    key === undefined || cert === undefined ? undefined : [key, cert].map((file) => readFileSync(file, 'utf8'));
  const directorySecret = randomBytes(24).toString('hex');
  const switchFolder = join(dataFolder, 'switch');
  mkdirSync(switchFolder, { mode: 0o700 });
  writeFileSync(join(switchFolder, 'directory-secret'), directorySecret, { mode: 0o600 });
  const freeSwitch = await startFreeSwitch(prefix, {
    prompts: join(root, 'dialplans/prompts'),
    music: join(root, 'dialplans/freeswitch/music'),
    legLog: join(switchFolder, 'legs'),
    directoryUrl: `${pair === undefined ? 'http' : 'https'}://${http}/api/v1/freeswitch/directory`,
    directorySecret,
    ...(pair === undefined ? {} : { certificate: pair.join('') }),
  });
  const { host, port, password } = freeSwitch.esl;
  const node = { MINHU_ESL: `${host}:${port}`, MINHU_ESL_PASSWORD: password, MINHU_WS: freeSwitch.ws };
  return { freeSwitch, env: { MINHU_HTTP: http, ...node } };
}

/** A browser-less client of the API: one session, cookies kept. */
export interface Client {
  get<Shape>(path: string): Promise<Shape>;
  put<Shape>(path: string, body: unknown): Promise<Shape>;
  post<Shape>(path: string, body: unknown): Promise<Shape>;
  patch<Shape>(path: string, body: unknown): Promise<Shape>;
}

export async function signIn(program: Program, account: Account): Promise<Client> {
  const base = (): string => `http://${program.run().http}`;
  const response = await fetch(`${base()}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: account.user, password: account.password }),
  });
  if (response.status !== 200) throw new Error(`login as ${account.user}: ${response.status} ${await response.text()}`);
  const cookie = response.headers
    .getSetCookie()
    .map((value) => value.split(';')[0])
    .join('; ');
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${base()}${path}`, {
      method,
      headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json() as never;
  };
  return {
    get: (path) => ask('GET', path),
    put: (path, body) => ask('PUT', path, body),
    post: (path, body) => ask('POST', path, body),
    patch: (path, body) => ask('PATCH', path, body),
  };
}

/** Asks again until the answer satisfies; the machine may be slow, so the limit is generous and the last answer is told. */
export async function until<Shape>(
  what: string,
  ask: () => Promise<Shape> | Shape,
  satisfied: (answer: Shape) => boolean,
  withinMs = 45_000,
): Promise<Shape> {
  const endMs = performance.now() + withinMs;
  let last: Shape | Error;
  do {
    try {
      last = await ask();
      if (satisfied(last)) return last;
    } catch (error) {
      last = error as Error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (performance.now() < endMs);
  throw new Error(
    `${what} did not come true within ${withinMs} ms; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}

/** Resolves when a file's content satisfies. */
export async function untilFile(
  file: string,
  satisfied: (content: string) => boolean,
  withinMs = 20_000,
): Promise<string> {
  return until(`content of ${file}`, () => readFileSync(file, 'utf8'), satisfied, withinMs);
}
