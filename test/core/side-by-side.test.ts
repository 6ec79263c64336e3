import { expect, test } from 'vitest';
import { type ContactId, nodeId } from '../../src/core/ids.ts';
import type { QueueSetting, Settings } from '../../src/core/settings.ts';
import type { Wait } from '../../src/core/state.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

/** Calls of one number beside each other: a phone that died and its owner's next call, or two people behind one number. */

const NODE = nodeId('switch');
const NUMBER = '13800138000';
const day = { offsets: [], week: Array(7).fill([{ fromMinute: 0, toMinute: 1_440 }]) };
const CITY: Partial<Settings> = {
  dialsOut: true,
  prompts: Object.fromEntries(
    ['CBK-01', 'CBK-02', 'CBK-03', 'CBK-04', 'MNU-05', 'FUL-01', 'FUL-02'].map((id) => [id, `/${id}`]),
  ),
  hours: { day },
  missedCalls: { calendar: 'day', withinMs: 7_200_000, afterOpeningMs: 60_000, standingMax: 5 },
};
const callBack = { afterMs: 15_000, ahead: 10, tries: 3, pauseMs: 120_000, ringMs: 30_000 };

function hotlineOf(more: Partial<QueueSetting> = {}): Hotline {
  const staff = [agent('ana', { personal: 1 }), agent('ben', { personal: 1 })];
  return new Hotline(rules([queue('personal', { callBack, ...more })], staff, CITY));
}

function waitOf(hotline: Hotline, contact: ContactId): Wait {
  const stage = hotline.state.contacts.get(contact)?.stage;
  if (stage === undefined || !('wait' in stage)) throw new Error(stage?.in);
  return stage.wait;
}

function type(hotline: Hotline, contact: ContactId, digits: string): void {
  const { leg } = hotline.state.contacts.get(contact)!;
  for (const digit of digits) hotline.hear({ type: 'digitPressed', node: NODE, leg, digit, durationMs: 100 });
}

function dies(hotline: Hotline, contact: ContactId): void {
  const { leg } = hotline.state.contacts.get(contact)!;
  hotline.hear({ type: 'legEnded', node: NODE, leg, cause: 'MEDIA_TIMEOUT' });
}

/** Hangs up with the place kept for the calling number. */
function keeps(hotline: Hotline, contact: ContactId): void {
  type(hotline, contact, '11');
  hotline.hangUp(contact);
}

/** Our call-back to the number, whose call was missed. */
function missed(hotline: Hotline): ContactId {
  hotline.hangUp(hotline.call('personal', NUMBER));
  hotline.pass(1_000);
  return hotline.state.missed.get(NUMBER)!.by!;
}

const two = (hotline: Hotline) => [hotline.call('personal', NUMBER), hotline.call('personal', NUMBER)] as const;

const dialled = (hotline: Hotline) => hotline.commands.filter((command) => command.do === 'dial').length;

test('[C2] who calls again before the switch has found out that the phone died goes on from that wait, once', () => {
  const hotline = hotlineOf();
  const first = hotline.call('personal', NUMBER);
  hotline.pass(60_000);
  const other = hotline.call('personal', '13900139000');
  hotline.pass(1_000);
  const again = hotline.call('personal', NUMBER);
  hotline.pass(13_000);
  dies(hotline, first);
  hotline.restart();
  hotline.ready('ana');
  expect([hotline.ringing(again), hotline.ringing(other)]).toEqual(['ana', undefined]);
  hotline.ask('ana', 'notReady');
  hotline.hangUp(again);
  hotline.pass(30_000);
  const third = hotline.state.contacts.get(hotline.call('personal', NUMBER))!;
  if (third.stage.in !== 'queue') throw new Error(third.stage.in);
  expect(third.stage.wait.headStartMs).toBe(74_000);
});

test('[C2] of two calls that give up, the longer wait is gone on from, whichever ends first', () => {
  const hotline = hotlineOf();
  const first = hotline.call('personal', NUMBER);
  hotline.pass(40_000);
  const second = hotline.call('personal', NUMBER);
  hotline.pass(10_000);
  hotline.hangUp(first);
  hotline.pass(5_000);
  hotline.hangUp(second);
  const third = hotline.state.contacts.get(hotline.call('personal', NUMBER))!;
  if (third.stage.in !== 'queue') throw new Error(third.stage.in);
  expect(third.stage.wait.headStartMs).toBe(50_000);
});

