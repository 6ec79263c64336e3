import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecordFact } from '../../src/core/command.ts';
import type { Event } from '../../src/core/event.ts';
import { agentId, contactId } from '../../src/core/ids.ts';
import { initialState } from '../../src/core/state.ts';
import type { Entry } from '../../src/runtime/entry.ts';
import { openJournal, SEGMENT_BYTES } from '../../src/runtime/journal.ts';
import { writeSnapshot } from '../../src/runtime/snapshot.ts';
import { plainDay } from '../../src/sim/plain-line.ts';
import { type Recorded, readRecorded } from '../../src/sim/recorded.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-recorded-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Told = readonly [atMs: number, fact: RecordFact, event?: object];

const { settings } = plainDay({ rate: 0, ahtMs: 1_000, seats: 1, patienceMs: Infinity, hours: 1, seed: 1 });
const ANA = agentId('ana');
const BEN = agentId('ben');

/** What is read of a journal in which that was told, and which ends at 300,000. */
async function read(
  told: readonly Told[],
  first: Event = { type: 'settingsLoaded', settings, atMs: 0 },
  last: Event = { type: 'tick', atMs: 300_000 },
  firstSeq = 1,
) {
  const entries = [
    { atMs: 0, event: first, commands: [] },
    ...told.map(([atMs, fact, event = { type: 'tick' }]) => ({
      atMs,
      event: { ...event, atMs },
      commands: [{ do: 'record-fact', ...fact }],
    })),
    { atMs: 300_000, event: last, commands: [] },
  ].map((entry, nth) => ({ ...entry, seq: firstSeq + nth }) as Entry);
  for (const name of readdirSync(folder)) if (!name.startsWith('snapshot')) rmSync(join(folder, name));
  const { journal } = await openJournal({ folder, segmentBytes: SEGMENT_BYTES }, () => {});
  await journal.append(entries);
  await journal.close();
  return readRecorded(folder, 1);
}

const opened = (atMs: number, id: string, medium: 'voice' | 'callback' = 'voice'): Told => [
  atMs,
  { fact: 'contactOpened', contact: contactId(id), medium, from: id, dialled: '12345', flow: 'wait' },
];
const wait = (id: string, fromMs: number, toMs: number, result: 'connected' | 'abandoned'): Told[] => [
  [fromMs, { fact: 'waitStarted', contact: contactId(id), queue: 'queue', enqueuedAtMs: fromMs }],
  [toMs, { fact: 'waitEnded', contact: contactId(id), queue: 'queue', result }],
];
const talk = (id: string, fromMs: number, toMs: number, endedBy: 'citizen' | 'agent' | 'fault'): Told[] => [
  [fromMs, { fact: 'talkStarted', contact: contactId(id), agent: ANA }],
  [toMs, { fact: 'talkEnded', contact: contactId(id), agent: ANA, endedBy }],
];
const closed = (atMs: number, id: string, outcome: 'answered' | 'abandonedInQueue' | 'abandonedInMenu'): Told => [
  atMs,
  { fact: 'contactClosed', contact: contactId(id), outcome },
];
const is = (atMs: number, state: 'ready' | 'offline' | 'notReady' | 'wrapUp', of?: string, agent = ANA): Told => [
  atMs,
  { fact: 'agentState', agent, state, ...(of === undefined ? {} : { contact: contactId(of) }) },
];

const inOrder = (...told: Told[]) => told.sort(([a], [b]) => a - b);
const callerOf = ({ callers }: Recorded, from: string) => callers.find((one) => one.from === from);

const answered: Told[] = [
  opened(1_000, 'talked'),
  [1_500, { fact: 'digits', contact: contactId('talked'), step: 'menu', digits: '1' }],
  ...wait('talked', 2_000, 12_000, 'connected'),
  ...talk('talked', 12_000, 72_000, 'agent'),
  is(72_000, 'wrapUp', 'talked'),
  closed(72_000, 'talked', 'answered'),
  is(92_000, 'ready'),
];

