import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readWav } from '../../src/softswitch/rtp/wav.ts';
import { type Program, signIn, startProgram, until } from './program.ts';
import { toneSeconds } from './tone.ts';

const root = join(import.meta.dirname, '../..');

let program: Program;
const children: ChildProcess[] = [];

beforeAll(async () => {
  program = await startProgram();
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await program?.stop();
  program?.remove();
}, 60_000);

/** `minhu …` as typed at a terminal, with the data folder of the running program. */
function minhu(...args: readonly string[]) {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    cwd: root,
    env: { ...process.env, MINHU_DATA: program.dataFolder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  let printed = '';
  const note = (data: Buffer) => {
    printed += data;
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  return {
    ended,
    output: () => printed,
    /** The objects that `--json` printed. */
    facts: (): Record<string, unknown>[] =>
      printed
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    interrupt: () => child.kill('SIGINT'),
  };
}

async function stateOf(sipUser: string): Promise<string | undefined> {
  const lead = await signIn(program, program.firstRun().lead);
  const { agents } = await lead.get<{ agents: { sipUser: string; state: string; devices: number }[] }>(
    '/api/v1/agents',
  );
  const agent = agents.find((candidate) => candidate.sipUser === sipUser);
  return `${agent?.state}, ${agent?.devices} phones`;
}

test.each([
  ['over UDP', 'seat1001', '1001', []],
  ['over TCP with a SHA-256 seat', 'seat1003', '1003', ['--tcp']],
])(
  'the two test phones walk through the main job %s',
  async (_title, user, sipUser, transport) => {
    const seat = minhu('seat', user, '--answer', '--ready', '--json', ...transport);
    await until(
      'the seat is ready',
      () => seat.output(),
      (text) => text.includes('"ready"'),
    );
    expect(await stateOf(sipUser)).toBe('ready, 1 phones');

    const heard = join(program.dataFolder, `${user}.wav`);
    const dialledMs = performance.now();
    const caller = minhu('call', '12345', '--press', '1@2s', '--talk', '5s', '--record', heard, '--json', ...transport);
    expect(await caller.ended, caller.output()).toBe(0);
    // Nothing that SIP still waits for keeps the command from ending.
    expect(performance.now() - dialledMs).toBeLessThan(25_000);
    const talked = caller.facts().find(({ event }) => event === 'talked');
    expect(talked!['correlation']).toBeGreaterThan(0.95);
    expect(talked!['talkMs']).toBeGreaterThan(4_500);
    expect(talked!['talkMs']).toBeLessThan(8_000);
    expect(caller.facts().map(({ event }) => event)).toEqual(expect.arrayContaining(['answered', 'pressed', 'heard']));
    const sound = readWav(readFileSync(heard));
    if (typeof sound === 'string') throw new Error(sound);
    // One frame lost on a busy machine splits the stretch.
    expect(toneSeconds(sound.samples, 700)).toBeGreaterThan(1.5);

    await until(
      'the seat is ready again',
      () => seat.output(),
      (text) => text.match(/"ready"/g)?.length === 2,
    );
    const over = seat.facts().find(({ event }) => event === 'ended');
    expect(over).toMatchObject({ from: '138****8000', by: 'peer' });
    expect(over!['correlation']).toBeGreaterThan(0.95);

    seat.interrupt();
    seat.interrupt();
    expect(await seat.ended, seat.output()).toBe(0);
    await until(
      'the seat is gone',
      () => stateOf(sipUser),
      (state) => state === 'offline, 0 phones',
    );
  },
  60_000,
);

test('a call to a number that is no hotline ends with the reason and status 1', async () => {
  const caller = minhu('call', '99999', '--json');
  expect(await caller.ended).toBe(1);
  expect(caller.facts().at(-1)).toMatchObject({ event: 'ended', by: 'peer', status: 404 });
});
