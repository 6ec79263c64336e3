import { expect, test } from 'vitest';
import { estimateFor, estimatePrompts } from '../../src/core/estimate.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { queueViews } from '../../src/core/view.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const SETTINGS = rules([queue('personal', { wrapUpMs: 0 })], [agent('ana', { personal: 3 })]);

/** One agent, talks of a minute, always three who wait. */
function steadyDay(hotline: Hotline, calls: number, talkMs: (nth: number) => number): void {
  const waiting = [hotline.call('personal')];
  for (let nth = 0; nth < calls; nth++) {
    while (waiting.length < 4) waiting.push(hotline.call('personal'));
    const next = waiting.shift()!;
    hotline.answer(next);
    hotline.pass(talkMs(nth));
    hotline.hangUp(next);
  }
}

test('[Q19] nothing is foreseen from too few waits; then the interval grows with the places ahead', () => {
  const few = new Hotline(SETTINGS);
  few.ready('ana');
  steadyDay(few, 5, () => 60_000);
  expect(queueViews(few.state)[0]).toMatchObject({ foreseen: { ended: 0, inside: 0 } });
  expect(queueViews(few.state)[0]!.estimate).toBeUndefined();
  const hotline = new Hotline(SETTINGS);
  hotline.ready('ana');
  steadyDay(hotline, 40, (nth) => 30_000 + (nth % 7) * 10_000);
  const { waiting, estimate } = queueViews(hotline.state)[0]!;
  expect(waiting.length).toBeGreaterThan(2);
  const [second, third] = [waiting.at(1)!.estimate!, waiting.at(2)!.estimate!];
  expect([second, third]).toEqual([1, 2].map((ahead) => estimateFor(hotline.state, 'personal', ahead)));
  expect(second.lowMs).toBeLessThanOrEqual(second.highMs);
  expect(third.highMs).toBeGreaterThan(second.highMs);
  expect(estimate!.highMs).toBeGreaterThan(third.highMs);
});

test('[Q19] most waits end inside the interval that was foreseen for them, and a wait given up too late is a miss', () => {
  const hotline = new Hotline(SETTINGS);
  hotline.ready('ana');
  steadyDay(hotline, 200, (nth) => 30_000 + ((nth * 37) % 11) * 6_000);
  const { foreseen } = queueViews(hotline.state)[0]!;
  expect(foreseen.ended).toBeGreaterThan(150);
  expect(foreseen.inside / foreseen.ended).toBeGreaterThan(0.7);
  const stuck = hotline.call('personal');
  hotline.ask('ana', 'notReady');
  hotline.pass(3_600_000);
  hotline.hangUp(stuck);
  expect(queueViews(hotline.state)[0]!.foreseen).toEqual({ ended: foreseen.ended + 1, inside: foreseen.inside });
});

test('[Q19] nine waits foresee nothing, ten do', () => {
  const { state } = new Hotline(SETTINGS);
  const foreseen = (waits: number) => {
    state.paces.set('personal', { placeMs: Array(waits).fill(60_000), inside: 0, ended: 0 });
    return estimateFor(state, 'personal', 1);
  };
  expect([foreseen(9), foreseen(10)]).toEqual([undefined, { lowMs: 120_000, highMs: 120_000 }]);
});

test('[Q19] what was learnt of the waits outlives a restart', () => {
  const hotline = new Hotline(SETTINGS);
  hotline.ready('ana');
  steadyDay(hotline, 30, (nth) => 30_000 + ((nth * 37) % 11) * 6_000);
  const before = queueViews(hotline.state);
  hotline.restart();
  expect(queueViews(hotline.state)).toEqual(before);
});

test('[Q20] the caller is told whole minutes, and nothing when they would not comfort or a word is not recorded', () => {
  const ids = [
    'QUE-05a',
    'QUE-05b',
    'QUE-05c',
    'NUM-1',
    'NUM-2',
    'NUM-2L',
    'NUM-3',
    'NUM-4',
    'NUM-5',
    'NUM-8',
    'NUM-10',
  ];
  const hotline = new Hotline({ ...SETTINGS, prompts: Object.fromEntries(ids.map((id) => [id, `/${id}`])) });
  hotline.state.paces.set('personal', {
    placeMs: [...Array(10).fill(45_000), ...Array(10).fill(75_000)],
    inside: 0,
    ended: 0,
  });
  const told = (ahead: number) => estimatePrompts(hotline.state, 'personal', ahead);
  expect(told(1)).toEqual(['QUE-05a', 'NUM-1', 'QUE-05b', 'NUM-3', 'QUE-05c']);
  expect(told(3)).toEqual(['QUE-05a', 'NUM-3', 'QUE-05b', 'NUM-5', 'QUE-05c']);
  expect(told(5)).toEqual(['QUE-05a', 'NUM-4', 'QUE-05b', 'NUM-8', 'QUE-05c']);
  expect(told(0)).toEqual(['QUE-05a', 'NUM-1', 'QUE-05b', 'NUM-2L', 'QUE-05c']);
  expect(told(6)).toEqual([]);
  expect(told(20)).toEqual([]);
  const steady = (placeMs: number) =>
    hotline.state.paces.set('personal', { placeMs: Array(20).fill(placeMs), inside: 0, ended: 0 });
  steady(10_000);
  expect(told(1)).toEqual([]);
  steady(60_000);
  expect(told(0)).toEqual(['QUE-05a', 'NUM-1', 'QUE-05c']);
  expect(told(9)).toEqual(['QUE-05a', 'NUM-10', 'QUE-05c']);
  expect(told(10)).toEqual([]);
});