test('a journal tells of each caller the keys, the talk, the notes and how long it would have waited', async () => {
  const recorded = (await read(
    inOrder(
      is(0, 'ready'),
      ...answered,
      opened(3_000, 'left'),
      ...wait('left', 3_000, 33_000, 'abandoned'),
      closed(33_000, 'left', 'abandonedInQueue'),
      opened(5_000, 'menu'),
      closed(9_000, 'menu', 'abandonedInMenu'),
      opened(6_000, 'ours', 'callback'),
    ),
  ))!;
  expect(recorded.callers.map(({ from }) => from)).toEqual(['talked', 'left', 'menu']);
  // All the waiting, by the one who left.
  expect(recorded.patienceMs).toBe(40_000);
  const lent = { talkMs: 60_000, talkEndedBy: 'agent', wrapUpMs: 20_000 };
  expect(callerOf(recorded, 'talked')).toMatchObject({ ...lent, atMs: 1_000, keys: ['1'], menuPatienceMs: Infinity });
  const { patienceMs } = callerOf(recorded, 'talked')!;
  expect(patienceMs).toBeGreaterThan(10_000);
  expect(patienceMs).toBeLessThan(Infinity);
  expect(callerOf(recorded, 'left')).toMatchObject({ ...lent, patienceMs: 30_000, menuPatienceMs: Infinity });
  expect(callerOf(recorded, 'menu')).toMatchObject({ ...lent, menuPatienceMs: 4_000 });
});

test('a caller is diverted, and known of, in the days played again as it was', async () => {
  const known = { elder: true };
  const [atMs, fact] = opened(1_000, 'diverted');
  const arrival = {
    type: 'callArrived',
    node: 'n',
    leg: 'l',
    from: 'diverted',
    dialled: '12345',
    diversion: '12315',
    known,
  };
  const told: Told = [atMs, { ...fact, diversion: '12315' } as RecordFact, arrival];
  const recorded = (await read(inOrder(told, opened(2_000, 'plain'))))!;
  expect(callerOf(recorded, 'diverted')).toMatchObject({ dialled: '12345', diversion: '12315', known });
  for (const what of ['diversion', 'known']) expect(callerOf(recorded, 'plain')).not.toHaveProperty(what);
});

test('where nobody left, nobody would have', async () => {
  const { patienceMs, callers } = (await read(inOrder(is(0, 'ready'), ...answered)))!;
  expect([patienceMs, ...callers.map((one) => one.patienceMs)]).toEqual([Infinity, Infinity]);
});

test('where nobody left and nobody waited, nobody would have left', async () => {
  const atOnce = [
    opened(1_000, 'one'),
    ...wait('one', 1_000, 1_000, 'connected'),
    ...talk('one', 1_000, 9_000, 'agent'),
  ];
  const { patienceMs, callers } = (await read([is(0, 'ready'), ...atOnce, closed(9_000, 'one', 'answered')]))!;
  expect([patienceMs, ...callers.map((one) => one.patienceMs)]).toEqual([Infinity, Infinity]);
});

test('a talk in two parts counts as their sum, with its first wait and whoever of the two ended it last', async () => {
  const parts = inOrder(
    opened(1_000, 'twice'),
    ...wait('twice', 1_000, 5_000, 'connected'),
    ...talk('twice', 5_000, 15_000, 'agent'),
    is(15_000, 'wrapUp', 'twice'),
    is(18_000, 'ready'),
    ...wait('twice', 15_000, 20_000, 'connected'),
    ...talk('twice', 20_000, 50_000, 'fault'),
    is(50_000, 'wrapUp', 'twice'),
    is(54_000, 'ready'),
    closed(50_000, 'twice', 'answered'),
    ...answered,
    opened(60_000, 'left'),
    ...wait('left', 60_000, 66_000, 'abandoned'),
    closed(66_000, 'left', 'abandonedInQueue'),
  );
  const recorded = (await read(parts))!;
  expect(callerOf(recorded, 'twice')).toMatchObject({ talkMs: 40_000, talkEndedBy: 'agent', wrapUpMs: 7_000 });
  expect(recorded.patienceMs).toBe(20_000);
});

test('an agent is there from the first ready to the next pause, and who is there at the end stays to it', async () => {
  const { shifts, entries, figures } = (await read([
    is(10_000, 'ready', undefined, BEN),
    is(10_000, 'ready'),
    is(20_000, 'wrapUp'),
    is(30_000, 'ready'),
    is(90_000, 'offline', undefined, BEN),
    is(95_000, 'ready', undefined, BEN),
    is(100_000, 'notReady'),
    is(110_000, 'offline'),
    is(200_000, 'ready'),
  ]))!;
  expect(shifts).toEqual([
    { agent: ANA, fromMs: 10_000, toMs: 100_000 },
    { agent: BEN, fromMs: 10_000, toMs: 90_000 },
    { agent: BEN, fromMs: 95_000, toMs: 300_000 },
    { agent: ANA, fromMs: 200_000, toMs: 300_000 },
  ]);
  expect(entries).toBe(11);
  expect(figures.quarters.map(({ seatsMs }) => seatsMs)).toEqual([90_000 + 80_000 + 205_000 + 100_000]);
});

