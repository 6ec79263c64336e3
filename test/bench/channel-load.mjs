// The whole program with channel accounts, and platforms that deliver to it over HTTP, again until they are acknowledged.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const READY_MS_MAX = 120_000;
const AGAIN_MS = 50;

/** Every channel here whose platform delivers, with the settings of its rehearsal. */
export async function deliveringChannels() {
  const { loadChannel } = await import('../../dist/channel/load.js');
  const cacheFolder = mkdtempSync(join(tmpdir(), 'minhu-channels-'));
  const found = [];
  for (const name of readdirSync(join(root, 'channels')).filter((file) => file.endsWith('.ts'))) {
    const channel = await loadChannel(join(root, 'channels', name), { cacheFolder });
    if (channel.rehearsal?.deliver !== undefined) found.push(channel);
  }
  rmSync(cacheFolder, { recursive: true, force: true });
  return found;
}

/** @param accounts how many; channels take turns. */
export async function openProgram(accounts, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-channel-load-'));
  const channels = await deliveringChannels();
  const list = Array.from({ length: accounts }, (_, n) => ({ channel: channels[n % channels.length], name: `a${n}` }));
  const lines = list.map(({ channel, name }) => {
    const settings = JSON.stringify(channel.rehearsal.settings);
    // No receipts: their platforms are not there.
    return `- { channel: ${channel.name}, account: ${name}, receipt: '', settings: ${settings} }\n`;
  });
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'channels.yaml'), lines.join(''));
  const child = spawn(process.execPath, [join(root, 'dist/main.js')], {
    cwd: root,
    env: {
      ...process.env,
      MINHU_DATA: join(folder, 'data'),
      MINHU_CHANNELS: join(folder, 'channels.yaml'),
      MINHU_HTTP: '127.0.0.1:0',
      MINHU_SIP: '127.0.0.1:0',
      MINHU_WS: '127.0.0.1:0',
      MINHU_RTP: '42000-43000',
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const read = (name) => JSON.parse(readFileSync(join(folder, 'data', name), 'utf8'));
  let printed = '';
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready in time\n${printed}`)), READY_MS_MAX);
    child.once('exit', (code) => reject(new Error(`ended with ${code}\n${printed}`)));
    child.stdout.on('data', (data) => {
      printed += data;
      if (!printed.includes('Minhu is ready')) return;
      clearTimeout(late);
      resolve();
    });
  });
  return {
    accounts: list,
    run: () => read('run.json'),
    firstRun: () => read('first-run.json'),
    async close() {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** One platform: deliveries over kept connections. */
export function openSender(program, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const post = ({ channel, name }, { method = 'POST', query = '', headers = {}, body }) =>
    new Promise((resolve) => {
      const [host, port] = program.run().http.split(':');
      const path = `/api/v1/intake/${channel.name}/${name}${query === '' ? '' : `?${query}`}`;
      const asked = request({ agent, host, port, path, method, headers, timeout: 20_000 }, (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode));
        answer.once('error', () => resolve(0));
      });
      asked.once('error', () => resolve(0));
      asked.once('timeout', () => asked.destroy());
      asked.end(body);
    });
  return {
    post,
    /** @returns ms of the try that was acknowledged, and how many were not. */
    async deliver(account, sample) {
      for (let refused = 0; ; refused += 1) {
        const parcel = account.channel.rehearsal.deliver(
          { ...sample, atMs: Date.now() },
          account.channel.rehearsal.settings,
        );
        const startedMs = performance.now();
        const status = await post(account, parcel);
        if (status === 200) return { ms: performance.now() - startedMs, refused };
        if (![0, 429, 500, 503].includes(status)) throw new Error(`answered ${status}`);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    },
    close: () => agent.destroy(),
  };
}

export async function leadOf(program) {
  const { user, password } = program.firstRun().lead;
  const base = () => `http://${program.run().http}`;
  const answer = await fetch(`${base()}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, password }),
  });
  if (!answer.ok) throw new Error(`login: ${answer.status}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((value) => value.split(';')[0])
    .join('; ');
  return async (path) => {
    const got = await fetch(`${base()}${path}`, { headers: { cookie } });
    if (!got.ok) throw new Error(`${path}: ${got.status}`);
    return got.json();
  };
}

/** Every message that came in, asked for page by page. */
export async function allMessages(lead) {
  const found = [];
  for (let before = ''; ; ) {
    const { messages, next } = await lead(`/api/v1/messages?only=in&limit=200${before}`);
    found.push(...messages);
    if (next === null) return found;
    before = `&before=${next}`;
  }
}

export function drawFrom(seed) {
  let state = (seed * 2_654_435_761) % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