test('[Q19] the interval is from the tenth to the ninetieth in a hundred of the times per place, in whole milliseconds', () => {
  const { state } = new Hotline(SETTINGS);
  const foreseen = (placeMs: number[], ahead: number) => {
    state.paces.set('personal', { placeMs, inside: 0, ended: 0 });
    return estimateFor(state, 'personal', ahead);
  };
  const hundred = Array.from({ length: 101 }, (_, nth) => 1_000 * ((nth * 37) % 101));
  expect(foreseen(hundred, 0)).toEqual({ lowMs: 10_000, highMs: 90_000 });
  expect(foreseen(hundred, 2)).toEqual({ lowMs: 30_000, highMs: 270_000 });
  // The lower end down, the upper one up: nothing that was within is without.
  expect(foreseen(Array(20).fill(1_000.5), 0)).toEqual({ lowMs: 1_000, highMs: 1_001 });
  expect(foreseen(Array(20).fill(1_000.5), 1)).toEqual({ lowMs: 2_001, highMs: 2_001 });
});

/** Answered one after the other, each after so long at the first place. */
function answeredAfter(hotline: Hotline, waits: readonly number[]): void {
  for (const ms of waits) {
    hotline.ask('ana', 'notReady');
    const call = hotline.call('personal');
    hotline.pass(ms);
    hotline.ready('ana');
    hotline.answer(call);
    hotline.hangUp(call);
  }
}

const paceOf = (hotline: Hotline) => hotline.state.paces.get('personal');

test('[Q19] the last 64 answered waits are counted: the one before them counts no more', () => {
  const hotline = new Hotline(SETTINGS);
  answeredAfter(hotline, [90_000, ...Array(63).fill(1_000)]);
  expect(paceOf(hotline)!.placeMs).toEqual([90_000, ...Array(63).fill(1_000)]);
  answeredAfter(hotline, [2_000]);
  expect(paceOf(hotline)!.placeMs).toEqual([...Array(63).fill(1_000), 2_000]);
});

test('[Q19] a wait for which somebody was free is not foreseen, and teaches nothing', () => {
  const hotline = new Hotline(SETTINGS);
  hotline.ready('ana');
  const call = hotline.call('personal');
  hotline.pass(5_000);
  hotline.answer(call);
  expect(paceOf(hotline)).toBeUndefined();
});

test('[Q19] a wait that is given up within what was foreseen is not counted, and neither teaches a pace', () => {
  const hotline = new Hotline(SETTINGS);
  answeredAfter(hotline, Array(20).fill(10_000));
  const before = structuredClone(paceOf(hotline)!);
  hotline.ask('ana', 'notReady');
  const givenUpAfter = (ms: number) => {
    const call = hotline.call('personal');
    hotline.pass(ms);
    hotline.hangUp(call);
    return paceOf(hotline);
  };
  for (const ms of [5_000, 10_000]) expect(givenUpAfter(ms)).toEqual(before);
  expect(givenUpAfter(10_001)).toEqual({ ...before, ended: before.ended + 1 });
});

test('[Q19] an answered wait ended inside when it lasted as long as either end, and outside by a millisecond more or less', () => {
  const hotline = new Hotline(SETTINGS);
  answeredAfter(hotline, [...Array(10).fill(8_000), ...Array(10).fill(12_000)]);
  const insideAfter = (ms: number) => {
    const { inside, ended } = structuredClone(paceOf(hotline)!);
    hotline.restart();
    const copy = encodeState(hotline.state);
    answeredAfter(hotline, [ms]);
    const after = paceOf(hotline)!;
    hotline.state = decodeState(copy);
    return [after.inside - inside, after.ended - ended];
  };
  expect([7_999, 8_000, 12_000, 12_001].map(insideAfter)).toEqual([
    [0, 1],
    [1, 1],
    [1, 1],
    [0, 1],
  ]);
});
