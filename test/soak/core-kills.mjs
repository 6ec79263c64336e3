// The core is killed again and again while callers wait and talk (channels R1):
//   npm run soak:kills -- [--waiting 200] [--talking 50] [--kills 20] [--seed 1] [--silent 500]
// At each kill an agent puts the phone down, a little before or while the core is dead, so that kills hit offers too.
// Fails when another talk ends or falls silent, a caller is lost, changes place, is rung for twice or answered out of order.
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
    silent: { type: 'string', default: '500' },
  },
});
const [waiting, talking, kills] = [Number(values.waiting), Number(values.talking), Number(values.kills)];
const root = join(import.meta.dirname, '../..');
const BACK_MS_MAX = 20_000;
/** When an agent puts the phone down, from the kill; and how long phones ring. */
const [FREED_FROM_MS, FREED_TO_MS] = [-250, 400];
const ANSWER_MS_MAX = 1_500;
/** A talk may be silent for as long as one without the switch, and so much more. */
const SILENT_MS_MAX = Number(values.silent);
const random = drawFrom(Number(values.seed));

const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);
const folder = mkdtempSync(join(tmpdir(), 'minhu-soak-'));
const hotline = await startHotline(folder, { seats: talking, callsMax: 2 * (waiting + talking) });
const peers = await openPeers(hotline.sip(), true);
/** Calls that ended, by their last four digits. */
const ended = [];
/** The same of everybody who was offered to an agent, in that order, and of everybody who called. */
const offered = [];
const called = [];
const lastFours = new Map();
/** Seat → whom it talks with, and when its phone was asked to ring. */
const ofSeat = new Map();
peers.heard.ended = (callId) => ended.push(lastFours.get(callId));
peers.heard.invite = (seat, atMs, lastFour) => {
  offered.push(lastFour);
  ofSeat.set(seat, { lastFour, atMs });
};
try {
  await fill();
  peers.voice.count(true);
  say(`${talking} talk, ${waiting} wait`);
  const found = [];
  for (let n = 1; n <= kills; n++) {
    await pause(200 + random() * 2_800);
    found.push(await killCore(n));
  }
  peers.voice.count(false);
  await serveEverybody();
  report(found);
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
  for (let n = 0; n < talking; n++) await call();
  await until(() => peers.talking.size === talking, 'everybody talks');
  for (let n = 0; n < waiting; n++) {
    await call();
    await pause(25);
  }
  const lead = await login(hotline.firstRun().lead.user, hotline.firstRun().lead.password);
  // What is foreseen of a wait changes with every caller who is answered.
  hotline.places = async () =>
    (await lead('GET', '/api/v1/queues')).queues.flatMap(({ waiting }) =>
      waiting.map(({ estimate, ...place }) => place),
    );
  await until(async () => (await hotline.places()).length === waiting, 'everybody waits');
}

async function call() {
  const callId = await peers.call('12345');
  lastFours.set(callId, peers.lastFour(callId));
  called.push(peers.lastFour(callId));
}

/** @returns ms from the kill until the API tells the queue again, until the freed phone was asked to ring (before the kill: less than 0), and of silence. */
async function killCore(nth) {
  const before = await hotline.places();
  const endedBefore = ended.length;
  const seats = [...peers.talking.keys()];
  const freed = seats[Math.floor(random() * seats.length)];
  const { lastFour: over } = ofSeat.get(freed);
  const others = [...peers.talking].flatMap(([seat, callId]) => (seat === freed ? [] : [callId]));
  peers.answerAfter(random() * ANSWER_MS_MAX);
  peers.voice.watchGaps();
  const { core } = hotline.run().pids;
  const freedAfterMs = FREED_FROM_MS + random() * (FREED_TO_MS - FREED_FROM_MS);
  const atMs = await killAround(core, freedAfterMs, () => peers.putDown(freed));
  const isBack = async () => hotline.run().pids.core !== core && (await hotline.places().catch(() => [])).length > 0;
  await until(isBack, `the core is back after kill ${nth}`, BACK_MS_MAX);
  const backMs = Math.round(performance.now() - atMs);
  await until(() => ofSeat.get(freed).lastFour !== over, `the freed agent is offered a caller after kill ${nth}`);
  await until(() => peers.talking.size === talking, `the freed agent talks again after kill ${nth}`);
  await until(async () => (await hotline.places()).length < waiting, 'who is answered waits no more');
  const offeredMs = Math.round(ofSeat.get(freed).atMs - atMs);
  const { switched: silentMs, direct: directMs } = peers.voice.gaps(others);
  const expected = before.slice(1).map((each, n) => ({ ...each, place: n + 1 }));
  must(JSON.stringify(await hotline.places()) === JSON.stringify(expected), `kill ${nth}: another queue`);
  const wrongly = ended.slice(endedBefore).filter((each) => each !== over);
  must(wrongly.length === 0, `kill ${nth}: ${wrongly} ended`);
  must(silentMs < directMs + SILENT_MS_MAX, `kill ${nth}: a talk was silent for ${silentMs} ms`);
  say(`kill ${nth}: freed at ${Math.round(freedAfterMs)} ms, offered at ${offeredMs} ms, API back at ${backMs} ms`);
  await call();
  await until(async () => (await hotline.places()).length === waiting, 'one more waits');
  return { backMs, offeredMs, silentMs, directMs };
}

/** @returns when the core was killed. */
async function killAround(core, freedAfterMs, free) {
  if (freedAfterMs < 0) {
    free();
    await pause(-freedAfterMs);
  }
  const atMs = performance.now();
  process.kill(core, 'SIGKILL');
  if (freedAfterMs >= 0) {
    await pause(freedAfterMs);
    free();
  }
  return atMs;
}

/** Agents put the phone down one after another: whoever waits longest is next, to the last. */
async function serveEverybody() {
  peers.answerAfter(0);
  const seats = [...peers.talking.keys()];
  for (let n = 0; offered.length < called.length; n++) {
    const seat = seats[n % seats.length];
    await until(() => peers.talking.has(seat), 'the agent talks');
    const count = offered.length;
    peers.putDown(seat);
    await until(() => offered.length > count, `caller ${count + 1} is offered`);
  }
  must(JSON.stringify(offered) === JSON.stringify(called), 'callers were offered out of order, or twice');
}

function report(found) {
  const part = (figures, share) => {
    const sorted = [...figures].sort((a, b) => a - b);
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  };
  const told = (figures) => `p50 ${part(figures, 0.5)}, p99 ${part(figures, 0.99)} ms`;
  const late = found.filter(({ offeredMs }) => offeredMs >= 0).map(({ offeredMs }) => offeredMs);
  say(`${kills} kills: nobody lost, order kept, nobody rung for twice`);
  say(
    `${found.length - late.length} offers were under way; the others came ${told(late)} after the kill (2,000 wanted)`,
  );
  say(`API back after ${told(found.map(({ backMs }) => backMs))}`);
  const [silent, direct] = ['silentMs', 'directMs'].map((key) => Math.max(...found.map((each) => each[key])));
  say(`longest silence in a talk ${Math.round(silent)} ms, between phones without the switch ${Math.round(direct)} ms`);
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
