import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { encrypt } from '../../channels/wechat/envelope.ts';
import wechat from '../../channels/wechat.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, chatRules, eventually, type House, type HouseOptions, openHouse } from './house.ts';

const queues = { personal: 'personal', enterprise: 'enterprise' };
const rules = chatRules();
const enterprise = { ...rules.queues['personal']!, name: 'enterprise' };
const settings = { ...rules, queues: { ...rules.queues, enterprise } };
const weixin = accountOf(wechat, 'main', { queues });

let database: TestDatabase;
let houses: House[] = [];
beforeAll(async () => {
  database = await startDatabase();
});
afterEach(async () => {
  for (const house of houses) await house.close();
  houses = [];
  await sql`truncate messages, contacts, projection`.execute(database.store.db);
});
afterAll(() => database?.remove());

async function open(options: Partial<HouseOptions> = {}): Promise<House> {
  const house = await openHouse({ store: database.store, accounts: [weixin], settings, ...options });
  houses.push(house);
  return house;
}

const startS = Math.trunc(Date.now() / 1_000);

function sealed(push: object, nonce: string): Parcel {
  const timestamp = String(startS);
  const { token = '', encodingAesKey = '', appId = '' } = weixin.settings;
  const seal = { token, encodingAesKey, appId, timestamp, nonce };
  const { Encrypt, MsgSignature } = encrypt(JSON.stringify({ ToUserName: 'gh_1', ...push }), seal);
  const query = `timestamp=${timestamp}&nonce=${nonce}&encrypt_type=aes&msg_signature=${MsgSignature}`;
  return { query, body: JSON.stringify({ ToUserName: 'gh_1', Encrypt }) };
}

function enters(user: string, from: string, secondsLater = 0): Parcel {
  const told = { FromUserName: user, CreateTime: startS + secondsLater, MsgType: 'event' };
  return sealed({ ...told, Event: 'user_enter_tempsession', SessionFrom: from }, `e${secondsLater}`);
}

function writes(user: string, number: number): Parcel {
  const told = { FromUserName: user, CreateTime: startS, MsgType: 'text', Content: '营业执照怎么办' };
  return sealed({ ...told, MsgId: String(number) }, `m${number}`);
}

/** Citizen → the queue that their contact waits in. */
async function waiting(house: House): Promise<Record<string, string>> {
  await house.projector.settled();
  const { rows } = await sql<{ conversation: string; queue: string }>`
    select distinct messages.conversation, waits.queue from messages join waits on waits.contact = messages.contact`.execute(
    database.store.db,
  );
  return Object.fromEntries(rows.map(({ conversation, queue }) => [conversation, queue]));
}

test('who comes in by the enterprise entry is in the enterprise queue, and whoever does not is in the other', async () => {
  const house = await open();
  await house.deliver(weixin, enters('firm', 'enterprise-home'));
  await house.deliver(weixin, enters('person', 'index'));
  await house.deliver(weixin, writes('firm', 1));
  await house.deliver(weixin, writes('person', 2));
  await house.deliver(weixin, writes('stranger', 3));
  await eventually(async () =>
    expect(await waiting(house)).toEqual({ firm: 'enterprise', person: 'personal', stranger: 'personal' }),
  );
});

test('the entry that was told last holds, also when it comes in the very batch of the message', async () => {
  const house = await open();
  const parcels = [enters('firm', 'index'), enters('firm', 'enterprise', 1), writes('firm', 1), writes('other', 2)];
  // All of them wait for one commit: the first delivery's is at work.
  await Promise.all([enters('nobody', 'index'), ...parcels].map((each) => house.deliver(weixin, each)));
  await eventually(async () => expect(await waiting(house)).toEqual({ firm: 'enterprise', other: 'personal' }));
  const { rows } = await sql<{
    entry: string;
  }>`select content ->> 'entry' as entry from messages where kind = 'message' and conversation = 'firm'`.execute(
    database.store.db,
  );
  expect(rows).toEqual([{ entry: 'enterprise' }]);
});

test('a message that was stored before a kill is decided on by the entry of its time', async () => {
  const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-house-'));
  const first = await open({ journalFolder });
  // The core is deaf: as if the process had died between the commit and the journal.
  const deaf = vi.spyOn(first.loop, 'submit').mockReturnValue(new Promise(() => undefined));
  const parcels = [enters('firm', 'enterprise'), writes('firm', 1), enters('firm', 'index', 1)];
  for (const each of parcels) expect((await first.deliver(weixin, each)).body).toBe('success');
  deaf.mockRestore();
  await first.close();
  houses = [];
  const second = await open({ journalFolder });
  await eventually(async () => expect(await waiting(second)).toEqual({ firm: 'enterprise' }));
  await rm(journalFolder, { recursive: true, force: true });
});
