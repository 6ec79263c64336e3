import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refusing, registering, phone as sippPhone } from '../switch/contract/scenarios.ts';
import { freePort } from '../switch/contract/telephones.ts';
import { type CityFolder, cityWith } from './city.ts';
import { hearingOf } from './hearing.ts';
import { legsOf } from './legs.ts';
import { openLossyLine } from './lossy-line.ts';
import { baresip, type Peer, type Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneSeconds, toneShare } from './tone.ts';

const WRAP_UP_MS = 4_000;
let city: CityFolder;
let stage: Stage;
const extras: { dispose(): Promise<void> }[] = [];

beforeAll(async () => {
  city = cityWith({ ring: '5s', wrapUp: `${WRAP_UP_MS / 1_000}s`, positionFirst: '5s', positionEvery: '10s' });
  stage = await openStage({ MINHU_CITY: city.path });
}, 120_000);

afterEach(async () => {
  for (const extra of extras.splice(0)) await extra.dispose();
  await stage.clear();
  await until(
    'every record is closed',
    () => stage.contacts(),
    (all) => all.every(({ outcome }) => outcome !== null),
  );
  await until(
    'no leg is left',
    () => legsOf(stage.program),
    (legs) => legs === 0,
  );
  for (const queue of ['personal', 'enterprise']) expect(await stage.waiting(queue)).toEqual([]);
  for (const { agent, state } of await agents()) {
    expect(['ringing', 'talking', 'held'], `${agent} is stuck`).not.toContain(state);
  }
});

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  city.remove();
}, 60_000);

interface Readiness {
  readonly ready: boolean;
  readonly switch: boolean;
  readonly nodes?: Readonly<Record<string, boolean>>;
}

interface AgentRow {
  readonly agent: string;
  readonly state: string;
  readonly sinceMs: number;
  readonly reason?: string;
}

const agents = async () => (await stage.lead.get<{ agents: AgentRow[] }>('/api/v1/agents')).agents;
const agentRow = async (user: string) => (await agents()).find(({ agent }) => agent === user)!;
const prompt = (id: string) => readFileSync(join(city.path, 'prompts', `${id}.wav`));
const offersOf = (record: Awaited<ReturnType<Stage['closedRecord']>>) =>
  record.offers.map(({ agent, result }) => `${agent} ${result}`);

const queued = (queue: string, count: number) =>
  until(
    `${count} wait for ${queue}`,
    () => stage.waiting(queue),
    (all) => all.length === count,
  );

const hears = (phone: Phone, hz: number, seconds = 1) =>
  until(
    `${hz} Hz are heard`,
    () => toneSeconds(phone.heard(), hz),
    (heard) => heard >= seconds,
  );

/** SIPp as one of a seat's phones: registered from the port at which its scenario then answers. */
async function sippSeat(user: string, scenario: string, calls: number): Promise<Peer> {
  const { sipUser, sipPassword } = stage.program.firstRun().seats.find((seat) => seat.user === user)!;
  const localPort = await freePort();
  const devices = (await stage.agent(user))?.devices ?? 0;
  const device = `sip:${sipUser}@127.0.0.1:${localPort}`;
  const registration = stage.sipp({ scenario: registering(sipUser, sipPassword, 120, device), localPort });
  expect(await registration.ended, registration.output()).toBe(0);
  await until(
    `${user} has one phone more`,
    () => stage.agent(user),
    (view) => view?.devices === devices + 1,
  );
  return stage.sipp({ scenario, localPort, calls, mediaPort: await freePort() });
}

test('nobody answers in time: the next agent is rung, the caller keeps the place and is told it, and a wrap-up ends by itself', async () => {
  const silent = await stage.readyPhone('seat1001', 700, 'manual');
  const first = await stage.dial('13800138301', 440);
  first.type('1');
  await stage.agentIs('seat1001', 'ringing');
  const second = await stage.dial('13800138302', 450);
  second.type('1');
  const before = await queued('personal', 2);
  await stage.agentIs('seat1001', 'ready');
  expect(silent.output()).toMatch(/Incoming call/i);
  await stage.setState('seat1001', 'offline');
  expect((await stage.waiting('personal')).map(({ contact, enqueuedAtMs }) => ({ contact, enqueuedAtMs }))).toEqual(
    before.map(({ contact, enqueuedAtMs }) => ({ contact, enqueuedAtMs })),
  );
  const told = await until(
    'the second hears how many are ahead',
    () => ['QUE-03a', 'NUM-1', 'QUE-03b'].map((id) => hearingOf(second.heard(), prompt(id))),
    (all) => all.every(({ likeness }) => likeness > 0.95),
  );
  expect(told.map(({ atS }) => atS)).toEqual(told.map(({ atS }) => atS).sort((a, b) => a - b));
  expect(hearingOf(second.heard(), prompt('FUL-01')).likeness).toBeLessThan(0.7);
  expect(hearingOf(first.heard(), prompt('QUE-02')).likeness).toBeGreaterThan(0.95);

  await stage.readyPhone('seat1002', 710);
  await hears(first, 710);
  first.type('b');
  const wrapUp = await until(
    'the wrap-up',
    () => agentRow('seat1002'),
    ({ state }) => state === 'wrapUp',
  );
  await hears(second, 710);
  const talking = await agentRow('seat1002');
  expect(talking.sinceMs - wrapUp.sinceMs).toBeGreaterThanOrEqual(WRAP_UP_MS);
  second.type('b');
  const record = await stage.closedRecord('13800138301');
  expect(offersOf(record)).toEqual(['seat1001 timeout', 'seat1002 accepted']);
  expect(record.waits[0]!.enqueuedAtMs).toBe(before[0]!.enqueuedAtMs);
  await stage.setState('seat1002', 'offline');
}, 90_000);

