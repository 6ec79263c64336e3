import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCity } from '../../src/city/load.ts';
import { quiet } from '../../src/cli/simulate/city-day.ts';
import type { SwitchCommand } from '../../src/core/command.ts';
import type { SwitchEvent } from '../../src/core/event.ts';
import { agentId, type CommandKey, contactId, legId, nodeId } from '../../src/core/ids.ts';
import type { Settings } from '../../src/core/settings.ts';
import { Clock } from '../../src/sim/clock.ts';
import { DaySwitch } from '../../src/sim/day-switch.ts';
import { drawPhones } from '../../src/sim/draw.ts';
import { fixed } from '../../src/sim/duration.ts';
import type { Caller, Ring } from '../../src/sim/people.ts';
import { VirtualSwitch } from '../../src/sim/rough/switch.ts';
import { type Connect, playDay } from '../../src/sim/simulate.ts';
import type { Stamped } from '../../src/sim/stamped.ts';

const NODE = nodeId('virtual');
const START_MS = Date.UTC(2025, 11, 1, 2);
const PHONE = { sipUser: '1', uri: 'sip:1@virtual', expiresAtMs: Number.MAX_SAFE_INTEGER };

const caller = (more: Partial<Caller> = {}): Caller => ({
  from: '13800000001',
  dialled: '12345',
  atMs: 0,
  keys: [],
  keyAfterMs: 0,
  menuPatienceMs: Infinity,
  patienceMs: Infinity,
  talkMs: 60_000,
  talkEndedBy: 'citizen',
  wrapUpMs: 0,
  ...more,
});

/** A switch with one caller on the line, and all that it tells. */
function withCaller(one: Caller, pickUpAfterMs = 3_000) {
  const clock = new Clock(0);
  const told: Stamped<SwitchEvent>[] = [];
  const phones = () => ({ does: 'answers', afterMs: pickUpAfterMs }) as const;
  const day = new DaySwitch({ node: NODE, clock, tell: (event) => told.push(event), devices: [PHONE], phones });
  day.arrive(one);
  const ask = (leg: string, wish: object): void => {
    day.carryOut({ key: 'k' as CommandKey, node: NODE, leg: legId(leg), ...wish } as SwitchCommand);
  };
  const ring = (leg: string, timeoutMs = 20_000): void => {
    ask(leg, { do: 'ring', ...PHONE, device: PHONE.uri, timeoutMs, contact: contactId('C') });
  };
  const talk = (): void => {
    ask('call-1', { do: 'answer' });
    ask('call-1', { do: 'music', files: [] });
    ring('phone');
    passMs(pickUpAfterMs);
    ask('call-1', { do: 'bridge', other: legId('phone') });
  };
  const passMs = (ms: number): void => {
    const untilMs = clock.nowMs + ms;
    while (clock.nextMs() <= untilMs) clock.next();
    clock.nowMs = untilMs;
  };
  const ends = () =>
    told.flatMap((event) => (event.type === 'legEnded' ? [[event.leg, event.cause, event.atMs] as const] : []));
  const arrive = (another: Caller): void => day.arrive(another);
  return { told, ask, ring, talk, passMs, ends, arrive, types: () => told.map(({ type }) => type) };
}

test('a phone rings, is answered and talks until its caller hangs up', () => {
  const { talk, passMs, ends, types } = withCaller(caller());
  talk();
  passMs(60_000);
  expect(types()).toEqual(['callArrived', 'legAnswered', 'legAnswered', 'bridged', 'legEnded']);
  expect(ends()).toEqual([['call-1', 'NORMAL_CLEARING', 63_000]]);
});

test('a call comes with the number it was diverted from and what is known of its caller, when there is any', () => {
  const more = { diversion: '12315', known: { elder: true as const } };
  expect(withCaller(caller(more)).told[0]).toMatchObject(more);
  const [plain] = withCaller(caller()).told;
  for (const what of ['diversion', 'known']) expect(plain).not.toHaveProperty(what);
});

test('an agent who hangs up leaves the caller on the line, and nothing of the old talk happens to them', () => {
  const { talk, ask, passMs, ends } = withCaller(caller({ talkMs: 50_000 }));
  talk();
  passMs(40_000);
  ask('phone', { do: 'hangUp', cause: 'MANAGER_REQUEST' });
  passMs(60_000);
  expect(ends()).toEqual([['phone', 'MANAGER_REQUEST', 43_000]]);
});

