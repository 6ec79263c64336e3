import { expect, test } from 'vitest';
import { ForwardClock } from '../../src/lib/forward-clock.ts';

test('the time of entries is the machine’s, goes on when that is set back, and is the same again after ten times as long', () => {
  let realMs = 0;
  let setMs = 1_000_000;
  const clock = new ForwardClock(
    0,
    () => setMs + realMs,
    () => realMs,
  );
  expect(clock.now()).toBe(1_000_000);
  setMs -= 60_000;
  realMs += 20_000;
  expect(clock.now()).toBe(1_018_000);
  expect(clock.until(1_036_000)).toBe(20_000);
  realMs += 579_900;
  expect(clock.now()).toBeGreaterThan(setMs + realMs);
  realMs += 100;
  expect(clock.now()).toBe(setMs + realMs);
  setMs += 3_600_000;
  expect(clock.now()).toBe(setMs + realMs);
  expect(clock.until(setMs + realMs + 500)).toBe(500);
});

test('a clock that is set forward by up to a minute is caught up with, a tenth faster, and nothing is over long before its time', () => {
  let realMs = 0;
  let setMs = 1_000_000;
  const clock = new ForwardClock(
    0,
    () => setMs + realMs,
    () => realMs,
  );
  setMs += 60_000;
  realMs += 20_000;
  expect(clock.now()).toBe(1_022_000);
  expect(clock.aheadMs()).toBe(-58_000);
  expect(clock.until(1_033_000)).toBe(10_000);
  expect(clock.until(2_022_000)).toBe(1_000_000 - 58_000);
  realMs += 580_000;
  expect(clock.now()).toBe(setMs + realMs);
  expect(clock.until(setMs + realMs + 500)).toBe(500);
});

test('however often it is asked, its time passes as fast as the machine’s, a millisecond at the most behind', () => {
  let realMs = 0.4;
  const machine = () => Math.floor(realMs);
  const clock = new ForwardClock(0, machine, () => realMs);
  for (let step = 0; step < 10_000; step += 1) {
    realMs += 0.37;
    const behindMs = machine() - clock.now();
    expect(behindMs).toBeGreaterThanOrEqual(-1);
    expect(behindMs).toBeLessThanOrEqual(1);
  }
});

test('a process that starts behind what it has written down goes on from there', () => {
  let realMs = 0;
  const clock = new ForwardClock(
    5_000,
    () => realMs,
    () => realMs,
  );
  realMs += 100;
  expect(clock.now()).toBe(5_090);
});
