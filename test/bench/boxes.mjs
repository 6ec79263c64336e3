// What a leaders' message board costs: the core's memory without and with all its boxes, and how soon each of them is asked, the first time and again:
//   node test/bench/boxes.mjs [--boxes 2352] [--answer-ms 20] [--hung 4] [--letters 1] [--json]
// One server has them all, and has a letter in each (`--letters 0`: none); it shares the machine with the program. So many of them never answer; when
// none does (`--hung` as many as `--boxes`), how soon all are told to be in trouble, and well again once the server answers. About two minutes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openProgram, tellOf } from './channel-load.mjs';

const { values } = parseArgs({
  options: {
    boxes: { type: 'string', default: '2352' },
    'answer-ms': { type: 'string', default: '20' },
    hung: { type: 'string', default: '4' },
    letters: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const tell = tellOf(values.json);
const [boxes, answerMs, hung] = [Number(values.boxes), Number(values['answer-ms']), Number(values.hung)];
const SETTLES_MS = 5_000;
const SAMPLES = 20;
const SAMPLE_EVERY_MS = 250;
const ROUND_MS_MAX = 170_000;
const PROGRESS_EVERY_MS = 5_000;

const startedMs = performance.now();
const say = (text) => process.stderr.write(`${Math.round((performance.now() - startedMs) / 1_000)} s: ${text}\n`);
const isOutage = hung >= boxes;
let isMended = false;
const folder = mkdtempSync(join(tmpdir(), 'minhu-boxes-'));
const asked = new Map();
const server = createServer(answer);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
try {
  say('the program alone');
  const without = await memoryWith('[]\n', async () => {});
  const times = [];
  say(`the program with ${boxes} boxes`);
  const all = await memoryWith(accounts(), async (program) => {
    if (isOutage) times.push(...(await outage(program)));
    else for (const round of [1, 2]) times.push([`boxes.round.${round}`, await until(round)]);
  });
  tell('boxes.rss.without', without, 'MiB');
  tell('boxes.rss.with', all, 'MiB');
  tell('boxes.rss.each', ((all - without) * 1_024) / boxes, 'KiB');
  for (const [name, ms] of times) tell(name, ms / 1_000, 's');
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

function answer({ url }, response) {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const box = Number(pathname.slice(1));
  asked.set(box, (asked.get(box) ?? 0) + 1);
  if (box < hung && !isMended) return;
  const at = '2026-01-01T00:00:00Z';
  const letter = { id: `B${box}`, version: 1, created_at: at, updated_at: at, title: '路灯', text: '三号路的路灯不亮' };
  const letters = values.letters !== '0' && searchParams.get('since') < at ? [letter] : [];
  setTimeout(() => response.end(JSON.stringify({ letters, more: false })), answerMs);
}

function accounts() {
  const { port } = server.address();
  return Array.from({ length: boxes }, (_, box) => {
    const settings = `{ url: "http://127.0.0.1:${port}/${box}", token: { env: BOX_TOKEN }, since: "2025-12-31T00:00:00Z" }`;
    return `- { channel: letterbox, account: b${box}, receipt: '', gap: 60m, settings: ${settings} }\n`;
  }).join('');
}

/** Of the core, in MiB: the median over some seconds. */
async function memoryWith(list, work) {
  const file = join(folder, 'channels.yaml');
  writeFileSync(file, list);
  const program = await openProgram(0, { MINHU_CHANNELS: file, BOX_TOKEN: 'good' });
  try {
    await work(program);
    say('memory');
    await pause(SETTLES_MS);
    const samples = [];
    for (let n = 0; n < SAMPLES; n += 1) {
      samples.push(residentMiB(program.run().pids.core));
      await pause(SAMPLE_EVERY_MS);
    }
    return samples.sort((a, b) => a - b)[SAMPLES >> 1];
  } finally {
    await program.close();
  }
}

function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1_024;
}

/** Each that answers was asked so many times. @returns how long it took, ms. */
async function until(times) {
  const doneOf = () => Array.from({ length: boxes }, (_, box) => asked.get(box) ?? 0);
  return await waitFor(`asked ${times === 1 ? 'once' : 'twice, a minute later'}`, async () =>
    doneOf().filter((count, box) => count >= (box < hung ? 1 : times)),
  );
}

/** Nobody answers, and later everybody does. @returns how long it took until that was known of each, ms. */
async function outage(program) {
  const troubled = async () => {
    const text = await (await fetch(`http://${program.run().http}/metrics`)).text();
    return text.match(/^minhu_channel_trouble\{.*\} 1$/gm) ?? [];
  };
  const told = await waitFor('told to be in trouble', troubled);
  isMended = true;
  const back = await waitFor('well again', async () => Array(boxes - (await troubled()).length));
  return [
    ['boxes.outage.told', told],
    ['boxes.outage.back', back],
  ];
}

/** Until it holds of all boxes; says now and then of how many. @returns how long it took, ms. */
async function waitFor(what, those) {
  const fromMs = performance.now();
  for (let saidMs = 0; ; await pause(50)) {
    const { length } = await those();
    const tookMs = performance.now() - fromMs;
    if (length >= boxes || tookMs - saidMs >= PROGRESS_EVERY_MS) {
      say(`${length} of ${boxes} boxes ${what}`);
      saidMs = tookMs;
    }
    if (length >= boxes) return tookMs;
    if (tookMs > ROUND_MS_MAX) throw new Error(`${length} of ${boxes} boxes were ${what}`);
  }
}
