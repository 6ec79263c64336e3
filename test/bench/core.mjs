// Figures of the core and its journal, from the build: npm run bench [-- --json] [--short]
// One line a figure: the median of the rounds, and as spread the largest minus the smallest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const root = join(import.meta.dirname, '../..');
const json = process.argv.includes('--json');
const ROUNDS = process.argv.includes('--short') ? 1 : 5;
/** How often an agent asks for ready while everybody waits. */
const OFFERS = 3_000;
const NODE = 'switch';

const built = spawnSync(process.execPath, [join(root, 'src/start.mjs'), '--build-only'], { stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);
const { initialState } = await import('../../dist/core/state.js');
const { step } = await import('../../dist/core/step.js');
const { openLoop } = await import('../../dist/runtime/loop.js');
const { replayFolder } = await import('../../dist/runtime/replay.js');

tellShares('decide.1000x10000x50', () => readyToOffer(1_000, 10_000, 50));
tellShares('decide.10000x20000x200', () => readyToOffer(10_000, 20_000, 200));
tell(
  'decide.rate',
  '1/s',
  rounds(() => offerRate(1_000, 10_000, 50)),
);
tell('decide.whole-calls.rate', '1/s', rounds(wholeCallRate));
// A cost that grows with the logarithm of the queue would be 1.39 here.
tell('decide.growth.1250to20000', '×', rounds(growth));
tell('waiting.memory', 'bytes/caller', rounds(waitingMemory));
const surge = surgeDay();
tell('simulate.surge', 'ms', surge);
tell('simulate.surge.first', 'ms', surge.slice(0, 1));
const [flushes, replays] = await throughJournal();
tell('journal.durable.p99', 'ms', flushes);
tell('replay.rate', '1/s', replays);

/** From the event to the offer decided. The agent then gives it back, unmeasured. */
function readyToOffer(agents, waiting, skills) {
  const { becomeReady, giveBack } = crowd(agents, waiting, skills);
  const times = [];
  for (let n = 0; n < OFFERS; n++) {
    const agent = `agent${(n * 7) % agents}`;
    const startMs = performance.now();
    const ring = becomeReady(agent);
    times.push(performance.now() - startMs);
    giveBack(agent, ring);
  }
  return times.slice(500);
}

/** Offers decided in a second, while the time that giving each back takes counts, too. */
function offerRate(agents, waiting, skills) {
  const { becomeReady, giveBack } = crowd(agents, waiting, skills);
  const startMs = performance.now();
  for (let n = 0; n < OFFERS; n++) {
    const agent = `agent${(n * 7) % agents}`;
    giveBack(agent, becomeReady(agent));
  }
  return (OFFERS / (performance.now() - startMs)) * 1_000;
}

function crowd(agents, waiting, skills) {
  const { hear, settle } = hotline(agents, skills);
  for (let n = 0; n < waiting; n++) arriveAndWait(hear, n, skills);
  settle();
  return {
    becomeReady(agent) {
      const ring = hear({ type: 'agentStateAsked', agent, state: 'ready' }).find((command) => command.do === 'ring');
      if (ring === undefined) throw new Error('an agent who became ready was offered nothing');
      return ring;
    },
    giveBack(agent, { leg }) {
      hear({ type: 'agentStateAsked', agent, state: 'notReady' });
      hear({ type: 'legEnded', node: NODE, leg, cause: 'ORIGINATOR_CANCEL' });
    },
  };
}

/** How much dearer the median decision is when sixteen times as many wait. */
function growth() {
  const median = (waiting) => share(readyToOffer(1_000, waiting, 50), 0.5);
  const few = median(1_250);
  return median(20_000) / few;
}

/** Heap that one waiting caller takes, with everything the core keeps of it. */
function waitingMemory() {
  const { hear, settle, heard } = hotline(1_000, 50);
  const before = usedHeap();
  for (let n = 0; n < 10_000; n++) arriveAndWait(hear, n, 50);
  settle();
  const taken = usedHeap() - before;
  // Asked afterwards, so that the state is there until then.
  if (heard() < 20_000) throw new Error('the callers do not wait');
  return taken / 10_000;
}

function usedHeap() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

/** Whole calls, arrival to last record, one after another: events decided in a second. */
function wholeCallRate() {
  const { hear, heard } = hotline(50, 5);
  for (let n = 0; n < 50; n++) hear({ type: 'agentStateAsked', agent: `agent${n}`, state: 'ready' });
  const before = heard();
  const startMs = performance.now();
  for (let n = 0; n < 5_000; n++) oneCall(hear, n);
  return ((heard() - before) / (performance.now() - startMs)) * 1_000;
}

/** 61,154 calls of one day, drawn and played to the last record, in a process of its own: the heap of what was measured before counts for nothing. */
function surgeDay() {
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'surge.mjs'), `${ROUNDS}`], {
    stdio: ['ignore', 'pipe', 2],
  });
  if (status !== 0) throw new Error('the surge day was not played');
  return JSON.parse(stdout);
}

