// What is measured on the wire, the same for every switch: run in a process of its own, told by messages.
import { setTimeout as pause } from 'node:timers/promises';
import { startCapture } from './capture.mjs';
import { openPeers } from './sip-peers.mjs';

const { server, seats, number, register, audio } = JSON.parse(process.argv[2]);
const peers = await openPeers(server, audio === true);
process.send({ ready: peers.seatPort });

process.on('message', async ({ run, ...options }) => {
  try {
    process.send({ done: await SCENARIOS[run](options) });
  } catch (error) {
    process.send({ failed: String(error.stack ?? error) });
  }
});

const SCENARIOS = { registerAll, idle, freed, rate, queueUp, invited, live, voices, end };

async function registerAll() {
  if (!register) return;
  for (let n = 0; n < seats.length; n += 20) {
    await Promise.all(seats.slice(n, n + 20).map(({ user, ha1 }) => peers.register(user, ha1)));
  }
}

/** Idle agents: from the caller's 200 to the agent's INVITE, calls one after another. */
async function idle({ calls, everyMs, talkMs }) {
  const answered = [];
  const rung = [];
  peers.heard.answered = (callId, atMs) => {
    answered.push(atMs);
    setTimeout(() => peers.hangUp(callId), talkMs);
  };
  peers.heard.invite = (_seat, atMs) => rung.push(atMs);
  peers.heard.refused = (status) => fail(`refused with ${status}`);
  for (let n = 0; n < calls; n++) {
    await peers.call(number);
    await pause(everyMs);
  }
  await until(() => rung.length >= calls && answered.length >= calls);
  await until(() => peers.open() === 0 && peers.talking.size === 0);
  // One at a time, in order: the nth offer is the nth caller's. An offer that beats the caller's 200 by a packet counts as at once.
  return rung.slice(0, calls).map((atMs, n) => Math.max(0, atMs - answered[n]));
}

/** A system that stops filling its seats is measured with those who talk, if they are this share. */
const TALKING_MIN = 0.8;
const STALLED_MS = 15_000;
/** An offer that takes longer counts as this long. */
const OFFER_MAX_MS = 20_000;
/** Whatever was measured by then counts. */
const FREED_MS_MAX = 180_000;

/** Agents talk and `waiting` callers wait: from an agent's BYE to the next INVITE at the same phone. */
async function freed({ waiting, samples, everyMs, fillPerS }) {
  const busy = seats.length;
  const queued = [];
  const times = [];
  let watched = null;
  peers.heard.answered = (callId) => queued.push(callId);
  peers.heard.refused = (status) => fail(`refused with ${status}`);
  peers.heard.invite = (seat, atMs) => {
    if (watched?.seat !== seat) return;
    times.push(atMs - watched.atMs);
    watched = null;
  };
  for (let n = 0; n < busy + waiting; n++) {
    await peers.call(number);
    await pause(1_000 / fillPerS);
  }
  await filled(busy, () => queued.length >= busy + waiting);
  const names = [...peers.talking.keys()];
  const endMs = performance.now() + FREED_MS_MAX;
  for (let n = 0; n < samples && performance.now() < endMs; n++) {
    const seat = names[(n * 7) % names.length];
    if (!peers.talking.has(seat)) continue;
    watched = { seat, atMs: 0 };
    watched.atMs = peers.putDown(seat);
    await until(() => watched === null, OFFER_MAX_MS).catch(() => times.push(OFFER_MAX_MS));
    watched = null;
    await peers.call(number);
    await pause(everyMs);
  }
  for (const callId of queued) peers.hangUp(callId);
  // It is measured; whoever is not let go goes with the switch.
  await until(() => peers.talking.size === 0, 60_000).catch(() => undefined);
  return { times, talking: names.length };
}

async function filled(busy, queuedUp) {
  let talking = 0;
  let sinceMs = performance.now();
  const stalled = () => {
    if (peers.talking.size > talking) sinceMs = performance.now();
    talking = Math.max(talking, peers.talking.size);
    return talking >= busy * TALKING_MIN && performance.now() - sinceMs > STALLED_MS;
  };
  await until(() => (peers.talking.size >= busy && queuedUp()) || stalled(), 120_000);
}

/** Seat → when its phone was asked to ring, by the clock of all processes. */
const invites = new Map();
const queuedUp = [];

