// Everybody on the live socket of the whole program: how soon a change is heard, what readers cost who do not read, and how soon all are back:
//   node test/bench/live-socket.mjs [--clients 1000] [--events 200] [--slow 50] [--back 2000] [--talks 20] [--json]
// Fails when a change takes longer than 100 ms (p99), a slow reader costs 5 MB or stays 10 s, not all are back in 15 s, or one of the talks that go on
// meanwhile loses a packet.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { startLoad } from './load.mjs';
import { startHotline } from './one-queue-hotline.mjs';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    events: { type: 'string', default: '200' },
    slow: { type: 'string', default: '50' },
    back: { type: 'string', default: '2000' },
    talks: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const number = (name) => Number(values[name]);
const root = join(import.meta.dirname, '../..');
const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);
const { LiveClient } = await import('../../dist/api/live/live-client.js');

const PASSWORD = 'for this bench alone';
const SOCKETS_A_SESSION = 8;
const SESSIONS_A_USER = 2;
const EVENT_EVERY_MS = 50;
const SLOW_MAX_MS = 10_000;
const BACK_MAX_MS = 15_000;
const DELIVERY_MAX_MS = 100;
const SLOW_BYTES_MAX = 5e6;

/** Of the talks, before and after everybody comes back. */
const TALK_MS = 30_000;

