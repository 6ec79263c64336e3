import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import {
  CHAT_CLOSE,
  CHAT_FILES_PATH,
  CHAT_PATH,
  CHAT_PROTOCOL,
  CHAT_SESSIONS_PATH,
  type ChatBegun,
  type ChatState,
  type FromCitizen,
  type ToCitizen,
} from '../../src/api/chat/messages.ts';
import { makeChatToken, readChatToken } from '../../src/api/chat/resume-token.ts';
import type { Inbound } from '../../src/channel/channel.ts';
import { createInbox, type Inbox } from '../../src/channel/inbox.ts';
import { typeOfFile } from '../../src/channel/media/file-type.ts';
import { photo, pixel } from '../channel/photo-maker.ts';
import { silent } from '../store/database.ts';
import { Hall } from './hall.ts';

const KEY = Buffer.alloc(32, 7);
const JOURNAL = 'journal-of-the-test';

let hall: Hall;
let inbox: Inbox;
let hub: ChatHub;
let away = false;
let state: ChatState = { is: 'none' };
const typed: string[] = [];
const events: Inbound[] = [];

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder }) => {
    inbox = createInbox({
      ...{ db: store.db, journal: JOURNAL, logger: silent },
      ...{ onStored: () => {}, onReceipts: () => {}, onUnsure: () => {} },
    });
    hub = new ChatHub({
      db: store.db,
      key: KEY,
      logger: silent,
      take: async (inbound) => (away ? 'away' : await store_(inbound)),
      stateOf: () => state,
      onReceipts: () => {},
      onTyping: (session, on) => typed.push(`${session} ${on}`),
    });
    const sessionsPerNetwork = { times: 1_000, withinMs: 60_000 };
    return { webChat: { open: 'local', hub, fileFolder: join(folder, 'chat-files'), sessionsPerNetwork } };
  });
}, 120_000);

afterAll(async () => {
  await inbox?.close();
  await hall?.close();
}, 60_000);

function store_(inbound: readonly Inbound[]) {
  const rows = inbound.flatMap((told) => {
    if (told.kind === 'receipt' || told.kind === 'unreadable') return [];
    events.push(told);
    const { remoteId, conversation, kind = 'message', sentAtMs } = told;
    const content = JSON.stringify(told);
    return [
      {
        channel: 'web',
        account: 'main',
        externalId: remoteId,
        conversation,
        kind,
        content,
        raw: null,
        sentAtMs,
        atMs: Date.now(),
        error: null,
      },
    ];
  });
  const receipts = inbound.flatMap((told) =>
    told.kind === 'receipt'
      ? [{ channel: 'web', account: 'main', of: told.of, status: told.status, atMs: told.atMs, reason: null }]
      : [],
  );
  return inbox.store({ rows, receipts });
}

async function begin(body: object = {}): Promise<ChatBegun> {
  const answer = await fetch(`http://${hall.host}${CHAT_SESSIONS_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as ChatBegun;
}

/** A page of a citizen as a program: what it heard, and a way to wait for it. */
class Page {
  readonly heard: ToCitizen[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  #listener: () => void = () => {};

  constructor(options: { origin?: string; protocol?: string; path?: string } = {}) {
    const { protocol = CHAT_PROTOCOL, path = CHAT_PATH } = options;
    const origin = options.origin === undefined ? {} : { origin: options.origin };
    this.socket = new WebSocket(`ws://${hall.host}${path}`, protocol, origin);
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => {
      this.heard.push(JSON.parse(String(data)) as ToCitizen);
      this.#listener();
    });
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
  }

  async opened(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    return this;
  }

  say(frame: FromCitizen | object): void {
    this.socket.send(JSON.stringify(frame));
  }

  async until(what: (heard: readonly ToCitizen[]) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(15_000);
    while (!what(this.heard)) {
      await new Promise<void>((resolve, reject) => {
        this.#listener = resolve;
        deadline.onabort = () => reject(new Error(`never came; heard ${JSON.stringify(this.heard.slice(-5))}`));
      });
    }
  }

  of<T extends ToCitizen['t']>(t: T): Extract<ToCitizen, { t: T }>[] {
    return this.heard.filter((said): said is Extract<ToCitizen, { t: T }> => said.t === t);
  }

  lines(): string[] {
    return this.of('msg').map(({ seq, from, body }) => `${seq} ${from} ${body}`);
  }
}

