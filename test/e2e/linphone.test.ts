import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linphone, type Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneSeconds } from './tone.ts';

let stage: Stage;
let phone: Phone | undefined;

beforeAll(async () => {
  stage = await openStage();
}, 120_000);

afterAll(async () => {
  await phone?.dispose();
  expect(await stage?.close()).toBe(0);
}, 60_000);

test('linphone registers with SHA-256, answers, and both sides hear each other', async () => {
  const seat = stage.program.firstRun().seats.find(({ user }) => user === 'seat1003')!;
  const directory = readFileSync(join(stage.program.dataFolder, 'switch', 'directory.json'), 'utf8');
  expect(JSON.parse(directory).users).toContainEqual(
    expect.objectContaining({ user: seat.sipUser, algorithm: 'sha256' }),
  );
  phone = linphone({
    server: stage.program.run().sip,
    user: seat.sipUser,
    password: seat.sipPassword,
    toneHz: 700,
    answer: 'auto',
  });
  await until(
    'the phone is registered',
    () => stage.agent('seat1003'),
    (view) => (view?.devices ?? 0) > 0,
  ).catch((error) => {
    throw new Error(`${error.message}\n${phone?.output()}`);
  });
  await stage.setState('seat1003', 'ready');
  const caller = await stage.dial('13800138201', 440);
  caller.type('1');
  await stage.agentIs('seat1003', 'talking');
  await until(
    'the caller hears the agent',
    () => toneSeconds(caller.heard(), 700),
    (seconds) => seconds >= 1,
  );
  await until(
    'the agent hears the caller',
    () => toneSeconds(phone!.heard(), 440),
    (seconds) => seconds >= 1,
  );
  caller.type('b');
  expect((await stage.closedRecord('13800138201')).outcome).toBe('answered');
}, 90_000);
