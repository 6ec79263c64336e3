import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMetrics } from '../../src/api/metrics.ts';
import { contactId } from '../../src/core/ids.ts';
import { CONNECT_LIMITS } from '../../src/lib/measure-alarm.ts';
import { QUARTER_MS } from '../../src/lib/measure-counts.ts';
import { judgeQuarter, nextQuarter } from '../../src/store/alarms.ts';
import { dayFigures } from '../../src/store/day-figures.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { openRecords, type RecordsStage } from './records-stage.ts';

const FROM_MS = 1_000 * QUARTER_MS;
let stage: RecordsStage;

beforeAll(async () => {
  const waiting = [
    { contact: contactId('before'), from: '1', medium: 'voice' as const, enqueuedAtMs: FROM_MS, place: 1 },
  ];
  const queue = { queue: 'personal', skill: 'personal', waiting, idleAgents: 0, foreseen: { ended: 0, inside: 0 } };
  stage = await openRecords({
    core: { queues: () => [queue] },
    missed: { open: 3, overdue: 1 },
    day: (db) => dayFigures(db, () => FROM_MS + 2 * QUARTER_MS),
    alerts: () => [{ alert: 'longHold' }, { alert: 'longWait', seenBy: 'lead' }, { alert: 'longWait' }],
  });
  const journal = new JournalByHand();
  for (let n = 0; n < 40; n += 1) {
    const plan = { id: `m${n}`, openedAtMs: FROM_MS + n * 30_000, queuedAfterMs: 1_000, agent: `m${n}` };
    const answered = { ...plan, answeredAfterMs: n < 10 ? 20_000 : 4_000, talkMs: 5_000 };
    if (n % 4 === 0) writeCall(journal, { ...plan, abandonedAfterMs: 9_000, site: 'sub1', dialled: '12315' });
    else writeCall(journal, { ...answered, queue: n % 2 ? 'personal' : 'enterprise' });
  }
  const { facts } = await applyEntries(stage.db, 'measured', journal.entries);
  for (const applied of facts) stage.metrics.countFact(applied);
});
afterAll(() => stage?.close());

const ask = async (url: string) => (await stage.app.inject({ url, headers: { cookie: stage.cookie } })).json();
const period = `from=${FROM_MS}&to=${FROM_MS + 2 * QUARTER_MS}`;

test('the summary says each figure with what it is made of, and the definitions say of what that is', async () => {
  const { measures } = await ask(`/api/v1/metrics/summary?${period}`);
  expect(measures.connectRate).toEqual({ numerator: 30, denominator: 40, unit: 'percent', value: 75 });
  expect(measures.answeredWithin15Rate).toMatchObject({ numerator: 23, denominator: 30, value: 76.67 });
  expect(measures.averageHandlingTime).toMatchObject({ unit: 'seconds', value: 5 });
  const definitions = await ask('/api/v1/metrics/definitions');
  expect(Object.keys(definitions.measures)).toEqual(Object.keys(measures));
  expect(definitions.measures.answeredWithin15Rate).toMatchObject({
    zh: '15秒接通率',
    denominator: 'answered by a person',
  });
});

test.each([
  ['site', ['main', 'sub1']],
  ['number', ['12315', '12345']],
  ['queue', ['enterprise', 'personal']],
  ['quarter', [FROM_MS, FROM_MS + QUARTER_MS]],
])('the summary by %s adds up to the city', async (by, keys) => {
  const { measures, groups } = await ask(`/api/v1/metrics/summary?${period}&by=${by}`);
  expect(groups.map(({ key }: { key: unknown }) => key)).toEqual(keys);
  for (const part of ['numerator', 'denominator']) {
    const sum = groups.reduce((all: number, group: typeof groups) => all + group.measures.connectRate[part], 0);
    expect(sum).toBe(measures.connectRate[part]);
  }
});

test('one site can be followed quarter by quarter', async () => {
  const { groups } = await ask(`/api/v1/metrics/summary?${period}&by=quarter&site=sub1`);
  const shown = groups.map((group: typeof groups) => [group.key - FROM_MS, group.measures.connectRate.denominator]);
  expect(shown).toEqual([
    [0, 8],
    [QUARTER_MS, 2],
  ]);
});

test('asked without a period, the summary is of the 24 hours up to now', async () => {
  const [nowMs, hourMs] = [Date.now(), 3_600_000];
  const journal = new JournalByHand();
  for (const hours of [0.1, 23.9, 24.1])
    writeCall(journal, { id: `ago-${hours}`, openedAtMs: nowMs - hours * hourMs, dialled: '12369' });
  await applyEntries(stage.db, 'lately', journal.entries);
  const { fromMs, toMs, measures } = await ask('/api/v1/metrics/summary?number=12369');
  expect(toMs - fromMs).toBe(24 * hourMs);
  expect(toMs).toBeGreaterThanOrEqual(nowMs);
  expect(measures.connectRate.denominator).toBe(2);
  const until = await ask(`/api/v1/metrics/summary?number=12369&to=${nowMs - hourMs}`);
  expect([until.fromMs, until.measures.connectRate.denominator]).toEqual([nowMs - 25 * hourMs, 2]);
});

test.each([
  ['from=2020-01-01&to=2022-01-01', 'PERIOD_TOO_LONG'],
  ['from=2020-01-01&to=2020-03-01&by=quarter', 'PERIOD_TOO_LONG'],
  ['from=2020-01-02&to=2020-01-01', 'REQUEST_INVALID'],
  ['by=weather', 'REQUEST_INVALID'],
])('the question %s is refused as %s', async (query, code) => {
  expect(await ask(`/api/v1/metrics/summary?${query}`)).toMatchObject({ status: 400, code });
});