async function enter({ token }: ChatBegun, lastSeq = 0): Promise<Page> {
  const page = await new Page().opened();
  page.say({ t: 'auth', token, last_seq: String(lastSeq) });
  await page.until((heard) => heard.some(({ t }) => t === 'resume'));
  return page;
}

async function reply(session: string, text: string, kind: 'reply' | 'receipt' = 'reply'): Promise<number> {
  const { id } = await hall.database.store.db
    .insertInto('messages')
    .values({
      ...{ journal: JOURNAL, direction: 'out', channel: 'web', account: 'main', conversation: session, kind },
      ...{ state: 'sent', external_id: null, contact: 'c1', content: JSON.stringify({ text }), raw: null },
      ...{
        sent_at_ms: null,
        at_ms: Date.now(),
        by_user: 'ana',
        send_key: null,
        due_at_ms: null,
        gone_at_ms: null,
        error: null,
      },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await hall.database.store.db
    .updateTable('messages')
    .set({ external_id: `m-${id}` })
    .where('id', '=', id)
    .execute();
  hub.show(session);
  return id;
}

test('a conversation goes on by a token that only its key makes, as in the vector', () => {
  const expiresAtMs = 1_767_225_600_000;
  const token = makeChatToken(KEY, { session: 's_01HZX', expiresAtMs, generation: 42 });
  expect(token).toBe('v1.s_01HZX.1767225600.42.1GG_OECwgRK4lqx9LRr25oJZQkJ4pSZgtB_pO3vXWPE');
  expect(readChatToken(KEY, token, expiresAtMs - 1)).toEqual({ session: 's_01HZX', expiresAtMs, generation: 42 });
  expect(readChatToken(KEY, token, expiresAtMs)).toBeUndefined();
  expect(readChatToken(Buffer.alloc(32, 8), token, 0)).toBeUndefined();
  for (let index = 0; index < token.length; index += 1) {
    const other = token[index] === 'A' ? 'B' : 'A';
    expect(readChatToken(KEY, token.slice(0, index) + other + token.slice(index + 1), 0)).toBeUndefined();
  }
});

test('what a citizen writes is stored, numbered and then acknowledged; said again, it is the same line', async () => {
  const begun = await begin({ entry: 'enterprise', name: '李女士' });
  const page = await enter(begun);
  const cid = randomUUID();
  page.say({ t: 'msg', cid, body: '路灯不亮' });
  page.say({ t: 'msg', cid, body: '路灯不亮' });
  await page.until(() => page.of('ack').length === 2 && page.of('msg').length === 1);
  expect(page.of('ack').map(({ cid: of, seq }) => [of, seq])).toEqual([
    [cid, '1'],
    [cid, '1'],
  ]);
  expect(page.lines()).toEqual(['1 citizen 路灯不亮']);
  expect(events.at(-1)).toMatchObject({ entry: 'enterprise', from: { id: begun.session, name: '李女士' } });

  await reply(begun.session, '您好，已登记', 'receipt');
  await reply(begun.session, '请问在哪条路？');
  await page.until(() => page.of('msg').length === 3);
  expect(page.lines().slice(1)).toEqual(['2 system 您好，已登记', '3 agent 请问在哪条路？']);
  page.socket.close();
});

test('other words under a number that stands for some already are refused, and not acknowledged', async () => {
  const page = await enter(await begin());
  const [cid, both] = [randomUUID(), randomUUID()];
  page.say({ t: 'msg', cid, body: 'one' });
  await page.until(() => page.of('ack').length === 1);
  page.say({ t: 'msg', cid, body: 'two' });
  page.say({ t: 'msg', cid: both, body: 'three' });
  page.say({ t: 'msg', cid: both, body: 'four' });
  await page.until(() => page.of('refused').length === 2 && page.of('msg').length === 2);
  expect(page.of('refused')).toEqual([
    { t: 'refused', cid, code: 'reused' },
    { t: 'refused', cid: both, code: 'reused' },
  ]);
  expect(page.of('ack').map(({ cid: of }) => of)).toEqual([cid, both]);
  expect(page.lines()).toEqual(['1 citizen one', '2 citizen three']);
  page.socket.close();
});

test('while the database is away nothing is acknowledged, and what is sent again later is stored once', async () => {
  const begun = await begin();
  const page = await enter(begun);
  const cid = randomUUID();
  away = true;
  page.say({ t: 'msg', cid, body: 'one' });
  await page.until(() => page.of('refused').length === 1);
  expect(page.of('refused')[0]).toMatchObject({ cid, code: 'away', retry_ms: expect.any(Number) });
  expect(page.of('ack')).toEqual([]);
  away = false;
  page.say({ t: 'msg', cid, body: 'one' });
  await page.until(() => page.of('ack').length === 1 && page.of('msg').length === 1);
  expect(page.lines()).toEqual(['1 citizen one']);
  page.socket.close();
});

test('200 messages with repeats, swaps and three cuts, replies in between: dense, once each, in one order', async () => {
  const begun = await begin();
  const chance = fc.sample(fc.integer({ min: 0, max: 9 }), { numRuns: 700, seed: 12_345 });
  const order = Array.from({ length: 200 }, (_, n) => ({ cid: randomUUID(), body: `m${n}` }));
  const sent = order.flatMap((one, n) => (chance[n]! < 3 ? [one, one] : [one]));
  for (let n = 1; n < sent.length; n += 1) if (chance[n + 200]! < 3) [sent[n - 1], sent[n]] = [sent[n]!, sent[n - 1]!];
  const cuts = new Set([60, 130, 200]);
  const lines = new Map<string, string>();
  const acked = new Set<string>();
  let page = await enter(begun);
  const keep = (): void => {
    for (const { seq, body } of page.of('msg')) lines.set(seq, body);
    for (const { cid } of page.of('ack')) acked.add(cid);
  };
  const again = async (): Promise<void> => {
    keep();
    page = await enter(begun, lines.size);
    for (const one of order) if (started.has(one.cid) && !acked.has(one.cid)) page.say({ t: 'msg', ...one });
  };
  const started = new Set<string>();
  /** Until it is acknowledged, no sooner than the server wants. */
  const say = async (one: (typeof order)[number]): Promise<void> => {
    started.add(one.cid);
    for (;;) {
      const before = page.of('refused').length;
      page.say({ t: 'msg', ...one });
      const isAcked = () => page.of('ack').some(({ cid }) => cid === one.cid);
      await page.until(() => isAcked() || page.of('refused').length > before);
      if (isAcked()) return;
      await new Promise((resolve) => setTimeout(resolve, page.of('refused').at(-1)?.retry_ms));
    }
  };
  for (const [index, one] of sent.entries()) {
    if (cuts.has(index)) {
      page.say({ t: 'msg', ...one });
      started.add(one.cid);
      page.socket.terminate();
      await page.closed;
      await again();
    } else await say(one);
    if (index % 50 === 49) await reply(begun.session, `r${index}`);
  }
  keep();
  for (const one of order) if (!acked.has(one.cid)) await say(one);
  const { db } = hall.database.store;
  const stored = await db
    .selectFrom('chat_lines')
    .innerJoin('messages', 'messages.id', 'chat_lines.message')
    .select(['seq', 'content', 'direction'])
    .where('session', '=', begun.session)
    .orderBy('seq')
    .execute();
  await page.until(() => {
    keep();
    return lines.size === stored.length;
  });
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
  const fromCitizen = stored.filter(({ direction }) => direction === 'in');
  expect(fromCitizen.length).toBe(200);
  expect(new Set(fromCitizen.map(({ content }) => (content as { text: string }).text)).size).toBe(200);
  expect(stored.length - 200).toBe(Math.floor(sent.length / 50));
  expect(stored.map(({ seq, content }) => [String(seq), (content as { text: string }).text])).toEqual(
    [...lines].sort(([a], [b]) => Number(a) - Number(b)),
  );
  page.socket.close();
}, 60_000);

test('receipts are watermarks that only rise, on both sides', async () => {
  const begun = await begin();
  const page = await enter(begun);
  page.say({ t: 'msg', cid: randomUUID(), body: 'a' });
  await page.until(() => page.of('ack').length === 1);
  const id = await reply(begun.session, 'b');
  await page.until(() => page.of('msg').length === 2);
  const stateOf = async () =>
    (await hall.database.store.db.selectFrom('messages').select('state').where('id', '=', id).executeTakeFirst())
      ?.state;
  page.say({ t: 'delivered', upto: '2' });
  await page.until(() => page.of('delivered').length === 1);
  expect(await stateOf()).toBe('delivered');
  page.say({ t: 'read', upto: '999' });
  await page.until(() => page.of('read').length === 1);
  expect(page.of('read')[0]).toMatchObject({ upto: '2', by: 'citizen' });
  expect(await stateOf()).toBe('read');
  page.say({ t: 'read', upto: '1' });
  await hub.agentSaw(begun.session, 'read', 1);
  await hub.agentSaw(begun.session, 'read', 1);
  await page.until(() => page.of('read').length === 2);
  expect(page.of('read')[1]).toMatchObject({ upto: '1', by: 'agent' });
  page.socket.close();
});

test('typing and how the conversation stands reach the other side', async () => {
  const begun = await begin();
  const page = await enter(begun);
  page.say({ t: 'typing' });
  page.say({ t: 'ping' });
  await page.until(() => page.of('pong').length === 1);
  expect(typed.at(-1)).toBe(`${begun.session} true`);
  hub.agentTypes(begun.session, true);
  state = { is: 'waiting', queue_pos: 3 };
  hub.statesChanged();
  await page.until(() => page.of('typing').length === 1 && page.of('state').length === 2);
  expect(page.of('state').at(-1)).toEqual({ t: 'state', is: 'waiting', queue_pos: 3 });
  page.say({ t: 'leave' });
  page.say({ t: 'ping' });
  await page.until(() => page.of('pong').length === 2);
  expect(events.at(-1)).toMatchObject({ kind: 'event', event: 'left', conversation: begun.session });
  page.socket.close();
  await page.closed;
  state = { is: 'none' };
});

test('a page comes in only from its own origin, by the protocol, without a token in the address, and says at once who it is', async () => {
  const { token } = await begin();
  for (const options of [
    { origin: 'https://elsewhere.example' },
    { protocol: 'other' },
    { path: `${CHAT_PATH}?token=${token}` },
  ])
    await expect(new Page(options).opened()).rejects.toThrow(/40[03]/);
  const forged = await new Page({ origin: `http://${hall.host}` }).opened();
  forged.say({ t: 'auth', token: `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}` });
  expect(await forged.closed).toBe(CHAT_CLOSE.auth);
  const mute = await new Page().opened();
  mute.say({ t: 'msg', cid: randomUUID(), body: 'hello' });
  expect(await mute.closed).toBe(CHAT_CLOSE.auth);
  const silentPage = await new Page().opened();
  expect(await silentPage.closed).toBe(CHAT_CLOSE.auth);
}, 20_000);

test('the newer page has the conversation; no frame of ours, and too many frames, end a socket', async () => {
  const begun = await begin();
  const first = await enter(begun);
  const second = await enter(begun);
  expect(await first.closed).toBe(CHAT_CLOSE.replaced);
  second.say({ t: 'msg', cid: 'not-a-uuid', body: 'x' });
  expect(await second.closed).toBe(CHAT_CLOSE.badMessage);
  const third = await enter(begun);
  for (let n = 0; n < 500; n += 1) third.say({ t: 'ping' });
  expect(await third.closed).toBe(CHAT_CLOSE.tooFast);
});

test('empty and overlong messages are refused for good; too many at once may come again', async () => {
  const page = await enter(await begin());
  const [empty, long] = [randomUUID(), randomUUID()];
  page.say({ t: 'msg', cid: empty, body: ' \n ' });
  page.say({ t: 'msg', cid: long, body: '长'.repeat(4_001) });
  await page.until(() => page.of('refused').length === 2);
  expect(page.of('refused')).toEqual([
    { t: 'refused', cid: empty, code: 'empty' },
    { t: 'refused', cid: long, code: 'tooLong' },
  ]);
  for (let n = 0; n < 150; n += 1) page.say({ t: 'msg', cid: randomUUID(), body: 'x' });
  await page.until(() => page.of('refused').some(({ code }) => code === 'tooFast'));
  const [late] = page.of('refused').filter(({ code }) => code === 'tooFast');
  expect(late?.retry_ms).toBeGreaterThan(0);
  page.socket.close();
});

const PNG = pixel(randomBytes(2_000));
const auth = ({ token }: ChatBegun) => ({ authorization: `Bearer ${token}` });

async function announce(begun: ChatBegun, content: Buffer, name = '照片.png', bytes = content.length) {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const answer = await fetch(`http://${hall.host}${CHAT_FILES_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...auth(begun) },
    body: JSON.stringify({ name, bytes, sha256 }),
  });
  return { status: answer.status, file: (await answer.json()) as { id: string; url: string } };
}

async function put(begun: ChatBegun, url: string, content: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/octet-stream', ...auth(begun) };
  return (await fetch(`http://${hall.host}${url}`, { method: 'PUT', headers, body: new Uint8Array(content) })).status;
}

test('a file is announced, sent once, checked by its content, and given only to who may have it, to keep', async () => {
  const begun = await begin();
  const { file } = await announce(begun, PNG);
  const page = await enter(begun);
  page.say({ t: 'msg', cid: randomUUID(), body: '', files: [file.id] });
  await page.until(() => page.of('refused').length === 1);
  expect(page.of('refused')[0]?.code).toBe('badFile');
  expect(await put(begun, file.url, PNG)).toBe(204);
  expect(await put(begun, file.url, PNG)).toBe(404);
  page.say({ t: 'msg', cid: randomUUID(), body: '', files: [file.id] });
  await page.until(() => page.of('msg').length === 1);
  expect(page.of('msg')[0]?.files).toEqual([{ id: file.id, name: '照片.png', type: 'image/png', bytes: PNG.length }]);

  const got = await fetch(`http://${hall.host}${file.url}`, { headers: auth(begun) });
  expect(Buffer.from(await got.arrayBuffer()).equals(PNG)).toBe(true);
  expect(got.headers.get('content-disposition')).toMatch(/^attachment; filename="_.png"; filename\*=UTF-8''%E7/);
  expect(got.headers.get('x-content-type-options')).toBe('nosniff');
  expect(got.headers.get('content-security-policy')).toContain('sandbox');
  const stranger = await begin();
  expect((await fetch(`http://${hall.host}${file.url}`, { headers: auth(stranger) })).status).toBe(404);
  expect((await fetch(`http://${hall.host}${file.url}`)).status).toBe(401);
  const theirs = await enter(stranger);
  theirs.say({ t: 'msg', cid: randomUUID(), body: '', files: [file.id] });
  await theirs.until(() => theirs.of('refused').length === 1);
  page.socket.close();
  theirs.socket.close();
});

test('a photo is kept without what it says beside the picture; where it was taken is the message’s place', async () => {
  const begun = await begin();
  const taken = photo({ latitude: 30.6574, longitude: 104.0657, orientation: 6 });
  const { file } = await announce(begun, taken, '现场.jpg');
  expect(await put(begun, file.url, taken)).toBe(204);
  const page = await enter(begun);
  page.say({ t: 'msg', cid: randomUUID(), body: '路灯坏了', files: [file.id] });
  await page.until(() => page.of('msg').length === 1);
  const got = Buffer.from(
    await (await fetch(`http://${hall.host}${file.url}`, { headers: auth(begun) })).arrayBuffer(),
  );
  expect(got.includes('SECRET')).toBe(false);
  expect(page.of('msg')[0]?.files).toMatchObject([{ id: file.id, type: 'image/jpeg', bytes: got.length }]);
  expect(events.at(-1)).toMatchObject({ place: { datum: 'wgs84', latitude: expect.closeTo(30.6574, 4) } });
  page.socket.close();
});

test('files that are not what they claim, or too large, are refused and nothing of them is kept', async () => {
  const begun = await begin();
  const lies: readonly (readonly [string, Buffer])[] = [
    ['picture.png', Buffer.from('MZ\x90\0this program cannot be run in DOS mode', 'latin1')],
    ['picture.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ['page.jpg', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['archive.pdf', Buffer.from('PK\x03\x04', 'latin1')],
    ['short.jpg', Buffer.from([0xff, 0xd8])],
  ];
  for (const [name, content] of lies) {
    const { file } = await announce(begun, content, name);
    expect([name, await put(begun, file.url, content)]).toEqual([name, 422]);
  }
  const { file: longer } = await announce(begun, PNG, 'a.png', 100);
  expect(await put(begun, longer.url, PNG)).toBe(422);
  const { file: other } = await announce(begun, PNG, 'a.png');
  const torn = Buffer.from(PNG);
  torn[500]! ^= 1;
  expect(await put(begun, other.url, torn)).toBe(422);
  expect((await announce(begun, PNG, 'a.png', 21 * 1024 * 1024)).status).toBe(400);
  expect((await announce(begun, PNG, '../../etc/passwd')).status).toBe(400);
  const kept = await hall.database.store.db
    .selectFrom('chat_files')
    .select('type')
    .where('session', '=', begun.session)
    .where('type', 'is not', null)
    .execute();
  expect(kept).toEqual([]);
});

test('types are told by content', () => {
  const heads: readonly (readonly [string, string])[] = [
    ['\xff\xd8\xff\xe1', 'image/jpeg'],
    ['RIFF\0\0\0\0WEBPVP8 ', 'image/webp'],
    ['RIFF\0\0\0\0WAVEfmt ', 'audio/wav'],
    ['\0\0\0\x18ftypheic', 'image/heic'],
    ['\0\0\0\x18ftypmp42', 'video/mp4'],
    ['#!AMR\n', 'audio/amr'],
    ['ID3\x04', 'audio/mpeg'],
    ['\xff\xfb\x90', 'audio/mpeg'],
    ['%PDF-1.7', 'application/pdf'],
  ];
  for (const [head, type] of heads) expect(typeOfFile(Buffer.from(head, 'latin1'))).toBe(type);
  for (const head of ['', 'GIF89a', 'BM', '\xff\xf1', '\xff\xff\xff', 'ftyp'])
    expect(typeOfFile(Buffer.from(head, 'latin1'))).toBeUndefined();
});

test('a page that does not read is cut and costs little; others go on', async () => {
  const begun = await begin();
  const { port } = new URL(`http://${hall.host}`);
  const wire = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  wire.write(
    `GET ${CHAT_PATH} HTTP/1.1\r\nHost: ${hall.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ${CHAT_PROTOCOL}\r\n\r\n`,
  );
  const head = await new Promise<string>((resolve) => wire.once('data', (data) => resolve(String(data))));
  expect(head).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  expect(head.toLowerCase()).toContain(`sec-websocket-protocol: ${CHAT_PROTOCOL}`);
  expect(begun.session).toMatch(/^s_[A-Za-z0-9_-]{22}$/);
  wire.destroy();
});