test('[C2] of many phones that died, of a firm with one number, the longest wait counts, and once', () => {
  const hotline = hotlineOf();
  const phones = Array.from({ length: 10 }, () => hotline.call('personal', NUMBER));
  hotline.pass(60_000);
  const again = hotline.call('personal', NUMBER);
  hotline.pass(5_000);
  for (const phone of phones) dies(hotline, phone);
  expect(waitOf(hotline, again)).toMatchObject({ headStartMs: 60_000, waitedBeforeMs: 60_000 });
});

test('[S8] of two calls that a switch takes with it, the older place is kept', () => {
  const hotline = hotlineOf();
  const { enqueuedAtMs } = waitOf(hotline, hotline.call('personal', NUMBER));
  hotline.pass(60_000);
  hotline.call('personal', NUMBER);
  hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'other', legs: [], devices: [], ended: [] } });
  expect(waitOf(hotline, hotline.call('personal', NUMBER)).enqueuedAtMs).toBe(enqueuedAtMs);
});

test('[K7][C2] who had waited in a call before keeps that with the place, and takes both along', () => {
  const hotline = hotlineOf();
  const first = hotline.call('personal', NUMBER);
  hotline.pass(100_000);
  const second = hotline.call('personal', NUMBER);
  hotline.pass(20_000);
  keeps(hotline, second);
  dies(hotline, first);
  const { enqueuedAtMs } = waitOf(hotline, second);
  expect(waitOf(hotline, hotline.call('personal', NUMBER))).toMatchObject({ enqueuedAtMs, headStartMs: 100_000 });
});

test('[B3] another call of the number stands for the one that was missed, and the next one when that is over', () => {
  const hotline = hotlineOf();
  const [first, second, third] = [0, 1, 2].map(() => hotline.call('personal', NUMBER)) as [
    ContactId,
    ContactId,
    ContactId,
  ];
  hotline.pass(10_000);
  hotline.hangUp(first);
  expect(hotline.state.missed.get(NUMBER)?.by).toBe(second);
  hotline.hangUp(second);
  expect(hotline.state.missed.get(NUMBER)?.by).toBe(third);
  hotline.restart();
  for (const name of ['ana', 'ben']) hotline.ready(name);
  hotline.answer(third);
  hotline.pass(1_000);
  expect([hotline.state.missed.size, dialled(hotline)]).toEqual([0, 0]);
});

test('[B3][K5] a call-back whose agent hangs up while the number is dialled is withdrawn if it has come through by then', () => {
  const hotline = hotlineOf();
  const ours = missed(hotline);
  hotline.ready('ana');
  hotline.answer(ours);
  const { stage } = hotline.state.contacts.get(ours)!;
  if (stage.in !== 'dialling') throw new Error(stage.in);
  const own = hotline.call('personal', NUMBER);
  hotline.ready('ben');
  hotline.answer(own);
  hotline.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'NORMAL_CLEARING' });
  hotline.hangUp(own);
  hotline.pass(100_000);
  expect([hotline.ringing(ours), dialled(hotline)]).toEqual([undefined, 1]);
});

test('[B1][S7] who is cut off in the talk of our call-back by a dying switch is missed again', () => {
  const hotline = hotlineOf();
  const ours = missed(hotline);
  hotline.ready('ana');
  hotline.answer(ours);
  hotline.hear({ type: 'legAnswered', node: NODE, leg: hotline.state.contacts.get(ours)!.leg });
  expect([hotline.state.contacts.get(ours)?.stage.in, hotline.state.missed.size]).toEqual(['talk', 0]);
  hotline.hear({ type: 'surveyed', node: NODE, survey: { bootId: 'other', legs: [], devices: [], ended: [] } });
  expect(hotline.state.missed.size).toBe(1);
});

