import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { CHAT_PATH, CHAT_PROTOCOL, CHAT_SESSIONS_PATH } from '../../src/api/chat/messages.ts';
import { silent } from '../store/database.ts';
import { Hall } from './hall.ts';

/** The API behind a reverse proxy on this machine; one of the tests' own is not trusted. */
let hall: Hall;
let hub: ChatHub;
const SOCKETS_OF_NETWORK_MAX = 50;
const sockets: WebSocket[] = [];

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder }) => {
    const none = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const deaf = { onTyping: () => {}, onReceipts: () => {} };
    hub = new ChatHub({ db: store.db, key: Buffer.alloc(32, 7), logger: silent, ...none, ...deaf });
    const webChat = { hub, fileFolder: folder, sessionsPerNetwork: { times: 2, withinMs: 600_000 } };
    return { trustedProxies: ['127.0.0.1', '10.0.0.0/8'], webChat: { ...webChat, open: 'public' as const } };
  });
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await hall?.close();
});

const begin = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
  (await hall.api.inject({ method: 'POST', url: CHAT_SESSIONS_PATH, remoteAddress, headers, payload: {} })).statusCode;
const times = async (count: number, headers: (nth: number) => Record<string, string>, remoteAddress?: string) => {
  const statuses = [];
  for (let nth = 0; nth < count; nth += 1) statuses.push(await begin(headers(nth), remoteAddress));
  return statuses;
};

test('citizens behind the proxy are counted each by the own network', async () => {
  expect(await times(3, () => ({ 'x-forwarded-for': '203.0.113.1' }))).toEqual([201, 201, 429]);
  expect(await times(3, () => ({ 'x-forwarded-for': '203.0.114.2' }))).toEqual([201, 201, 429]);
  expect(await times(3, (nth) => ({ forwarded: `for="[2001:db8::${nth}]"` }))).toEqual([201, 201, 429]);
});

test('who writes other addresses before the own one, or comes past the proxy, is counted all the same', async () => {
  const spoofed = (nth: number) => ({ 'x-forwarded-for': `198.51.100.${nth}, 203.0.115.3` });
  expect(await times(3, spoofed)).toEqual([201, 201, 429]);
  const past = (nth: number) => ({ 'x-forwarded-for': `198.51.100.${nth}` });
  expect(await times(3, past, '203.0.116.4')).toEqual([201, 201, 429]);
});

test('sockets of the chat are counted by it, too', async () => {
  const open = (address: string) =>
    new Promise<number>((resolve) => {
      const headers = { 'x-forwarded-for': address };
      const socket = new WebSocket(`ws://${hall.host}${CHAT_PATH}`, CHAT_PROTOCOL, { headers });
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
    });
  const opened = await Promise.all(Array.from({ length: SOCKETS_OF_NETWORK_MAX }, () => open('203.0.117.5')));
  expect(new Set(opened)).toEqual(new Set([101]));
  expect(await open('203.0.117.5')).toBe(503);
  expect(await open('203.0.113.6')).toBe(101);
});
