import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hearingOf } from './hearing.ts';
import { signIn, until } from './program.ts';
import { callerScenario } from './scenarios.ts';
import { openStage, type Stage } from './stage.ts';
import { channelOf, toneSeconds, toneShare } from './tone.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 120_000);

afterEach(() => stage.clear());

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
}, 60_000);

test('a caller who presses 1 talks with an agent of the personal queue, and both voices are on the record', async () => {
  const seat = await stage.readyPhone('seat1001', 700);
  const caller = await stage.dial('13800138001', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  await until(
    'the agent hears the caller',
    () => toneSeconds(seat.heard(), 440),
    (seconds) => seconds >= 2,
  );
  await until(
    'the caller hears the agent',
    () => toneSeconds(caller.heard(), 700),
    (seconds) => seconds >= 2,
  );
  const [contact] = await stage.contacts();
  // Written once a second. On a busy machine a phone may stop short, and what was heard without a break is not on the record without one.
  const onRecord = (wav = stage.recordingOf(contact!.id)): number =>
    Math.min(toneSeconds(channelOf(wav, 'left'), 440), toneSeconds(channelOf(wav, 'right'), 700));
  await until(
    'both voices are on the record',
    () => onRecord(),
    (seconds) => seconds > 1.5,
  );
  caller.type('b');
  await stage.agentIs('seat1001', 'wrapUp');

  const record = await stage.closedRecord('13800138001');
  expect(record.outcome).toBe('answered');
  expect(record.digits.map(({ digits }) => digits)).toEqual(['1']);
  expect(record.waits).toMatchObject([{ queue: 'personal', result: 'connected' }]);
  expect(record.recordings).toHaveLength(1);
  expect(Math.abs(record.recordings[0]!.durationMs! - record.recordings[0]!.expectedMs!)).toBeLessThan(1_000);

  const wav = stage.recordingOf(contact!.id);
  expect(onRecord(wav)).toBeGreaterThan(1.5);
  expect(toneShare(channelOf(wav, 'left'), 700)).toBeLessThan(0.2);
  await stage.setState('seat1001', 'offline');
});

test('a caller of a merged hotline hears its greeting, talks with its queue, and the number dialled stays in the record', async () => {
  const seat = await stage.readyPhone('seat1002', 700);
  const caller = await stage.dial('13800138015', 440, '12315');
  await stage.agentIs('seat1002', 'talking');
  await until(
    'the agent hears the caller',
    () => toneSeconds(seat.heard(), 440),
    (seconds) => seconds >= 1,
  );
  const greeting = readFileSync(join(import.meta.dirname, '../../dialplans/prompts/GRT-12315.wav'));
  expect(hearingOf(caller.heard(), greeting).likeness).toBeGreaterThan(0.9);
  caller.type('b');
  expect(await stage.closedRecord('13800138015')).toMatchObject({
    ...{ outcome: 'answered', dialled: '12315', diversion: null, flow: 'hotline:12315', digits: [] },
    waits: [{ queue: 'personal', result: 'connected' }],
  });
  await stage.setState('seat1002', 'offline');
});

test('a call that a carrier diverted from a merged hotline to 12345 is the hotline’s, and keeps both numbers', async () => {
  const headers = ['History-Info: <sip:12366@10.0.0.1>;index=1, <sip:12345@10.0.0.1;cause=302>;index=1.1;rc=1'];
  const scenario = callerScenario({ number: '12345', from: '13800138016', talkMs: 2_000, headers });
  const caller = stage.sipp({ scenario });
  expect(await caller.ended, caller.output()).toBe(0);
  expect(await stage.closedRecord('13800138016')).toMatchObject({
    ...{ dialled: '12345', diversion: '12366', flow: 'hotline:12366' },
  });
});

test('key 2 leads to the enterprise queue; when the agent hangs up the caller gives 4 of 5, and the agent says what came of it', async () => {
  const seat = await stage.readyPhone('seat2001', 800);
  const caller = await stage.dial('13800138002', 440);
  caller.type('2');
  await stage.agentIs('seat2001', 'talking');
  await until(
    'the caller hears the agent',
    () => toneSeconds(caller.heard(), 800),
    (seconds) => seconds >= 1,
  );
  seat.type('b');
  await stage.agentIs('seat2001', 'wrapUp');
  const { id } = (await stage.contactsFrom('13800138002'))[0]!;
  const agent = await signIn(stage.program, stage.program.firstRun().seats.find(({ user }) => user === 'seat2001')!);
  await agent.put(`/api/v1/contacts/${id}/disposition`, { code: 'order', note: '已登记' });
  caller.type('4');
  await until(
    'the caller is told by BYE',
    () => caller.output(),
    (text) => text.includes('terminated') || text.includes('closed'),
  );
  const record = await stage.closedRecord('13800138002');
  expect(record.waits).toMatchObject([{ queue: 'enterprise', result: 'connected' }]);
  expect(record).toMatchObject({
    outcome: 'answered',
    rating: 4,
    ratedAgent: 'seat2001',
    disposition: 'order',
    dispositionNote: '已登记',
    disposedBy: 'seat2001',
  });
  await stage.setState('seat2001', 'offline');
});

const toAPerson: readonly {
  readonly title: string;
  readonly from: string;
  readonly press: readonly string[];
  readonly transport: 'u1' | 't1';
  readonly digits: readonly string[];
  readonly talkMs: number;
}[] = [
  { title: 'no key at all', from: '13800138003', press: [], transport: 'u1', digits: [''], talkMs: 26_000 },
  {
    title: 'two wrong keys',
    from: '13800138004',
    press: ['7', '9'],
    transport: 't1',
    digits: ['7', '9'],
    talkMs: 4_000,
  },
  {
    ...{ title: 'a wrong key, then 1', from: '13800138005', transport: 'u1' },
    ...{ press: ['5', '1'], digits: ['5', '1'], talkMs: 4_000 },
  },
  { title: 'key 0', from: '13800138006', press: ['0'], transport: 't1', digits: ['0'], talkMs: 4_000 },
];

test('no key at all, two wrong keys, a wrong key and then 1, and key 0 lead to a person of the personal queue', async () => {
  const seats = ['seat1002', 'seat3001'];
  for (const user of seats) await stage.readyPhone(user, 600);
  const call = async ({ title, from, press, transport, digits, talkMs }: (typeof toAPerson)[number]) => {
    const plan = { number: '12345', from, press: press.map((key) => ({ key, afterMs: 2_000 })), talkMs };
    const caller = stage.sipp({ scenario: callerScenario(plan), transport });
    expect(await caller.ended, caller.output()).toBe(0);
    const record = await stage.closedRecord(from);
    expect(record.outcome, title).toBe('answered');
    expect(record.digits.map((taken) => taken.digits)).toEqual(digits);
    expect(record.waits, title).toMatchObject([{ queue: 'personal', result: 'connected' }]);
  };
  // Who presses nothing takes as long as the others one after the other.
  const [patient, ...others] = toAPerson;
  const shorter = async () => {
    for (const each of others) {
      await call(each);
      for (const user of seats) await stage.setState(user, 'ready');
    }
  };
  await Promise.all([call(patient!), shorter()]);
  for (const user of seats) await stage.setState(user, 'offline');
}, 90_000);
