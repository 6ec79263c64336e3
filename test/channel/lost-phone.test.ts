import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import {
  CHAT_FILES_PATH,
  CHAT_PATH,
  CHAT_PROTOCOL,
  CHAT_SESSIONS_PATH,
  type ChatBegun,
} from '../../src/api/chat/messages.ts';
import { webAccount } from '../../src/api/chat/web-channel.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { silent, startDatabase, type TestDatabase } from '../store/database.ts';
import { eventually, type House, openHouse, serve } from './house.ts';

/** A citizen has lost the phone with which a web chat was begun, and says so by another. */
let database: TestDatabase;
let house: House;
let hub: ChatHub;
const cookies: Record<string, string> = {};
/** While there is one, what the database found is on its way until it resolves. */
let onItsWay: Promise<void> | undefined;
let found = 0;
const slowAnswers: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  async transformResult({ result }) {
    if (result.rows.length === 0 || onItsWay === undefined) return result;
    found += 1;
    await onItsWay;
    return result;
  },
};

beforeAll(async () => {
  database = await startDatabase();
  hub = new ChatHub({
    db: database.store.db.withPlugin(slowAnswers),
    key: Buffer.alloc(32, 7),
    logger: silent,
    take: (inbound) => house.host.take(web, inbound),
    stateOf: () => ({ is: 'none' as const }),
    onTyping: () => {},
    onReceipts: () => {},
  });
  const web = webAccount(hub);
  const webChat = { open: 'public' as const, hub, fileFolder: tmpdir(), reservedBytes: 0 };
  house = await openHouse({ store: database.store, accounts: [web], webChat });
  await house.api.listen({ host: '127.0.0.1', port: 0 });
  for (const user of ['ana', 'ben']) {
    await addAccount(database.store.db, { user, password: 'never used here', roles: ['agent'], atMs: 1 });
    cookies[user] = `minhu_session=${await openSession(database.store.db, user, Date.now())}`;
  }
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

/** The page opens with its token. @returns what it is told, and with what code it is sent away. */
function openPage({ token }: ChatBegun) {
  const { port } = house.api.server.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${CHAT_PATH}`, CHAT_PROTOCOL);
  const heard: { readonly t: string }[] = [];
  let code: number | undefined;
  socket.on('open', () => socket.send(JSON.stringify({ t: 'auth', token })));
  socket.on('message', (data) => heard.push(JSON.parse(String(data))));
  socket.on('close', (closed) => {
    code = closed;
  });
  return { heard, code: () => code, say: (frame: object) => socket.send(JSON.stringify(frame)), socket };
}

const announce = async ({ token }: ChatBegun) =>
  await house.api.inject({
    method: 'POST',
    url: CHAT_FILES_PATH,
    headers: { authorization: `Bearer ${token}` },
    payload: { name: 'a.png', bytes: 1, sha256: 'a'.repeat(64) },
  });

test('its token is ended by who has the conversation: the page is cut off and comes in no more; what was said stays', async () => {
  const begun: ChatBegun = (await house.api.inject({ method: 'POST', url: CHAT_SESSIONS_PATH, payload: {} })).json();
  await serve(house.loop, 'ana');
  const page = openPage(begun);
  await eventually(() => expect(page.heard.map(({ t }) => t)).toContain('resume'));
  page.say({ t: 'msg', cid: '018f0000-0000-7000-8000-000000000001', body: '手机丢了' });
  await eventually(() => expect(page.heard.map(({ t }) => t)).toContain('ack'));
  expect((await announce(begun)).statusCode).toBe(201);
  const contact = await eventually(() => {
    const [open] = house.loop.state.contacts.values();
    expect(open?.stage.in).toBe('conversation');
    return open!.id;
  });
  const url = `/api/v1/contacts/${contact}/chat-token`;
  const end = (user: string) => house.api.inject({ method: 'DELETE', url, headers: { cookie: cookies[user]! } });
  expect((await end('ben')).json().code).toBe('CONTACT_UNKNOWN');
  await eventually(async () => expect((await end('ana')).statusCode).toBe(204));
  await eventually(() => expect(page.code()).toBe(4001));
  const again = openPage(begun);
  await eventually(() => expect(again.code()).toBe(4001));
  expect((await announce(begun)).json().code).toBe('CHAT_OVER');
  const told = { headers: { cookie: cookies['ana']! }, url: `/api/v1/contacts/${contact}/messages` };
  expect((await house.api.inject(told)).json().messages.at(-1)).toMatchObject({ text: '手机丢了', direction: 'in' });
});

const begin = async (): Promise<ChatBegun> =>
  (await house.api.inject({ method: 'POST', url: CHAT_SESSIONS_PATH, payload: {} })).json();

test('a page whose token is looked up in the moment in which it is ended does not come in', async () => {
  const begun = await begin();
  let arrive = (): void => undefined;
  onItsWay = new Promise((resolve) => {
    arrive = resolve;
  });
  found = 0;
  const page = openPage(begun);
  await eventually(() => expect(found).toBe(1));
  // Its token was found good; before it hears so, the token is ended.
  await hub.endTokens(begun.session);
  onItsWay = undefined;
  arrive();
  await eventually(() => expect(page.code()).toBe(4001));
  expect(page.heard.map(({ t }) => t)).not.toContain('resume');
});

test('a page whose token the database is slow to find is told to come again with it, not that it is over', async () => {
  const begun = await begin();
  let arrive = (): void => undefined;
  onItsWay = new Promise((resolve) => {
    arrive = resolve;
  });
  const page = openPage(begun);
  await eventually(() => expect(page.code()).toBe(1012));
  onItsWay = undefined;
  arrive();
  const again = openPage(begun);
  await eventually(() => expect(again.heard.map(({ t }) => t)).toContain('resume'));
  again.socket.close();
}, 15_000);

test('a page that is sent away and does not heed it writes nothing any more', async () => {
  const begun = await begin();
  const page = openPage(begun);
  await eventually(() => expect(page.heard.map(({ t }) => t)).toContain('resume'));
  // It answers no close frame, as a program might that holds on to a stolen token.
  Object.assign(page.socket, { close: () => undefined });
  await hub.endTokens(begun.session);
  page.say({ t: 'msg', cid: '018f0000-0000-7000-8000-000000000002', body: '还在写' });
  await eventually(() => expect(page.code()).toBeDefined());
  const { rows } = await sql`select 1 from messages where content->>'text' = '还在写'`.execute(database.store.db);
  expect(rows).toEqual([]);
});