/** Callers who wait, while no agent takes calls. */
async function queueUp({ waiting, fillPerS }) {
  invites.clear();
  peers.heard.answered = (callId) => queuedUp.push(callId);
  peers.heard.refused = (status) => fail(`refused with ${status}`);
  peers.heard.invite = (seat, atMs) => invites.set(seat, performance.timeOrigin + atMs);
  for (let n = 0; n < waiting; n++) {
    await peers.call(number);
    await pause(1_000 / fillPerS);
  }
  await until(() => queuedUp.length >= waiting);
}

/** What `queueUp` has seen of so many seats; everybody hangs up. */
async function invited({ count }) {
  await until(() => invites.size >= count);
  for (const callId of queuedUp.splice(0)) peers.hangUp(callId);
  await until(() => peers.open() === 0 && peers.talking.size === 0, 60_000);
  return [...invites];
}

/** `perS` calls a second for `forMs`, agents enough: how many were answered and offered in each of those seconds. */
async function rate({ perS, forMs, talkMs }) {
  const from = performance.now();
  const counts = { admitted: [], offered: [], refused: [] };
  for (const seconds of Object.values(counts)) seconds.push(...Array(forMs / 1_000).fill(0));
  const count = (what) => {
    const second = Math.floor((performance.now() - from) / 1_000);
    if (second < counts[what].length) counts[what][second] += 1;
  };
  peers.heard.answered = (callId) => {
    count('admitted');
    setTimeout(() => peers.hangUp(callId), talkMs);
  };
  peers.heard.refused = () => count('refused');
  peers.heard.invite = () => count('offered');
  for (let n = 0; performance.now() - from <= forMs; n++) {
    const aheadMs = (n / perS) * 1_000 - (performance.now() - from);
    if (aheadMs > 0) await pause(aheadMs);
    await peers.call(number);
  }
  await until(() => peers.open() === 0 && peers.talking.size === 0, 60_000);
  return counts;
}

/** Whole calls: key 1 after `keyAfterMs`, a talk of `talkMs`, ended by the caller. */
async function live({ perS, forMs, keyAfterMs, talkMs }) {
  let answered = 0;
  let refused = 0;
  let talked = 0;
  /** The last four digits of the caller's number → the call that has pressed its key and is not offered yet. */
  const queued = new Map();
  const waits = [];
  const from = performance.now();
  peers.heard.refused = () => {
    refused += 1;
  };
  peers.heard.answered = (callId) => {
    answered += 1;
    setTimeout(() => {
      peers.press(callId, '1');
      queued.set(peers.lastFour(callId), { callId, sinceMs: performance.now() });
    }, keyAfterMs);
  };
  peers.heard.invite = (_seat, atMs, lastFour) => {
    const call = queued.get(lastFour);
    if (call === undefined) return;
    queued.delete(lastFour);
    waits.push(atMs - call.sinceMs);
    talked += 1;
    setTimeout(() => peers.hangUp(call.callId), talkMs);
  };
  let made = 0;
  for (; performance.now() - from < forMs; made++) {
    const aheadMs = (made / perS) * 1_000 - (performance.now() - from);
    if (aheadMs > 0) await pause(aheadMs);
    await peers.call(number);
  }
  await until(() => peers.open() === 0 && peers.talking.size === 0, 60_000);
  return { made, answered, refused, talked, waits, retransmitted: peers.retransmitted() };
}

/** `pairs` talks with audio at once: what becomes of the packets of `forMs`. */
async function voices({ pairs, forMs }) {
  const open = [];
  peers.heard.answered = (callId) => open.push(callId);
  peers.heard.refused = (status) => fail(`refused with ${status}`);
  for (let n = 0; n < pairs; n++) {
    await peers.call(number);
    await pause(50);
  }
  await until(() => peers.talking.size >= pairs && open.length >= pairs, 60_000);
  await pause(3_000);
  const capture = await startCapture();
  peers.voice.count(true);
  await pause(forMs);
  peers.voice.count(false);
  await pause(1_000);
  const counted = peers.voice.counted();
  const captured = await capture?.stop();
  for (const callId of open) peers.hangUp(callId);
  await until(() => peers.talking.size === 0, 60_000);
  return { ...counted, captured };
}

function end() {
  peers.close();
  setTimeout(() => process.exit(0), 100);
}

function fail(why) {
  process.send({ failed: why });
}

async function until(holds, withinMs = 30_000) {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs)
      throw new Error(`not within ${withinMs} ms: ${holds}; ${peers.talking.size} talk, ${peers.open()} open`);
    await pause(5);
  }
}
