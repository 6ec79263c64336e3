import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import webhook from '../../channels/webhook.ts';
import type { FromServer, MessagesItem } from '../../src/api/live/messages.ts';
import { LIVE_PATH, LIVE_TICKET_PATH } from '../../src/api/live/messages.ts';
import { addAccount, setRights } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, openHouse, serve } from './house.ts';

const partner = accountOf(webhook, 'partner');
let database: TestDatabase;
let house: House;
const cookies: Record<string, string> = {};
const answers: number[] = [];
beforeAll(async () => {
  database = await startDatabase();
  house = await openHouse({
    store: database.store,
    accounts: [partner],
    fetch: async () => new Response('{}', { status: answers.shift() ?? 200 }),
  });
  for (const [user, role] of [
    ['ana', 'agent'],
    ['ben', 'agent'],
    ['lea', 'lead'],
    ['max', 'dispatcher'],
    ['aud', 'auditor'],
    ['adm', 'admin'],
  ] as const) {
    await addAccount(database.store.db, { user, password: 'never used here', roles: [role], atMs: 1 });
    cookies[user] = `minhu_session=${await openSession(database.store.db, user, Date.now())}`;
  }
  await serve(house.loop, 'ana');
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

let number = 0;
async function write(text: string, conversation = 1): Promise<void> {
  number += 1;
  const sample = { number: BigInt(number), conversation, text, atMs: Date.now() };
  const parcel = webhook.rehearsal!.deliver!(sample, partner.settings);
  expect((await house.deliver(partner, parcel)).status).toBe(200);
}

async function ask(user: string, method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await house.api.inject({
    method,
    url,
    headers: { cookie: cookies[user]! },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

async function contactOfAna(): Promise<string> {
  return await eventually(async () => {
    await house.projector.settled();
    const { rows } = await sql<{
      contact: string;
    }>`select contact from talks where agent = 'ana' order by seq desc limit 1`.execute(database.store.db);
    expect(rows).toHaveLength(1);
    return rows[0]!.contact;
  });
}

test('who has the contact reads it, answers it, and sees what became of the answer; somebody else does not', async () => {
  await write('停水了');
  const contact = await contactOfAna();
  const url = `/api/v1/contacts/${contact}/messages`;
  const { status, body } = await ask('ana', 'GET', url);
  expect(status).toBe(200);
  expect(body.messages).toMatchObject([
    { text: '停水了', direction: 'in', from: expect.stringMatching(/\*/), fromName: '李强' },
  ]);
  expect(body.window).toBeNull();
  expect((await ask('ben', 'GET', url)).body.code).toBe('CONTACT_UNKNOWN');
  expect((await ask('ben', 'POST', url, { text: '您好' })).body.code).toBe('CONTACT_NOT_HELD');
  expect((await ask('max', 'POST', url, { text: '您好' })).body.code).toBe('FORBIDDEN');
  const sent = await ask('ana', 'POST', url, { text: '您好', key: 'first-reply' });
  expect(sent.status).toBe(201);
  expect((await ask('ana', 'POST', url, { text: '您好', key: 'first-reply' })).body).toEqual(sent.body);
  await eventually(async () => {
    const { body: now } = await ask('ana', 'GET', `${url}?after=${body.messages[0].id}`);
    expect(now.messages).toMatchObject([
      { id: sent.body.message, direction: 'out', state: 'sent', by: 'ana', text: '您好' },
    ]);
  });
  for (const text of [' \n', 'a\0b', 'a\ud800b', '\ude00'])
    expect((await ask('ana', 'POST', url, { text })).body.code).toBe('REQUEST_INVALID');
  for (const wrong of [{ text: '' }, { text: 'x', key: 'short' }, { text: 'x', more: 1 }, {}])
    expect((await ask('ana', 'POST', url, wrong)).status).toBe(400);
  expect((await ask('ana', 'POST', url, { text: '字'.repeat(10_001) })).body.code).toBe('REPLY_TOO_LONG');
  expect((await ask('ana', 'POST', url, { text: '', template: { name: 'none', values: {} } })).body.code).toBe(
    'TEMPLATE_UNKNOWN',
  );
});

test('a key says the same thing for ever: with something else it is refused, and nothing is sent', async () => {
  const contact = await contactOfAna();
  const url = `/api/v1/contacts/${contact}/messages`;
  const body = { text: '请提供详细地址', subject: '地址', key: 'one-reply-only' };
  const sent = await ask('ana', 'POST', url, body);
  expect(sent.status).toBe(201);
  const others = [{ text: '请提供门牌号' }, { subject: '门牌' }];
  for (const other of others) {
    const answer = await ask('ana', 'POST', url, { ...body, ...other });
    expect([other, answer.status, answer.body.code]).toEqual([other, 409, 'KEY_REUSED']);
  }
  expect(await ask('ana', 'POST', url, body)).toEqual(sent);
  // At the same moment, too: one of them is said.
  const race = await Promise.all(
    ['甲', '乙', '甲', '乙'].map((text) => ask('ana', 'POST', url, { text, key: 'said-in-one-moment' })),
  );
  expect(race.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
  const { rows } = await sql<{ text: string }>`
    select content->>'text' as text from messages where contact = ${contact} and send_key in ('one-reply-only', 'said-in-one-moment')`.execute(
    database.store.db,
  );
  expect(rows).toHaveLength(2);
  expect(rows).toContainEqual({ text: '请提供详细地址' });
});

test('a dead letter is listed for who leads, and goes again on their word', async () => {
  const contact = await contactOfAna();
  answers.push(400);
  const { body } = await ask('ana', 'POST', `/api/v1/contacts/${contact}/messages`, { text: '请稍候' });
  const amiss = async () => (await ask('lea', 'GET', '/api/v1/messages?only=amiss')).body.messages;
  await eventually(async () =>
    expect(await amiss()).toMatchObject([
      { id: body.message, state: 'dead', tries: 1, error: 'the partner answered 400' },
    ]),
  );
  expect((await ask('ana', 'GET', '/api/v1/messages')).status).toBe(403);
  expect((await ask('ana', 'POST', `/api/v1/messages/${body.message}/resend`)).status).toBe(403);
  expect((await ask('lea', 'POST', `/api/v1/messages/${body.message}/resend`)).body).toEqual({ message: body.message });
  await eventually(async () => expect(await amiss()).toEqual([]));
  expect((await ask('lea', 'POST', `/api/v1/messages/${body.message}/resend`)).body.code).toBe('MESSAGE_UNKNOWN');
});

test('all messages come page by page, each once', async () => {
  for (let more = 0; more < 5; more += 1) await write(`第${more}条`);
  const seen: number[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const { body } = await ask(
      'lea',
      'GET',
      `/api/v1/messages?channel=webhook&limit=3${next === '' ? '' : `&before=${next}`}`,
    );
    seen.push(...body.messages.map(({ id }: { id: number }) => id));
    ({ next } = body);
  }
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
  expect(seen.length).toBeGreaterThanOrEqual(8);
});

test('the page of who has the contact hears of a new message at once', async () => {
  const contact = await contactOfAna();
  await house.api.listen({ host: '127.0.0.1', port: 0 });
  const host = `127.0.0.1:${(house.api.server.address() as AddressInfo).port}`;
  const cookie = cookies['ana']!;
  const { ticket } = (await house.api.inject({ method: 'POST', url: LIVE_TICKET_PATH, headers: { cookie } })).json();
  const socket = new WebSocket(`ws://${host}${LIVE_PATH}`, { headers: { cookie }, perMessageDeflate: false });
  const heard: { item: MessagesItem; atMs: number }[] = [];
  let welcome = false;
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as FromServer;
    if (message.type === 'snapshot' && message.stream === 'me') welcome = true;
    if (message.type !== 'changes') return;
    for (const item of message.items) if (item.kind === 'messages') heard.push({ item, atMs: performance.now() });
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ type: 'hello', ticket }));
  await eventually(() => expect(welcome).toBe(true));
  const sentMs = performance.now();
  await write('还没来水');
  await eventually(() => expect(heard).toHaveLength(1));
  expect(heard[0]!.item).toMatchObject({ key: `messages/${contact}`, contact });
  expect(heard[0]!.atMs - sentMs).toBeLessThan(500);
  const { body } = await ask('ana', 'GET', `/api/v1/contacts/${contact}/messages?limit=1`);
  expect(body.messages).toMatchObject([{ id: heard[0]!.item.last, text: '还没来水' }]);
  socket.close();
});

test('the account is listed as healthy, and so is the phone', async () => {
  const { body } = await ask('ana', 'GET', '/api/v1/channels');
  expect(body.channels).toMatchObject([
    { channel: 'phone', healthy: true },
    { channel: 'webhook', account: 'partner', healthy: true, waitingOut: 0 },
  ]);
});

test('who may not reveal numbers reads them masked in what citizens wrote, names and fields too; who serves them reads all', async () => {
  const conversation = 900;
  await write('我叫王芳，电话13800138000，邮箱wang@mail.example', conversation);
  await house.projector.settled();
  const read = async (user: string) => {
    const { body } = await ask(user, 'GET', '/api/v1/messages?only=in&limit=1');
    return body.messages[0];
  };
  await eventually(async () => expect((await read('lea')).text).toContain('13800138000'));
  expect(await read('lea')).toMatchObject({ fromName: '李强', text: expect.stringContaining('wang@mail.example') });
  expect(await read('aud')).toMatchObject({ fromName: '李*', text: '我叫王芳，电话138****8000，邮箱wan****le' });
  const media = [{ kind: 'file', id: 'f1', name: '王芳13800138000.pdf' }] as const;
  const place = { latitude: 30.6, longitude: 104, datum: 'wgs84', address: '三号路（13800138000）' } as const;
  await house.host.take(partner, [
    {
      remoteId: 'with-file',
      conversation: 'w',
      from: { id: 'w' },
      sentAtMs: Date.now(),
      text: '13800138000',
      media,
      place,
    },
  ]);
  const seen = async (user: string) => {
    const { media: files, place: where } = await read(user);
    return [files[0]?.name, where?.address];
  };
  await eventually(async () => expect(await seen('lea')).toEqual([media[0].name, place.address]));
  expect(await seen('aud')).toEqual(['王芳138****8000.pdf', '三号路（138****8000）']);
  await setRights(database.store.db, 'aud', { mayReveal: true });
  expect((await read('aud')).text).toContain('13800138000');
  expect((await ask('adm', 'GET', '/api/v1/messages?only=in&limit=1')).status).toBe(403);
});
