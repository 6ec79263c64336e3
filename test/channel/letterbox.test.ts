import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import letterbox from '../../channels/letterbox.ts';
import type { Context, InboundMessage } from '../../src/channel/channel.ts';
import { bodyOf } from './platform.ts';

// A real HTTP server with bad manners: pages shuffled and with letters twice, late edits, bodies cut off, 429.

interface Row {
  readonly id: string;
  readonly version?: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly title: string;
  readonly [more: string]: unknown;
}

const START_MS = Date.parse('2026-01-01T00:00:00Z');
let server: Server;
let rows: Row[] = [];
let faults: ((response: ServerResponse) => boolean)[] = [];
let seed = 1;
const asked: IncomingMessage[] = [];
const replies: unknown[] = [];

const chance = () => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const at = (seconds: number) => new Date(START_MS + seconds * 1_000).toISOString();

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    if (request.headers.authorization !== 'Bearer good') return void response.writeHead(401).end();
    if (faults.shift()?.(response)) return;
    if (request.method === 'POST') return void takeReply(request, response);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(pageOf(request.url ?? '')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  rows = [];
  faults = [];
  asked.length = 0;
});

/** Ordered by (updated_at, id) as agreed; within the page shuffled, and every third letter twice. */
function pageOf(url: string) {
  const query = new URL(url, 'http://x').searchParams;
  const [since, afterId, limit] = [Date.parse(query.get('since')!), query.get('after_id')!, Number(query.get('limit'))];
  const key = (row: Row) => [Date.parse(row.updated_at), row.id] as const;
  const found = rows
    .filter((row) => key(row)[0] > since || (key(row)[0] === since && row.id > afterId))
    .sort((a, b) => key(a)[0] - key(b)[0] || (a.id < b.id ? -1 : 1));
  const page = found.slice(0, Math.min(limit, 60));
  const twice = page.flatMap((row, index) => (index % 3 === 0 ? [row, row] : [row]));
  return {
    letters: twice
      .map((row) => ({ row, by: chance() }))
      .sort((a, b) => a.by - b.by)
      .map(({ row }) => row),
    more: found.length > page.length,
  };
}

async function takeReply(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) return;
  replies.push([request.url, request.headers['idempotency-key'], JSON.parse(body)]);
  response.end('{}');
}

function context(token = 'good'): Context {
  const { port } = server.address() as AddressInfo;
  return {
    settings: { url: `http://127.0.0.1:${port}/letters`, token, since: at(0) },
    fetch,
    signal: new AbortController().signal,
    now: () => START_MS + 3_600_000,
    cached: async (_name, make) => (await make()).value,
    forget: () => undefined,
  };
}

/** As a host: a cursor that moves only with what is stored, and everything once. */
interface Taken {
  readonly messages: InboundMessage[];
  cursor: string | undefined;
}

async function pullAll(taken: Taken): Promise<void> {
  for (let more = true; more; ) {
    const page = await letterbox.pull!(taken.cursor, context());
    for (const told of page.inbound as readonly InboundMessage[])
      if (!taken.messages.some(({ remoteId }) => remoteId === told.remoteId)) taken.messages.push(told);
    taken.cursor = page.cursor;
    more = page.more === true;
  }
}

const none = (): Taken => ({ messages: [], cursor: undefined });
const letter = (id: string, seconds: number, more: object = {}): Row => ({
  id,
  version: 1,
  created_at: at(seconds),
  updated_at: at(seconds),
  title: `t${id}`,
  ...more,
});

test('a tie, an overlap and a late edit: three letters and one revision', async () => {
  const taken = none();
  rows = [letter('1', 1), letter('2', 2)];
  await pullAll(taken);
  rows = [letter('1', 1), letter('2', 2), letter('3', 2)];
  await pullAll(taken);
  rows = [letter('1', 1, { version: 2, title: 'edited' }), letter('2', 2), letter('3', 2)];
  await pullAll(taken);
  expect(taken.messages.map(({ remoteId, replaces, subject }) => [remoteId, replaces, subject]).sort()).toEqual([
    ['1#2', '1', 'edited'],
    ['1', undefined, 't1'],
    ['2', undefined, 't2'],
    ['3', undefined, 't3'],
  ]);
});

test('a letter that the box dates in the future is read, and hides none that comes after it', async () => {
  const taken = none();
  const inTheFuture = letter('2', 73 * 365 * 86_400);
  rows = [letter('1', 1), inTheFuture];
  await pullAll(taken);
  rows = [letter('1', 1), letter('3', 1_800), inTheFuture];
  await pullAll(taken);
  expect(taken.messages.map(({ remoteId }) => remoteId)).toEqual(expect.arrayContaining(['1', '2', '3']));
});

