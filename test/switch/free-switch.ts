import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../e2e/free-port.ts';

/** Where FreeSWITCH is installed, when the tests are to run on it: `npm run contract:freeswitch -- --prefix FOLDER`. */
export const freeSwitchPrefix = process.env['MINHU_FREESWITCH'];

/** The operator's own files; nothing but `settings.xml` differs in a test. */
const SHIPPED = join(import.meta.dirname, '../../dialplans/freeswitch');
const READY_MS_MAX = 30_000;
/**
 * Below what the system hands out by itself, and for each process of tests others as far as may be: a port that is taken costs
 * FreeSWITCH the call.
 */
const RTP_PORTS = 500;
const RTP_MIN = 27_000 + RTP_PORTS * (process.pid % 6);
const END_MS_MAX = 15_000;

/** What a test writes into `settings.xml`; ports that are left out are free ones. */
export interface FreeSwitchSettings {
  readonly music: string;
  readonly prompts: string;
  readonly directoryUrl?: string;
  readonly directorySecret?: string;
  readonly legLog?: string;
  readonly unadoptedSeconds?: number;
  /** Key and certificate, PEM: pages come by `wss`. */
  readonly certificate?: string;
  /** Accounts besides those of the directory's address: user → password. */
  readonly accounts?: Readonly<Record<string, string>>;
}

/** A FreeSWITCH of the test's own, on loopback, with the shipped configuration. */
export interface FreeSwitch {
  readonly esl: { readonly host: string; readonly port: number; readonly password: string };
  /** `host:port`. */
  readonly sip: string;
  /** `host:port` of SIP over WebSocket. */
  readonly ws: string;
  /** The answer of `fs_cli -x COMMAND`. */
  api(command: string): Promise<string>;
  pid(): number;
  kill(signal: NodeJS.Signals): void;
  /** Starts it again on the same ports after its death. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startFreeSwitch(prefix: string, settings: FreeSwitchSettings): Promise<FreeSwitch> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-freeswitch-'));
  const esl = { host: '127.0.0.1', port: await freePort(), password: randomBytes(16).toString('hex') };
  const [sipPort, wsPort] = [await freePort(), await freePort()];
  writeConfiguration(folder, { esl, sipPort, wsPort, ...settings });
  let child: ChildProcess;
  let ended: Promise<unknown>;

  async function start(): Promise<void> {
    child = spawn(join(prefix, 'bin/freeswitch'), argumentsOf(folder), { stdio: 'ignore' });
    ended = new Promise((resolve) => child.once('exit', resolve));
    await untilReady(child, folder, esl);
  }

  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      // A stopped process takes no other signal.
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
      await ended;
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    esl,
    sip: `127.0.0.1:${sipPort}`,
    ws: `127.0.0.1:${wsPort}`,
    api: (command) => ask(esl, command),
    pid: () => child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    async start() {
      await ended;
      await start();
    },
    stop,
  };
}

interface Made extends FreeSwitchSettings {
  readonly esl: FreeSwitch['esl'];
  readonly sipPort: number;
  readonly wsPort: number;
}

/** A folder of links to the shipped files, beside the settings of this test. */
function writeConfiguration(folder: string, made: Made): void {
  for (const name of ['conf', 'conf/directory', 'log', 'run', 'db', 'storage', 'legs']) mkdirSync(join(folder, name));
  for (const name of readdirSync(SHIPPED)) {
    if (name.endsWith('.xml') && name !== 'settings.xml') symlinkSync(join(SHIPPED, name), join(folder, 'conf', name));
  }
  writeFileSync(join(folder, 'conf/settings.xml'), settingsXml(folder, made), { mode: 0o600 });
  if (made.certificate !== undefined) writeFileSync(join(folder, 'storage/wss.pem'), made.certificate, { mode: 0o600 });
  writeFileSync(join(folder, 'conf/directory/accounts.xml'), accountsXml(made.accounts ?? {}), { mode: 0o600 });
}

function settingsXml(folder: string, made: Made): string {
  const values = {
    esl_ip: made.esl.host,
    esl_port: made.esl.port,
    esl_password: made.esl.password,
    sip_ip: '127.0.0.1',
    sip_port: made.sipPort,
    ws: `127.0.0.1:${made.wsPort}`,
    ws_scheme: made.certificate === undefined ? 'ws' : 'wss',
    rtp_min: RTP_MIN,
    rtp_max: RTP_MIN + RTP_PORTS - 2,
    directory_url: made.directoryUrl ?? 'http://127.0.0.1:1/',
    directory_secret: made.directorySecret ?? 'none',
    prompts: made.prompts,
    music: made.music,
    leg_log: made.legLog ?? join(folder, 'legs'),
    log: join(folder, 'log/minhu.log'),
    unadopted_seconds: made.unadoptedSeconds ?? 60,
  };
  const lines = Object.entries(values).map(
    ([name, value]) => `<X-PRE-PROCESS cmd="set" data="minhu_${name}=${value}"/>`,
  );
  return `<include>\n${lines.join('\n')}\n</include>\n`;
}

function accountsXml(accounts: Readonly<Record<string, string>>): string {
  const users = Object.entries(accounts).map(
    ([user, password]) => `<user id="${user}"><params><param name="password" value="${password}"/></params></user>`,
  );
  return `<include>\n<domain name="minhu"><groups><group name="test"><users>${users.join('')}</users></group></groups></domain>\n</include>\n`;
}

function argumentsOf(folder: string): string[] {
  const places = { conf: 'conf', log: 'log', run: 'run', db: 'db', storage: 'storage', temp: 'run', certs: 'storage' };
  const options = Object.entries(places).flatMap(([option, name]) => [`-${option}`, join(folder, name)]);
  return ['-nf', '-nonat', '-nc', '-np', ...options];
}

/** The event socket may listen before the profile does, so the profile is asked for as well. */
async function untilReady(child: ChildProcess, folder: string, esl: FreeSwitch['esl']): Promise<void> {
  const endMs = Date.now() + READY_MS_MAX;
  while (Date.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`FreeSWITCH ended with ${child.exitCode}:\n${logOf(folder)}`);
    if (/RUNNING/.test(await ask(esl, 'sofia status'))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`FreeSWITCH was not ready within ${READY_MS_MAX} ms:\n${logOf(folder)}`);
}

function logOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'log/minhu.log'), 'utf8').split('\n').slice(-40).join('\n');
  } catch {
    return '';
  }
}

/** The answer to one API command; empty when nobody listens. */
function ask(esl: FreeSwitch['esl'], command: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    const socket = connect(esl.port, esl.host, () =>
      socket.write(`auth ${esl.password}\n\napi ${command}\n\nexit\n\n`),
    );
    socket.on('data', (data) => {
      heard = Buffer.concat([heard, data]);
    });
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(answerIn(heard)));
  });
}

function answerIn(heard: Buffer): string {
  const text = heard.toString('latin1');
  const head = /Content-Type: api\/response\nContent-Length: (\d+)\n\n/.exec(text);
  const from = head === null ? text.length : head.index + head[0].length;
  return heard.subarray(from, from + Number(head?.[1] ?? 0)).toString('utf8');
}
