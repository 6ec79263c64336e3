import { expect, test } from 'vitest';
import { pageModule } from './browser-store.ts';

interface Life {
  waitsOf(detail: { readonly waits: readonly object[] }): readonly { readonly fromMs: number; readonly ms?: number }[];
  phasesOf(detail: object, nowMs: number): readonly { readonly name: string; readonly ms: number }[];
}

test('the wait of a caller whose agent was lost counts from there, not from the first; one that goes on has no length', async () => {
  const { waitsOf } = await pageModule<Life>('work/life.ts');
  const wait = { queue: 'personal', enqueuedAtMs: 1_000 };
  const waits = [
    { ...wait, startedAtMs: 1_000, endedAtMs: 4_000 },
    { ...wait, startedAtMs: 64_000, endedAtMs: 66_000 },
    { ...wait, startedAtMs: 90_000, endedAtMs: null },
  ];
  expect(waitsOf({ waits })).toEqual([
    { queue: 'personal', fromMs: 1_000, ms: 3_000 },
    { queue: 'personal', fromMs: 64_000, ms: 2_000 },
    { queue: 'personal', fromMs: 90_000, ms: undefined },
  ]);
});

test('an accepted offer rings until the first word, and nobody is said to wait after it was answered', async () => {
  const { phasesOf } = await pageModule<Life>('work/life.ts');
  const detail = {
    ...{ openedAtMs: 0, queuedAtMs: 2_000, closedAtMs: 20_000 },
    waits: [{ queue: 'personal', enqueuedAtMs: 2_000, startedAtMs: 2_000, endedAtMs: 9_000 }],
    offers: [
      { madeAtMs: 3_000, endedAtMs: 5_000, result: 'timeout' },
      { madeAtMs: 6_000, endedAtMs: 8_000, result: 'accepted' },
    ],
    talks: [{ agent: 'ana', startedAtMs: 9_000, endedAtMs: 19_000 }],
  };
  expect(phasesOf(detail, 20_000).map(({ name, ms }) => [name, ms])).toEqual([
    ['menu', 2_000],
    ['wait', 1_000],
    ['ring', 2_000],
    ['wait', 1_000],
    ['ring', 3_000],
    ['talk', 10_000],
    ['after', 1_000],
  ]);
});
