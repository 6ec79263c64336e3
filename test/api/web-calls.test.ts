import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApi } from '../../src/api/app.ts';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { makeChatToken } from '../../src/api/chat/resume-token.ts';
import { createMetrics } from '../../src/api/metrics.ts';
import type { WebCallSource } from '../../src/api/options.ts';
import { limitNetworks } from '../../src/api/visitors.ts';
import { contactId } from '../../src/core/ids.ts';
import { readWebCallTicket, WEB_CALL_TICKET_LIFE_MS, webCallHa1 } from '../../src/lib/web-call-ticket.ts';
import { beginChat } from '../../src/store/chat-sessions.ts';
import { silent } from '../store/database.ts';
import { Hall } from './hall.ts';

const SOURCE: WebCallSource = {
  ...{ open: 'public', numbers: ['12345', '12315'], perAddress: { calls: 2, withinMs: 600_000 }, atOnceMax: 2 },
  ...{ key: 'only-for-this-test', count: () => 0 },
};

let hall: Hall;
const made: FastifyInstance[] = [];

beforeAll(async () => {
  hall = await Hall.open();
});
afterAll(async () => {
  for (const api of made) await api.close();
  await hall?.close();
});

async function apiWith(webCall: Partial<WebCallSource>): Promise<FastifyInstance> {
  // One live socket counts in one set of figures.
  const { live: _live, ...options } = hall.options;
  const api = await createApi({ ...options, webCall: { ...SOURCE, ...webCall } });
  made.push(api);
  return api;
}

const draw = (
  api: FastifyInstance,
  body: object = {},
  headers: Record<string, string> = {},
  remoteAddress = '203.0.113.9',
) => api.inject({ method: 'POST', url: '/api/v1/web-calls', payload: body, headers, remoteAddress });

