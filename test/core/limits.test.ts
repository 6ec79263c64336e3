import { expect, test } from 'vitest';
import type { RecordFact } from '../../src/core/command.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { agentId, legId, nodeId } from '../../src/core/ids.ts';
import { CONTACTS_MAX, DEVICES_PER_SEAT_MAX } from '../../src/core/limits.ts';
import { initialState } from '../../src/core/state.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { nextDeadlineMs, step } from '../../src/core/step.ts';
import { agentView, agentViews, webCallCount } from '../../src/core/view.ts';
import { WEB_CALLER } from '../../src/lib/web-caller.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const CITY = rules([queue('personal')], [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })]);

const facts = <Name extends RecordFact['fact']>(hotline: Hotline, name: Name) =>
  hotline.commands.filter(
    (one): one is Extract<typeof one, { do: 'record-fact' }> & Extract<RecordFact, { fact: Name }> =>
      one.do === 'record-fact' && one.fact === name,
  );
const arrive = (leg: string, from = '138'): EventBody => ({
  ...{ type: 'callArrived', node: NODE, leg: legId(leg), from, dialled: 'personal' },
});
const seat = (hotline: Hotline) => agentView(hotline.state, agentId('ana'))!;
const registered = (device: string, node = NODE, expiresAtMs = 1e14): EventBody => ({
  ...{ type: 'deviceRegistered', node, device: { sipUser: 'ana', uri: device, expiresAtMs } },
});

test('[E2] an event that comes late finds everything that was due done, oldest first', () => {
  const hotline = new Hotline(CITY);
  const state = hotline.state;
  hotline.ready('ana');
  const call = hotline.call('personal');
  const dueMs = nextDeadlineMs(state)!;
  const decided = step(state, { type: 'tick', atMs: dueMs + 3_600_000 }, state.seq + 1);
  const told = decided.flatMap((one) => (one.do === 'record-fact' ? [one.fact] : []));
  expect(told.indexOf('offerEnded')).toBeGreaterThan(-1);
  expect(nextDeadlineMs(state)!).toBeGreaterThan(dueMs + 3_600_000);
  expect(state.contacts.has(call)).toBe(true);
});

test('[A3] a call that is known does not arrive again', () => {
  const hotline = new Hotline(CITY);
  hotline.hear(arrive('one'));
  hotline.hear(arrive('one'));
  expect(facts(hotline, 'contactOpened')).toHaveLength(1);
});

test('[A4] with 20,000 contacts open the next call is refused, and long numbers are cut', () => {
  const hotline = new Hotline(rules([queue('personal', { waitingMax: 10_000 })], []));
  const { state } = hotline;
  const one = { ...hotline.state.contacts.get(hotline.call('personal'))! };
  for (let nth = 1; nth < CONTACTS_MAX; nth += 1) state.contacts.set(`C${nth}` as typeof one.id, one);
  const decided = hotline.hear(arrive('late', '1'.repeat(50)));
  expect(decided).toContainEqual(expect.objectContaining({ do: 'hangUp', cause: 'SWITCH_CONGESTION' }));
  expect(facts(hotline, 'contactOpened').at(-1)?.from).toBe('1'.repeat(32));
});

test('[A5] a call that the switch has not answered within 15 s is ended and counts as refused', () => {
  const state = initialState('0123456789abcdef');
  const events: EventBody[] = [
    { type: 'started' },
    { type: 'settingsLoaded', settings: CITY },
    { type: 'surveyed', node: NODE, survey: { bootId: 'boot', legs: [], devices: [], ended: [] } },
    arrive('unanswered'),
  ];
  for (const [at, event] of events.entries()) step(state, { ...event, atMs: 1 } as Event, at + 1);
  expect(step(state, { type: 'tick', atMs: 15_000 }, 5)).toEqual([]);
  const ended = step(state, { type: 'tick', atMs: 15_001 }, 6);
  expect(ended).toContainEqual(expect.objectContaining({ do: 'hangUp', cause: 'RECOVERY_ON_TIMER_EXPIRE' }));
  const leg = legId('unanswered');
  const closed = step(state, { type: 'legEnded', node: NODE, leg, cause: 'NONE', atMs: 15_002 }, 7);
  expect(closed).toContainEqual(expect.objectContaining({ fact: 'contactClosed', outcome: 'refused' }));
});

test('[P4] what is asked for during a talk holds when it is over, and ends nothing', () => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.answer(call);
  hotline.ask('ana', 'notReady');
  expect(seat(hotline)).toMatchObject({ state: 'talking', next: 'notReady' });
  hotline.hangUp(call);
  expect(seat(hotline).state).toBe('notReady');
});

