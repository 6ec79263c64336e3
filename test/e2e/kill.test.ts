import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { killPart } from './kill-part.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 120_000);

afterEach(() => stage.clear());

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
}, 60_000);

test('the switch is killed: its calls are closed as lost, the agent is free again, and phones find it on the same port', async () => {
  await stage.readyPhone('seat2002', 730);
  const caller = await stage.dial('13800138031', 440);
  caller.type('2');
  await stage.agentIs('seat2002', 'talking');
  const address = stage.program.run().sip;
  await killPart(stage, 'switch');
  expect((await stage.closedRecord('13800138031')).outcome).toBe('lostNode');
  expect(stage.program.run().sip).toBe(address);
  await until(
    'the agent is not left talking',
    () => stage.agent('seat2002'),
    (view) => view?.state !== 'talking',
  );
  await until(
    'the phone is known again',
    () => stage.agent('seat2002'),
    (view) => (view?.devices ?? 0) > 0,
  );
  await stage.setState('seat2002', 'ready');
  const again = await stage.dial('13800138032', 440);
  again.type('2');
  await stage.agentIs('seat2002', 'talking');
  again.type('b');
  await stage.setState('seat2002', 'offline');
}, 90_000);

test('the supervisor is killed: the talk goes on, and the next start takes the switch over', async () => {
  await stage.readyPhone('seat1001', 740);
  const caller = await stage.dial('13800138041', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  const { pids } = stage.program.run();
  process.kill(pids.supervisor, 'SIGKILL');
  for (const part of ['core', 'postgres'] as const) {
    await until(
      `the ${part} stops`,
      () => isAlive(pids[part]),
      (alive) => !alive,
      30_000,
    );
  }
  const heard = caller.heard().length;
  await until(
    'the talk goes on',
    () => caller.heard().length,
    (samples) => samples > heard + 8_000,
  );
  await stage.program.start();
  expect(stage.program.run().pids.switch).toBe(pids.switch);
  await stage.agentIs('seat1001', 'talking');
  caller.type('b');
  expect((await stage.closedRecord('13800138041')).outcome).toBe('answered');
}, 90_000);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
