// The embedded switch in its own process, and the core with its journal in this one: what a call goes through, without web and records.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';

const root = join(import.meta.dirname, '../..');
const NUMBER = '12345';

/** @param menu callers press 1 first. @param recorded talks are written to files. */
export async function openMinhu(seatCount, { menu = false, recorded = false } = {}) {
  const { openLoop } = await import('../../dist/runtime/loop.js');
  const { createEslSwitch } = await import('../../dist/switch/esl/adapter.js');
  const { knownLegs } = await import('../../dist/core/view.js');
  const folder = mkdtempSync(join(tmpdir(), 'minhu-bench-'));
  const file = (name) => join(folder, name);
  for (const name of ['journal', 'recordings']) mkdirSync(file(name));
  const seats = Array.from({ length: seatCount }, (_, n) => ({ user: `s${n}`, ha1: md5(`s${n}:minhu:bench${n}`) }));
  const password = randomBytes(18).toString('base64url');
  const users = seats.map(({ user, ha1 }) => ({ user, algorithm: 'md5', ha1 }));
  writeFileSync(file('directory.json'), JSON.stringify({ realm: 'minhu', users }));
  writeFileSync(file('esl-password'), password, { mode: 0o600 });
  const trunks = Array.from({ length: 16 }, (_, n) => ({
    name: `t${n}`,
    from: [`127.0.0.${20 + n}/32`],
    numbers: [NUMBER],
  }));
  const prompts = join(root, 'dialplans/prompts');
  writeFileSync(
    file('options.json'),
    JSON.stringify({
      realm: 'minhu',
      sip: { host: '127.0.0.1', port: 0 },
      esl: { host: '127.0.0.1', port: 0 },
      eslPasswordFile: file('esl-password'),
      rtpPortMin: 30_000,
      rtpPortMax: 39_999,
      trunks,
      directoryFile: file('directory.json'),
      registrationsFile: file('registrations.json'),
      legLogFile: file('legs.jsonl'),
      statusFile: file('status.json'),
      promptFolder: prompts,
      recordingFolder: file('recordings'),
      musicFile: join(prompts, 'music.wav'),
      apologyFile: join(prompts, 'APO-01.wav'),
      callsMax: 4_000,
    }),
  );
  const child = spawn(
    process.execPath,
    [
      ...(process.env.SWITCH_ARGS ?? '').split(' ').filter(Boolean),
      join(root, 'dist/softswitch/main.js'),
      file('options.json'),
    ],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH, LOG_LEVEL: 'error' },
    },
  );
  while (!existsSync(file('status.json'))) {
    if (child.exitCode !== null) throw new Error(`the switch ended with ${child.exitCode}`);
    await pause(20);
  }
  const status = JSON.parse(readFileSync(file('status.json'), 'utf8'));
  const [eslHost, eslPort] = address(status.esl);
  const logger = pino({ level: 'error' }, pino.destination(2));
  const link = createEslSwitch({
    nodes: [{ id: 'bench', host: eslHost, port: eslPort, password, legLogFile: file('legs.jsonl') }],
    logger,
  });
  /** Seat → told of the moment at which its ring is let out. */
  const watched = new Map();
  const release = (command) => {
    if (command.do === 'ring') watched.get(command.sipUser)?.(absoluteMs());
    link.execute(command);
  };
  const loop = await openLoop({ folder: file('journal'), release });
  await loop.submit({
    type: 'settingsLoaded',
    settings: rules(seats, menu, recorded ? file('recordings') : undefined),
  });
  await new Promise((resolve) => {
    link.start(
      (event) => void loop.submit(event).then(() => event.type === 'surveyed' && resolve(), closing),
      (node) => knownLegs(loop.state, node),
    );
  });
  const [host, port] = address(status.sip);
  return {
    server: { host, port },
    seats,
    number: NUMBER,
    register: true,
    pid: child.pid,
    async ready() {
      for (const { user } of seats) await loop.submit({ type: 'agentStateAsked', agent: user, state: 'ready' });
    },
    async notReady() {
      for (const { user } of seats) await loop.submit({ type: 'agentStateAsked', agent: user, state: 'notReady' });
    },
    /** The agent asks for calls while callers wait. @returns when that was, and when the offer was released: ms, the same clock in all processes. */
    async offer(user) {
      const released = new Promise((resolve) => watched.set(user, resolve));
      const askedMs = absoluteMs();
      void loop.submit({ type: 'agentStateAsked', agent: user, state: 'ready' });
      const releasedMs = await released;
      watched.delete(user);
      return { askedMs, releasedMs };
    },
    async close() {
      await link.close();
      await loop.close();
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** No wrap-up. */
function rules(seats, menu, recordingFolder) {
  const times = { ringMs: 20_000, wrapUpMs: 0, positionFirstMs: 600_000, positionEveryMs: 600_000, waitingMax: 10_000 };
  const wait = { kind: 'queue', queue: 'q', prompts: [] };
  const ask = {
    kind: 'ask',
    opening: ['GRT-01'],
    prompts: ['MNU-01'],
    choose: { 1: 'wait' },
    waitMs: 3_000,
    none: 'wait',
    wrongPrompts: [],
    wrongMax: 1,
    wrong: 'wait',
  };
  return {
    version: '1',
    lines: { [NUMBER]: 'in' },
    flows: { in: menu ? { start: 'ask', steps: { ask, wait } } : { start: 'wait', steps: { wait } } },
    queues: { q: { name: 'q', skill: 'q', ...times } },
    agents: seats.map(({ user }, n) => ({ id: user, number: `${n}`, sipUser: user, skills: { q: 3 } })),
    prompts: Object.fromEntries(['GRT-01', 'MNU-01'].map((id) => [id, join(root, 'dialplans/prompts', `${id}.wav`)])),
    ...(recordingFolder === undefined ? {} : { recordingFolder }),
  };
}

/** What still comes while the journal closes is nobody's any more. */
function closing(error) {
  if (error.code !== 'closed') throw error;
}

function address(text) {
  const at = text.lastIndexOf(':');
  return [text.slice(0, at), Number(text.slice(at + 1))];
}

function md5(text) {
  return createHash('md5').update(text).digest('hex');
}

function absoluteMs() {
  return performance.timeOrigin + performance.now();
}
