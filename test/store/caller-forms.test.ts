import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { up } from '../../src/store/migrations/0024-caller-forms.ts';
import { startDatabase, type TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database?.remove());

test('callers who were known in several forms of one number are known under one: elder as before, under the harder stage, with every order', async () => {
  const { db } = database.store;
  const kept = (number: string, more: { elder?: boolean; stage?: 'warned' | 'limited' } = {}) =>
    db
      .insertInto('callers')
      .values({ number, ...more, changed_by: 'lead', changed_at_ms: 1 })
      .execute();
  await kept('+8613800138001', { elder: true });
  await kept('13800138002', { stage: 'warned' });
  await kept('+8613800138002', { stage: 'limited', elder: true });
  await kept('013800138002');
  await kept('8637165580003', { elder: true });
  await kept('+8637165580004', { stage: 'warned' });
  for (const untouched of ['anonymous', '110', '+12125588888', '65588888']) await kept(untouched);
  await db
    .insertInto('caller_orders')
    .values([
      { number: '+8613800138001', order_no: 'A', urgency: 'urgent' },
      { number: '13800138001', order_no: 'A', urgency: 'normal' },
      { number: '8613800138001', order_no: 'B', urgency: 'emergency' },
    ])
    .execute();

  await db.transaction().execute((transaction) => up(transaction as unknown as Kysely<unknown>));

  const callers = await sql<{
    number: string;
  }>`select number, elder, stage from callers order by number collate "C"`.execute(db);
  expect(callers.rows).toEqual([
    { number: '+12125588888', elder: false, stage: null },
    { number: '037165580004', elder: false, stage: 'warned' },
    { number: '110', elder: false, stage: null },
    { number: '13800138001', elder: true, stage: null },
    { number: '13800138002', elder: true, stage: 'limited' },
    { number: '65588888', elder: false, stage: null },
    { number: '8637165580003', elder: true, stage: null },
    { number: 'anonymous', elder: false, stage: null },
  ]);
  const orders = await db.selectFrom('caller_orders').selectAll().orderBy('order_no').execute();
  expect(orders).toEqual([
    { number: '13800138001', order_no: 'A', urgency: 'normal' },
    { number: '13800138001', order_no: 'B', urgency: 'emergency' },
  ]);
});
