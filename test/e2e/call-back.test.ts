import { afterAll, beforeAll, expect, test } from 'vitest';
import { maskNumber } from '../../src/lib/mask-number.ts';
import { type CityFolder, cityWith } from './city.ts';
import { freePort } from './free-port.ts';
import { killPart } from './kill-part.ts';
import { until } from './program.ts';
import { reachCitizen } from './reached.ts';
import { openStage, type Stage } from './stage.ts';

const CITIZEN = '13800138061';
let city: CityFolder;
let stage: Stage;
let trunkPort: number;

beforeAll(async () => {
  city = cityWith({ positionFirst: '5s', 'callback.after': '5s', positionEvery: '20s' });
  trunkPort = await freePort();
  stage = await openStage({ MINHU_CITY: city.path, MINHU_TRUNK: `127.0.0.1:${trunkPort}` });
}, 120_000);

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

test('a caller keeps the place and hangs up; the core dies; the agent is rung first and the citizen is dialled second', async () => {
  const caller = await stage.dial(CITIZEN, 440);
  caller.type('1');
  const [waiting] = await until(
    'the caller waits',
    () => stage.waiting('personal'),
    (all) => all.length === 1,
  );
  // Keys before the offer mean nothing; then one accepts it and one confirms the number.
  await until(
    'the place is kept',
    async () => {
      caller.type('1');
      return stage.waiting('personal');
    },
    ([first]) => first?.medium === 'callback',
  );
  await until(
    'the hotline hangs up',
    () => caller.output(),
    (text) => text.includes('terminated') || text.includes('closed'),
  );
  await stage.clear();
  await killPart(stage, 'core');
  await until(
    'the place is still kept',
    () => stage.waiting('personal').catch(() => []),
    ([first]) => first?.medium === 'callback' && first.enqueuedAtMs === waiting!.enqueuedAtMs,
  );

  const citizen = await reachCitizen(stage, CITIZEN, trunkPort);
  citizen.type('b');
  const record = await stage.closedRecord(CITIZEN);
  expect(record).toMatchObject({ outcome: 'answered', callBackNumber: maskNumber(CITIZEN) });
  expect(record.waits).toMatchObject([{ result: 'connected', enqueuedAtMs: waiting!.enqueuedAtMs }]);
  expect(record.legs.map(({ role }) => role)).toEqual(['citizen', 'agent', 'citizen']);
  const [{ durationMs, expectedMs }] = record.recordings as [(typeof record.recordings)[0]];
  expect(Math.abs(durationMs! - expectedMs!)).toBeLessThan(1_000);
}, 120_000);
