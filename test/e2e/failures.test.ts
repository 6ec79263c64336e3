import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type CityFolder, cityWith } from './city.ts';
import { until } from './program.ts';
import { callerScenario, cancelScenario } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';
import { toneSeconds } from './tone.ts';

let city: CityFolder;
let stage: Stage;

beforeAll(async () => {
  city = cityWith({ return: '5s' });
  stage = await openStage({ MINHU_CITY: city.path });
}, 120_000);

afterEach(async () => {
  await stage.clear();
  await nothingLeft();
});

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

/** No record open, nobody waiting, no agent at work: whatever went wrong, it is over. */
async function nothingLeft(): Promise<void> {
  await until(
    'every record is closed',
    () => stage.contacts(),
    (all) => all.every(({ outcome }) => outcome !== null),
  );
  for (const queue of ['personal', 'enterprise']) expect(await stage.waiting(queue)).toEqual([]);
}

test('a caller who cancels before the answer leaves one closed record', async () => {
  const caller = stage.sipp({ scenario: cancelScenario({ number: '12345', from: '13800138101' }) });
  await caller.ended;
  // FreeSWITCH parks a call a little after its 100: who gives up before that, it tells nobody of.
  if (stage.program.freeSwitch !== undefined && (await stage.contacts()).length === 0) return;
  expect(['abandonedInMenu', 'abandonedInQueue']).toContain((await stage.closedRecord('13800138101')).outcome);
});

test('an offer without a codec we speak is refused with 488', async () => {
  const plan = { number: '12345', from: '13800138102', talkMs: 1_000, codec: 'G729' as const, refused: 488 };
  const caller = stage.sipp({ scenario: callerScenario(plan) });
  expect(await caller.ended, caller.output()).toBe(0);
});

test('a caller whose ACK never comes is let go, and the record closes', async () => {
  const plan = { number: '12345', from: '13800138103', talkMs: 1_000, loseAck: true as const };
  const caller = stage.sipp({ scenario: callerScenario(plan) });
  await caller.ended;
  expect((await stage.closedRecord('13800138103')).outcome).toMatch(/abandoned/);
});

test('twenty callers over a line that loses every tenth message all come and go', async () => {
  const plan = { number: '12345', from: '13800138104', talkMs: 2_000 };
  const callers = stage.sipp({ scenario: callerScenario(plan), calls: 20, rate: 10, lost: 10, timeoutS: 60 });
  await callers.ended;
  await nothingLeft();
}, 90_000);

test('an agent who declines loses the call to the next one, and the caller keeps the place', async () => {
  const declining = await stage.readyPhone('seat2001', 700, 'manual');
  const caller = await stage.dial('13800138105', 440);
  caller.type('2');
  await stage.agentIs('seat2001', 'ringing');
  const [before] = await stage.waiting('enterprise');
  await stage.readyPhone('seat2002', 710);
  declining.type('b');
  await stage.agentIs('seat2002', 'talking');
  caller.type('b');
  const record = await stage.closedRecord('13800138105');
  expect(record.offers.map(({ agent, result }) => ({ agent, result }))).toEqual([
    { agent: 'seat2001', result: 'rejected' },
    { agent: 'seat2002', result: 'accepted' },
  ]);
  expect(record.waits[0]!.enqueuedAtMs).toBe(before!.enqueuedAtMs);
  for (const user of ['seat2001', 'seat2002']) await stage.setState(user, 'offline');
}, 60_000);

test('a caller who gives up while a phone rings stops the ringing, and the agent is ready again', async () => {
  await stage.readyPhone('seat1001', 700, 'manual');
  const caller = await stage.dial('13800138106', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'ringing');
  caller.type('b');
  await stage.agentIs('seat1001', 'ready');
  const record = await stage.closedRecord('13800138106');
  expect(record.outcome).toBe('abandonedInQueue');
  expect(record.offers).toMatchObject([{ agent: 'seat1001', result: 'cancelled' }]);
  await stage.setState('seat1001', 'offline');
});

test('an agent whose phone dies in the call: the caller is at the head of the queue with the same time, and the next agent takes over', async () => {
  const dying = await stage.readyPhone('seat1001', 700);
  const caller = await stage.dial('13800138107', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  await until(
    'they talk',
    () => toneSeconds(caller.heard(), 700),
    (seconds) => seconds >= 1,
  );
  dying.kill('SIGKILL');
  const [waiting] = await until(
    'the caller waits again',
    () => stage.waiting('personal'),
    (all) => all.length === 1,
    // No sound for 10 s means that the phone is dead; the talk is kept for it for 5 s more.
    60_000,
  );
  await stage.readyPhone('seat1002', 720);
  await stage.agentIs('seat1002', 'talking');
  await until(
    'the caller hears the second agent',
    () => toneSeconds(caller.heard(), 720),
    (seconds) => seconds >= 1,
  );
  caller.type('b');
  const record = await stage.closedRecord('13800138107');
  expect(new Set(record.waits.map(({ enqueuedAtMs }) => enqueuedAtMs))).toEqual(new Set([waiting!.enqueuedAtMs]));
  expect((await stage.agent('seat1001'))?.state).toBe('notReady');
  await stage.setState('seat1002', 'offline');
}, 150_000);

test('an agent puts the caller on hold: music, the state says so, and back', async () => {
  const seat = await stage.readyPhone('seat3001', 750);
  const caller = await stage.dial('13800138108', 440);
  caller.type('1');
  await stage.agentIs('seat3001', 'talking');
  seat.type('x');
  await stage.agentIs('seat3001', 'held');
  const heard = caller.heard().length;
  await until(
    'music plays',
    () => caller.heard().slice(heard),
    (samples) => samples.length > 16_000 && samples.some((s) => Math.abs(s) > 500),
  );
  expect(toneSeconds(caller.heard().slice(heard + 8_000), 750)).toBeLessThan(0.3);
  seat.type('X');
  await stage.agentIs('seat3001', 'talking');
  caller.type('b');
  const record = await stage.closedRecord('13800138108');
  expect(Math.abs(record.recordings[0]!.durationMs! - record.recordings[0]!.expectedMs!)).toBeLessThan(1_000);
  await stage.setState('seat3001', 'offline');
}, 60_000);
