import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import open311 from '../../channels/open311.ts';
import { createRateLimit } from '../../src/api/rate-limit.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, type House, openHouse } from './house.ts';

const two = ['one', 'two'].map((name) =>
  accountOf(open311, name, { settings: { ...open311.rehearsal!.settings, key: `key-${name}` } }),
);
let database: TestDatabase;
let house: House;
beforeAll(async () => {
  database = await startDatabase();
  house = await openHouse({ store: database.store, accounts: two });
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

const FORM = { api_key: 'key-two', service_code: '0301', lat: '30.65742', long: '104.06584', description: '三号路' };

async function ask(call: string, form?: Record<string, string>, remoteAddress = '127.0.0.9') {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': 'k1' };
  const url = `/open311/v2/${call}`;
  const answer = await house.api.inject(
    form === undefined
      ? { method: 'GET', url, remoteAddress }
      : { method: 'POST', url, headers, payload: `${new URLSearchParams(form)}`, remoteAddress },
  );
  return { status: answer.statusCode, body: answer.body, headers: answer.headers };
}

test('a request is stored before it is answered, under the account whose key it has, and once', async () => {
  const answers = [await ask('requests.json', FORM), await ask('requests.json', FORM)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const [first, again] = answers.map(({ body }) => JSON.parse(body)[0].service_request_id);
  expect(again).toBe(first);
  const { rows } = await sql<{ account: string }>`select account from messages where external_id = ${first}`.execute(
    database.store.db,
  );
  expect(rows).toEqual([{ account: 'two' }]);
});

test('services are for everybody; what is wrong is said in the format that was asked for', async () => {
  expect((await ask('services.xml')).body).toContain('<service_code>0301</service_code>');
  expect(await ask('requests.json', { ...FORM, api_key: 'other' })).toMatchObject({
    status: 403,
    body: '[{"code":403,"description":"Missing or invalid api_key"}]',
  });
  const outside = await ask('requests.xml', { ...FORM, lat: '39.9', long: '116.4' });
  expect(outside.status).toBe(400);
  expect(outside.headers['content-type']).toBe('text/xml; charset=utf-8');
  expect(outside.body).toContain('PLACE_OUTSIDE_CITY');
});

test('whoever asks too often is told when to come again, and nobody else is', async () => {
  for (let count = 0; count < 60; count += 1)
    expect((await ask('services.json', undefined, '127.0.0.7')).status).toBe(200);
  const { status, headers } = await ask('services.json', undefined, '127.0.0.7');
  expect(status).toBe(429);
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask('services.json', undefined, '127.0.0.8')).status).toBe(200);
});

test('a minute later there is room again', () => {
  const limit = createRateLimit(2);
  expect([0, 1, 2_000, 60_000].map((atMs) => limit.take('a', atMs))).toEqual([0, 0, 58, 0]);
});
