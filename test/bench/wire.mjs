// How soon a phone rings, on the wire, beside FreeSWITCH's own queue in the same run:
//   node test/bench/wire.mjs [--prefix FOLDER] [--sizes 10,100,500] [--freed] [--short] [--json]
// `--freed`: agents who become free alone.
// Without FreeSWITCH under FOLDER (/usr/local/freeswitch) only Minhu is measured, and the run says so.
import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startLoad } from './load.mjs';
import { openMinhu } from './minhu-under-test.mjs';
import { hasCallCenter, openCallCenter } from './mod-callcenter-under-test.mjs';

const { values } = parseArgs({
  options: {
    prefix: { type: 'string', default: '/usr/local/freeswitch' },
    sizes: { type: 'string', default: '10,100,500' },
    freed: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const root = join(import.meta.dirname, '../..');
const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);

const beside = hasCallCenter(values.prefix);
if (!beside)
  process.stderr.write(`No FreeSWITCH with mod_callcenter under ${values.prefix}: Minhu alone is measured.\n`);
const calls = values.short ? 20 : 60;
/** Freed agents; mod_callcenter takes near a second for each. */
const SAMPLES = values.short ? { ours: 10, theirs: 10 } : { ours: 200, theirs: 40 };
const FLUSH_EVERY_MS = 50;
/** Decisions, so that the hundredth part of them is more than one. */
const DECISIONS_MIN = 200;
for (const size of values.sizes.split(',').map(Number)) {
  const ours = await measure(() => openMinhu(size), size, SAMPLES.ours);
  const theirs = beside ? await measure(() => openCallCenter(values.prefix, size), size, SAMPLES.theirs) : undefined;
  compare(size, ours, theirs);
}

async function measure(open, size, samples) {
  const system = await open();
  const { server, seats, number, register } = system;
  let load;
  try {
    load = await startLoad({ server, seats, number, register });
    await load.run('registerAll');
    await system.ready(load.seatPort);
    const idle = values.freed ? undefined : await load.run('idle', { calls, everyMs: 250, talkMs: 200 });
    const waiting = Math.min(200, size * 2);
    const offers = values.freed || system.offer === undefined ? undefined : await readyToInvite(system, load);
    const rates = values.freed ? [] : await risingRates(load);
    const endProbe = await probeDisk();
    // What does not get through is said, and does not hide what was measured.
    const freed = await load.run('freed', { waiting, samples, everyMs: 60, fillPerS: 40 }).catch((error) => {
      process.stderr.write(`${size} agents could not be measured when freed: ${error.message}\n`);
    });
    if (freed?.talking < size) process.stderr.write(`only ${freed.talking} of ${size} agents came to talk\n`);
    return { idle, freed: freed?.times, offers, flushes: await endProbe(), rates };
  } finally {
    load?.stop();
    await system.close();
  }
}

/** As far as the system gets through. */
async function risingRates(load) {
  const rates = [];
  for (const perS of values.short ? [20] : [20, 40, 60, 80, 120]) {
    const forMs = values.short ? 3_000 : 5_000;
    const rate = await load.run('rate', { perS, forMs, talkMs: 300 }).catch((error) => {
      process.stderr.write(`${perS} calls a second were not got through: ${error.message}\n`);
    });
    if (rate === undefined) return rates;
    rates.push({ perS, ...rate });
  }
  return rates;
}

/** One decision each: callers wait, an agent asks for calls. Until the offer is released, and until the phone is asked to ring. */
async function readyToInvite(system, load) {
  const seats = system.seats.slice(0, values.short ? 10 : DECISIONS_MIN);
  const rounds = values.short ? 1 : Math.ceil(DECISIONS_MIN / seats.length);
  const times = { released: [], invited: [], flushes: [] };
  for (let round = 0; round < rounds; round++) {
    await system.notReady();
    await load.run('queueUp', { waiting: seats.length, fillPerS: 40 });
    const endProbe = await probeDisk();
    const asked = [];
    for (const { user } of seats) {
      asked.push({ user, ...(await system.offer(user)) });
      await pause(40);
    }
    times.flushes.push(...(await endProbe()));
    const invites = new Map(await load.run('invited', { count: seats.length }));
    times.released.push(...asked.map(({ askedMs, releasedMs }) => releasedMs - askedMs));
    times.invited.push(...asked.map(({ user, askedMs }) => invites.get(user) - askedMs));
  }
  await system.ready();
  return times;
}

function compare(size, ours, theirs) {
  if (ours.offers !== undefined) tellOffers(size, ours.offers);
  tell(`flush.${size}.p99`, 'ms', ours.flushes, 0.99);
  for (const [name, part] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ]) {
    for (const what of ['idle', 'freed'].filter((each) => ours[each] !== undefined)) {
      const label = what === 'idle' ? 'wire.queued-to-ringing' : 'wire.free-to-invite';
      tell(`${label}.${size}.${name}`, 'ms', ours[what], part);
      if (theirs?.[what] === undefined) continue;
      tell(`mod_callcenter.${label}.${size}.${name}`, 'ms', theirs[what], part);
      tellRatio(`ratio.${label}.${size}.${name}`, theirs[what], ours[what], part);
    }
  }
  tellRates(size, ours.rates, theirs?.rates ?? []);
  if (size === Math.max(...values.sizes.split(',').map(Number))) {
    tell('wire.free-to-invite.p50', 'ms', ours.freed, 0.5);
    tell('wire.free-to-invite.p95', 'ms', ours.freed, 0.95);
    tell('wire.free-to-invite.p99', 'ms', ours.freed, 0.99);
    tell('flush.p99', 'ms', ours.flushes, 0.99);
  }
}

/** Of a second of them: the median, and from the lower to the upper quartile. */
function tellRates(size, ours, theirs) {
  for (const what of ['admitted', 'offered']) {
    for (const rate of ours) tell(`wire.${what}.${size}.at-${rate.perS}`, '1/s', rate[what], 0.5);
    for (const rate of theirs) {
      tell(`mod_callcenter.wire.${what}.${size}.at-${rate.perS}`, '1/s', rate[what], 0.5);
      const mine = ours.find(({ perS }) => perS === rate.perS);
      if (mine !== undefined) tellRatio(`ratio.wire.${what}.${size}.at-${rate.perS}`, mine[what], rate[what], 0.5);
    }
  }
}

/** `spread`: how far the ratios of the two lower and of the two upper quartiles are from each other. */
function tellRatio(name, of, to, part) {
  const at = (where) => share(of, where) / share(to, where);
  line({ name, value: figure(at(part)), unit: 'x', spread: figure(Math.abs(at(0.75) - at(0.25))) });
}

function tellOffers(size, { released, invited, flushes }) {
  for (const [name, times] of Object.entries({ 'ready-to-released': released, 'ready-to-invite': invited })) {
    tell(`wire.${name}.${size}.p50`, 'ms', times, 0.5);
    tell(`wire.${name}.${size}.p99`, 'ms', times, 0.99);
  }
  tell(`wire.ready-to-invite.${size}.flush.p99`, 'ms', flushes, 0.99);
}

/** Runs once this resolves, so that no process begins while something is measured. @returns ends the probe: what the disk itself took meanwhile, in ms. */
async function probeDisk() {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-flush-'));
  const probe = fork(join(import.meta.dirname, 'flush-probe.mjs'), [join(folder, 'f'), `${FLUSH_EVERY_MS}`]);
  await new Promise((resolve) => probe.once('message', resolve));
  return async () => {
    probe.send('end');
    const times = await new Promise((resolve) => probe.once('message', resolve));
    rmSync(folder, { recursive: true, force: true });
    return times;
  };
}

/** `spread`: from the lower to the upper quartile of what was measured. */
function tell(name, unit, times, part) {
  const spread = figure(share(times, 0.75) - share(times, 0.25));
  line({ name, value: figure(share(times, part)), unit, spread });
}

function line({ name, value, unit, spread }) {
  const text = values.json
    ? JSON.stringify({ name, value, unit, spread })
    : `${name.padEnd(52)} ${value} ${unit}  ± ${spread}`;
  process.stdout.write(`${text}\n`);
}

function share(times, part) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function figure(value) {
  return Number(value.toPrecision(4));
}
