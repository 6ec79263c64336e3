import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepRegistrations } from '../../src/softswitch/registrations.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('one phone is written at once, a storm of phones a few times, the last change always', () => {
  const write = vi.fn();
  const kept = keepRegistrations(write);
  kept.changed();
  expect(write).toHaveBeenCalledTimes(1);
  for (let phone = 0; phone < 500; phone++) {
    kept.changed();
    vi.advanceTimersByTime(2);
  }
  expect(write.mock.calls.length).toBeLessThanOrEqual(4);
  vi.advanceTimersByTime(1_000);
  const settled = write.mock.calls.length;
  vi.advanceTimersByTime(10_000);
  expect(write).toHaveBeenCalledTimes(settled);
  kept.changed();
  kept.changed();
  kept.close();
  expect(write).toHaveBeenCalledTimes(settled + 2);
  vi.advanceTimersByTime(10_000);
  expect(write).toHaveBeenCalledTimes(settled + 2);
});
