import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, openHouse } from './house.ts';

const partner = accountOf(webhook, 'partner', { receipt: '受理编号 {contact}' });

let database: TestDatabase;
let house: House;
let cookie = '';
/** What the citizens were told. */
const told: string[] = [];
beforeAll(async () => {
  database = await startDatabase();
  house = await openHouse({
    store: database.store,
    accounts: [partner],
    fetch: async (_url, init) => {
      told.push((JSON.parse(String(init?.body)) as { text: string }).text);
      return new Response('{}');
    },
  });
  await addAccount(database.store.db, { user: 'aud', password: 'never used here', roles: ['auditor'], atMs: 1 });
  cookie = `minhu_session=${await openSession(database.store.db, 'aud', Date.now())}`;
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

async function read(contact: string) {
  const url = `/api/v1/contacts/${contact}`;
  const answer = await house.api.inject({ method: 'GET', url, headers: { cookie } });
  return {
    status: answer.statusCode,
    again: answer.headers['retry-after'],
    ...answer.json<{ id?: string; code?: string }>(),
  };
}

/** Nothing that the core decides reaches the records meanwhile. */
async function whileRecordsWait(work: () => Promise<void>): Promise<void> {
  await database.store.db.transaction().execute(async (transaction) => {
    await sql`lock table projection in exclusive mode`.execute(transaction);
    await work();
  });
}

test('a contact whose number was told is read as soon as the records have it; till then nobody says that there is none', async () => {
  let contact = '';
  let asked: ReturnType<typeof read> | undefined;
  await whileRecordsWait(async () => {
    const sample = { number: 1n, conversation: 1, text: '停水了', atMs: Date.now() };
    const parcel = webhook.rehearsal!.deliver!(sample, partner.settings);
    expect((await house.deliver(partner, parcel)).status).toBe(200);
    await eventually(() => expect(told).toHaveLength(1));
    contact = told[0]!.replace('受理编号 ', '');
    expect(await read(contact)).toMatchObject({ status: 503, code: 'RECORDS_BEHIND', again: '1' });
    asked = read(contact);
  });
  expect(await asked).toMatchObject({ status: 200, id: contact });
  expect(await read(`${contact}x`)).toMatchObject({ status: 404, code: 'CONTACT_UNKNOWN' });
});
