import { expect, test } from 'vitest';
import type { AgentState } from '../../src/core/command.ts';
import { agentId } from '../../src/core/ids.ts';
import { FigureFold } from '../../src/sim/figures.ts';

const QUARTER_MS = 900_000;

test('each quarter hour has the time that seats were there and at work in it, whoever came and went', () => {
  const fold = new FigureFold();
  const is = (agent: string, atMs: number, state: AgentState): void =>
    fold.take(atMs, { fact: 'agentState', agent: agentId(agent), state });
  is('ana', 60_000, 'ready');
  is('ana', 100_000, 'talking');
  is('ben', QUARTER_MS + 50_000, 'ready');
  is('ana', QUARTER_MS + 100_000, 'notReady');
  is('ben', 3 * QUARTER_MS + 10_000, 'offline');
  const quarters = fold
    .figures(4 * QUARTER_MS)
    .quarters.map(({ fromMs, seatsMs, busyMs }) => [fromMs, seatsMs, busyMs]);
  expect(quarters).toEqual([
    [0, 840_000, 800_000],
    [QUARTER_MS, 100_000 + 850_000, 100_000],
    [2 * QUARTER_MS, QUARTER_MS, 0],
    [3 * QUARTER_MS, 10_000, 0],
  ]);
});
