import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
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

beforeAll(async () => {
  database = await startDatabase();
  hub = new ChatHub({
    db: database.store.db,
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
  return { heard, code: () => code, say: (frame: object) => socket.send(JSON.stringify(frame)) };
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
