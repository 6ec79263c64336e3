import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type CityFolder, cityFileOf, cityWith } from './city.ts';
import { killPart } from './kill-part.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneSeconds } from './tone.ts';

let city: CityFolder;
let stage: Stage;

/** Menu and rings outlast a core's restart on a slow machine. */
beforeAll(async () => {
  city = cityWith({ ring: '60s' });
  const flow = readFileSync(join(city.path, 'flows/hotline.yaml'), 'utf8');
  cityFileOf(city, 'flows/hotline.yaml', flow.replaceAll('wait: 3s', 'wait: 10s'));
  stage = await openStage({ MINHU_CITY: city.path });
}, 120_000);

afterEach(() => stage.clear());

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

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

  await killPart(stage, 'core');

  await until(
    'the API is back',
    () => stage.waiting('personal'),
    (waiting) => waiting.length >= 3,
  );
  expect((await stage.waiting('personal')).map(({ contact, enqueuedAtMs }) => ({ contact, enqueuedAtMs }))).toEqual(
    before.map(({ contact, enqueuedAtMs }) => ({ contact, enqueuedAtMs })),
  );
  menu.type('2');
  await until(
    'the menu goes on',
    () => stage.waiting('enterprise'),
    (waiting) => waiting.length === 1,
  );
  await until(
    'the talk goes on',
    () => talking.heard().length,
    (samples) => samples > heardBefore + 16_000,
  );
  expect(toneSeconds(talking.heard(), 700)).toBeGreaterThan(2);
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
}, 120_000);

test('a citizen who hangs up while the core is dead leaves a recording whose length is known by its file', async () => {
  await stage.readyPhone('seat1001', 700);
  const caller = await stage.dial('13800138041', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  await until(
    'they talk',
    () => toneSeconds(caller.heard(), 700),
    (seconds) => seconds >= 4,
  );
  const killed = killPart(stage, 'core');
  caller.type('b');
  await killed;
  const record = await stage.closedRecord('13800138041');
  const [contact] = await stage.contactsFrom('13800138041');
  const file = stage.recordingOf(contact!.id);
  expect(record.recordings).toEqual([
    expect.objectContaining({ bytes: file.length, durationMs: Math.round((file.length - 44) / 32) }),
  ]);
  expect(record.recordings[0]!.durationMs).toBeGreaterThan(3_000);
  await stage.setState('seat1001', 'offline');
}, 120_000);

test('PostgreSQL is killed during a call: the call goes on, and its record is complete afterwards', async () => {
  await stage.readyPhone('seat2001', 720);
  const caller = await stage.dial('13800138021', 440);
  caller.type('2');
  await stage.agentIs('seat2001', 'talking');
  await killPart(stage, 'postgres');
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

test('a core that hangs is ended and started again, and who waits goes on waiting', async () => {
  const caller = await stage.dial('13800138031', 440);
  caller.type('1');
  const [before] = await until(
    'one waits',
    () => stage.waiting('personal'),
    (waiting) => waiting.length === 1,
  );
  const hung = stage.program.run().pids.core;
  process.kill(hung, 'SIGSTOP');
  await until(
    'another core',
    async () => stage.program.run().pids.core,
    (pid) => pid !== hung,
    60_000,
  );
  const [after] = await until(
    'the queue is told again',
    () => stage.waiting('personal'),
    (waiting) => waiting.length === 1,
  );
  expect(after).toMatchObject({ contact: before!.contact, enqueuedAtMs: before!.enqueuedAtMs });
}, 120_000);