test('a caller without patience leaves the queue, and one who was answered in time stays', () => {
  const impatient = withCaller(caller({ patienceMs: 2_000 }));
  impatient.ask('call-1', { do: 'answer' });
  impatient.ask('call-1', { do: 'music', files: [] });
  impatient.passMs(1_000);
  impatient.ask('call-1', { do: 'music', files: ['again.wav'] });
  impatient.passMs(10_000);
  expect(impatient.ends()).toEqual([['call-1', 'NORMAL_CLEARING', 2_000]]);
  const served = withCaller(caller({ patienceMs: 4_000 }));
  served.talk();
  served.passMs(50_000);
  expect(served.ends()).toEqual([]);
});

test('the patience of the menu ends with the menu', () => {
  const gone = withCaller(caller({ menuPatienceMs: 5_000 }));
  gone.ask('call-1', { do: 'answer' });
  gone.passMs(6_000);
  expect(gone.ends()).toEqual([['call-1', 'NORMAL_CLEARING', 5_000]]);
  const queued = withCaller(caller({ menuPatienceMs: 5_000 }));
  queued.ask('call-1', { do: 'music', files: [] });
  queued.passMs(6_000);
  expect(queued.ends()).toEqual([]);
});

test('what is over on one leg stops nothing on another', () => {
  const { ask, ring, passMs, arrive, ends } = withCaller(caller());
  ask('call-1', { do: 'answer' });
  ring('phone');
  passMs(3_000);
  arrive(caller({ menuPatienceMs: 5_000 }));
  ask('call-1', { do: 'bridge', other: legId('phone') });
  passMs(10_000);
  expect(ends()).toEqual([['call-2', 'NORMAL_CLEARING', 8_000]]);
});

test('a key comes when it is pressed, none when the time is over, and a question that is cut short says so', () => {
  const { ask, passMs, told } = withCaller(caller({ keys: ['1', ''], keyAfterMs: 700 }));
  for (const waitMs of [5_000, 4_000, 3_000]) {
    ask('call-1', { do: 'collect', files: [], waitMs });
    passMs(4_500);
  }
  ask('call-1', { do: 'collect', files: [], waitMs: 9_000 });
  ask('call-1', { do: 'music', files: [] });
  passMs(20_000);
  const digits = told.flatMap((event) => (event.type === 'digitsCollected' ? [[event.digits, event.atMs]] : []));
  expect(digits).toEqual([
    ['1', 700],
    ['', 8_500],
    ['', 12_000],
    ['', 13_500],
  ]);
});

test('a question beyond those that a caller has keys for is answered with the last of them', () => {
  const { ask, told } = withCaller(caller({ keys: ['1', '2'] }));
  for (let nth = 0; nth < 4; nth++) ask('call-1', { do: 'collect', files: [], waitMs: 5_000 });
  expect(told.flatMap((event) => (event.type === 'digitsCollected' ? [event.digits] : []))).toEqual([...'1222']);
});

test('phones are declined and missed as often as it says, also by those who answer at once', () => {
  const ring = { do: 'ring' } as Ring;
  const habits = { after: fixed(0), declined: 0, missed: 0 };
  expect(drawPhones(habits, 1)(ring)).toEqual({ does: 'answers', afterMs: 0 });
  expect(drawPhones({ ...habits, after: fixed(2_000) }, 1)(ring)).toEqual({ does: 'answers', afterMs: 2_000 });
  expect(drawPhones({ ...habits, declined: 1 }, 1)(ring)).toEqual({ does: 'declines', afterMs: 0 });
  expect(drawPhones({ ...habits, missed: 1 }, 1)(ring)).toEqual({ does: 'nothing' });
  const phones = drawPhones({ ...habits, declined: 0.3, missed: 0.2 }, 1);
  const done = Array.from({ length: 4_000 }, () => phones(ring).does);
  for (const [does, share] of [
    ['declines', 0.3],
    ['nothing', 0.2],
    ['answers', 0.5],
  ] as const) {
    expect(Math.abs(done.filter((one) => one === does).length / done.length - share), does).toBeLessThan(0.03);
  }
});

test('a prompt ends the question before it: its key, pressed too late, is none', () => {
  const { ask, passMs, told } = withCaller(caller({ keys: ['1'], keyAfterMs: 700 }));
  ask('call-1', { do: 'collect', files: [], waitMs: 5_000 });
  passMs(300);
  ask('call-1', { do: 'play', files: [] });
  passMs(9_000);
  expect(told.slice(1)).toMatchObject([
    { type: 'digitsCollected', digits: '', atMs: 300 },
    { type: 'playEnded', outcome: 'done', atMs: 300 },
  ]);
  expect(told).toHaveLength(3);
});