const folder = mkdtempSync(join(tmpdir(), 'minhu-live-'));
const hotline = await startHotline(folder, { seats: Math.max(1, number('talks')) });
const { run, ask, login } = hotline;
const failures = [];
const clients = [];
/** Set while a change is under way: told each client's delay. */
let heard = () => {};
try {
  await measure();
} finally {
  for (const client of clients) client.live.stop();
  await hotline.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
for (const failure of failures) process.stderr.write(`${failure}\n`);
process.exit(failures.length === 0 ? 0 : 1);

async function measure() {
  const { admin, seats } = hotline.firstRun();
  const most = Math.max(number('clients'), number('back')) + number('slow');
  const sessions = await makeSessions(await login(admin.user, admin.password), Math.ceil(most / SOCKETS_A_SESSION));
  const agent = await login(seats[0].user, seats[0].password);
  await open(sessions, number('clients'));

  const delays = await changes(agent, number('events'));
  tell('live-socket.clients', clients.length, '1');
  tell('live-socket.delivery.p50', share(delays, 0.5), 'ms');
  must(tell('live-socket.delivery.p99', share(delays, 0.99), 'ms') < DELIVERY_MAX_MS, 'changes are heard too late');

  await slowReaders(sessions.slice(-Math.ceil(number('slow') / SOCKETS_A_SESSION)), agent);
  await open(sessions, number('back'));
  const talks = await startTalks(seats);
  await comeBack();
  const { sent, heardMs } = await talks();
  tell('live-socket.back.packets', sent, '1');
  must(tell('live-socket.back.lost', sent - heardMs.length, '1') === 0, 'a talk lost packets');
}

/** Agents and citizens who speak to each other, in a process of their own. @returns what waits for the end of it. */
async function startTalks(seats) {
  for (const { user, password } of seats) {
    await ask('/api/v1/agents/me/state', {
      method: 'PUT',
      cookie: await login(user, password),
      body: { state: 'ready' },
    });
  }
  const told = { server: hotline.sip(), seats: hotline.phones(), number: '12345', register: true, audio: true };
  const load = await startLoad(told);
  await load.run('registerAll');
  const over = load.run('voices', { pairs: number('talks'), forMs: TALK_MS });
  await until(() => gauge('minhu_agents{state="talking",site="main"}').then((talking) => talking === number('talks')));
  // The talks are counted when they have settled, as `voices` does it.
  await pause(5_000);
  return async () => {
    const heard = await over;
    load.stop();
    return heard;
  };
}

async function slowReaders(sessions, agent) {
  const before = memory();
  const sockets = [];
  for (let n = 0; n < number('slow'); n += 1) sockets.push(await openUnread(sessions[n % sessions.length]));
  const startedMs = Date.now();
  const open = clients.length;
  let most = memory();
  const others = changes(agent, Math.ceil(SLOW_MAX_MS / EVENT_EVERY_MS));
  while ((await gauge('minhu_live_sockets')) > open && Date.now() - startedMs < SLOW_MAX_MS * 2) {
    most = Math.max(most, memory());
    await pause(100);
  }
  const cutMs = Date.now() - startedMs;
  const delays = await others;
  must(tell('live-socket.slow.cut', cutMs, 'ms') <= SLOW_MAX_MS, 'slow readers stay too long');
  const bytes = (most - before) / Math.max(1, number('slow'));
  must(tell('live-socket.slow.bytes', Math.round(bytes), 'B') < SLOW_BYTES_MAX, 'a slow reader costs too much');
  must(tell('live-socket.slow.others.p99', share(delays, 0.99), 'ms') < DELIVERY_MAX_MS, 'others are held up');
  for (const socket of sockets) socket.terminate();
}

/** The core is killed with everybody connected, and starts again by itself. */
async function comeBack() {
  const epochs = new Set(clients.map((client) => client.opened));
  must(epochs.size === 1, 'not everybody is connected');
  const startedMs = Date.now();
  process.kill(run().pids.core, 'SIGKILL');
  await until(() => clients.every((client) => client.openedAtMs > startedMs), BACK_MAX_MS * 2);
  const lastMs = Math.max(...clients.map(({ openedAtMs }) => openedAtMs));
  tell('live-socket.back.clients', clients.length, '1');
  must(tell('live-socket.back.last', lastMs - startedMs, 'ms') <= BACK_MAX_MS, 'not all are back in time');
}

/** @returns how long each client waited for each change, ms, from the moment it was stamped. */
async function changes(cookie, count) {
  const delays = [];
  for (let n = 0; n < count; n += 1) {
    const reason = `bench ${n} ${Math.random()}`;
    let missing = clients.length;
    const all = new Promise((resolve) => {
      heard = (item) => {
        if (item.reason !== reason) return;
        delays.push(Date.now() - item.sinceMs);
        missing -= 1;
        if (missing === 0) resolve();
      };
    });
    const startedMs = Date.now();
    await ask('/api/v1/agents/me/state', { method: 'PUT', cookie, body: { state: 'notReady', reason } });
    await all;
    await pause(Math.max(0, EVENT_EVERY_MS - (Date.now() - startedMs)));
  }
  return delays;
}

async function makeSessions(admin, count) {
  const cookies = [];
  for (let n = 0; cookies.length < count; n += 1) {
    const body = { user: `live${n}`, roles: ['lead'], password: PASSWORD };
    await ask('/api/v1/users', { method: 'POST', cookie: admin, body });
    for (let m = 0; m < SESSIONS_A_USER; m += 1) cookies.push(await login(body.user, PASSWORD));
  }
  return cookies;
}

async function open(sessions, count) {
  while (clients.length < count) {
    const cookie = sessions[Math.floor(clients.length / SOCKETS_A_SESSION)];
    const client = { opened: 0, openedAtMs: 0, live: undefined };
    client.live = new LiveClient({
      connect: () => new WebSocket(`ws://${run().http}/api/v1/live`, { headers: { cookie }, perMessageDeflate: false }),
      drawTicket: () => draw(cookie),
      onItems: ({ items }) => {
        for (const item of items) if (item.key === 'agent/s1000') heard(item);
      },
      onStatus: (status) => {
        if (status !== 'open') return;
        client.opened += 1;
        client.openedAtMs = Date.now();
      },
    });
    clients.push(client);
    if (clients.length % 50 === 0) await until(() => clients.every(({ opened }) => opened > 0));
  }
  await until(() => clients.every(({ live, opened }) => opened > 0 && live.items('board').size > 0));
}

async function openUnread(cookie) {
  const ticket = await draw(cookie);
  const socket = new WebSocket(`ws://${run().http}/api/v1/live`, { headers: { cookie }, perMessageDeflate: false });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'hello', ticket }));
  await new Promise((resolve) => socket.once('message', resolve));
  socket.pause();
  return socket;
}

async function draw(cookie) {
  const answer = await ask('/api/v1/live/ticket', { method: 'POST', cookie });
  if (answer.status === 401) return undefined;
  if (!answer.ok) throw new Error(`ticket: ${answer.status}`);
  return (await answer.json()).ticket;
}

/** Resident memory of the core, bytes. */
function memory() {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${run().pids.core}/status`, 'utf8'))[1]) * 1_024;
}

async function gauge(name) {
  const text = await (await ask('/metrics')).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function share(all, part) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

function must(holds, what) {
  if (!holds) failures.push(what);
}

function tell(name, value, unit) {
  process.stdout.write(
    values.json ? `${JSON.stringify({ name, value, unit, spread: null })}\n` : `${name} ${value} ${unit}\n`,
  );
  return value;
}

async function until(holds, withinMs = 120_000) {
  const endMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`not within ${withinMs} ms: ${holds}`);
    await pause(50);
  }
}
