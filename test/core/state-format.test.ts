import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { contactId } from '../../src/core/ids.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { step } from '../../src/core/step.ts';

/** As the first version wrote it: one caller talks, one waits behind a busy agent, one was lost with its switch. */
const OLDER = readFileSync(join(import.meta.dirname, 'state-format-1.json'), 'utf8');

it('takes over a snapshot of the first version: who talked, who waited and since when', () => {
  const state = decodeState(OLDER);
  const stages = [...state.contacts.values()].map(({ stage }) => stage);
  expect(stages.map((stage) => ('wait' in stage ? [stage.in, stage.wait.enqueuedAtMs] : []))).toEqual(
    JSON.parse(OLDER).contacts.map(([, { stage }]: [string, { stage: { in: string; enqueuedAtMs: number } }]) => [
      stage.in,
      stage.enqueuedAtMs,
    ]),
  );
  expect(state.callers.get('13800000009')?.lost).toEqual({ enqueuedAtMs: 1_000_050, untilMs: 1_600_060 });
  expect(state.settings).toEqual(state.base);
});

it('goes on deciding from an older snapshot, and writes it as its own', () => {
  const state = decodeState(OLDER);
  step(state, { type: 'started', atMs: state.nowMs + 1 }, state.seq + 1);
  expect(decodeState(encodeState(state)).contacts.size).toBe(state.contacts.size);
  expect([...state.contacts.values()].map(({ medium }) => medium)).toEqual(['voice', 'voice', 'voice']);
  expect([...state.agents.values()].map(({ conversations }) => conversations)).toContainEqual([]);
  expect(state.contacts.has(contactId('C0000000008-012345'))).toBe(true);
});

it('takes over a snapshot from before alerts and supervisions: nothing is watched yet, everything else is as it was', () => {
  const { alerts, ...older } = JSON.parse(encodeState(decodeState(OLDER)));
  expect(alerts).toEqual([]);
  const state = decodeState(JSON.stringify({ ...older, format: 5 }));
  expect(state.alerts).toEqual(new Map());
  expect(JSON.parse(encodeState(state))).toEqual({ ...older, alerts });
});

it('refuses a snapshot of a later version', () => {
  expect(() => decodeState(JSON.stringify({ ...JSON.parse(OLDER), format: 99 }))).toThrow(/format 99/);
});
