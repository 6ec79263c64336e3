import { expect, test } from 'vitest';
import { budgetLeft } from '../../src/channel/reply-window.ts';
import type { RecentRow } from '../../src/store/outbox.ts';

const HOUR_MS = 3_600_000;
const T0 = 1_767_225_600_000;
/** As of WeChat's customer service. */
const WINDOW = { forMs: 48 * HOUR_MS, messages: 5, afterEvent: { entered: { forMs: 60_000, messages: 2 } } };

function rows(...said: ('message' | 'entered' | 'out' | 'dead' | 'shut')[]): RecentRow[] {
  const all = said.map((what, index): RecentRow => {
    const out = what !== 'message' && what !== 'entered';
    return {
      id: index + 1,
      direction: out ? 'out' : 'in',
      kind: out ? 'reply' : what === 'entered' ? 'event' : 'message',
      state: what === 'dead' || what === 'shut' ? 'dead' : out ? 'sent' : 'stored',
      event: what === 'entered' ? 'entered' : null,
      sent_at_ms: out ? null : T0 + index,
      at_ms: T0 + index,
      shut_at_ms: what === 'shut' ? T0 + index : null,
    };
  });
  return all.reverse();
}

test('five messages within 48 hours of the citizen’s last one; a new one begins anew; dead letters do not count', () => {
  expect(budgetLeft(WINDOW, rows('message'), T0 + 1)).toEqual({ messages: 5, untilMs: T0 + 48 * HOUR_MS });
  expect(budgetLeft(WINDOW, rows('message', 'out', 'out', 'dead'), T0 + 1)).toMatchObject({ messages: 3 });
  expect(budgetLeft(WINDOW, rows('message', 'out', 'out', 'out', 'out', 'out', 'out'), T0 + 1)).toEqual({
    messages: 0,
    untilMs: 0,
  });
  expect(budgetLeft(WINDOW, rows('message', 'out', 'out', 'message', 'out'), T0 + 1)).toMatchObject({ messages: 4 });
  expect(budgetLeft(WINDOW, rows('message'), T0 + 48 * HOUR_MS)).toEqual({ messages: 0, untilMs: 0 });
});

test('none is left once the platform says so, whatever was counted here, until the citizen does something again', () => {
  const none = { messages: 0, untilMs: 0 };
  expect(budgetLeft(WINDOW, rows('message', 'shut'), T0 + 2)).toEqual(none);
  expect(budgetLeft(WINDOW, rows('entered', 'message', 'shut'), T0 + 2)).toEqual(none);
  expect(budgetLeft(WINDOW, rows('message', 'shut', 'message'), T0 + 2)).toMatchObject({ messages: 5 });
  expect(budgetLeft(WINDOW, rows('message', 'shut', 'entered'), T0 + 2)).toMatchObject({ messages: 2 });
  // Sent again by hand after the citizen wrote, and refused again.
  const again = rows('message', 'shut', 'message').map((row) =>
    row.shut_at_ms === null ? row : { ...row, shut_at_ms: T0 + 3 },
  );
  expect(budgetLeft(WINDOW, again, T0 + 4)).toEqual(none);
});

test('a reply with files counts as so many messages as the platform makes of it', () => {
  const said = rows('message', 'out', 'out');
  const withFiles = said.map((row) => (row.id === 2 ? { ...row, parts: 3 } : row));
  expect(budgetLeft(WINDOW, withFiles, T0 + 3)).toMatchObject({ messages: 1 });
});

test('who only entered may be written to twice within a minute', () => {
  expect(budgetLeft(WINDOW, rows('entered'), T0 + 1)).toEqual({ messages: 2, untilMs: T0 + 60_000 });
  expect(budgetLeft(WINDOW, rows('entered', 'out', 'out'), T0 + 1)).toMatchObject({ messages: 0 });
  expect(budgetLeft(WINDOW, rows('entered'), T0 + 60_000)).toMatchObject({ messages: 0 });
  expect(budgetLeft(WINDOW, rows('message', 'entered'), T0 + 60_000)).toMatchObject({ messages: 5 });
  expect(budgetLeft(WINDOW, [], T0)).toEqual({ messages: 0, untilMs: 0 });
});