test('[P5] who is no agent of the rules has no state, and a long reason is cut', () => {
  const hotline = new Hotline(CITY);
  hotline.ask('nobody', 'ready');
  expect(hotline.state.agents.has(agentId('nobody'))).toBe(false);
  hotline.hear({ type: 'agentStateAsked', agent: agentId('ana'), state: 'notReady', reason: 'r'.repeat(99) });
  expect(seat(hotline).reason).toBe('r'.repeat(40));
  // Who is sent off the floor reads why.
  hotline.hear({ type: 'agentStateAsked', agent: agentId('ana'), state: 'offline', reason: 'drill', by: 'lea' });
  expect(seat(hotline)).toMatchObject({ state: 'offline', reason: 'drill' });
  hotline.ask('ana', 'ready');
  expect(seat(hotline).reason).toBeUndefined();
});

test('[P8] who set a state in the agent’s stead, and why, is told of each state, until the agent asks for one or an offer is missed too often', () => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  const force = (state: 'ready' | 'notReady' | 'offline', reason: string) =>
    hotline.hear({ type: 'agentStateAsked', agent: agentId('ana'), state, reason, by: 'lea' });
  for (const state of ['notReady', 'offline', 'ready'] as const) {
    force(state, 'drill');
    expect(seat(hotline)).toMatchObject({ state, next: state, setBy: { by: 'lea', reason: 'drill' } });
  }
  hotline.ask('ana', 'ready');
  expect(seat(hotline).setBy).toBeUndefined();

  force('ready', 'r'.repeat(99));
  expect(seat(hotline).setBy?.reason).toBe('r'.repeat(40));
  hotline.state.agents.get(agentId('ana'))!.misses = 2;
  hotline.decline(hotline.call('personal'));
  expect(seat(hotline)).toMatchObject({ state: 'notReady', reason: 'missedOffers' });
  expect(seat(hotline).setBy).toBeUndefined();
});

test('[P6] the same rules change nothing; a seat that is gone is offline once its call is over', () => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  expect(hotline.hear({ type: 'settingsLoaded', settings: CITY })).toEqual([]);
  const call = hotline.call('personal');
  hotline.answer(call);
  hotline.hear({ type: 'settingsLoaded', settings: rules([queue('personal')], [agent('ben', { personal: 1 })]) });
  expect(hotline.state.contacts.get(call)?.stage.in).toBe('talk');
  hotline.hangUp(call);
  expect(facts(hotline, 'agentState').at(-1)).toMatchObject({ agent: 'ana', state: 'offline' });
});

test('[P6][O4] a seat that is gone in the pause after a miss leaves nothing behind, and the pause ends nowhere', () => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.decline(call);
  hotline.hear({ type: 'settingsLoaded', settings: rules([queue('personal')], [agent('ben', { personal: 1 })]) });
  expect(hotline.state.agents.has(agentId('ana'))).toBe(false);
  expect([...hotline.state.standing.seats.keys()]).toEqual(['ben']);
  hotline.pass(5_000);
  hotline.ready('ben');
  expect(hotline.ringing(call)).toBe('ben');
});

test('[P6] a seat that is gone during a call is shown as it was, through a restart, until the call is over', () => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.answer(call);
  const before = seat(hotline);
  const ben = [agent('ben', { personal: 1 })];
  for (const version of ['2', '3'])
    hotline.hear({ type: 'settingsLoaded', settings: { ...rules([queue('personal')], ben), version } });
  hotline.restart();
  const { number, sipUser, skills, sinceMs } = before;
  const shown = { number, sipUser, skills, sinceMs, state: 'talking', contact: call, gone: true, next: 'offline' };
  expect(seat(hotline)).toMatchObject(shown);
  expect(agentViews(hotline.state).map(({ agent: id }) => id)).toEqual(['ben', 'ana']);
  hotline.hangUp(call);
  expect(agentViews(hotline.state).map(({ agent: id }) => id)).toEqual(['ben']);
});

test('[P7] what came of a contact is recorded as it is given, cut, and again', () => {
  const hotline = new Hotline(CITY);
  const contact = hotline.call('personal');
  const given = { type: 'dispositionGiven' as const, contact, by: 'ana' };
  hotline.hear({ ...given, code: 'c'.repeat(50), note: 'n'.repeat(600) });
  hotline.hear({ ...given, code: 'consulted' });
  expect(facts(hotline, 'disposition')).toMatchObject([
    { code: 'c'.repeat(40), note: 'n'.repeat(500) },
    { code: 'consulted' },
  ]);
  expect(hotline.state.contacts.get(contact)?.stage.in).toBe('queue');
});