test('hundreds of letters with shuffled and repeated pages come once each, whatever breaks on the way', async () => {
  const taken = none();
  // Many of one second: only the id tells them apart.
  rows = Array.from({ length: 500 }, (_, n) => letter(String(n).padStart(4, '0'), Math.trunc(n / 90)));
  const cut = (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '5000' }).write('{"letters":[{"id":"0001"');
    setImmediate(() => response.destroy());
    return true;
  };
  const torn = (response: ServerResponse) => Boolean(response.end('{"letters":[{"id":"00'));
  faults = [() => false, cut, torn, () => false, cut, (response) => Boolean(response.writeHead(503).end())];
  let failures = 0;
  while (taken.messages.length < 500) {
    await pullAll(taken).catch(() => {
      failures += 1;
    });
    expect(failures).toBeLessThan(5);
  }
  expect(failures).toBe(4);
  expect(new Set(taken.messages.map(({ conversation }) => conversation)).size).toBe(500);
});

test('a letter without versions that is edited replaces itself; the same edit is told once', async () => {
  const taken = none();
  const { version: _, ...plain } = letter('7', 1);
  rows = [plain as Row];
  await pullAll(taken);
  rows = [{ ...(plain as Row), updated_at: at(5), text: 'more' }];
  await pullAll(taken);
  rows = [{ ...(plain as Row), updated_at: at(9), text: 'more' }];
  await pullAll(taken);
  expect(taken.messages.map(({ replaces }) => replaces)).toEqual([undefined, '7']);
});

test('a box that names its answers sends the same one once, and says when there is another', async () => {
  const taken = none();
  const bodies: number[] = [];
  const named = (response: ServerResponse) => {
    const body = JSON.stringify(pageOf(asked.at(-1)!.url ?? ''));
    const etag = `"${createHash('sha256')
      .update([...body].sort().join(''))
      .digest('hex')}"`;
    const isKnown = asked.at(-1)!.headers['if-none-match'] === etag;
    bodies.push(isKnown ? 304 : 200);
    return Boolean(response.writeHead(isKnown ? 304 : 200, { etag }).end(isKnown ? undefined : body));
  };
  faults = Array.from({ length: 9 }, () => named);
  rows = [letter('1', 1)];
  for (let times = 0; times < 4; times += 1) await pullAll(taken);
  expect(bodies).toEqual([200, 200, 304, 304]);
  rows.push(letter('2', 2));
  for (let times = 0; times < 4; times += 1) await pullAll(taken);
  expect(bodies.slice(4)).toEqual([200, 200, 304, 304]);
  expect(taken.messages.map(({ conversation }) => conversation)).toEqual(['1', '2']);
});

test('429 says when to come again; a wrong token pauses the account', async () => {
  faults = [(response) => Boolean(response.writeHead(429, { 'retry-after': '17' }).end())];
  await expect(letterbox.pull!(undefined, context())).rejects.toMatchObject({ kind: 'retry', retryAfterMs: 17_000 });
  await expect(letterbox.pull!(undefined, context('bad'))).rejects.toMatchObject({ kind: 'broken' });
});

test('one letter that is not as agreed is seen by a person and holds up none', async () => {
  const taken = none();
  rows = [
    letter('1', 1),
    { ...letter('2', 2), created_at: 'yesterday' },
    letter('3', 3, { title: { zh: 'x' } }),
    letter('4', 4),
  ];
  await pullAll(taken);
  expect(taken.messages.map(({ automatic }) => automatic).filter(Boolean)).toHaveLength(2);
  expect(taken.messages.map(({ conversation }) => conversation)).toEqual(expect.arrayContaining(['1', '4']));
});

test('a box that says “more” and gives nothing new is not asked for ever', async () => {
  faults = [(response) => Boolean(response.end('{"letters":[],"more":true}'))];
  await expect(letterbox.pull!(undefined, context())).rejects.toMatchObject({ kind: 'retry' });
});

test('a reply goes to its letter, with one key at every try', async () => {
  const message = { id: '9-0', conversation: 'a/b?', to: 'x', text: '已处理' };
  expect(await letterbox.send!(message, context())).toEqual({ remoteId: '9-0' });
  expect(replies.at(-1)).toEqual(['/letters/a%2Fb%3F/reply', '9-0', { id: '9-0', text: '已处理' }]);
});

test('who wrote, what else was said and the photos come along', async () => {
  const taken = none();
  const photos = ['https://letters.example/1.jpg', 'no address', 7];
  rows = [letter('1', 1, { text: '路灯', name: '张三', phone: '13800138000', photos, leader: '市长', tags: ['a'] })];
  await pullAll(taken);
  expect(taken.messages[0]).toMatchObject({
    from: { id: '13800138000', name: '张三', phone: '13800138000' },
    text: '路灯',
    media: [{ kind: 'image', id: 'https://letters.example/1.jpg' }],
    fields: { leader: '市长', tags: '["a"]' },
    sentAtMs: START_MS + 1_000,
  });
});
