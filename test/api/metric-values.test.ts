import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMetrics, type MetricSources } from '../../src/api/metrics.ts';
import type { RecordFact } from '../../src/core/command.ts';
import { contactId } from '../../src/core/ids.ts';
import type { QueueView } from '../../src/core/view.ts';
import { noCounts } from '../../src/lib/measure-counts.ts';

const NOW_MS = 1_000_000_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

function metricsOf(sources: Partial<MetricSources> = {}) {
  const nobody = { agents: () => [], queues: () => [], missed: () => ({ open: 0, overdue: 0 }), projectorLag: () => 0 };
  const metrics = createMetrics({ ...nobody, ...sources });
  const lines = async () => (await metrics.registry.metrics()).split('\n');
  return { metrics, lines };
}

function queueOf(queue: string, more: Partial<QueueView> = {}): QueueView {
  return { queue, skill: queue, waiting: [], idleAgents: 0, foreseen: { ended: 0, inside: 0 }, ...more };
}

test.each(['append', 'flush'] as const)('%s: given in milliseconds, told in seconds', async (what) => {
  const { metrics, lines } = metricsOf();
  const observe = what === 'append' ? metrics.observeAppend : metrics.observeFlush;
  observe(1.953125);
  observe(750);
  const name = `minhu_${what}_seconds`;
  expect(await lines()).toEqual(
    expect.arrayContaining([
      `${name}_bucket{le="0.001"} 0`,
      `${name}_bucket{le="0.002"} 1`,
      `${name}_bucket{le="0.5"} 1`,
      `${name}_bucket{le="1"} 2`,
      `${name}_sum 0.751953125`,
      `${name}_count 2`,
    ]),
  );
  const other = what === 'append' ? 'flush' : 'append';
  expect(await lines()).toContain(`minhu_${other}_seconds_count 0`);
});

test('the longest wait is that of the call that came first, in seconds; chats, mails and call-backs by which nobody waits are none, and nobody is zero', async () => {
  const wait = (contact: string, medium: 'voice' | 'callback' | 'chat', waitedMs: number) => {
    return { contact: contactId(contact), from: '1', medium, enqueuedAtMs: NOW_MS - waitedMs, place: 1 };
  };
  const waiting = [wait('a', 'chat', 900_000), wait('b', 'voice', 12_500), wait('c', 'voice', 61_250)];
  const back = [wait('d', 'voice', 1_000), wait('e', 'callback', 7_000)];
  const { lines } = metricsOf({
    queues: () => [
      queueOf('personal', { waiting }),
      queueOf('enterprise', { waiting: back }),
      queueOf('empty', { waiting: [wait('f', 'chat', 5_000), { ...wait('g', 'callback', 9_000), nobody: true }] }),
    ],
  });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'minhu_longest_wait_seconds{queue="personal"} 61.25',
      'minhu_longest_wait_seconds{queue="enterprise"} 7',
      'minhu_longest_wait_seconds{queue="empty"} 0',
      'minhu_waiting{queue="personal"} 2',
      'minhu_waiting{queue="empty"} 0',
    ]),
  );
});

test('of the waits that were foreseen, those that ended and those inside the interval are told apart', async () => {
  const { lines } = metricsOf({
    queues: () => [
      queueOf('personal', { foreseen: { ended: 9, inside: 8 } }),
      queueOf('enterprise', { foreseen: { ended: 5, inside: 2 } }),
    ],
  });
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'minhu_waits_foreseen{queue="personal",which="ended"} 9',
      'minhu_waits_foreseen{queue="personal",which="inside"} 8',
      'minhu_waits_foreseen{queue="enterprise",which="ended"} 5',
      'minhu_waits_foreseen{queue="enterprise",which="inside"} 2',
    ]),
  );
});

test('contacts that ended are told by outcome; what the database refused counts as refused alone', async () => {
  const { metrics, lines } = metricsOf();
  const close = (n: number, outcome: (RecordFact & { fact: 'contactClosed' })['outcome'], refused?: string) =>
    metrics.countFact({
      fact: { fact: 'contactClosed', contact: contactId(`c${n}`), outcome },
      place: { seq: n, idx: 0, atMs: NOW_MS },
      ...(refused === undefined ? {} : { refused }),
    } as never);
  for (const [n, outcome] of (['answered', 'answered', 'abandonedInQueue', 'abandonedInMenu'] as const).entries())
    close(n, outcome);
  close(9, 'answered', 'no such contact');
  const told = await lines();
  expect(told.filter((line) => line.startsWith('minhu_contacts_closed_total{')).sort()).toEqual([
    'minhu_contacts_closed_total{outcome="abandonedInMenu"} 1',
    'minhu_contacts_closed_total{outcome="abandonedInQueue"} 1',
    'minhu_contacts_closed_total{outcome="answered"} 2',
  ]);
  expect(told).toContain('minhu_projector_refused_total 1');
});

test('the shares of the last day are each of its own kind, from 0 to 1; of nothing there is none', async () => {
  const counts = { ...noCounts(), inbound: 40, queued: 32, answered: 20, answeredWithin15: 15, abandoned: 12 };
  const day = (city: typeof counts) => async () => ({
    city,
    sites: new Map([['main', city]]),
    openAlarms: { site: 0, number: 2 },
  });
  const told = await metricsOf({ day: day(counts) }).lines();
  expect(told).toEqual(
    expect.arrayContaining([
      'minhu_connect_24h_ratio 0.5',
      'minhu_answered_within_15s_24h_ratio 0.75',
      'minhu_service_level_15s_24h_ratio 0.46875',
      'minhu_site_connect_24h_ratio{site="main"} 0.5',
      'minhu_connect_alarms_open{scope="number"} 2',
    ]),
  );
  const nothing = await metricsOf({ day: day({ ...counts, ...noCounts() }) }).lines();
  expect(nothing.filter((line) => /^minhu_\w+_24h_ratio/.test(line))).toEqual([]);
});
