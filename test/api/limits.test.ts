import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { CHAT_FILES_PATH, CHAT_SESSIONS_PATH } from '../../src/api/chat/messages.ts';
import { LIVE_CLOSE, LIVE_PATH } from '../../src/api/live/messages.ts';
import { TICKET_LIFE_MS, Tickets } from '../../src/api/live/tickets.ts';
import { readJson } from '../../src/channel/channel.ts';
import { addAccount, setRights } from '../../src/store/accounts.ts';
import { makeToken } from '../../src/store/api-tokens.ts';
import { pixel } from '../channel/photo-maker.ts';
import { silent } from '../store/database.ts';
import { Hall, LiveView, until } from './hall.ts';

interface Trick {
  readonly name: string;
  readonly body?: string;
  readonly base64?: string;
  readonly nested?: { readonly open: string; readonly close: string; readonly times: number; readonly in?: string };
  readonly becomes?: unknown;
}

const tricks = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/json-tricks.json'), 'utf8')) as {
  readonly refused: readonly Trick[];
  readonly kept: readonly Trick[];
};
const LATE = 100;

let hall: Hall;
const lines: string[] = [];
const sockets: Socket[] = [];
const db = () => hall.database.store.db;

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder }) => {
    const none = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const deaf = { onTyping: () => {}, onReceipts: () => {} };
    const hub = new ChatHub({ db: store.db, key: Buffer.alloc(32, 7), logger: silent, ...none, ...deaf });
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    return { logger, webChat: { open: 'public', hub, fileFolder: folder } };
  });
});
afterAll(async () => hall?.close());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

function bytesOf({ body, base64, nested }: Trick): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  if (nested === undefined) return Buffer.from(body ?? '');
  const { open, close, times, in: inner = '' } = nested;
  return Buffer.from(open.repeat(times) + inner + close.repeat(times));
}

/** A socket to the API, and all that came over it until now. */
function plain(said: string): { readonly socket: Socket; heard(): string; ended(): boolean } {
  const [host = '', port] = hall.host.split(':');
  const socket = connect(Number(port), host);
  sockets.push(socket);
  let heard = '';
  let ended = false;
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    ended = true;
  });
  socket.write(said);
  return { socket, heard: () => heard, ended: () => ended };
}

describe('what is sent', () => {
  test('may be 64 KiB long and no longer', async () => {
    const login = (length: number) => {
      const payload = JSON.stringify({ user: 'x', password: '' }).padEnd(length);
      const headers = { 'content-type': 'application/json' };
      return hall.api.inject({ method: 'POST', url: '/api/v1/login', headers, payload });
    };
    expect((await login(65_537)).json()).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    expect((await login(65_536)).statusCode).not.toBe(413);
  });

  test('may have 16 KiB of headers and no more', async () => {
    const ask = async (bytes: number) => {
      const page = plain(
        `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: ${'x'.repeat(bytes)}\r\n\r\n`,
      );
      await until(page.ended);
      return page.heard().slice(0, 12);
    };
    expect(await ask(15_000)).toBe('HTTP/1.1 200');
    expect(await ask(17_000)).toBe('HTTP/1.1 431');
  });

  test.each(tricks.refused.map((trick) => ({ ...trick, bytes: bytesOf(trick) })))(
    'is refused when it is JSON with tricks: $name',
    async ({ bytes: payload }) => {
      expect(() => readJson(payload)).toThrow();
      const headers = { 'content-type': 'application/json' };
      const answer = await hall.api.inject({ method: 'POST', url: '/api/v1/login', headers, payload });
      const { status, code, detail } = answer.json();
      expect([status, code]).toEqual([400, 'REQUEST_INVALID']);
      // Refused where it is read, not where its fields are looked at.
      expect(detail).not.toMatch(/^(body|headers|params|querystring)/);
    },
  );

  test.each(tricks.kept.map((trick) => ({ ...trick, bytes: bytesOf(trick) })))(
    'is what it was when it is odd and good: $name',
    ({ bytes, becomes }) => {
      const read = readJson(bytes);
      if (becomes !== undefined) expect(read).toEqual(becomes);
      expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    },
  );
});