test('[R2] each talk of a contact is recorded into a file of its own, numbered from 1', () => {
  const hotline = new Hotline({ ...CITY, version: 'recorded', recordingFolder: '/rec' });
  hotline.ready('ana');
  const contact = hotline.call('personal');
  hotline.answer(contact);
  const talk = hotline.state.contacts.get(contact)!.stage;
  if (talk.in !== 'talk') throw new Error(talk.in);
  hotline.hear({ type: 'legEnded', node: NODE, leg: talk.agentLeg, cause: 'MEDIA_TIMEOUT' });
  hotline.ask('ana', 'offline');
  hotline.ready('ben');
  hotline.answer(contact);
  const files = [1, 2].map((nth) => `/rec/${contact}-${nth}.wav`);
  expect(facts(hotline, 'recordingStarted').map(({ file }) => file)).toEqual(files);
  const records = hotline.commands.flatMap((one) => (one.do === 'record' ? [one.file] : []));
  expect(records).toEqual(files);
});

test('[R1][R3] a contact whose recording the switch does not end closes 5 s after its last leg, the length of the file unknown', () => {
  const hotline = new Hotline({ ...CITY, version: 'recorded', recordingFolder: '/rec' });
  hotline.ready('ana');
  const contact = hotline.call('personal');
  hotline.answer(contact);
  hotline.pass(60_000);
  hotline.hangUp(contact);
  hotline.pass(4_999);
  expect(facts(hotline, 'contactClosed')).toEqual([]);
  hotline.pass(1);
  expect(facts(hotline, 'recordingEnded')).toMatchObject([{ contact, expectedMs: 60_000, durationMs: null }]);
  expect(facts(hotline, 'contactClosed')).toMatchObject([{ contact, outcome: 'answered' }]);
});

test('[B1] 60,000 numbers are kept to be called back; what is missed beyond them stands in the records alone', () => {
  const missedCalls = { calendar: 'always', withinMs: 7_200_000, afterOpeningMs: 5_400_000, standingMax: 2 };
  const hotline = new Hotline({ ...CITY, version: 'missed', missedCalls });
  const { missed } = hotline.state;
  const miss = (number: string) => hotline.hangUp(hotline.call('personal', number));
  miss('13800138000');
  const one = missed.get('13800138000')!;
  for (let nth = 1; nth < 59_999; nth += 1) missed.set(`n${nth}`, { ...one, by: one.contact });
  for (const number of ['13800138001', '13800138002', '13800138000']) miss(number);
  expect([missed.size, missed.has('13800138001'), missed.has('13800138002')]).toEqual([60_000, true, false]);
  expect(facts(hotline, 'callMissed').map(({ number, calls }) => `${number} ${calls}`)).toEqual([
    '13800138000 1',
    '13800138001 1',
    '13800138002 1',
    '13800138000 2',
  ]);
});

test('[D1] a seat has sixteen devices at most, and one that registers again is the same', () => {
  const hotline = new Hotline(CITY);
  for (let nth = 0; nth < 20; nth += 1) hotline.hear(registered(`sip:${nth}`));
  hotline.hear(registered('sip:0'));
  expect(seat(hotline).devices).toBe(DEVICES_PER_SEAT_MAX);
});

test('[O1] eight devices of a seat are rung at most, the first by their addresses', () => {
  const hotline = new Hotline(CITY);
  for (let nth = 0; nth < 12; nth += 1) hotline.hear(registered(`sip:${String.fromCharCode(97 + nth)}`));
  hotline.ready('ana');
  hotline.call('personal');
  const rung = hotline.commands.flatMap((one) => (one.do === 'ring' ? [one.device] : []));
  expect(rung).toEqual(['sip:a', 'sip:ana', ...[...'bcdefg'].map((letter) => `sip:${letter}`)]);
});

test('[D2] only the node that told of a device takes it away', () => {
  const hotline = new Hotline(CITY);
  const gone = (node: string): EventBody => ({
    ...{ type: 'deviceGone', node: nodeId(node), sipUser: 'ana', device: 'sip:ana' },
  });
  hotline.hear(gone('another'));
  expect(seat(hotline).devices).toBe(1);
  hotline.hear(gone('switch'));
  expect(seat(hotline).devices).toBe(0);
  hotline.ready('ana');
  expect(hotline.ringing(hotline.call('personal'))).toBeUndefined();
});

test('[D3] a registration ends by itself', () => {
  const hotline = new Hotline(CITY);
  hotline.hear(registered('sip:ana', NODE, hotline.state.nowMs + 60_000));
  hotline.pass(59_999);
  expect(seat(hotline).devices).toBe(1);
  hotline.pass(1);
  expect(seat(hotline).devices).toBe(0);
});

