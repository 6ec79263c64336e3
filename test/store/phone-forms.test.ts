import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identityOf } from '../../src/store/identities.ts';
import { up } from '../../src/store/migrations/0023-phone-forms.ts';
import { startDatabase, type TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database?.remove());

test('numbers that were kept in another form get the one form; where both stood they are one person’s, and nothing that somebody did by hand is changed', async () => {
  const { db } = database.store;
  const kept = async (value: string, atMs: number) => await identityOf(db, { kind: 'phone', realm: '', value }, atMs);
  const alone = await kept('37165580001', 1);
  const [bare, dialled] = [await kept('37165580002', 2), await kept('037165580002', 3)];
  const mobile = await kept('013800138001', 4);
  const [apart, other] = [await kept('37165580003', 5), await kept('037165580003', 6)];
  await sql`update person_identities set by_hand = true where id = ${apart}`.execute(db);
  const untouched = [await kept('4006001234', 7), await kept('+12125588888', 8), await kept('13800138002', 9)];
  await db.transaction().execute((transaction) => up(transaction as unknown as Kysely<unknown>));
  const rows = await db.selectFrom('person_identities').selectAll().execute();
  const one = (id: number) => rows.find((row) => row.id === id)!;
  expect([alone, mobile].map((id) => one(id).value)).toEqual(['037165580001', '13800138001']);
  expect(untouched.map((id) => one(id).value)).toEqual(['4006001234', '+12125588888', '13800138002']);
  expect(one(dialled).person).toBe(one(bare).person);
  expect(one(other).person).not.toBe(one(apart).person);
  const changes = await db.selectFrom('person_changes').select(['kind', 'to_person', 'identities']).execute();
  expect(changes).toEqual([{ kind: 'joined', to_person: one(bare).person, identities: [dialled] }]);
});
