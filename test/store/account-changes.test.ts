import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listenForChanges } from '../../src/store/account-changes.ts';
import { addAccount, setDisabled } from '../../src/store/accounts.ts';
import { openStore } from '../../src/store/store.ts';
import { until } from '../e2e/program.ts';
import { silent } from './database.ts';
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.ts';

let server: DebianPostgres;
let listening: Listening;
let heard = 0;

beforeAll(async () => {
  server = await startDebianPostgres();
  listening = listenForChanges(server.url(), { accounts: () => void heard++, callers: () => {} }, silent);
}, 60_000);

afterAll(async () => {
  await listening?.stop();
  await server?.remove();
});

const hears = (atLeast: number) =>
  until(
    `${atLeast} changes are heard of`,
    () => heard,
    (count) => count >= atLeast,
  );

test('every change of an account is heard of, also one that was made while the database was out of reach', async () => {
  await hears(1);
  const store = await openStore(server.url(), silent);
  await addAccount(store.db, { user: 'a', password: 'a long password', roles: ['lead'], atMs: 0 });
  await hears(2);
  await setDisabled(store.db, 'a', true);
  await hears(3);
  await addAccount(store.db, { user: 'a', password: 'a long password', roles: ['lead'], atMs: 0 });
  await store.close();
  await server.stop();
  expect(heard).toBe(3);
  await server.start();
  await hears(4);
});