test.each([
  ['13800138000', '市民张三', '138****8000', '市民张三'],
  ['+8613800138000', '+8613800138000', '+86138****8000', ''],
  ['anonymous', '张 138 0013 8000 1380013', 'anonymous', ''],
])('[O1] a phone that is rung for %s, %s, shows %s and %s', (from, fromName, callerNumber, callerName) => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  hotline.hear({ type: 'callArrived', node: NODE, leg: legId('shown'), from, fromName, dialled: 'personal' });
  expect(hotline.commands.find((one) => one.do === 'ring')).toMatchObject({ callerNumber, callerName });
});

test('[L3] a ring that the switch refuses is no phone that rings', () => {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  const call = hotline.call('personal');
  const ring = hotline.commands.find((one) => one.do === 'ring');
  if (ring?.do !== 'ring') throw new Error('nobody was rung');
  hotline.hear({ type: 'commandFailed', node: NODE, key: ring.key, leg: ring.leg, reason: 'no route' });
  expect(hotline.ringing(call)).toBeUndefined();
  expect(facts(hotline, 'offerEnded')).toMatchObject([{ agent: 'ana', result: 'timeout' }]);
});

test('[F8] a call keeps the flow that it began with', () => {
  const settings = (next: string) => ({
    ...rules([queue('personal'), queue('english')], [], { prompts: { 'GRT-01': '/g' } }),
    version: next,
    flows: {
      personal: {
        start: 'greet',
        steps: {
          // biome-ignore lint/suspicious/noThenProperty: a flow's own word for what comes next.
          greet: { kind: 'say' as const, prompts: ['GRT-01'], then: 'in' },
          in: { kind: 'queue' as const, queue: next, prompts: [] },
        },
      },
    },
  });
  const hotline = new Hotline(settings('personal'));
  const call = hotline.call('personal');
  hotline.hear({ type: 'settingsLoaded', settings: settings('english') });
  const play = hotline.commands.find((one) => one.do === 'play')!;
  hotline.hear({
    ...{ type: 'playEnded', node: NODE, leg: hotline.state.contacts.get(call)!.leg, outcome: 'done' },
    key: play.do === 'play' ? play.key : ('' as never),
  });
  expect(facts(hotline, 'waitStarted')).toMatchObject([{ queue: 'personal' }]);
});

test('[F9] a flow that leads nowhere ends the call', () => {
  const flow = (to: string) => ({
    start: 'open',
    steps: { open: { kind: 'hours' as const, hours: 'always', open: to, closed: to } },
  });
  for (const to of ['nowhere', 'open']) {
    const hotline = new Hotline({ ...rules([queue('personal')], []), version: to, flows: { personal: flow(to) } });
    hotline.hear(arrive(to));
    expect(facts(hotline, 'contactClosed')).toMatchObject([{ outcome: 'ended' }]);
  }
});

test('[L2][E1] a leg that was told to end, and is in a snapshot, counts as ended at the same moment after it', () => {
  const run = (snapshot: boolean) => {
    let state = initialState('0123456789abcdef');
    const survey = { bootId: 'boot', legs: [], devices: [], ended: [] };
    step(state, { type: 'settingsLoaded', settings: CITY, atMs: 0 }, 1);
    step(state, { type: 'surveyed', node: NODE, survey, atMs: 0 }, 2);
    const leg = legId('lost');
    const told = step(state, { type: 'callArrived', node: NODE, leg, from: '138', dialled: 'nowhere', atMs: 0 }, 3);
    expect(told).toContainEqual(expect.objectContaining({ do: 'hangUp', cause: 'UNALLOCATED_NUMBER' }));
    if (snapshot) state = decodeState(encodeState(state));
    return [9_999, 10_000].map((atMs, nth) => step(state, { type: 'tick', atMs }, 4 + nth));
  };
  const [before, then] = run(true);
  expect(before).toEqual([]);
  expect(then).toContainEqual(expect.objectContaining({ fact: 'legClosed', cause: 'RECOVERY_ON_TIMER_EXPIRE' }));
  expect(run(false)).toEqual([before, then]);
});

test('calls from pages are counted while they are open', () => {
  const hotline = new Hotline(CITY);
  const [call] = [hotline.call('personal', WEB_CALLER), hotline.call('personal', '13800138000')];
  expect(webCallCount(hotline.state)).toBe(1);
  hotline.hangUp(call!);
  expect(webCallCount(hotline.state)).toBe(0);
});

test('[E1] time and entries never go back', () => {
  const state = initialState('0123456789abcdef');
  step(state, { type: 'started', atMs: 5 }, 1);
  expect(() => step(state, { type: 'tick', atMs: 4 }, 2)).toThrow(/time went back/);
  expect(() => step(state, { type: 'tick', atMs: 6 }, 1)).toThrow(/entry 1 after 1/);
});