test('[K7] two people behind one number: who is reached at another number leaves the place of the other as it is', () => {
  const hotline = hotlineOf();
  const [first, second] = two(hotline);
  hotline.pass(46_000);
  type(hotline, second, '12');
  type(hotline, second, '13900139000#');
  hotline.hangUp(second);
  keeps(hotline, first);
  for (const name of ['ana', 'ben']) hotline.ready(name);
  hotline.answer(second);
  hotline.decline(first);
  hotline.hear({ type: 'legAnswered', node: NODE, leg: hotline.state.contacts.get(second)!.leg });
  expect([first, second].map((each) => hotline.state.contacts.get(each)?.stage.in)).toEqual(['queue', 'talk']);
});

test('[B3][G3] a call-back that rings for no emergency is withdrawn when a second call misses as one beside a third', () => {
  const hotline = hotlineOf();
  const ours = missed(hotline);
  hotline.ready('ana');
  expect(hotline.ringing(ours)).toBe('ana');
  const emergency = hotline.call('personal', NUMBER);
  const third = hotline.call('personal', NUMBER);
  hotline.hear({ type: 'contactRegraded', contact: emergency, grade: 'emergency', by: 'lea' });
  hotline.hangUp(emergency);
  hotline.pass(1);
  expect([hotline.state.contacts.has(ours), hotline.state.missed.get(NUMBER)?.by]).toEqual([false, third]);
});

test('[K8] who is to be called back already by a place that another has kept hears so, and keeps no second one', () => {
  const hotline = hotlineOf({ waitingMax: 2 });
  const [other] = [hotline.call('personal', '13900139000'), hotline.call('personal', '13700137000')];
  hotline.pass(20_000);
  const mine = hotline.call('personal', NUMBER);
  type(hotline, other, `12${NUMBER}#`);
  const { stage } = hotline.state.contacts.get(mine)!;
  if (stage.in !== 'deflecting') throw new Error(stage.in);
  hotline.hear({
    type: 'digitsCollected',
    node: NODE,
    leg: hotline.state.contacts.get(mine)!.leg,
    key: stage.key,
    digits: '1',
  });
  expect(hotline.state.contacts.get(mine)?.callBack?.step).toBeUndefined();
});

test('[B1][K4] of two calls one keeps the place and the other gives up: one promise, and one call to the number', () => {
  const hotline = hotlineOf();
  const [first, second] = two(hotline);
  hotline.pass(46_000);
  keeps(hotline, first);
  hotline.pass(3_000);
  hotline.hangUp(second);
  expect(hotline.state.missed.size).toBe(0);
  for (const name of ['ana', 'ben']) hotline.ready(name);
  hotline.answer(first);
  hotline.pass(1_000);
  expect(dialled(hotline)).toBe(1);
});

test('[K2] a number has one place: who would keep another types another number', () => {
  const hotline = hotlineOf();
  const [first, second] = two(hotline);
  hotline.pass(46_000);
  keeps(hotline, first);
  type(hotline, second, '11');
  expect(hotline.state.contacts.get(second)?.callBack?.step).toBe('number');
  type(hotline, second, '13900139000#');
  expect(hotline.state.contacts.get(second)?.callBack).toMatchObject({ step: 'promised', number: '13900139000' });
});

test('[K7] whose place was being rung for when they called again, and who speaks on that call, is not dialled afterwards', () => {
  const hotline = hotlineOf();
  const kept = hotline.call('personal', NUMBER);
  hotline.pass(20_000);
  keeps(hotline, kept);
  hotline.ready('ana');
  expect(hotline.ringing(kept)).toBe('ana');
  const again = hotline.call('personal', NUMBER);
  hotline.ready('ben');
  hotline.answer(again);
  expect(hotline.state.contacts.get(again)?.stage.in).toBe('talk');
  hotline.decline(kept);
  hotline.hangUp(again);
  hotline.pass(300_000);
  expect([hotline.state.contacts.size, dialled(hotline)]).toEqual([0, 0]);
});

test('[B4] a miss while the number speaks with an agent is made good by that talk', () => {
  const hotline = hotlineOf();
  const first = hotline.call('personal', NUMBER);
  const second = hotline.call('personal', NUMBER);
  hotline.ready('ana');
  hotline.answer(first);
  hotline.pass(20_000);
  hotline.hangUp(second);
  hotline.hangUp(first);
  hotline.pass(600_000);
  expect([hotline.state.missed.size, dialled(hotline)]).toEqual([0, 0]);
});