test('a phone that is told to stop ringing is not answered any more, nor is one that rings for too short', () => {
  const { ask, ring, passMs, types, ends } = withCaller(caller(), 3_000);
  ring('stopped');
  passMs(1_000);
  ask('stopped', { do: 'hangUp', cause: 'ORIGINATOR_CANCEL' });
  ring('short', 2_000);
  ring('justTooShort', 3_000);
  passMs(9_000);
  expect(types()).not.toContain('legAnswered');
  expect(ends()).toEqual([
    ['stopped', 'ORIGINATOR_CANCEL', 1_000],
    ['short', 'NO_ANSWER', 3_000],
    ['justTooShort', 'NO_ANSWER', 4_000],
  ]);
});

test('what cannot be done is refused; a leg that is gone needs no hanging up', () => {
  const { ask, ring, told, ends } = withCaller(caller());
  ask('nobody', { do: 'answer' });
  ask('nobody', { do: 'hangUp', cause: 'NORMAL_CLEARING' });
  ask('call-1', { do: 'bridge', other: legId('nobody') });
  ask('call-1', { do: 'record', file: 'a.wav' });
  ask('out', { do: 'dial', number: '13800000002', timeoutMs: 1_000 });
  ring('phone');
  expect(told.filter(({ type }) => type === 'commandFailed')).toHaveLength(3);
  expect(ends().map(([leg, cause]) => [leg, cause])).toEqual([['out', 'NO_ROUTE_DESTINATION']]);
});

/** The switch that tells the core everything, with prompts that take no time. */
const rough: Connect = ({ devices, ...options }) => {
  // Its phones are in the survey: that they register need not be told as well.
  let told = false;
  const tell: typeof options.tell = (event) => (told ? options.tell(event) : undefined);
  const telephony = new VirtualSwitch({ ...options, tell, promptMs: () => 0 });
  for (const device of devices) telephony.register(device);
  told = true;
  return {
    survey: () => telephony.survey([]),
    callerOf: (leg) => telephony.legs.get(leg)?.caller ?? null,
    arrive: (one) => void telephony.arrive(one),
    carryOut: (command) => telephony.carryOut(command),
  };
};

function cityRules(seats: number): Settings {
  const loaded = loadCity('dialplans');
  if (!loaded.ok) throw new Error('the city folder is broken');
  const agents = Array.from({ length: seats }, (_, nth) => ({
    id: agentId(`agent${nth}`),
    number: `${1001 + nth}`,
    sipUser: `${1001 + nth}`,
    skills: nth % 3 === 0 ? { personal: 3, enterprise: 3 } : { personal: 3 },
  }));
  return quiet({ ...loaded.city.settings, version: `${seats}`, agents });
}

test('[E1] a day on which nothing goes wrong has the same figures as on the switch of the rough days', () => {
  const callers = fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: 600_000 }),
      from: fc.constantFrom('13800000001', '13800000002', '13800000003', '13800000004', '02886543210'),
      keys: fc.constantFrom(['1'], ['2'], [''], ['7', '1'], ['7', '9'], ['8'], ['0']),
      keyAfterMs: fc.constantFrom(0, 1_000),
      patienceMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 500, max: 60_000 })),
      talkMs: fc.integer({ min: 1, max: 120_000 }),
      talkEndedBy: fc.constantFrom('citizen' as const, 'agent' as const),
      wrapUpMs: fc.integer({ min: 0, max: 60_000 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const habits = fc.record({
    declined: fc.constantFrom(0, 0.2),
    missed: fc.constantFrom(0, 0.2),
    afterMs: fc.nat(9_000),
  });
  fc.assert(
    fc.property(callers, habits, fc.integer({ min: 1, max: 5 }), fc.nat(1_000), (drawn, habit, seats, seed) => {
      const settings = cityRules(seats);
      const phones = () => drawPhones({ ...habit, after: { meanMs: habit.afterMs, shape: 'fixed' } }, seed);
      const day = {
        settings,
        callers: drawn.map((one) => caller({ ...one, atMs: START_MS + one.atMs })).sort((a, b) => a.atMs - b.atMs),
        shifts: settings.agents.map(({ id }) => ({ agent: id, fromMs: START_MS, toMs: Infinity })),
      };
      const played = playDay({ ...day, phones: phones() });
      expect(played.figures).toEqual(playDay({ ...day, phones: phones() }, {}, rough).figures);
    }),
    { numRuns: 60, seed: 2_025 },
  );
}, 120_000);
