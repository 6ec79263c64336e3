import { expect, test } from 'vitest';
import { Chance } from '../../src/sim/chance.ts';
import { drawCallers } from '../../src/sim/draw.ts';
import { ALWAYS, durationMs, exponential } from '../../src/sim/duration.ts';

test('a seed and a name draw the numbers that they always drew', () => {
  const of = (seed: number, name: string) => {
    const chance = new Chance(seed, name);
    return [chance.below(1_000_000), chance.below(1_000_000), chance.below(1_000_000)];
  };
  expect(of(1, 'talk')).toEqual([895_718, 195_985, 680_884]);
  expect(of(1, 'patience')).toEqual([716_836, 923_455, 164_063]);
  expect(of(2, 'talk')).toEqual([897_280, 152_553, 494_774]);
  expect(of(2 ** 32 + 1, 'talk')).toEqual([15_082, 996_938, 924_563]);
});

test('a spread has one number in each of as many equal parts, in an order that the seed draws', () => {
  const parts = (seed: number) => [...new Chance(seed, 'talk').spread(50)].map((u) => Math.floor(u * 50));
  const all = Array.from({ length: 50 }, (_, part) => part);
  expect(parts(1)).not.toEqual(all);
  expect(parts(1)).not.toEqual(parts(2));
  expect(parts(1).toSorted((a, b) => a - b)).toEqual(all);
});

test('durations of either shape have the mean they are given, and what the shares of all cases stay below', () => {
  const meanMs = 200_000;
  for (const shape of ['exponential', 'lognormal'] as const) {
    const drawn = [...new Chance(1, 'talk').spread(100_000)].map((u) => durationMs({ meanMs, shape }, u));
    const mean = drawn.reduce((sum, valueMs) => sum + valueMs) / drawn.length;
    expect(Math.abs(mean / meanMs - 1), shape).toBeLessThan(0.001);
  }
  expect(durationMs({ meanMs, shape: 'exponential' }, 0.5)).toBe(Math.round(meanMs * Math.LN2));
  // Of the normal distribution, by the published tables.
  const quantiles = [
    [0.001, -3.090232],
    [0.025, -1.959964],
    [0.1, -1.281552],
    [0.2, -0.841621],
    [0.25, -0.67449],
    [0.5, 0],
    [0.975, 1.959964],
    [0.999, 3.090232],
  ] as const;
  for (const [u, normal] of quantiles) {
    const expected = meanMs * Math.exp(0.7 * normal - 0.245);
    expect(Math.abs(durationMs({ meanMs, shape: 'lognormal' }, u) / expected - 1), `${u}`).toBeLessThan(1e-5);
  }
});

test('the callers of a day come by its profile, are of their kinds by the shares, and differ in everything from each other', () => {
  const kind = (dialled: string, weight: number, talkMs: number) => {
    return { weight, dialled, keys: [dialled], talk: exponential(talkMs), wrapUp: exponential(talkMs) };
  };
  const choices = [kind('1', 6, 60_000), kind('2', 2, 240_000)];
  const demand = { startMs: 1_000_000, lengthMs: 30_000, calls: 4_000, profile: [0, 2, 6], choices, patience: ALWAYS };
  const callers = [...drawCallers(demand, 3)];
  const share = (isSo: (one: (typeof callers)[number]) => boolean) => callers.filter(isSo).length / callers.length;
  const until = (atMs: number) => share((one) => one.atMs < demand.startMs + atMs);
  expect([until(0), until(10_000), until(30_000)]).toEqual([0, 0, 1]);
  const evenly = [until(15_000), until(20_000), until(25_000), share((one) => one.talkEndedBy === 'citizen')];
  for (const [nth, expected] of [0.125, 0.25, 0.625, 0.7].entries()) {
    expect(Math.abs(evenly[nth]! - expected), `${nth}`).toBeLessThan(0.03);
  }
  expect(share((one) => one.dialled === '1')).toBe(0.75);
  for (const { dialled, talk } of choices) {
    const alike = callers.filter((one) => one.dialled === dialled);
    for (const what of ['talkMs', 'wrapUpMs'] as const) {
      const meanMs = alike.reduce((sum, one) => sum + one[what], 0) / alike.length;
      expect(Math.abs(meanMs / talk.meanMs - 1), `${what} of ${dialled}`).toBeLessThan(0.1);
    }
  }
  expect(share((one) => one.talkMs === one.wrapUpMs)).toBeLessThan(0.01);
  expect(new Set(callers.map(({ from }) => from)).size).toBe(callers.length);
});

test('talk, notes and patience of a day are drawn evenly over all that they may be, whatever the seed', () => {
  const often = exponential(60_000);
  const choices = [{ weight: 1, dialled: '1', keys: [], talk: often, wrapUp: often }];
  const demand = { startMs: 0, lengthMs: 1_000, calls: 500, profile: [1], choices, patience: often };
  for (const seed of [1, 2]) {
    const callers = [...drawCallers(demand, seed)];
    for (const what of ['talkMs', 'wrapUpMs', 'patienceMs'] as const) {
      const drawn = callers.map((one) => one[what]).toSorted((a, b) => a - b);
      const apart = drawn.filter(
        (valueMs, nth) => valueMs < durationMs(often, nth / 500) || valueMs > durationMs(often, (nth + 1) / 500),
      );
      expect(apart, what).toEqual([]);
    }
  }
});
