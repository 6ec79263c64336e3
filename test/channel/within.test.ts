import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { TooLate, within } from '../../src/channel/within.ts';

const never = () => new Promise<never>(() => undefined);

test('what heeds no signal is waited for no longer than its time, and not beyond the end of the program', async () => {
  const stopping = new AbortController();
  let told: AbortSignal | undefined;
  const hangs = within({ ms: 20, stopping: stopping.signal, who: 'the box' }, (signal) => {
    told = signal;
    return never();
  });
  await expect(hangs).rejects.toThrow(new TooLate('the box did not answer in time'));
  expect(told?.aborted).toBe(true);
  const stopped = within({ ms: 60_000, stopping: stopping.signal }, never);
  stopping.abort();
  await expect(stopped).rejects.not.toBeInstanceOf(TooLate);
  await expect(within({ ms: 60_000, stopping: stopping.signal }, never)).rejects.toThrow();
});

test('what came in time, or failed, leaves nothing behind in the signal that lives on', async () => {
  const stopping = new AbortController();
  const traces = () =>
    Object.getOwnPropertySymbols(stopping.signal).flatMap((symbol) => {
      const value = Reflect.get(stopping.signal, symbol);
      return symbol.description?.includes('Signals') && value?.size > 0 ? [symbol.description] : [];
    });
  const before = getEventListeners(stopping.signal, 'abort').length;
  for (let times = 0; times < 100; times += 1) {
    await within({ ms: 60_000, stopping: stopping.signal }, async () => times);
    await within({ ms: 60_000, stopping: stopping.signal }, () => Promise.reject(new Error('no'))).catch(() => {});
  }
  expect([getEventListeners(stopping.signal, 'abort').length, traces()]).toEqual([before, []]);
  // As `AbortSignal.any` would have left it.
  const joined = AbortSignal.any([stopping.signal]);
  expect([joined.aborted, traces().length]).toEqual([false, 1]);
});