test('a journal without rules cannot be played', async () => {
  expect(await read([], { type: 'started', atMs: 0 })).toBeNull();
});

test('a journal is played again under the last of its rules', async () => {
  const later = { ...settings, version: 'later' };
  const recorded = await read([], undefined, { type: 'settingsLoaded', settings: later, atMs: 300_000 });
  expect(recorded!.settings.version).toBe('later');
});

test('who still waits when a journal ends has waited until then', async () => {
  const recorded = (await read(
    inOrder(
      opened(3_000, 'left'),
      ...wait('left', 3_000, 33_000, 'abandoned'),
      closed(33_000, 'left', 'abandonedInQueue'),
      opened(280_000, 'waits'),
      ...wait('waits', 280_000, Infinity, 'connected').slice(0, 1),
    ),
  ))!;
  expect(recorded.patienceMs).toBe(50_000);
  expect(callerOf(recorded, 'waits')!.patienceMs).toBeGreaterThan(20_000);
});

type Mode = 'normal' | 'holiday' | 'emergency';
const modeIs = (atMs: number, from: Mode, mode: Mode): Told => [
  atMs,
  { fact: 'modeChanged', mode, from, by: 'lead', reason: 'storm', proposed: false },
];
const siteIs = (atMs: number, site: string, status: 'open' | 'draining' | 'down'): Told => [
  atMs,
  { fact: 'siteStatus', site, status, by: 'lead' },
];

/** What is read of a journal from entry 100 on, whose state of entry 102 is kept. */
async function readLater(
  told: readonly Told[],
  mode: Mode,
  sites: readonly (readonly [string, 'draining' | 'down'])[],
) {
  const state = initialState('0123456789abcdef');
  state.seq = 102;
  state.mode = { ...state.mode, name: mode };
  for (const [site, status] of sites) state.sites.set(site, status);
  await writeSnapshot(folder, state);
  return (await read(told, { type: 'settingsLoaded', settings, atMs: 10_000 }, undefined, 100))!.leads;
}

test('a journal tells which mode was in force, and which sites were open', async () => {
  const { leads } = (await read([
    siteIs(10_000, 'sub', 'down'),
    modeIs(20_000, 'normal', 'emergency'),
    siteIs(80_000, 'sub', 'open'),
    modeIs(90_000, 'emergency', 'normal'),
  ]))!;
  expect(leads).toEqual({
    modes: [
      { atMs: 20_000, mode: 'emergency' },
      { atMs: 90_000, mode: 'normal' },
    ],
    sites: [
      { atMs: 10_000, site: 'sub', status: 'down' },
      { atMs: 80_000, site: 'sub', status: 'open' },
    ],
  });
  expect((await read([]))!.leads).toEqual({ modes: [], sites: [] });
});

test('of a journal whose first entries are gone it tells what leads had set before those that are left', async () => {
  const atMs = 0;
  const changed = await readLater([modeIs(90_000, 'holiday', 'normal')], 'normal', []);
  expect(changed.modes).toEqual([
    { atMs, mode: 'holiday' },
    { atMs: 90_000, mode: 'normal' },
  ]);
  expect((await readLater([], 'emergency', [])).modes).toEqual([{ atMs, mode: 'emergency' }]);
  // Entries 101 and 102 are of before the state that is kept.
  const told = [siteIs(20_000, 'fell', 'down'), siteIs(30_000, 'rose', 'open'), siteIs(40_000, 'rises', 'open')];
  const { sites } = await readLater(told, 'normal', [
    ['fell', 'down'],
    ['rises', 'down'],
    ['stays', 'draining'],
  ]);
  expect(sites.slice(0, -3)).toEqual([
    { atMs, site: 'rises', status: 'down' },
    { atMs, site: 'stays', status: 'draining' },
    { atMs, site: 'rose', status: 'draining' },
  ]);
  expect(sites.slice(-3).map(({ site, status }) => [site, status])).toEqual([
    ['fell', 'down'],
    ['rose', 'open'],
    ['rises', 'open'],
  ]);
});
