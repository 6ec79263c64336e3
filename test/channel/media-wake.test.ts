import type { KyselyPlugin } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import telegram from '../../channels/telegram.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, openHouse } from './house.ts';
import { pixel } from './photo-maker.ts';
import { startPlatform } from './platform.ts';

const platform = await startPlatform(({ url }) =>
  url.includes('/getFile')
    ? {
        body: JSON.stringify({
          ok: true,
          result: { file_path: `photos/${new URL(url, 'http://x').searchParams.get('file_id')}` },
        }),
      }
    : { body: pixel(), headers: { 'content-type': 'image/png' } },
);
const bot = accountOf(telegram, 'bot', { settings: { ...telegram.rehearsal!.settings, api: platform.url } });

/** The first look for files, which finds none, is not answered until this resolves. */
let answerLook = () => {};
let gate: Promise<void> | undefined = new Promise((resolve) => {
  answerLook = resolve;
});
let isHeld = false;
const looks = new WeakSet<object>();
const holding: KyselyPlugin = {
  transformQuery({ node, queryId }) {
    if (node.kind === 'RawNode' && node.sqlFragments.join('').includes('from message_files as file'))
      looks.add(queryId);
    return node;
  },
  async transformResult({ result, queryId }) {
    if (gate === undefined || !looks.has(queryId) || result.rows.length > 0) return result;
    const held = gate;
    gate = undefined;
    isHeld = true;
    await held;
    return result;
  },
};

let database: TestDatabase;
let house: House;
beforeAll(async () => {
  database = await startDatabase();
  const store = { ...database.store, db: database.store.db.withPlugin(holding) };
  house = await openHouse({ store, accounts: [bot] });
});
afterAll(async () => {
  answerLook();
  await house?.close();
  await platform.stop();
  await database?.remove();
});

async function sendPhoto(number: number): Promise<void> {
  const chat = { id: 7 };
  const date = Math.trunc(Date.now() / 1_000);
  const message = { message_id: number, date, photo: [{ file_id: `photo-${number}` }], chat, from: { id: 7 } };
  const headers = { 'x-telegram-bot-api-secret-token': bot.settings['secret']! };
  expect((await house.deliver(bot, { headers, body: JSON.stringify({ update_id: number, message }) })).status).toBe(
    200,
  );
}

const here = async () =>
  (await database.store.db.selectFrom('message_files').select('id').where('state', '=', 'here').execute()).length;

test('a file that comes while the last look for files is under way is fetched at once, not with the next message', async () => {
  await eventually(() => expect(isHeld).toBe(true));
  await sendPhoto(1);
  // The database has answered that there is nothing, and the answer has not come yet.
  answerLook();
  await eventually(async () => expect(await here()).toBe(1));
});
