import { expect, test } from 'vitest';
import type { AgentState, RecordFact } from '../../src/core/command.ts';
import { agentId, contactId } from '../../src/core/ids.ts';
import { noCounts } from '../../src/lib/measure-counts.ts';
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

/** The counts of calls of which that was told, at that moment. */
function countsOf(...told: readonly (readonly [atMs: number, fact: RecordFact])[]) {
  const fold = new FigureFold();
  for (const [atMs, fact] of told) fold.take(atMs, fact);
  return fold.figures(told.at(-1)![0]);
}

const contact = contactId('C');
const agent = agentId('ana');
const opened = [
  0,
  { fact: 'contactOpened', contact, medium: 'voice', from: '1', dialled: '12345', flow: 'wait' },
] as const;
const queued = [0, { fact: 'waitStarted', contact, queue: 'personal', enqueuedAtMs: 0 }] as const;

test('an answer at fifteen seconds is in time and a caller gone at five left soon; a millisecond later neither', () => {
  const waited = (waitedMs: number, result: 'connected' | 'abandoned') => {
    const outcome = result === 'connected' ? 'answered' : 'abandonedInQueue';
    const { total, byQueue } = countsOf(
      opened,
      queued,
      [waitedMs, { fact: 'waitEnded', contact, queue: 'personal', result }],
      [waitedMs, { fact: 'contactClosed', contact, outcome }],
    );
    return [total, byQueue.get('personal')!].map(
      ({ answeredWithin15, abandonedShort }) => answeredWithin15 + abandonedShort,
    );
  };
  expect([waited(15_000, 'connected'), waited(15_001, 'connected')]).toEqual([
    [1, 1],
    [0, 0],
  ]);
  expect([waited(5_000, 'abandoned'), waited(5_001, 'abandoned')]).toEqual([
    [1, 1],
    [0, 0],
  ]);
});

test('handling is all the talk and the notes, of the call and of its queue', () => {
  const talk = (fromMs: number, toMs: number) =>
    [
      [fromMs, { fact: 'waitEnded', contact, queue: 'personal', result: 'connected' }],
      [fromMs, { fact: 'talkStarted', contact, agent }],
      [fromMs, { fact: 'agentState', agent, state: 'talking', contact }],
      [toMs, { fact: 'talkEnded', contact, agent, endedBy: 'fault' }],
      [toMs, { fact: 'agentState', agent, state: 'wrapUp', contact }],
    ] as const;
  const { total, byQueue, waitsMs } = countsOf(
    opened,
    queued,
    ...talk(4_000, 34_000),
    [40_000, { fact: 'agentState', agent, state: 'ready' }],
    ...talk(44_000, 64_000),
    [74_000, { fact: 'agentState', agent, state: 'ready' }],
    [74_000, { fact: 'contactClosed', contact, outcome: 'answered' }],
  );
  for (const counts of [total, byQueue.get('personal')]) {
    expect(counts).toMatchObject({ queued: 1, answered: 1, waitedMs: 4_000, handled: 1, handlingMs: 50_000 + 16_000 });
  }
  expect([...waitsMs]).toEqual([4_000]);
});

test('who is served without a queue, gives up the line for a call-back or is turned away counts as just that', () => {
  const closedAs = (outcome: 'answered' | 'ended' | 'abandonedInQueue', ...before: (readonly [number, RecordFact])[]) =>
    countsOf(opened, ...before, [9_000, { fact: 'contactClosed', contact, outcome }]);
  expect(closedAs('ended').total).toEqual({ ...noCounts(), inbound: 1, selfServed: 1 });
  expect(closedAs('ended', queued).total).toEqual({ ...noCounts(), inbound: 1, queued: 1 });
  const promised = [2_000, { fact: 'callBackPromised', contact, number: '1' }] as const;
  const called = [8_000, { fact: 'waitEnded', contact, queue: 'personal', result: 'connected' }] as const;
  const calledBack = { ...noCounts(), inbound: 1, queued: 1, callbacks: 1 };
  for (const { total, byQueue, waitsMs } of [
    closedAs('abandonedInQueue', queued, promised),
    closedAs('answered', queued, promised, called),
  ]) {
    expect(byQueue.get('personal')).toEqual(total);
    expect({ ...total, handled: 0 }).toEqual(calledBack);
    expect(waitsMs).toHaveLength(0);
  }
});