test('an agent who is busy three times is set aside, the caller waits on, and “ready” brings the agent back', async () => {
  await sippSeat('seat2001', refusing('486 Busy Here'), 20);
  await stage.setState('seat2001', 'ready');
  const caller = await stage.dial('13800138311', 440);
  caller.type('2');
  const [before] = await queued('enterprise', 1);
  await until(
    'the agent is set aside',
    () => agentRow('seat2001'),
    ({ state, reason }) => state === 'notReady' && reason === 'missedOffers',
    40_000,
  );
  expect(await stage.waiting('enterprise')).toMatchObject([
    { contact: before!.contact, enqueuedAtMs: before!.enqueuedAtMs, place: 1 },
  ]);
  // The other phone of the seat rings on when one is busy.
  await stage.readyPhone('seat2001', 720);
  await hears(caller, 720);
  caller.type('b');
  expect(offersOf(await stage.closedRecord('13800138311'))).toEqual([
    ...Array.from({ length: 3 }, () => 'seat2001 rejected'),
    'seat2001 accepted',
  ]);
  await stage.setState('seat2001', 'offline');
}, 90_000);

test('a busy agent loses the call to the next one, and the caller keeps the place', async () => {
  await sippSeat('seat2002', refusing('486 Busy Here'), 20);
  await stage.setState('seat2002', 'ready');
  const caller = await stage.dial('13800138321', 440);
  caller.type('2');
  const [before] = await queued('enterprise', 1);
  await stage.readyPhone('seat3001', 730);
  await hears(caller, 730);
  caller.type('b');
  const record = await stage.closedRecord('13800138321');
  expect(offersOf(record).at(0)).toBe('seat2002 rejected');
  expect(offersOf(record).at(-1)).toBe('seat3001 accepted');
  expect(record.waits).toMatchObject([{ enqueuedAtMs: before!.enqueuedAtMs, result: 'connected' }]);
  for (const user of ['seat2002', 'seat3001']) await stage.setState(user, 'offline');
}, 60_000);

test('every phone of a seat rings, the first answer wins, and the other is told that it missed nothing', async () => {
  const winner = await stage.readyPhone('seat1001', 740, 'manual');
  const loser = await sippSeat('seat1001', sippPhone(), 1);
  const caller = await stage.dial('13800138331', 440);
  caller.type('1');
  const messages = () => readFileSync(join(loser.folder, 'messages.log'), 'utf8');
  await until('both ring', messages, (text) => text.includes('180 Ringing') && /Incoming/i.test(winner.output()));
  winner.type('a');
  await hears(caller, 740);
  expect(await loser.ended, loser.output()).toBe(0);
  const cancel = messages().slice(messages().indexOf('CANCEL sip:'));
  // RFC 3326: what keeps the phone from counting a missed call. The cause of the switch itself is said by the embedded one alone.
  expect(cancel).toMatch(/^Reason: SIP;cause=200;text="Call completed elsewhere"/m);
  if (stage.program.freeSwitch === undefined) expect(cancel).toMatch(/^Reason: .*, Q\.850;cause=\d+;text="LOSE_RACE"/m);
  caller.type('b');
  const record = await stage.closedRecord('13800138331');
  expect(offersOf(record)).toEqual(['seat1001 accepted']);
  expect(record.legs.map(({ cause }) => cause)).toContain('LOSE_RACE');
  await stage.setState('seat1001', 'offline');
}, 60_000);

