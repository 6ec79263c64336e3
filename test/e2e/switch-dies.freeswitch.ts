import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
const CLOSED_MS_MAX = 3_000;

beforeAll(async () => {
  stage = await openStage();
}, 120_000);

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
}, 60_000);

test('FreeSWITCH is killed: its calls are closed as lost within 3 s, the agent is free, and when it is back phones and callers find it', async () => {
  const node = stage.program.run().esl;
  expect(await readiness()).toMatchObject({ ready: true, switch: true, nodes: { [node]: true } });
  await stage.readyPhone('seat2002', 730);
  const caller = await stage.dial('13800138031', 440);
  caller.type('2');
  await stage.agentIs('seat2002', 'talking');

  const killedAtMs = Date.now();
  stage.program.freeSwitch?.kill('SIGKILL');
  const record = await stage.closedRecord('13800138031');
  expect(record.outcome).toBe('lostNode');
  expect(record.legs.map(({ cause }) => cause)).toEqual(['LOST_NODE', 'LOST_NODE']);
  expect(Date.now() - killedAtMs).toBeLessThan(CLOSED_MS_MAX);
  await until(
    'the agent is not left talking',
    () => stage.agent('seat2002'),
    (view) => view?.state !== 'talking',
  );
  expect(await readiness()).toMatchObject({ ready: false, switch: false, nodes: { [node]: false } });

  await stage.program.freeSwitch?.start();
  await until('the program is ready again', readiness, ({ ready }) => ready === true);
  await until(
    'the phone is known again',
    () => stage.agent('seat2002'),
    (view) => (view?.devices ?? 0) > 0,
    90_000,
  );
  await stage.setState('seat2002', 'ready');
  const again = await stage.dial('13800138032', 440);
  again.type('2');
  await stage.agentIs('seat2002', 'talking');
  again.type('b');
  expect((await stage.closedRecord('13800138032')).outcome).toBe('answered');
}, 150_000);

async function readiness(): Promise<{ ready?: boolean }> {
  const answer = await fetch(`http://${stage.program.run().http}/readyz`);
  return (await answer.json()) as { ready?: boolean };
}