test('a site and a queue that never were are refused; those that had calls then are answered, though the rules no longer name them', async () => {
  const summary = (filter: string) => ask(`/api/v1/metrics/summary?${period}&${filter}`);
  expect(await summary('site=nowhere')).toMatchObject({ status: 404, code: 'SITE_UNKNOWN', detail: 'nowhere' });
  for (const queue of ['nowhere', '__proto__', 'constructor'])
    expect(await summary(`queue=${queue}`)).toMatchObject({ status: 404, code: 'QUEUE_UNKNOWN', detail: queue });
  const inbound = async (filter: string) => (await summary(filter)).measures.connectRate.denominator;
  expect(await inbound('queue=enterprise')).toBe(10);
  expect(await inbound('queue=enterprise&site=sub1')).toBe(0);
  expect(await inbound('site=main')).toBe(30);
  const later = `from=${FROM_MS + 4 * QUARTER_MS}&to=${FROM_MS + 5 * QUARTER_MS}`;
  expect((await ask(`/api/v1/metrics/summary?${later}&queue=personal`)).measures.connectRate.value).toBe(null);
});

test('an alarm is listed with its figures, and a lead acknowledges it once', async () => {
  const { db } = stage;
  await nextQuarter(db, FROM_MS);
  for (const alarm of await judgeQuarter(db, FROM_MS, { ...CONNECT_LIMITS, callsMin: 5 }, 7))
    stage.metrics.countAlarm(alarm);
  const { alarms, limits, complete } = await ask(`/api/v1/alarms?${period}`);
  expect({ limits, complete }).toEqual({ limits: CONNECT_LIMITS, complete: true });
  expect(alarms.map(({ scope, key }: Record<string, string>) => [scope, key])).toEqual([
    ['number', '12315'],
    ['site', 'sub1'],
  ]);
  expect(alarms[1]).toMatchObject({ fromMs: FROM_MS, numerator: 0, denominator: 8, value: 0, limitPercent: 95 });
  const acknowledge = (note: string) =>
    stage.app.inject({
      method: 'POST',
      url: `/api/v1/alarms/${alarms[1].id}/acknowledge`,
      headers: { cookie: stage.cookie },
      payload: { note },
    });
  expect((await acknowledge('已加派座席')).json()).toMatchObject({ acknowledgedBy: 'lead', note: '已加派座席' });
  expect((await acknowledge('too late')).json()).toMatchObject({ acknowledgedBy: 'lead', note: '已加派座席' });
  expect((await ask(`/api/v1/alarms?${period}&open=true`)).alarms).toHaveLength(1);
});

test('a scrape tells the waits, the last day and the alarms; names as Prometheus wants them', async () => {
  const { body } = await stage.app.inject('/metrics');
  const lines = body.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'minhu_contacts_opened_total 40',
      'minhu_offers_total{result="accepted"} 30',
      'minhu_offers_total{result="timeout"} 10',
      'minhu_answer_wait_seconds_bucket{le="15"} 23',
      'minhu_answer_wait_seconds_count 30',
      'minhu_connect_24h_ratio 0.75',
      'minhu_site_connect_24h_ratio{site="sub1"} 0',
      'minhu_connect_alarms_total{scope="site"} 1',
      'minhu_connect_alarms_open{scope="site"} 0',
      'minhu_connect_alarms_open{scope="number"} 1',
      'minhu_alerts_open{alert="longWait"} 1',
      'minhu_alerts_open{alert="longHold"} 1',
      'minhu_alerts_open{alert="missedOffers"} 0',
      'minhu_alerts_total{alert="longWrapUp"} 0',
    ]),
  );
  expect(body).toMatch(/^minhu_longest_wait_seconds\{queue="personal"\} \d{6}/m);
  const documented = await readFile(new URL('../../src/api/README.md', import.meta.url), 'utf8');
  for (const [, name, type] of body.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    expect(name).toMatch(/^minhu_[a-z0-9_]+$/);
    expect(documented).toContain(`\`${name}\``);
    expect(name!.endsWith('_total')).toBe(type === 'counter');
  }
});

test('who waited already when the program started is measured when answered, and once only', async () => {
  const contact = contactId('before');
  const talk = { fact: 'talkStarted', contact, agent: 'a', citizenLeg: 'x', agentLeg: 'y' } as never;
  const count = async () =>
    /minhu_answer_wait_seconds_count (\d+)/.exec((await stage.app.inject('/metrics')).body)?.[1];
  const before = Number(await count());
  for (const seq of [1, 2]) stage.metrics.countFact({ fact: talk, place: { seq, idx: 0, atMs: FROM_MS + 90_000 } });
  expect(Number(await count())).toBe(before + 1);
});

test('without the database a scrape goes without the last day, and without a failure', async () => {
  const sources = { agents: () => [], queues: () => [], projectorLag: () => 1 };
  const alone = createMetrics({
    ...sources,
    missed: () => ({ open: 0, overdue: 0 }),
    day: () => Promise.reject(new Error('away')),
  });
  const text = await alone.registry.metrics();
  expect(text).toContain('minhu_projector_lag_entries 1');
  expect(text).not.toMatch(/^minhu_(site_)?connect_24h_ratio/m);
});