describe('a ticket for a call from a page', () => {
  test('is for one number of the hotline, for half a minute, and follows from the key', async () => {
    const beforeMs = Date.now();
    const answer = await draw(await apiWith({}));
    const { number, username, ha1, realm, expiresAtMs } = answer.json();
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(number).toBe('12345');
    expect(ha1).toBe(webCallHa1(username, realm, SOURCE.key));
    expect(expiresAtMs - Date.now()).toBeLessThanOrEqual(WEB_CALL_TICKET_LIFE_MS + 1_000);
    expect(readWebCallTicket(username, beforeMs)).toMatchObject({ number: '12345' });
    expect(readWebCallTicket(username, expiresAtMs + 1_000)).toBeUndefined();
    expect(readWebCallTicket(username.replace('~12345~', '~1234x~'), beforeMs)).toBeUndefined();
    const other = (await draw(await apiWith({}), { number: '12315' })).json();
    expect(readWebCallTicket(other.username, beforeMs)).toMatchObject({ number: '12315' });
  });

  test('is for no number that is not listed, nor for what is no number', async () => {
    const api = await apiWith({});
    expect((await draw(api, { number: '110' })).json().code).toBe('NOT_FOUND');
    expect((await draw(api, { number: '12345;x' })).json().code).toBe('REQUEST_INVALID');
    expect((await draw(api, { other: 1 })).json().code).toBe('REQUEST_INVALID');
  });

  test('which numbers those are is told to everybody for whom the page is open', async () => {
    const lines = (api: FastifyInstance) => api.inject({ url: '/api/v1/web-calls', remoteAddress: '203.0.113.9' });
    expect((await lines(await apiWith({}))).json()).toEqual({ numbers: ['12345', '12315'] });
    expect((await lines(await apiWith({ open: 'local' }))).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  test('beyond so many of one address is 429, for the others not; an IPv6 subscriber is one address', async () => {
    const api = await apiWith({});
    for (const [address, other] of [
      ['203.0.113.9', '203.0.114.10'],
      ['2001:db8:0:7::1', '2001:db8:0:107::1'],
    ] as const) {
      expect((await draw(api, {}, {}, address)).statusCode).toBe(200);
      expect((await draw(api, {}, {}, address.replace('::1', '::2'))).statusCode).toBe(200);
      const refused = await draw(api, {}, {}, address);
      expect(refused.statusCode).toBe(429);
      expect(refused.json().code).toBe('WEB_CALL_THROTTLED');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(590);
      expect((await draw(api, {}, {}, other)).statusCode).toBe(200);
    }
  });

  test('is 429 while there are as many such calls as there may be', async () => {
    const answer = await draw(await apiWith({ count: () => 2 }));
    expect(answer.statusCode).toBe(429);
    expect(answer.json().code).toBe('WEB_CALLS_FULL');
  });

  test('without the page being open there is none, and no page', async () => {
    for (const api of [hall.api, await apiWith({ open: 'local' })]) {
      expect((await draw(api)).json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
      const page = await api.inject({ url: '/call/', remoteAddress: '203.0.113.9' });
      expect(page.json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
  });

  test('a browser reads one sentence where the page is not open, the same whatever the reason', async () => {
    const local = await apiWith({ open: 'local' });
    const accept = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';
    const follow = async (api: FastifyInstance, headers: Record<string, string>, remoteAddress = '127.0.0.1') => {
      const answer = await api.inject({ url: '/call/', headers: { accept, ...headers }, remoteAddress });
      const { date: _date, ...rest } = answer.headers;
      return { status: answer.statusCode, headers: rest, body: answer.body };
    };
    const none = await follow(hall.api, { host: 'localhost' });
    expect(none.status).toBe(404);
    expect(none.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(none.body).toContain('网页拨打未开放，请用电话拨打12345。');
    expect(none.body).toContain('Please call 12345 by telephone.');
    expect(await follow(local, { host: 'localhost' }, '203.0.113.9')).toEqual(none);
    expect(await follow(local, { host: 'hotline.example' })).toEqual(none);
    expect(await follow(local, { host: 'localhost', 'x-forwarded-for': '203.0.113.9' })).toEqual(none);
    expect((await follow(await apiWith({}), { host: 'hotline.example' })).body).toContain('<title>call</title>');
    const below = await hall.api.inject({ url: '/call/nothing', headers: { accept } });
    expect(below.json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  test('who shows the token of a conversation calls beside it; a token of nobody’s is refused', async () => {
    const drawn: unknown[] = [];
    const { db } = hall.options;
    const nobody = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const hub = new ChatHub({
      ...{ db, key: Buffer.alloc(32, 7), logger: silent, onTyping: () => {}, onReceipts: () => {} },
      ...nobody,
    });
    const { live: _live, ...options } = hall.options;
    const webChat = { open: 'public' as const, hub, fileFolder: '', contactOf: () => contactId('C1') };
    const metrics = createMetrics({
      ...hall.options.core,
      projectorLag: () => 0,
      missed: () => ({ open: 0, overdue: 0 }),
    });
    const source = { ...SOURCE, drawn: (...all: unknown[]) => void drawn.push(all) };
    const api = await createApi({ ...options, metrics, webCall: source, webChat });
    made.push(api);
    const expiresAtMs = Date.now() + 60_000;
    await beginChat(db, { id: 's_1', entry: 'personal', name: '', created_at_ms: 1, expires_at_ms: expiresAtMs });
    const token = makeChatToken(hub.key, { session: 's_1', expiresAtMs, generation: 1 });
    const answer = await draw(api, {}, { authorization: `Bearer ${token}` });
    const { username, expiresAtMs: untilMs } = answer.json();
    expect(drawn).toEqual([[username, untilMs, 'C1']]);
    expect((await draw(api, {}, { authorization: `Bearer ${token}x` })).json().code).toBe('CHAT_OVER');
    expect((await draw(api)).statusCode).toBe(200);
    expect(drawn).toHaveLength(1);
  });

  test('open for this machine, it is for its browsers, not for a proxy', async () => {
    const api = await apiWith({ open: 'local' });
    expect((await draw(api, {}, { host: '127.0.0.1:8080' }, '127.0.0.1')).statusCode).toBe(200);
    expect((await draw(api, {}, { host: 'localhost:8080' }, '::1')).statusCode).toBe(200);
    for (const headers of [{ host: 'hotline.example' }, { host: 'localhost', forwarded: 'for=203.0.113.9' }]) {
      expect((await draw(api, {}, headers as Record<string, string>, '127.0.0.1')).statusCode).toBe(404);
    }
  });
});

test.each([
  ['an IPv4 /24', '198.51.100.7', ['198.51.100.250', '::ffff:198.51.100.9'], '198.51.101.7'],
  ['an IPv6 /56', '2001:db8:1:ff00::1', ['2001:db8:1:ff77:9::2', '2001:0db8:1:ffff:1:2:3:4'], '2001:db8:1:fe00::1'],
  ['an IPv6 /56 of short groups', '2001:db8::1', ['2001:db8:0:ff::1'], '2001:db8:0:100::1'],
])('the limit is that of %s', (_name, one, beside, other) => {
  const limiter = limitNetworks({ times: 1, withinMs: 60_000 });
  expect(limiter.take(one, 0)).toBe(0);
  for (const address of beside) expect([address, limiter.take(address, 1)]).toEqual([address, 60]);
  expect(limiter.take(other, 2)).toBe(0);
});

test('calls of one address are counted in any stretch of the time, and a refused one counts for nothing', () => {
  const limiter = limitNetworks({ times: 2, withinMs: 60_000 });
  expect([0, 10_000].map((atMs) => limiter.take('192.0.2.1', atMs))).toEqual([0, 0]);
  expect(limiter.take('192.0.2.1', 20_000)).toBe(40);
  expect(limiter.take('192.0.2.1', 60_001)).toBe(0);
  expect(limiter.take('192.0.2.1', 60_002)).toBe(10);
});
