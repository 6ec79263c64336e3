import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CityFolder, cityWith } from './city.ts';
import { freePort } from './free-port.ts';
import { killPart } from './kill-part.ts';
import { signIn, until } from './program.ts';
import { reachCitizen } from './reached.ts';
import { openStage, type Stage } from './stage.ts';

const CITIZEN = '13800138062';
interface MissedShape {
  readonly missedCalls: readonly {
    readonly contact: string;
    readonly from: string;
    readonly calls: number;
    readonly result: string | null;
    readonly overdue: boolean;
  }[];
}
let city: CityFolder;
let stage: Stage;
let trunkPort: number;

beforeAll(async () => {
  city = cityWith({});
  trunkPort = await freePort();
  stage = await openStage({ MINHU_CITY: city.path, MINHU_TRUNK: `127.0.0.1:${trunkPort}` });
}, 120_000);

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

test('who hung up while waiting, twice and in two forms of the number, is called back once: the core dies meanwhile, the agent is rung first and the citizen second', async () => {
  const lead = await signIn(stage.program, stage.program.firstRun().lead);
  // As another carrier writes the same number.
  for (const from of [`+86${CITIZEN}`, CITIZEN]) {
    const caller = await stage.dial(from, 440);
    caller.type('1');
    await until(
      'the caller waits',
      () => stage.waiting('personal'),
      (all) => all.some(({ medium }) => medium === 'voice'),
    );
    caller.type('b');
    await until(
      'a call-back alone stands in the queue',
      () => stage.waiting('personal'),
      (all) => all.length === 1 && all[0]?.medium === 'callback',
    );
  }
  const [missed] = (
    await until(
      'the missed call is on the list',
      () => lead.get<MissedShape>('/api/v1/missed-calls?open=true'),
      ({ missedCalls }) => missedCalls.length > 0 && missedCalls.every(({ calls }) => calls === 2),
    )
  ).missedCalls;
  expect(missed).toMatchObject({ from: '138****8062', calls: 2, overdue: false });
  await stage.clear();
  await killPart(stage, 'core');

  const citizen = await reachCitizen(stage, CITIZEN, trunkPort);
  citizen.type('b');
  await until(
    'the missed call is made good',
    () => lead.get<MissedShape>('/api/v1/missed-calls'),
    ({ missedCalls }) => missedCalls[0]?.result === 'reached',
  );
}, 120_000);
