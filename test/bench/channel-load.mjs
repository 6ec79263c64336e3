// The whole program with channel accounts, and platforms that deliver to it over HTTP, again until they are acknowledged.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const READY_MS_MAX = 120_000;
const AGAIN_MS = 50;

/** Every channel here whose platform delivers what citizens write again and again; a form is a matter of its own each time. */
export async function deliveringChannels() {
  const { loadChannel } = await import('../../dist/channel/load.js');
  const cacheFolder = mkdtempSync(join(tmpdir(), 'minhu-channels-'));
  const found = [];
  for (const name of readdirSync(join(root, 'channels')).filter((file) => file.endsWith('.ts'))) {
    const channel = await loadChannel(join(root, 'channels', name), { cacheFolder });
    if (channel.rehearsal?.deliver !== undefined && hasConversations(channel)) found.push(channel);
  }
  rmSync(cacheFolder, { recursive: true, force: true });
  return found;
}

function hasConversations({ name, receive, rehearsal }) {
  const [first, second] = [1n, 2n].map((number) => {
    const sample = { number, conversation: 1, text: 'x', atMs: Date.now() };
    const { method = 'POST', query = '', headers = {}, body } = rehearsal.deliver(sample, rehearsal.settings);
    const delivery = {
      ...{
        method,
        url: `/api/v1/intake/${name}/a${query === '' ? '' : `?${query}`}`,
        query: new URLSearchParams(query),
      },
      ...{ headers, body: Buffer.from(body), receivedAtMs: Date.now() },
    };
    const received = receive(delivery, rehearsal.settings);
    return ('inbound' in received ? received.inbound : received)[0]?.conversation;
  });
  return first !== undefined && first === second;
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
  const READ_AGAIN_MS = 100;
  let [known, knownAtMs] = [undefined, 0];
  const run = () => {
    if (performance.now() - knownAtMs > READ_AGAIN_MS) [known, knownAtMs] = [read('run.json'), performance.now()];
    return known;
  };
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
    run,
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

/** Platforms: deliveries over kept connections. What they cost themselves is the program's loss, so it is little: signed beforehand, plain sockets. */
export function openSender(program, connections) {
  const idle = [];
  const waiting = [];
  let open = 0;

  const take = () => {
    if (idle.length > 0) return idle.pop();
    if (open >= connections) return new Promise((resolve) => waiting.push(resolve));
    open += 1;
    return connect(program);
  };
  const give = (connection) => {
    const next = waiting.shift();
    if (next) next(connection);
    else idle.push(connection);
  };

  /** @returns the status; 0: no answer. */
  async function post(bytes) {
    let connection = await take();
    if (connection.isOver()) connection = connect(program);
    const status = await connection.ask(bytes);
    give(connection);
    return status;
  }

  return {
    post,
    sign: (account, sample, atMs = Date.now()) => bytesOf(program, account, { ...sample, atMs }),
    /** @returns ms of the try that was acknowledged, and how many were not. Signed anew each time, unless it is handed over as bytes. */
    async deliver(account, sample) {
      for (let refused = 0; ; refused += 1) {
        const bytes = Buffer.isBuffer(sample) ? sample : bytesOf(program, account, { ...sample, atMs: Date.now() });
        const startedMs = performance.now();
        const status = await post(bytes);
        if (status === 200) return { ms: performance.now() - startedMs, refused };
        if (![0, 429, 500, 503].includes(status)) throw new Error(`answered ${status}`);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    },
    close: () => {
      for (const connection of idle) connection.close();
    },
  };
}

function bytesOf(program, { channel, name }, sample) {
  const { rehearsal } = channel;
  const { method = 'POST', query = '', headers = {}, body } = rehearsal.deliver(sample, rehearsal.settings);
  const content = Buffer.from(body);
  const path = `/api/v1/intake/${channel.name}/${name}${query === '' ? '' : `?${query}`}`;
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${program.run().http}`, `content-length: ${content.length}`];
  for (const [field, value] of Object.entries(headers)) lines.push(`${field}: ${value}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
}

/** One request at a time. The program answers with a length, never in pieces. */
function connect(program) {
  const [host, port] = program.run().http.split(':');
  const socket = createConnection({ host, port: Number(port), noDelay: true });
  let [heard, answered, over] = ['', undefined, false];
  const end = () => {
    over = true;
    answered?.(0);
  };
  socket.once('close', end);
  socket.once('error', end);
  socket.setTimeout(20_000, () => socket.destroy());
  socket.on('data', (data) => {
    heard += data.toString('latin1');
    const headTo = heard.indexOf('\r\n\r\n');
    if (headTo < 0) return;
    const bytes = Number(/\r\ncontent-length: (\d+)/i.exec(heard.slice(0, headTo))?.[1] ?? 0);
    if (heard.length < headTo + 4 + bytes) return;
    const status = Number(heard.slice(9, 12));
    heard = '';
    answered?.(status);
  });
  return {
    isOver: () => over,
    ask: (bytes) =>
      new Promise((resolve) => {
        answered = resolve;
        if (over) resolve(0);
        else socket.write(bytes);
      }),
    close: () => socket.destroy(),
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

/** How a bench tells its figures, one a line. */
export function tellOf(json) {
  return (name, value, unit) => {
    const rounded = Number(value.toFixed(1));
    const line = json
      ? JSON.stringify({ name, value: rounded, unit, spread: null })
      : `${name.padEnd(20)} ${rounded} ${unit}`;
    process.stdout.write(`${line}\n`);
  };
}
