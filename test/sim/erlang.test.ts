import { expect, test } from 'vitest';
import { noCounts, QUARTER_MS, sumOfCounts } from '../../src/lib/measure-counts.ts';
import { erlangA, erlangB, erlangC, seatsByErlang } from '../../src/sim/erlang.ts';
import { fewest, SEATS_MAX } from '../../src/sim/fewest.ts';
import type { Figures } from '../../src/sim/figures.ts';
import { erlangDay, seatsFor, shareWithin } from '../../src/sim/staffing.ts';

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
  expect(erlangC({ ...load, seats: 100 }, 15_000)).toEqual({ serviceLevel: 0, asaMs: null, abandoned: 0 });
  // On very many seats everybody who is answered has waited until a fifth had left.
  const huge = erlangA({ ...load, rate: 100 * load.rate, seats: 8_000 }, 60_000, 15_000);
  expect(Math.abs(huge.asaMs! / (60_000 * Math.log(1.25)) - 1)).toBeLessThan(0.01);
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
  for (const guess of [0, 10]) expect(fewest(guess, () => true)).toBe(1);
  expect(fewest(10, () => false)).toBeNull();
  expect(fewest(SEATS_MAX, (seats) => seats === SEATS_MAX)).toBe(SEATS_MAX);
  const load = { rate: perHour(960), ahtMs: 210_000 };
  expect(seatsByErlang(load, Infinity, 15_000, 0.95)).toBe(67);
  const impatient = seatsByErlang(load, 60_000, 15_000, 0.95)!;
  expect(impatient).toBeLessThan(67);
  const reached = [0, -1].map((more) => erlangA({ ...load, seats: impatient + more }, 60_000, 15_000).serviceLevel);
  expect(reached[0]).toBeGreaterThanOrEqual(0.95);
  expect(reached[1]).toBeLessThan(0.95);
});

/** Quarter hours of so many calls and seats, whose calls keep an agent for 200 s. */
function dayOf(...quarters: readonly (readonly [queued: number, seats: number])[]): Figures {
  const filled = quarters.map(([queued, seats], nth) => {
    return { ...noCounts(), queued, fromMs: nth * QUARTER_MS, seatsMs: seats * QUARTER_MS, busyMs: 0 };
  });
  const total = { ...sumOfCounts(filled), handled: 30, handlingMs: 6_000_000 };
  return { total, quarters: filled, byQueue: new Map(), outcomes: new Map(), waitsMs: new Float64Array() };
}

const quarterLoad = (queued: number, seats: number) => ({ rate: queued / QUARTER_MS, ahtMs: 200_000, seats });

test('a day by the formulas is its quarter hours by their calls, its wait that of those who were answered', () => {
  const [busy, calm] = [erlangA(quarterLoad(80, 14), 120_000, 15_000), erlangA(quarterLoad(20, 6), 120_000, 15_000)];
  const day = erlangDay(dayOf([80, 14.4], [0, 9], [20, 5.6]), 120_000, 15_000)!;
  const answered = [80 * (1 - busy.abandoned), 20 * (1 - calm.abandoned)] as const;
  const waitedMs = answered[0] * busy.asaMs! + answered[1] * calm.asaMs!;
  expect(day.serviceLevel).toBeCloseTo(0.8 * busy.serviceLevel + 0.2 * calm.serviceLevel, 9);
  expect(day.abandoned).toBeCloseTo(0.8 * busy.abandoned + 0.2 * calm.abandoned, 9);
  expect(day.asaMs).toBeCloseTo(waitedMs / (answered[0] + answered[1]), 6);
});

test('by the formulas nobody is answered while nobody is there: who has patience leaves, who waits for ever has no wait', () => {
  const served = erlangC(quarterLoad(20, 6), 15_000);
  const patient = erlangDay(dayOf([20, 6], [60, 0]), Infinity, 15_000);
  expect(patient).toEqual({ serviceLevel: served.serviceLevel / 4, asaMs: null, abandoned: 0 });
  expect(erlangDay(dayOf([60, 0], [20, 6]), Infinity, 15_000)).toEqual(patient);
  // Nobody calls, nobody is there: no reason to say nothing of the others.
  expect(erlangDay(dayOf([20, 6], [0, 0]), Infinity, 15_000)!.asaMs).toBeCloseTo(served.asaMs!, 6);
  const { serviceLevel, abandoned } = erlangDay(dayOf([20, 0], [60, 0]), 120_000, 15_000)!;
  expect([serviceLevel, abandoned]).toEqual([0, 1]);
  expect(erlangDay(dayOf([20, 0]), 120_000, 15_000)!.asaMs).toBeNull();
});

test('the formulas say nothing of a day on which nobody queued, or nobody was answered by those who were there', () => {
  const unanswered = (day: Figures): Figures => ({ ...day, total: { ...day.total, handled: 0, handlingMs: 0 } });
  for (const patienceMs of [120_000, Infinity]) {
    expect(erlangDay(dayOf([0, 6]), patienceMs, 15_000)).toBeNull();
    expect(erlangDay(unanswered(dayOf([20, 6])), patienceMs, 15_000)).toBeNull();
    expect(erlangDay(unanswered(dayOf([20, 0], [20, 6])), patienceMs, 15_000)).toBeNull();
  }
  // Of nobody there is no more to know.
  const left = { serviceLevel: 0, asaMs: null, abandoned: 1 };
  expect(erlangDay(unanswered(dayOf([20, 0], [0, 6])), 120_000, 15_000)).toEqual(left);
});

test('the share in time is of all who queued, the limit itself in time; the share that is asked for is enough', () => {
  const waited = (queued: number, ...waitsMs: readonly number[]): Figures => ({
    ...dayOf([queued, 1]),
    waitsMs: Float64Array.from(waitsMs),
  });
  const day = waited(8, 0, 1_000, 20_000, 20_000, 30_000);
  expect([19_999, 20_000, 30_000].map((withinMs) => shareWithin(day, withinMs))).toEqual([0.25, 0.5, 0.625]);
  expect(shareWithin(waited(0), 20_000)).toBe(1);
  const play = (seats: number) => waited(100, ...Array.from({ length: Math.min(seats, 60) }, () => 0));
  for (const guess of [1, 50, 90]) {
    const found = seatsFor({ share: 0.5, withinMs: 20_000 }, guess, play)!;
    expect([found.seats, found.figures.waitsMs.length]).toEqual([50, 50]);
  }
  expect(seatsFor({ share: 0.7, withinMs: 20_000 }, 50, play)).toBeNull();
});
