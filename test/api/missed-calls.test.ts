import { afterAll, beforeAll, expect, test } from 'vitest';
import { contactId } from '../../src/core/ids.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { openRecords, type RecordsStage } from './records-stage.ts';

const HOUR_MS = 3_600_000;
const nowMs = Date.now();
const submitted: unknown[] = [];
let stage: RecordsStage;

beforeAll(async () => {
  const submit = async (event: unknown) => submitted.push(event);
  stage = await openRecords({ core: { submit }, missed: { open: 2, overdue: 1 } });
  await applyEntries(stage.db, 'missed', journal().entries);
});
afterAll(() => stage?.close());

/** Three numbers: one is overdue, one tried twice and is not due, one was reached by a call-back. */
function journal(): JournalByHand {
  const book = new JournalByHand();
  const miss = (id: string, atMs: number, number: string, calls = 1, last = id) =>
    book.at(atMs, {
      fact: 'callMissed',
      contact: contactId(id),
      last: contactId(last),
      number,
      queue: 'personal',
      calls,
      dueAtMs: nowMs - 3 * HOUR_MS + (calls === 1 && id === 'late' ? HOUR_MS : 5 * HOUR_MS),
    });
  for (const id of ['late', 'twice', 'reached'])
    writeCall(book, { id, openedAtMs: nowMs - 3 * HOUR_MS, queuedAfterMs: 1, abandonedAfterMs: 9 });
  miss('late', nowMs - 3 * HOUR_MS, '13800138001');
  miss('twice', nowMs - 3 * HOUR_MS + 1, '13800138002');
  miss('twice', nowMs - 2 * HOUR_MS, '13800138002', 2, 'again');
  miss('reached', nowMs - 3 * HOUR_MS + 2, '13800138003');
  const ours = { contact: contactId('ours'), medium: 'callback' as const, from: '13800138003', dialled: '12345' };
  book.at(nowMs - HOUR_MS, { fact: 'contactOpened', ...ours, flow: '', of: contactId('reached') });
  book.at(nowMs - HOUR_MS + 1, { fact: 'callBackFailed', contact: ours.contact, tries: 1, cause: 'NO_ANSWER' });
  book.at(nowMs - HOUR_MS + 2, { fact: 'missedCallClosed', contact: contactId('reached'), result: 'reached' });
  return book;
}

const headers = () => ({ cookie: stage.cookie });
const get = async (url: string) => (await stage.app.inject({ url, headers: headers() })).json();
const post = (url: string, payload: object) => stage.app.inject({ method: 'POST', url, headers: headers(), payload });

test('a lead sees who is still to be called back, the first due first, and who is late', async () => {
  const { missedCalls, complete } = await get('/api/v1/missed-calls?open=true');
  expect(complete).toBe(true);
  expect(
    missedCalls.map(({ contact, from, calls, overdue }: Record<string, unknown>) => [contact, from, calls, overdue]),
  ).toEqual([
    ['late', '138****8001', 1, true],
    ['twice', '138****8002', 2, false],
  ]);
});

test('what came of the others is told with the call-back and its tries', async () => {
  const { missedCalls } = await get('/api/v1/missed-calls');
  expect(missedCalls).toHaveLength(3);
  expect(missedCalls.find(({ contact }: { contact: string }) => contact === 'reached')).toMatchObject({
    callBack: 'ours',
    tries: 1,
    result: 'reached',
    overdue: false,
  });
});

test('a lead closes one with a word why; it is written down under the full number', async () => {
  expect((await post('/api/v1/missed-calls/late/handled', { note: '已短信联系' })).statusCode).toBe(204);
  expect(submitted).toEqual([{ type: 'missedCallHandled', number: '13800138001', by: 'lead', note: '已短信联系' }]);
});

test('what is unknown, closed or without a word changes nothing', async () => {
  submitted.splice(0);
  expect((await post('/api/v1/missed-calls/nobody/handled', { note: 'x' })).json().code).toBe('MISSED_CALL_UNKNOWN');
  expect((await post('/api/v1/missed-calls/reached/handled', { note: 'x' })).json().code).toBe('MISSED_CALL_CLOSED');
  expect((await post('/api/v1/missed-calls/late/handled', { note: '' })).json().code).toBe('REQUEST_INVALID');
  expect((await stage.app.inject({ url: '/api/v1/missed-calls' })).statusCode).toBe(401);
  expect(submitted).toEqual([]);
});

test('what is open and late is told to the monitoring', async () => {
  const text = (await stage.app.inject({ url: '/metrics' })).body;
  expect(text).toContain('minhu_missed_calls{which="open"} 2');
  expect(text).toContain('minhu_missed_calls{which="overdue"} 1');
});

test('our own call counts as no call that came in', async () => {
  const { measures } = await get('/api/v1/metrics/summary');
  expect(measures.connectRate).toEqual({ numerator: 0, denominator: 3, unit: 'percent', value: 0 });
  expect(measures.humanConnectRate).toMatchObject({ numerator: 0, denominator: 3 });
});
