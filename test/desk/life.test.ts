import { expect, test } from 'vitest';
import { pageModule } from './browser-store.ts';

interface Life {
  waitsOf(detail: { readonly waits: readonly object[] }): readonly { readonly fromMs: number; readonly ms?: number }[];
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
