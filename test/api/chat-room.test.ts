import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { CHAT_FILES_PATH, CHAT_SESSIONS_PATH, type ChatBegun } from '../../src/api/chat/messages.ts';
import type { WebChatSource } from '../../src/api/options.ts';
import { pixel } from '../channel/photo-maker.ts';
import { silent } from '../store/database.ts';
import { Hall } from './hall.ts';

// What strangers send must leave room for calls.

type Changeable = { -readonly [Name in keyof WebChatSource]: WebChatSource[Name] };
let hall: Hall;
let webChat: Changeable;
let begun: ChatBegun;

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder }) => {
    const none = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const deaf = { onTyping: () => {}, onReceipts: () => {} };
    const hub = new ChatHub({ db: store.db, key: Buffer.alloc(32, 7), logger: silent, ...none, ...deaf });
    webChat = {
      open: 'local',
      hub,
      fileFolder: join(folder, 'chat-files'),
      fileUnitsPerNetwork: { times: 30, withinMs: 3_600_000 },
    };
    return { webChat };
  });
});
beforeEach(async () => {
  const answer = await fetch(`http://${hall.host}${CHAT_SESSIONS_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  begun = (await answer.json()) as ChatBegun;
});
afterAll(async () => hall?.close());

const authorization = () => `Bearer ${begun.token}`;

async function announce(bytes: number, sha256 = 'a'.repeat(64)) {
  const answer = await fetch(`http://${hall.host}${CHAT_FILES_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: authorization() },
    body: JSON.stringify({ name: 'a.png', bytes, sha256 }),
  });
  const said = (await answer.json()) as { readonly code?: string; readonly url?: string };
  return { status: answer.status, retry: answer.headers.get('retry-after'), ...said };
}

test('what no message names is forgotten after a day, file and all; what one names is kept', async () => {
  const { db } = hall.database.store;
  const old = Date.now() - 25 * 3_600_000;
  mkdirSync(webChat.fileFolder, { recursive: true });
  const names = ['unsent', 'sent', 'young'].map((name) => name.padEnd(22, '0'));
  for (const id of names) {
    writeFileSync(join(webChat.fileFolder, id), 'x');
    await sql`insert into chat_files (id, session, name, bytes, sha256, type, at_ms)
      values (${id}, ${begun.session}, 'a.png', 1, 'x', 'image/png', ${id === names[2] ? Date.now() : old})`.execute(
      db,
    );
  }
  const content = JSON.stringify({ media: [{ id: names[1], kind: 'image' }] });
  await sql`insert into messages (journal, direction, channel, account, external_id, conversation, kind, content, state, at_ms)
    values ('j', 'in', 'web', 'main', 'm1', ${begun.session}, 'message', ${content}::jsonb, 'stored', ${old})`.execute(
    db,
  );
  expect((await announce(1)).status).toBe(201);
  expect(names.map((id) => existsSync(join(webChat.fileFolder, id)))).toEqual([false, true, true]);
  const { rows } = await sql<{ id: string }>`select id from chat_files where at_ms = ${old}`.execute(db);
  expect(rows.map(({ id }) => id)).toEqual([names[1]]);
});

test('a file that would fill the disk is refused, before it is announced and after; nothing of it is kept', async () => {
  const content = pixel();
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { url, status } = await announce(content.length, sha256);
  expect(status).toBe(201);
  webChat.reservedBytes = Number.MAX_SAFE_INTEGER;
  expect(await announce(1)).toMatchObject({ status: 503, code: 'DISK_FULL', retry: '30' });
  const put = () =>
    fetch(`http://${hall.host}${url}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', authorization: authorization() },
      body: new Uint8Array(content),
    });
  expect((await put()).status).toBe(503);
  expect(existsSync(join(webChat.fileFolder, url!.split('/').at(-1)!))).toBe(false);
  delete webChat.reservedBytes;
  expect((await put()).status).toBe(204);
});

test('a folder that is none, or a disk that is full in the midst of a file, is said with a code and when to come again; nothing is half kept', async () => {
  const content = pixel();
  const sha256 = createHash('sha256').update(content).digest('hex');
  const send = async (url: string, method = 'PUT') => {
    const headers = { 'content-type': 'application/octet-stream', authorization: authorization() };
    const body = method === 'PUT' ? { body: new Uint8Array(content) } : {};
    const answer = await fetch(`http://${hall.host}${url}`, { method, headers, ...body });
    const { code } = answer.ok ? {} : ((await answer.json()) as { readonly code?: string });
    return { status: answer.status, code, retry: answer.headers.get('retry-after') };
  };
  const { url } = await announce(content.length, sha256);
  const whole = webChat.fileFolder;
  const none = join(whole, 'none');
  writeFileSync(none, '');
  webChat.fileFolder = none;
  const away = { status: 503, code: 'FILES_AWAY', retry: '30' };
  expect(await send(url!)).toEqual(away);
  webChat.fileFolder = whole;
  rmSync(none);
  // The disk takes the name of a file, and nothing of its content.
  const id = url!.split('/').at(-1)!;
  symlinkSync('/dev/full', join(whole, `${id}.part`));
  expect(await send(url!)).toEqual({ status: 503, code: 'DISK_FULL', retry: '30' });
  expect(readdirSync(whole).filter((name) => name.startsWith(id))).toEqual([]);
  expect((await send(url!)).status).toBe(204);
  webChat.fileFolder = join(whole, id);
  expect(await send(url!, 'GET')).toEqual(away);
  webChat.fileFolder = whole;
  expect((await send(url!, 'GET')).status).toBe(200);
});

test('from one network only so much is announced in an hour, whoever says it is', async () => {
  const large = 20 * 1024 * 1024;
  const answers = [await announce(large), await announce(large)];
  expect(answers.map(({ status }) => status)).toEqual([201, 429]);
  expect(answers[1]).toMatchObject({ code: 'CHAT_THROTTLED' });
  expect(Number(answers[1]!.retry)).toBeGreaterThan(3_000);
  expect((await announce(1)).status).toBe(201);
});
