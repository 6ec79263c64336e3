import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listenForChanges } from '../../src/store/account-changes.ts';
import { createCallerBook } from '../../src/store/caller-book.ts';
import {
  LIMIT_DAYS_MAX,
  listStages,
  noteCaller,
  PROPOSAL_MS_MAX,
  setCallerOrder,
  setStage,
} from '../../src/store/callers.ts';
import { silent, startDatabase, type TestDatabase } from './database.ts';

const DAY_MS = 86_400_000;
const T0 = 1_800_000_000_000;
let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(async () => database?.remove());

const db = () => database.store.db;
const wish = (number: string, by: string, nowMs = T0, days = LIMIT_DAYS_MAX) => {
  return { number, stage: 'limited' as const, reason: '多次骚扰', days, by, mayApprove: true, nowMs };
};

async function known(number: string, nowMs = T0) {
  const book = createCallerBook(db(), silent);
  await book.refresh();
  return book.find(number, nowMs);
}

test('whose word only proposes approves no limit, of whomever it is', async () => {
  const only = (by: string) => setStage(db(), { ...wish('13800000009', by), mayApprove: false });
  expect([await only('agent'), await only('lead')]).toEqual(['proposed', 'proposed']);
  expect(await known('13800000009')).toBeUndefined();
  expect(await setStage(db(), wish('13800000009', 'chief'))).toBe('done');
});

test('a caller is limited only when two persons ask for it, for thirty days at most', async () => {
  expect(await setStage(db(), wish('13800000001', 'lead', T0, 90))).toBe('proposed');
  expect(await known('13800000001')).toBeUndefined();
  expect(await setStage(db(), wish('13800000001', 'lead', T0, 90))).toBe('sameUser');
  expect(await setStage(db(), wish('13800000001', 'chief', T0, 90))).toBe('done');
  expect(await known('13800000001')).toEqual({ stage: 'limited' });
  expect(await known('13800000001', T0 + 30 * DAY_MS - 1)).toEqual({ stage: 'limited' });
  expect(await known('13800000001', T0 + 30 * DAY_MS)).toBeUndefined();
});

test('a limit has the reason for which it was proposed, not the word of whoever approved it', async () => {
  await setStage(db(), { ...wish('13800000010', 'lead'), stage: 'warned', reason: '第一次骚扰' });
  await setStage(db(), wish('13800000010', 'lead'));
  await setStage(db(), { ...wish('13800000010', 'chief'), reason: '同意' });
  const row = (await listStages(db(), T0)).find(({ number }) => number === '13800000010');
  expect(row).toMatchObject({ stage: 'limited', stage_reason: '多次骚扰', proposed_reason: null, proposed_days: null });
});

test('a limit lasts as long as was proposed, unless the second person says otherwise', async () => {
  for (const [number, days, expected] of [
    ['13800000021', undefined, 3],
    ['13800000022', 5, 5],
  ] as const) {
    await setStage(db(), { ...wish(number, 'lead', T0, 3), mayApprove: false });
    expect(await setStage(db(), { ...wish(number, 'chief'), days })).toBe('done');
    expect(await known(number, T0 + expected * DAY_MS - 1)).toEqual({ stage: 'limited' });
    expect(await known(number, T0 + expected * DAY_MS)).toBeUndefined();
  }
});

test('whoever may approve may be the first of the two', async () => {
  expect(await setStage(db(), wish('13800000023', 'chief'))).toBe('proposed');
  expect(await setStage(db(), wish('13800000023', 'chief'))).toBe('sameUser');
  expect(await setStage(db(), { ...wish('13800000023', 'lead'), mayApprove: false })).toBe('done');
  expect(await known('13800000023')).toEqual({ stage: 'limited' });
});

test('a warning is no answer to who proposes a limit; taking everything back is', async () => {
  const number = '13800000025';
  await setStage(db(), { ...wish(number, 'agent', T0, 2), mayApprove: false });
  await setStage(db(), { ...wish(number, 'lead', T0, 1), stage: 'warned', reason: '先警告' });
  const told = async () => (await listStages(db(), T0)).find((row) => row.number === number);
  expect(await told()).toMatchObject({ stage: 'warned', proposed_by: 'agent', proposed_reason: '多次骚扰' });
  expect(await setStage(db(), wish(number, 'chief'))).toBe('done');
  expect(await known(number)).toEqual({ stage: 'limited' });
  await setStage(db(), { ...wish(number, 'agent', T0, 2), mayApprove: false });
  await setStage(db(), { ...wish(number, 'lead', T0), stage: 'none', reason: '误判' });
  expect(await told()).toBeUndefined();
});