test('who is slow is cut, and holds up nobody: a hundred who never finish their headers or their body; a file may come slowly', async () => {
  const { headersTimeout, requestTimeout } = hall.api.server;
  expect([headersTimeout, requestTimeout]).toEqual([10_000, 120_000]);
  const startedMs = performance.now();
  const [head, body] = ['GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'POST /api/v1/login HTTP/1.1\r\nHost: x\r\n'];
  const json = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"user":';
  const chunks = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"user":\r\n';
  const slow = Array.from({ length: LATE }, (_, n) => plain([head, body + json, body + chunks][n % 3]!));
  // A byte now and then is no body either.
  const dripping = setInterval(() => {
    for (const { socket } of slow.filter((_, n) => n % 3 === 1)) socket.write(' ');
  }, 1_000);
  try {
    const content = pixel();
    const { url, token } = await announced(content);
    const headers = `Host: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: image/png\r\nContent-Length: ${content.length}`;
    const file = plain(`PUT ${url} HTTP/1.1\r\n${headers}\r\n\r\n`);
    await until(async () => (await connections()) >= LATE);
    for (let n = 0; n < 50; n += 1) expect((await fetch(`http://${hall.host}/healthz`)).status).toBe(200);
    await until(() => slow.every(({ ended }) => ended()));
    expect(new Set(slow.map(({ heard }) => heard().slice(0, 12)))).toEqual(new Set(['HTTP/1.1 408']));
    for (const { heard } of slow.filter((_, n) => n % 3 > 0)) expect(heard()).toContain('"code":"REQUEST_LATE"');
    expect(performance.now() - startedMs).toBeGreaterThan(9_900);
    expect(file.heard()).toBe('');
    file.socket.write(content);
    await until(() => file.heard().startsWith('HTTP/1.1 204'));
  } finally {
    clearInterval(dripping);
  }
});

async function announced(content: Buffer): Promise<{ readonly url: string; readonly token: string }> {
  const post = async (path: string, body: object, more: object = {}) => {
    const headers = { 'content-type': 'application/json', ...more };
    const answer = await fetch(`http://${hall.host}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await answer.json()) as { readonly token: string; readonly url: string };
  };
  const { token } = await post(CHAT_SESSIONS_PATH, {});
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = { name: 'a.png', bytes: content.length, sha256 };
  const { url } = await post(CHAT_FILES_PATH, file, { authorization: `Bearer ${token}` });
  return { url, token };
}

/** As a socket carries it: `fetch` gives an empty one no header. */
async function sent(path: string, contentType: string | undefined, body = '{}'): Promise<string> {
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`;
  const rest = `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const page = plain(`POST ${path} HTTP/1.1\r\nHost: x\r\n${type}${rest}`);
  await until(page.ended);
  return page.heard();
}

test.each([undefined, '', 'x', 'x; charset=utf-8', 'text/plain', 'application/xml', '/json', 'application/'])(
  'a body of the type “%s” is no JSON, and refused with a code of its own',
  async (type) => {
    for (const path of ['/api/v1/login', CHAT_SESSIONS_PATH]) {
      const heard = await sent(path, type);
      expect(heard.slice(0, 12)).toBe('HTTP/1.1 415');
      expect(heard).toContain('"code":"MEDIA_TYPE_UNKNOWN"');
    }
    expect((await sent(CHAT_SESSIONS_PATH, 'Application/JSON; charset=utf-8')).slice(0, 12)).toBe('HTTP/1.1 201');
  },
);

function connections(): Promise<number> {
  return new Promise((resolve) => hall.api.server.getConnections((_error, count) => resolve(count)));
}

describe('who may', () => {
  test('a ticket holds for 30 s, once, in the session that drew it', () => {
    const tickets = new Tickets();
    const admission = { person: { user: 'ana', roles: [] }, session: 's1', endsAtMs: 1e15, seenAtMs: 0 };
    const draw = () => tickets.draw(admission, tickets.changes, 1_000)!;
    expect(TICKET_LIFE_MS).toBe(30_000);
    const [good, late, strange] = [draw(), draw(), draw()];
    expect(tickets.redeem(good, 's1', 30_999)).toMatchObject(admission);
    expect(tickets.redeem(good, 's1', 30_999)).toBeUndefined();
    expect(tickets.redeem(late, 's1', 31_000)).toBeUndefined();
    expect(tickets.redeem(strange, 's2', 1_001)).toBeUndefined();
    expect(tickets.redeem(strange, 's1', 1_002)).toBeUndefined();
    const voided = draw();
    tickets.voidAll();
    expect(tickets.redeem(voided, 's1', 1_003)).toBeUndefined();
  });

  test('a socket that says nothing for 5 s is closed', async () => {
    const startedMs = performance.now();
    const view = new LiveView(hall.connect(await hall.login('ana')));
    await until(() => view.closed !== undefined);
    expect(view.closed).toBe(LIVE_CLOSE.helloLate);
    expect(performance.now() - startedMs).toBeGreaterThan(4_900);
  });

  test('rights are looked at again with every command: what was allowed a moment ago is not', async () => {
    const cookie = await hall.login('ben');
    const become = async (state: string) => {
      const headers = { cookie };
      const answer = await hall.api.inject({
        method: 'PUT',
        url: '/api/v1/agents/me/state',
        headers,
        payload: { state },
      });
      return answer.statusCode === 200 ? 'done' : answer.json().code;
    };
    expect(await become('notReady')).toBe('done');
    await setRights(db(), 'ben', { roles: ['dispatcher'] });
    expect(await become('ready')).toBe('FORBIDDEN');
    await setRights(db(), 'ben', { roles: ['agent'] });
    expect(await become('offline')).toBe('done');
  });

  test("a program's account has 600 requests at once and 50 more each second; another has its own", async () => {
    const tokens = await Promise.all(
      ['busy', 'calm'].map(async (user) => {
        await addAccount(db(), { user, password: 'never used here', roles: ['integrator'], atMs: 1 });
        const wish = { user, title: 'test', scopes: ['queues:read' as const], days: 1, by: 'admin', nowMs: Date.now() };
        return (await makeToken(db(), wish))!.token;
      }),
    );
    const ask = (token: string) =>
      hall.api.inject({ url: '/api/v1/queues', headers: { authorization: `Bearer ${token}` } });
    const nowMs = Date.now();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(nowMs);
    const answers = [];
    for (const length of [...Array<number>(12).fill(50), 1])
      answers.push(...(await Promise.all(Array.from({ length }, () => ask(tokens[0]!)))));
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused.map((answer) => answer.json().code)).toEqual(['TOKEN_THROTTLED']);
    expect([refused[0]!.statusCode, refused[0]!.headers['retry-after']]).toEqual([429, '1']);
    expect((await ask(tokens[1]!)).statusCode).toBe(200);
    clock.mockReturnValue(nowMs + 1_000);
    const later = await Promise.all(Array.from({ length: 51 }, () => ask(tokens[0]!)));
    expect(later.filter(({ statusCode }) => statusCode === 200)).toHaveLength(50);
    clock.mockRestore();
  });
});

test('no secret and no number stands in the log: no password, cookie, ticket or token, wherever it was written', async () => {
  lines.splice(0);
  const password = 'a-wrong-password-4711';
  await hall.api.inject({ method: 'POST', url: '/api/v1/login', payload: { user: 'ana', password } });
  const cookie = await hall.login('ana');
  const ticket = await hall.draw(cookie);
  const view = await hall.sit(cookie);
  view.socket.terminate();
  const begun = await hall.api.inject({ method: 'POST', url: CHAT_SESSIONS_PATH, payload: {} });
  const { token } = begun.json();
  for (const secret of [ticket, token, 'mht_guessed-4711']) {
    await hall.api.inject({ url: `${LIVE_PATH}?ticket=${secret}` });
    await hall.api.inject({ url: `/api/v1/contacts?cursor=${secret}`, headers: { cookie } });
    await hall.api.inject({ url: '/api/v1/queues', headers: { authorization: `Bearer ${secret}` } });
    const odd = hall.connect(cookie, {}, `${LIVE_PATH}?ticket=${secret}`);
    await new Promise((resolve) => odd.once('error', resolve));
  }
  await hall.hangUp(await hall.call('13800138000'));
  hall.options.logger.info('the log is heard');
  const log = lines.join('');
  expect(log).toContain('the log is heard');
  const session = cookie.split('=')[1]!;
  for (const secret of [password, session, ticket, token, 'mht_guessed-4711', '13800138000'])
    expect(log).not.toContain(secret);
});