async function throughJournal() {
  const flushes = [];
  const replays = [];
  for (let round = 0; round < ROUNDS; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'minhu-bench-'));
    const loop = await openLoop({ folder, release() {} });
    await loop.submit({ type: 'settingsLoaded', settings: rules(50, 5) });
    await loop.submit(survey(50));
    const times = [];
    for (let n = 0; n < 300; n++) {
      const startMs = performance.now();
      await loop.submit({ type: 'callArrived', node: NODE, leg: `a${n}`, from: '139', dialled: 'd0' });
      times.push(performance.now() - startMs);
    }
    flushes.push(share(times, 0.99));
    const all = [];
    for (let n = 0; n < 15_000; n++) {
      all.push(loop.submit({ type: 'callArrived', node: NODE, leg: `b${n}`, from: '139', dialled: 'd0' }));
    }
    await Promise.all(all);
    await loop.close();
    const startMs = performance.now();
    const { entries, differences } = await replayFolder(folder, () => {});
    if (differences.length > 0) throw new Error(`${differences.length} entries replay otherwise`);
    replays.push((entries / (performance.now() - startMs)) * 1_000);
    rmSync(folder, { recursive: true, force: true });
  }
  return [flushes, replays];
}

function hotline(agents, skills) {
  const state = initialState('0123456789abcdef');
  let seq = 0;
  let atMs = 1_000_000;
  const hear = (body) => {
    seq += 1;
    atMs += 1;
    return step(state, { ...body, atMs }, seq);
  };
  // Deadlines that the building up has made due are met before anything is measured.
  const settle = () => hear({ type: 'tick' });
  hear({ type: 'started' });
  hear({ type: 'settingsLoaded', settings: rules(agents, skills) });
  hear(survey(agents));
  return { hear, settle, heard: () => seq };
}

function arriveAndWait(hear, n, skills) {
  hear({ type: 'callArrived', node: NODE, leg: `c${n}`, from: `139${n}`, dialled: `d${n % skills}` });
  return hear({ type: 'legAnswered', node: NODE, leg: `c${n}` });
}

function oneCall(hear, n) {
  const ring = arriveAndWait(hear, n, 5).find((command) => command.do === 'ring');
  hear({ type: 'legAnswered', node: NODE, leg: ring.leg });
  hear({ type: 'bridged', node: NODE, leg: `c${n}`, other: ring.leg });
  hear({ type: 'legEnded', node: NODE, leg: `c${n}`, cause: 'NORMAL_CLEARING' });
  hear({ type: 'legEnded', node: NODE, leg: ring.leg, cause: 'NORMAL_CLEARING' });
}

function rules(agents, skills) {
  const names = Array.from({ length: skills }, (_, n) => `q${n}`);
  const queue = {
    ringMs: 20_000,
    wrapUpMs: 0,
    positionFirstMs: 3_600_000,
    positionEveryMs: 3_600_000,
    waitingMax: 20_000,
  };
  return {
    version: '1',
    lines: Object.fromEntries(names.map((name, n) => [`d${n}`, name])),
    flows: Object.fromEntries(
      names.map((name) => [name, { start: 'wait', steps: { wait: { kind: 'queue', queue: name, prompts: [] } } }]),
    ),
    queues: Object.fromEntries(names.map((name) => [name, { name, skill: name, ...queue }])),
    agents: Array.from({ length: agents }, (_, n) => ({
      id: `agent${n}`,
      number: `${n}`,
      sipUser: `s${n}`,
      skills: Object.fromEntries([n, n + 1, n * 3 + 2].map((skill) => [`q${skill % skills}`, 3])),
    })),
    prompts: {},
  };
}

function survey(agents) {
  const devices = Array.from({ length: agents }, (_, n) => ({ sipUser: `s${n}`, uri: `sip:s${n}`, expiresAtMs: 1e15 }));
  return { type: 'surveyed', node: NODE, survey: { bootId: '1', legs: [], devices, ended: [] } };
}

function rounds(measure) {
  return Array.from({ length: ROUNDS }, measure);
}

function tellShares(name, measure) {
  const measured = rounds(measure);
  for (const [label, part] of [
    ['p50', 0.5],
    ['p99', 0.99],
    ['p999', 0.999],
  ]) {
    tell(
      `${name}.${label}`,
      'ms',
      measured.map((times) => share(times, part)),
    );
  }
}

function share(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function tell(name, unit, values) {
  const figure = (number) => Number(number.toPrecision(4));
  const value = figure(share(values, 0.5));
  const spread = figure(Math.max(...values) - Math.min(...values));
  process.stdout.write(
    json ? `${JSON.stringify({ name, value, unit, spread })}\n` : `${name.padEnd(32)} ${value} ${unit}  ± ${spread}\n`,
  );
}
