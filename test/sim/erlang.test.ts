import { expect, test } from 'vitest';
import { erlangA, erlangB, erlangC, seatsByErlang } from '../../src/sim/erlang.ts';
import { fewest, SEATS_MAX } from '../../src/sim/fewest.ts';

const perHour = (calls: number) => calls / 3_600_000;

test('Erlang B gives the values of the published tables', () => {
  expect(erlangB(1, 1)).toBeCloseTo(0.5, 12);
  expect(erlangB(10, 4.46)).toBeCloseTo(0.01, 4);
  expect(erlangB(100, 84.06)).toBeCloseTo(0.01, 4);
});

test('Erlang C gives the three sizings of the domain guide', () => {
  const level = (calls: number, seats: number) => erlangC({ rate: perHour(calls), ahtMs: 210_000, seats }, 15_000);
  expect(level(960, 67).serviceLevel).toBeCloseTo(0.952, 3);
  expect(level(960, 67).asaMs! / 1_000).toBeCloseTo(2.0, 1);
  expect(level(960, 65).serviceLevel).toBeCloseTo(0.91, 3);
  expect(level(2_880, 184).serviceLevel).toBeCloseTo(0.951, 3);
  expect(level(28_274 * 0.12, 215).serviceLevel).toBeCloseTo(0.953, 3);
});

test('more traffic than seats: the line grows without end by Erlang C, and comes to rest by Erlang A', () => {
  const load = { rate: perHour(3_600), ahtMs: 100_000, seats: 80 };
  expect(erlangC(load, 15_000)).toEqual({ serviceLevel: 0, asaMs: null, abandoned: 0 });
  const { abandoned, asaMs } = erlangA(load, 60_000, 15_000);
  // What comes in must go out: 100 erlang on 80 seats that are nearly always taken.
  expect(abandoned).toBeCloseTo(0.2, 2);
  expect(asaMs).toBeGreaterThan(0);
});

test('Erlang A with one seat and equal times is the known closed form', () => {
  // With patience as long as the service, the number in the system is Poisson: M/M/1+M with one rate is M/M/infinity.
  const load = { rate: 1 / 100_000, ahtMs: 100_000, seats: 1 };
  const empty = Math.exp(-1);
  const { abandoned } = erlangA(load, 100_000, 15_000);
  expect(abandoned).toBeCloseTo(1 - (1 - empty), 6);
});

test('Erlang A with endless patience is Erlang C, and the formulas hold for thousands of seats', () => {
  const load = { rate: perHour(960), ahtMs: 210_000, seats: 67 };
  const patient = erlangA(load, 1e13, 15_000);
  expect(patient.serviceLevel).toBeCloseTo(erlangC(load, 15_000).serviceLevel, 6);
  expect(patient.asaMs).toBeCloseTo(erlangC(load, 15_000).asaMs!, 0);
  for (const seats of [4_900, 5_000, 5_100, 9_000]) {
    const huge = erlangA({ rate: 5_000 / 210_000, ahtMs: 210_000, seats }, 180_000, 15_000);
    expect(huge.serviceLevel).toBeGreaterThan(0);
    expect(huge.serviceLevel).toBeLessThanOrEqual(1);
    expect(huge.abandoned).toBeGreaterThanOrEqual(0);
  }
  expect(erlangA({ rate: 1e-9, ahtMs: 210_000, seats: 5_000 }, 180_000, 15_000).serviceLevel).toBe(1);
  const idle = { serviceLevel: 1, asaMs: 0, abandoned: 0 };
  for (const seats of [1, 67]) expect(erlangA({ rate: 0, ahtMs: 210_000, seats }, 180_000, 15_000)).toEqual(idle);
});

test('the fewest seats are found from any guess, and none when none are enough', () => {
  for (const guess of [0, 1, 36, 37, 38, 5_000]) expect(fewest(guess, (seats) => seats >= 37)).toBe(37);
  expect(fewest(10, () => true)).toBe(1);
  expect(fewest(10, () => false)).toBeNull();
  expect(fewest(SEATS_MAX, (seats) => seats === SEATS_MAX)).toBe(SEATS_MAX);
  expect(seatsByErlang({ rate: perHour(960), ahtMs: 210_000 }, Infinity, 15_000, 0.95)).toBe(67);
});
