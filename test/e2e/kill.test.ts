import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneSeconds } from './tone.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 120_000);

afterEach(() => stage.clear());

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
}, 60_000);

/** Kills a part and waits until another process stands in its place. */
async function killPart(part: 'core' | 'switch' | 'postgres'): Promise<void> {
  const before = stage.program.run().pids[part];
  process.kill(before, 'SIGKILL');
  await until(
    `another ${part}`,
    () => stage.program.run().pids[part],
    (pid) => pid !== before,
  );
}

test('the core is killed with callers in the menu, in the queue, ringing and talking: nobody drops, the queue keeps order and times', async () => {
  const talkingSeat = await stage.readyPhone('seat1001', 700);
  const talking = await stage.dial('13800138011', 440);
  talking.type('1');
  await stage.agentIs('seat1001', 'talking');
  const ringingSeat = await stage.readyPhone('seat1002', 710, 'manual');
  const ringing = await stage.dial('13800138012', 450);
  ringing.type('1');
  await stage.agentIs('seat1002', 'ringing');
  const first = await stage.dial('13800138013', 460);
  first.type('1');
  await until(
    'one waits',
    () => stage.waiting('personal'),
    (waiting) => waiting.length === 2,
  );
  const second = await stage.dial('13800138014', 470);
  second.type('1');
  await until(
    'two wait',
    () => stage.waiting('personal'),
    (waiting) => waiting.length === 3,
  );
  const menu = await stage.dial('13800138015', 480);
  const before = await stage.waiting('personal');
  const heardBefore = talking.heard().length;

  await killPart('core');

  await until(
    'the API is back',
    () => stage.waiting('personal'),
    (waiting) => waiting.length >= 3,
  );
  expect((await stage.waiting('personal')).map(({ contact, enqueuedAtMs }) => ({ contact, enqueuedAtMs }))).toEqual(
    before.map(({ contact, enqueuedAtMs }) => ({ contact, enqueuedAtMs })),
  );
  await until(
    'the talk goes on',
    () => talking.heard().length,
    (samples) => samples > heardBefore + 16_000,
  );
  expect(toneSeconds(talking.heard(), 700)).toBeGreaterThan(2);
  menu.type('2');
  await until(
    'the menu goes on',
    () => stage.waiting('enterprise'),
    (waiting) => waiting.length === 1,
  );
  ringingSeat.type('a');
  await stage.agentIs('seat1002', 'talking');
  talking.type('b');
  await stage.agentIs('seat1001', 'wrapUp');
  await stage.setState('seat1001', 'ready');
  await stage.agentIs('seat1001', 'talking');
  await until(
    'the first in line was served',
    () => stage.waiting('personal'),
    (waiting) => waiting.length === 1,
  );
  expect((await stage.waiting('personal'))[0]!.contact).toBe(before.at(-1)!.contact);
  await until(
    'the first caller hears the agent',
    () => toneSeconds(first.heard(), 700),
    (seconds) => seconds >= 1,
  );
  for (const phone of [ringing, first, second, menu, talkingSeat]) phone.type('b');
  for (const from of ['13800138011', '13800138012', '13800138013']) {
    expect((await stage.closedRecord(from)).outcome).toBe('answered');
  }
  expect((await stage.closedRecord('13800138014')).outcome).toBe('abandonedInQueue');
  for (const user of ['seat1001', 'seat1002']) await stage.setState(user, 'offline');
}, 90_000);

test('PostgreSQL is killed during a call: the call goes on, and its record is complete afterwards', async () => {
  await stage.readyPhone('seat2001', 720);
  const caller = await stage.dial('13800138021', 440);
  caller.type('2');
  await stage.agentIs('seat2001', 'talking');
  await killPart('postgres');
  await until(
    'they still talk',
    () => toneSeconds(caller.heard(), 720),
    (seconds) => seconds >= 3,
  );
  caller.type('b');
  const record = await stage.closedRecord('13800138021');
  expect(record.outcome).toBe('answered');
  expect(record.recordings).toHaveLength(1);
  await stage.setState('seat2001', 'offline');
}, 60_000);

test('the switch is killed: its calls are closed as lost, the agent is free again, and phones find it on the same port', async () => {
  await stage.readyPhone('seat2002', 730);
  const caller = await stage.dial('13800138031', 440);
  caller.type('2');
  await stage.agentIs('seat2002', 'talking');
  const address = stage.program.run().sip;
  await killPart('switch');
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
