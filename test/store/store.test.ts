import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startDatabase, type TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

test('a connection that breaks between two statements of a transaction fails the transaction and nothing else', async () => {
  const { db } = database.store;
  const alive = async (pid: number) =>
    (await sql`select 1 from pg_stat_activity where pid = ${pid}`.execute(db)).rows.length > 0;
  const broken = db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
    const { pid } = rows[0]!;
    await sql`select pg_terminate_backend(${pid})`.execute(db);
    await vi.waitUntil(async () => !(await alive(pid)));
    await sql`select 1`.execute(transaction);
  });
  await expect(broken).rejects.toThrow();
  expect(await database.store.isUp()).toBe(true);
});