test('what is only proposed changes nothing of the warning in force, and what is over is told no more', async () => {
  const number = '13800000024';
  await setStage(db(), { ...wish(number, 'lead', T0, 1), stage: 'warned', reason: '第一次骚扰' });
  await setStage(db(), { ...wish(number, 'lead', T0, 2), mayApprove: false });
  const told = async (nowMs: number) => (await listStages(db(), nowMs)).find((row) => row.number === number);
  expect(await told(T0)).toMatchObject({ stage: 'warned', stage_reason: '第一次骚扰', proposed_reason: '多次骚扰' });
  expect(await told(T0 + PROPOSAL_MS_MAX)).toMatchObject({ proposed_by: 'lead', proposed_days: 2 });
  expect(await told(T0 + PROPOSAL_MS_MAX + 1)).toBeUndefined();
});

test('G2, G5: a number is known in every form in which a carrier, or another system, writes it', async () => {
  await setStage(db(), { ...wish('+8613800000011', 'lead'), stage: 'warned' });
  await noteCaller(db(), '013800000011', { elder: true }, 'lead', T0);
  await setCallerOrder(db(), { number: '008613800000011', no: 'N11', urgency: 'urgent', open: true });
  const order = { no: 'N11', urgency: 'urgent' };
  for (const number of ['13800000011', '+8613800000011', '013800000011', '8613800000011'])
    expect(await known(number)).toEqual({ elder: true, stage: 'warned', order });
});

test('a proposal that is a week old is a new one', async () => {
  expect(await setStage(db(), wish('13800000002', 'lead'))).toBe('proposed');
  expect(await setStage(db(), wish('13800000002', 'chief', T0 + PROPOSAL_MS_MAX + 1))).toBe('proposed');
  expect(await known('13800000002', T0 + PROPOSAL_MS_MAX + 1)).toBeUndefined();
});

test('two who ask at the same moment are one proposal and one approval', async () => {
  const both = await Promise.all([setStage(db(), wish('13800000003', 'a')), setStage(db(), wish('13800000003', 'b'))]);
  expect(both.sort()).toEqual(['done', 'proposed']);
});

test('a warning holds at once, and one person takes it back', async () => {
  expect(await setStage(db(), { ...wish('13800000004', 'lead'), stage: 'warned' })).toBe('done');
  expect(await known('13800000004')).toEqual({ stage: 'warned' });
  await setStage(db(), { ...wish('13800000004', 'lead'), stage: 'none' });
  expect(await known('13800000004')).toBeUndefined();
});

test('of several open orders the most urgent counts, until it is closed', async () => {
  const order = { number: '13800000005', open: true };
  await setCallerOrder(db(), { ...order, no: 'G2', urgency: 'normal' });
  await setCallerOrder(db(), { ...order, no: 'G1', urgency: 'urgent' });
  await noteCaller(db(), order.number, { elder: true }, 'ana', T0);
  expect(await known(order.number)).toEqual({ elder: true, order: { no: 'G1', urgency: 'urgent' } });
  await setCallerOrder(db(), { ...order, no: 'G1', urgency: 'urgent', open: false });
  await setCallerOrder(db(), { ...order, no: 'G2', urgency: 'normal', open: false });
  expect(await known(order.number)).toEqual({ elder: true });
});

test('a running book hears of every change, whoever made it', async () => {
  const book = createCallerBook(db(), silent);
  const listening = listenForChanges(
    database.url,
    { accounts: () => {}, callers: (number) => void book.refresh(number) },
    silent,
  );
  try {
    await vi.waitFor(() => expect(book.find('13800000001', T0)).toEqual({ stage: 'limited' }));
    await noteCaller(db(), '13800000006', { grade: 'expert' }, 'lead', T0);
    await vi.waitFor(() => expect(book.find('13800000006', T0)).toEqual({ grade: 'expert' }));
    await noteCaller(db(), '13800000006', { grade: null }, 'lead', T0);
    await vi.waitFor(() => expect(book.find('13800000006', T0)).toBeUndefined());
  } finally {
    await listening.stop();
  }
});
