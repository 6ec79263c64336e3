import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const city = mkdtempSync(join(tmpdir(), 'minhu-city-'));
let stage: Stage;

beforeAll(async () => {
  cpSync(join(import.meta.dirname, '../../dialplans'), city, { recursive: true });
  stage = await openStage({ MINHU_CITY: city, LOG_LEVEL: 'debug' });
}, 120_000);

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  rmSync(city, { recursive: true, force: true });
}, 60_000);

interface LogLine {
  readonly pid: number;
  readonly level: number;
  readonly msg: string;
  readonly phases?: Readonly<Record<string, number>>;
  readonly problems?: readonly string[];
}

function logOf(core: number): readonly LogLine[] {
  const lines = readFileSync(join(stage.program.dataFolder, 'log/core.log'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as LogLine).filter(({ pid }) => pid === core);
}

async function killCore(): Promise<number> {
  const before = stage.program.run().pids.core;
  process.kill(before, 'SIGKILL');
  return until(
    'another core is ready',
    () => stage.program.run().pids.core,
    (pid) => pid !== before,
  );
}

test('a first start has nothing to warn of', () => {
  const warnings = logOf(stage.program.run().pids.core).filter(({ level }) => level >= 40);
  // In December until the city has added what the State Council has announced for the next year.
  expect(warnings.filter(({ msg }) => !/^the holidays of a year are missing/.test(msg))).toEqual([]);
});

test('a killed core takes up its calls before it loads the web server and the records, and says how long each part took', async () => {
  const core = await killCore();
  const phases = logOf(core).find((line) => line.phases !== undefined)?.phases ?? {};
  const order = ['modules', 'journal', 'callsResumed', 'recordModules', 'city', 'api', 'http', 'ready'];
  expect(Object.keys(phases)).toEqual(expect.arrayContaining(order));
  expect(order.map((name) => phases[name]!)).toEqual(order.map((name) => phases[name]!).sort((a, b) => a - b));
});

test('a core killed while the city folder has a mistake goes on with the rules of before, and says so', async () => {
  const file = join(city, 'queues.yaml');
  const right = readFileSync(file, 'utf8');
  writeFileSync(file, `${right}\nwrong: [`);
  const core = await killCore();
  writeFileSync(file, right);
  expect(
    logOf(core)
      .find(({ problems }) => problems !== undefined)
      ?.problems?.join(),
  ).toContain('queues.yaml');
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  expect((await admin.get<{ queues: unknown[] }>('/api/v1/queues')).queues).toHaveLength(3);
  await stage.readyPhone('seat1001', 700);
  const caller = await stage.dial('13800138301', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  await stage.clear();
}, 60_000);
