// The core is killed again and again while callers wait and talk (channels R1):
//   npm run soak:kills -- [--waiting 200] [--talking 50] [--kills 20] [--seed 1]
// Fails when a talk ends, a caller is lost or changes place, or anybody is answered out of order.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startHotline } from '../bench/one-queue-hotline.mjs';
import { openPeers } from '../bench/sip-peers.mjs';

const { values } = parseArgs({
  options: {
    waiting: { type: 'string', default: '200' },
    talking: { type: 'string', default: '50' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const [waiting, talking, kills] = [Number(values.waiting), Number(values.talking), Number(values.kills)];
const root = join(import.meta.dirname, '../..');
const BACK_MS_MAX = 20_000;
const random = drawFrom(Number(values.seed));

const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);
const folder = mkdtempSync(join(tmpdir(), 'minhu-soak-'));
const hotline = await startHotline(folder, { seats: talking, callsMax: 2 * (waiting + talking) });
const peers = await openPeers(hotline.sip());
const lost = [];
peers.heard.ended = (callId) => lost.push(callId);
try {
  await fill();
  say(`${talking} talk, ${waiting} wait`);
  const times = [];
  for (let n = 1; n <= kills; n++) {
    await pause(200 + random() * 2_800);
    times.push(await killCore(n));
  }
  await serveEverybody();
  times.sort((a, b) => a - b);
  say(
    `${kills} kills: nobody lost, order kept; back after ${times[kills >> 1]} ms at the median, ${times.at(-1)} ms at most`,
  );
} finally {
  peers.close();
  await hotline.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Every agent talks, then the others queue up. */
async function fill() {
  for (const { user, ha1 } of hotline.phones()) await peers.register(user, ha1);
  for (const { user, password } of hotline.firstRun().seats) {
    const agent = await login(user, password);
    await agent('PUT', '/api/v1/agents/me/state', { state: 'ready' });
  }
  for (let n = 0; n < talking; n++) await peers.call('12345');
  await until(() => peers.talking.size === talking, 'everybody talks');
  for (let n = 0; n < waiting; n++) {
    await peers.call('12345');
    await pause(25);
  }
  const lead = await login(hotline.firstRun().lead.user, hotline.firstRun().lead.password);
  hotline.places = async () => (await lead('GET', '/api/v1/queues')).queues.flatMap((queue) => queue.waiting);
  await until(async () => (await hotline.places()).length === waiting, 'everybody waits');
}

/** @returns ms until the API tells the queue again. */
async function killCore(nth) {
  const before = await hotline.places();
  const { core } = hotline.run().pids;
  const atMs = performance.now();
  process.kill(core, 'SIGKILL');
  let after;
  await until(
    async () => {
      if (hotline.run().pids.core === core) return false;
      after = await hotline.places().catch(() => undefined);
      return after !== undefined;
    },
    `the core is back after kill ${nth}`,
    BACK_MS_MAX,
  );
  const tookMs = Math.round(performance.now() - atMs);
  must(JSON.stringify(before) === JSON.stringify(after), `kill ${nth}: the queue is another than before`);
  must(lost.length === 0 && peers.talking.size === talking, `kill ${nth}: ${lost.length} calls ended`);
  say(`kill ${nth}: back after ${tookMs} ms`);
  return tookMs;
}

/** Agents put the phone down one after another: whoever waits longest is next, to the last. */
async function serveEverybody() {
  const expected = (await hotline.places()).map(({ from }) => from.slice(-4));
  const served = [];
  peers.heard.invite = (_seat, _atMs, lastFour) => served.push(lastFour);
  const seats = [...peers.talking.keys()];
  for (let n = 0; n < waiting; n++) {
    const seat = seats[n % seats.length];
    await until(() => peers.talking.has(seat), 'the agent talks');
    peers.putDown(seat);
    await until(() => served.length > n, `caller ${n + 1} is offered`);
  }
  must(JSON.stringify(served) === JSON.stringify(expected), 'callers were offered out of order');
}

/** @returns a caller of the API as this user, wherever it listens now. */
async function login(user, password) {
  const cookie = await hotline.login(user, password);
  return async (method, path, body) => {
    const reply = await hotline.ask(path, { method, cookie, body });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status}`);
    return reply.json();
  };
}

async function until(holds, what, withinMs = 60_000) {
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    must(performance.now() < endMs, `not within ${withinMs} ms: ${what}`);
    await pause(20);
  }
}

function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/** Mulberry32. */
function drawFrom(from) {
  let seed = from;
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