test('a caller may leave at any moment: in the menu, waiting, ringing, as the agent answers, and in talk', async () => {
  const menu = await stage.dial('13800138341', 440);
  menu.type('b');
  expect((await stage.closedRecord('13800138341')).outcome).toBe('abandonedInMenu');

  const waiting = await stage.dial('13800138342', 440);
  waiting.type('1');
  await queued('personal', 1);
  waiting.type('b');
  expect((await stage.closedRecord('13800138342')).outcome).toBe('abandonedInQueue');

  const seat = await stage.readyPhone('seat1001', 750, 'manual');
  let rings = 0;
  const rung = async (): Promise<void> => {
    const now = await until(
      'it rings',
      () => seat.output().match(/Incoming call from/g)?.length ?? 0,
      (count) => count > rings,
    );
    rings = now;
  };
  const ringing = await stage.dial('13800138343', 440);
  ringing.type('1');
  await rung();
  ringing.type('b');
  await stage.agentIs('seat1001', 'ready');
  expect((await stage.closedRecord('13800138343')).outcome).toBe('abandonedInQueue');

  const connecting = await stage.dial('13800138344', 440);
  connecting.type('1');
  await rung();
  seat.type('a');
  connecting.type('b');
  expect(['answered', 'abandonedInQueue']).toContain((await stage.closedRecord('13800138344')).outcome);
  await until(
    'the agent is free',
    () => agentRow('seat1001'),
    ({ state }) => state === 'ready' || state === 'wrapUp',
  );
  await stage.agentIs('seat1001', 'ready');

  const talking = await stage.dial('13800138345', 440);
  talking.type('1');
  await rung();
  seat.type('a');
  await hears(talking, 750);
  talking.kill('SIGTERM');
  expect((await stage.closedRecord('13800138345')).outcome).toBe('answered');
  await stage.agentIs('seat1001', 'wrapUp');
  await stage.setState('seat1001', 'offline');
}, 90_000);

test('over a line that loses 8 % and mixes up packets both ways, keys are understood and both hear each other', async () => {
  const line = await openLossyLine(stage.program.run().sip, { loss: 0.08, jitterMs: 45, seed: 5 });
  extras.push({ dispose: async () => line.close() });
  const seat = await stage.readyPhone('seat1001', 760);
  const caller = baresip({ server: line.address, user: '13800138351', toneHz: 440 });
  extras.push(caller);
  await until(
    'the phone is up',
    () => caller.output(),
    (text) => text.includes('baresip is ready'),
  );
  caller.type(`/dial sip:12345@${line.address}\n`);
  await until(
    'the greeting is heard',
    () => caller.heard().length,
    (samples) => samples > 8_000,
  );
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  const [callerFrom, seatFrom] = [caller.heard().length, seat.heard().length];
  await until(
    'eight seconds of talk',
    () => Math.min(caller.heard().length - callerFrom, seat.heard().length - seatFrom),
    (samples) => samples > 64_000,
    30_000,
  );
  const shares = [toneShare(caller.heard().slice(callerFrom), 760), toneShare(seat.heard().slice(seatFrom), 440)];
  for (const way of [0, 1] as const) {
    expect(line.lost[way] / line.came[way]).toBeGreaterThan(0.04);
    expect(line.overtaken[way]).toBeGreaterThan(10);
    expect(shares[way]).toBeGreaterThan(0.6);
  }
  caller.type('b');
  const record = await stage.closedRecord('13800138351');
  expect(record).toMatchObject({ outcome: 'answered', digits: [{ digits: '1' }] });
  const { durationMs, expectedMs } = record.recordings[0]!;
  expect(Math.abs(durationMs! - expectedMs!)).toBeLessThan(1_000);
  await stage.setState('seat1001', 'offline');
}, 90_000);

test('a switch that stands still is noticed within seconds and named, and is taken up again when it goes on', async () => {
  await stage.readyPhone('seat1001', 770);
  const caller = await stage.dial('13800138361', 440);
  caller.type('1');
  await hears(caller, 770);
  const ready = async () => {
    const response = await fetch(`http://${stage.program.run().http}/readyz`);
    return { status: response.status, ...((await response.json()) as Readiness) };
  };
  expect(await ready()).toMatchObject({ status: 200, ready: true, switch: true, journal: true, store: true });
  const pid = stage.program.switchPid();
  process.kill(pid, 'SIGSTOP');
  const stoppedMs = performance.now();
  try {
    await until('the switch is missed', ready, (answer) => answer.status === 503);
    // Three seconds when the machine has nothing else to do.
    expect(performance.now() - stoppedMs).toBeLessThan(6_000);
    const missed = await ready();
    expect(missed).toMatchObject({ status: 503, ready: false, switch: false, journal: true, store: true });
    expect(Object.values(missed.nodes ?? {})).toEqual([false]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await until('the switch is back', ready, (answer) => answer.status === 200);
  expect(stage.program.switchPid()).toBe(pid);
  expect((await stage.agent('seat1001'))?.state).toBe('talking');
  const heard = caller.heard().length;
  await until(
    'the talk goes on',
    () => caller.heard().length,
    (samples) => samples > heard + 16_000,
  );
  expect(toneSeconds(caller.heard().slice(heard), 770)).toBeGreaterThan(1);
  caller.type('b');
  expect((await stage.closedRecord('13800138361')).outcome).toBe('answered');
  await stage.setState('seat1001', 'offline');
}, 60_000);
