import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Chromium, type Softphone, startChromium } from '../browser/chromium.ts';
import { earOf, untilHears } from './browser-stage.ts';
import { type CityFolder, cityWith } from './city.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { channelOf, toneSeconds, toneShare } from './tone.ts';

const BROWSER_HZ = 1_000;
const CITIZEN_HZ = 600;
const USER = 'seat1001';

let city: CityFolder;
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  city = cityWith({ ring: '10s', wrapUp: '2s', return: '5s' });
  chromium = await startChromium({ toneHz: BROWSER_HZ });
  stage = await openStage({ MINHU_CITY: city.path });
}, 120_000);

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

afterEach(async () => {
  await chromium.closePages();
  await stage.clear();
});

async function signedIn(): Promise<Softphone> {
  const { sipUser, sipPassword } = stage.program.firstRun().seats.find(({ user }) => user === USER)!;
  const seat = await chromium.open();
  await seat.register({
    ...{ url: `ws://${stage.program.run().ws}`, user: sipUser, password: sipPassword, host: '127.0.0.1' },
  });
  await until(
    'the browser is a device of the seat',
    () => stage.agent(USER),
    (agent) => agent?.devices === 1,
  );
  await stage.setState(USER, 'ready');
  return seat;
}

test('an agent at a browser hears its own echo before any call', async () => {
  const seat = await signedIn();
  await stage.setState(USER, 'notReady');
  await seat.do('call', 'sip:9196@127.0.0.1');
  await untilHears(earOf(seat), BROWSER_HZ);
  await seat.do('hangUp');
  await seat.noted('ended');
}, 60_000);

test('a citizen is answered by an agent at a browser: heard both ways, held and taken back, recorded, wrapped up', async () => {
  const seat = await signedIn();
  const citizen = await stage.dial('13800138000', CITIZEN_HZ);
  citizen.type('1');
  await seat.noted('session', { originator: 'remote', from: '138****8000' });
  await seat.do('answer');
  await stage.agentIs(USER, 'talking');
  await seat.heard();
  await until(
    'the agent hears the citizen',
    () => seat.heard(),
    (heard) => toneShare(heard, CITIZEN_HZ) > 0.9,
  );
  await until(
    'the citizen hears the agent',
    () => citizen.heard().slice(-8_000),
    (heard) => toneShare(heard, BROWSER_HZ) > 0.9,
  );
  await seat.do('hold');
  await until(
    'the citizen hears something else',
    () => citizen.heard().slice(-8_000),
    (heard) => toneShare(heard, BROWSER_HZ) < 0.3 && heard.some((sample) => Math.abs(sample) > 500),
  );
  await seat.do('unhold');
  await untilHears(() => citizen.heard(), BROWSER_HZ);
  await untilHears(earOf(seat), CITIZEN_HZ);
  await seat.do('hangUp');
  await stage.agentIs(USER, 'wrapUp');
  // Who presses nothing is waited for, 20 s in all.
  citizen.type('5');
  const record = await stage.closedRecord('13800138000');
  expect(record).toMatchObject({ outcome: 'answered', rating: 5 });
  expect(record.offers).toMatchObject([{ agent: USER, result: 'accepted' }]);
  const [contact] = await stage.contacts();
  const recording = stage.recordingOf(contact!.id);
  // As long in a row as it was waited for after the hold; a browser on a busy machine may stumble in one of its last tenths of a second.
  expect(toneSeconds(channelOf(recording, 'right').slice(-16_000), BROWSER_HZ)).toBeGreaterThanOrEqual(0.5);
}, 90_000);

test('an agent whose page closes is gone for the citizen only: the caller is back at the head of the queue', async () => {
  await stage.agentIs(USER, 'ready');
  const seat = await signedIn();
  const citizen = await stage.dial('13900139000', CITIZEN_HZ);
  citizen.type('1');
  await seat.noted('session', { originator: 'remote' });
  await seat.do('answer');
  await stage.agentIs(USER, 'talking');
  await seat.page.close();
  const [waiting] = await until(
    'the caller waits again',
    () => stage.waiting('personal'),
    (all) => all.length === 1,
    // The talk is kept for 5 s for whichever phone of the seat comes.
    60_000,
  );
  expect(waiting).toMatchObject({ place: 1 });
  const again = await signedIn();
  await again.noted('session', { originator: 'remote' });
  await again.do('answer');
  await until(
    'the citizen hears the agent',
    () => citizen.heard().slice(-8_000),
    (heard) => toneShare(heard, BROWSER_HZ) > 0.9,
  );
  await again.do('hangUp');
  await stage.agentIs(USER, 'wrapUp');
  citizen.type('5');
  expect((await stage.closedRecord('13900139000')).outcome).toBe('answered');
}, 150_000);
