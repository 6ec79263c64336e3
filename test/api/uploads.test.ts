import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { CHAT_FILES_PATH, CHAT_SESSIONS_PATH, type ChatBegun } from '../../src/api/chat/messages.ts';
import { silent } from '../store/database.ts';
import { Hall } from './hall.ts';

interface Upload {
  readonly about: string;
  readonly name: string;
  readonly base64: string;
  /** What it is taken for; absent: it is refused. */
  readonly becomes?: string;
}

const corpus = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/uploads.json'), 'utf8'),
) as readonly Upload[];
const PICTURE = Buffer.from(corpus.find(({ becomes }) => becomes === 'image/png')!.base64, 'base64');
/** Whatever a browser could take for a page. */
const PAGES = /html|svg|xml|script|text\//;

let hall: Hall;
let folder: string;
let token: string;

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder: data }) => {
    folder = join(data, 'chat-files');
    const none = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const deaf = { onTyping: () => {}, onReceipts: () => {} };
    const hub = new ChatHub({ db: store.db, key: Buffer.alloc(32, 7), logger: silent, ...none, ...deaf });
    return { webChat: { open: 'local', hub, fileFolder: folder } };
  });
  token = (await begin()).token;
});
afterAll(async () => hall?.close());

async function begin(): Promise<ChatBegun> {
  const answer = await fetch(`http://${hall.host}${CHAT_SESSIONS_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  return (await answer.json()) as ChatBegun;
}

async function announce(content: Buffer, name: string, bytes = content.length) {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const answer = await fetch(`http://${hall.host}${CHAT_FILES_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ name, bytes, sha256 }),
  });
  return { status: answer.status, ...((await answer.json()) as { id: string; url: string }) };
}

async function put(url: string, content: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` };
  return (await fetch(`http://${hall.host}${url}`, { method: 'PUT', headers, body: new Uint8Array(content) })).status;
}

const kept = () => readdirSync(folder).sort();

test.each(corpus.filter(({ becomes }) => becomes === undefined))(
  '$about is refused, and nothing of it is kept',
  async ({ name, base64 }) => {
    const content = Buffer.from(base64, 'base64');
    const { id, url } = await announce(content, name);
    expect(await put(url, content)).toBe(422);
    expect(kept().filter((file) => file.startsWith(id))).toEqual([]);
    expect((await fetch(`http://${hall.host}${url}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      404,
    );
  },
);

test.each(corpus.filter(({ becomes }) => becomes !== undefined))(
  '$about is a file to keep, and no page',
  async ({ name, base64, becomes }) => {
    const content = Buffer.from(base64, 'base64');
    const { id, url } = await announce(content, name);
    expect(await put(url, content)).toBe(204);
    expect(kept()).toContain(id);
    const { headers } = await fetch(`http://${hall.host}${url}`, { headers: { authorization: `Bearer ${token}` } });
    expect(headers.get('content-type')).toBe(becomes);
    expect(headers.get('content-type')).not.toMatch(PAGES);
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[A-Za-z0-9._-]+"/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  },
);

test('nothing at all, less, more and other than was announced are refused, and nothing of them is kept', async () => {
  expect((await announce(Buffer.alloc(0), 'empty.png')).status).toBe(400);
  const before = kept();
  const longer = await announce(PICTURE, 'a.png', PICTURE.length + 1);
  expect(await put(longer.url, PICTURE)).toBe(422);
  const shorter = await announce(PICTURE, 'a.png', PICTURE.length - 1);
  expect(await put(shorter.url, PICTURE)).toBe(422);
  const torn = await announce(PICTURE, 'a.png');
  expect(await put(torn.url, PICTURE.subarray(0, -1))).toBe(422);
  const other = await announce(PICTURE, 'a.png');
  const changed = Buffer.from(PICTURE);
  changed[PICTURE.length - 1]! ^= 1;
  expect(await put(other.url, changed)).toBe(422);
  const none = await announce(PICTURE, 'a.png');
  expect(await put(none.url, Buffer.alloc(0))).toBe(422);
  expect(kept()).toEqual(before);
});

test('a name says nothing about a way', async () => {
  for (const name of ['../../etc/passwd', '..\\x', 'a/b.png', 'a\nb.png', '', 'x'.repeat(201)])
    expect([name, (await announce(PICTURE, name)).status]).toEqual([name, 400]);
});
