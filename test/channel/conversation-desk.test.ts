import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import wechat from '../../channels/wechat.ts';
import type { Account } from '../../src/channel/account.ts';
import { agentId, type ContactId } from '../../src/core/ids.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, chatRules, eventually, type House, openHouse } from './house.ts';

/** What agents do in a conversation of any channel, over HTTP, down to what the platform is asked for. */
const partner = accountOf(webhook, 'partner');
const chat = accountOf(wechat, 'main');
const letters = accountOf({ ...webhook, name: 'letters', medium: 'mail' }, 'mayor');
const NOTES_MS = 60_000;

let database: TestDatabase;
let house: House;
const cookies: Record<string, string> = {};
const asked: { url: string; body: string }[] = [];
/** Statuses of the partner's next answers; 200 then. */
const answers: number[] = [];
let count = 0;

beforeAll(async () => {
  database = await startDatabase();
  const rules = chatRules();
  const { slots } = rules;
  const chatMedium = { ...slots!.media.chat!, wrapUpMs: NOTES_MS, reopenMs: 86_400_000 };
  const settings = { ...rules, slots: { ...slots!, media: { ...slots!.media, chat: chatMedium } } };
  house = await openHouse({
    store: database.store,
    accounts: [partner, chat, letters],
    settings,
    fetch: async (url, init) => {
      asked.push({ url, body: String(init?.body ?? '') });
      if (url.includes('token')) return Response.json({ access_token: 't', expires_in: 7_200 });
      if (url.includes('weixin')) return Response.json({ errcode: 0 });
      return new Response('{}', { status: answers.shift() ?? 200 });
    },
  });
  for (const user of ['ana', 'ben']) {
    await addAccount(database.store.db, { user, password: 'never used here', roles: ['agent'], atMs: 1 });
    cookies[user] = `minhu_session=${await openSession(database.store.db, user, Date.now())}`;
  }
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

async function ask(user: string, method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) {
  const answer = await house.api.inject({
    method,
    url: `/api/v1${url}`,
    headers: { cookie: cookies[user]! },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.statusCode === 204 ? undefined : answer.json() };
}

async function bring(account: Account, conversation: string, more: object = {}): Promise<void> {
  count += 1;
  const from = { id: conversation };
  const told = { remoteId: `t${count}`, conversation, from, sentAtMs: Date.now(), text: `第${count}条`, ...more };
  expect(typeof (await house.host.take(account, [told as never]))).toBe('object');
}

const openOf = (conversation: string) =>
  [...house.loop.state.contacts.values()].find(({ reference }) => reference?.endsWith(`/${conversation}`));

/** The conversation is offered to the agent, who takes it. */
async function take(user: string, conversation: string): Promise<ContactId> {
  await house.loop.submit({ type: 'agentStateAsked', agent: agentId(user), state: 'ready' });
  const offered = await eventually(() => {
    const stage = openOf(conversation)?.stage;
    const offer = stage?.in === 'queue' ? stage.offer : undefined;
    expect(offer?.agent).toBe(user);
    return { contact: openOf(conversation)!.id, token: offer!.token };
  });
  expect((await ask(user, 'PUT', '/agents/me/offer', { ...offered, take: true })).status).toBe(200);
  await house.loop.submit({ type: 'agentStateAsked', agent: agentId(user), state: 'notReady' });
  return offered.contact;
}

const textsOf = async (user: string, contact: string) => {
  const { body } = await ask(user, 'GET', `/contacts/${contact}/messages?after=1`);
  return body.messages?.map(({ text }: { text: string }) => text) ?? body.code;
};

test('given to a queue, the next agent has the same contact with all that was said; the first one writes in it no more', async () => {
  await bring(partner, 'given');
  const contact = await take('ana', 'given');
  const write = (user: string, text: string) => ask(user, 'POST', `/contacts/${contact}/messages`, { text });
  expect((await write('ana', '稍候为您转接')).status).toBe(201);
  expect((await ask('ben', 'POST', `/contacts/${contact}/transfer`, { queue: 'personal' })).body.code).toBe(
    'CONTACT_NOT_HELD',
  );
  expect((await ask('ana', 'POST', `/contacts/${contact}/transfer`, { queue: 'nowhere' })).body.code).toBe(
    'QUEUE_UNKNOWN',
  );
  expect((await ask('ana', 'POST', `/contacts/${contact}/transfer`, { queue: 'personal' })).status).toBe(200);
  await bring(partner, 'given');
  expect(await take('ben', 'given')).toBe(contact);
  expect((await write('ana', '还有一句')).body.code).toBe('CONTACT_NOT_HELD');
  expect((await write('ben', '您好')).status).toBe(201);
  await eventually(async () => expect(await textsOf('ben', contact)).toContain('您好'));
  expect(await textsOf('ben', contact)).toContain('稍候为您转接');
  expect((await ask('ben', 'POST', `/contacts/${contact}/end`, {})).body.state).toBe('closed');
});

test('who has left and writes while notes are made is in the same contact; once it is closed, in a new one', async () => {
  await bring(partner, 'again');
  const contact = await take('ana', 'again');
  await bring(partner, 'again', { kind: 'event', event: 'left' });
  const held = async () =>
    (await ask('ana', 'GET', '/agents/me')).body.conversations?.find(
      (one: { contact: string }) => one.contact === contact,
    );
  await eventually(async () => expect(await held()).toMatchObject({ state: 'left', untilMs: expect.any(Number) }));
  await bring(partner, 'again');
  await eventually(async () => expect(await held()).toMatchObject({ state: 'talking' }));
  expect((await ask('ana', 'POST', `/contacts/${contact}/end`, {})).body.state).toBe('closed');
  expect(await held()).toBeUndefined();
  expect((await ask('ana', 'POST', `/contacts/${contact}/messages`, { text: '晚了' })).body.code).toBe(
    'CONTACT_UNKNOWN',
  );
  await bring(partner, 'again');
  const next = await take('ana', 'again');
  expect(next).not.toBe(contact);
  // One person: the first stands beside the second.
  const { body } = await ask('ana', 'GET', `/contacts/${next}/history`);
  expect(body.contacts).toMatchObject([{ id: contact, outcome: 'answered' }]);
  await ask('ana', 'POST', `/contacts/${next}/end`, {});
});

test('who writes again goes on with what was closed: the records name both, and its next agent reads the first', async () => {
  await bring(partner, 'goes-on');
  const before = await take('ana', 'goes-on');
  await ask('ana', 'POST', `/contacts/${before}/end`, {});
  await bring(partner, 'goes-on');
  expect((await ask('ben', 'GET', `/contacts/${before}/messages`)).body.code).toBe('CONTACT_UNKNOWN');
  const contact = await take('ben', 'goes-on');
  expect((await ask('ben', 'GET', `/contacts/${before}/messages`)).status).toBe(200);
  await ask('ben', 'POST', `/contacts/${contact}/end`, {});
  const recordOf = async (user: string, id: string) => (await ask(user, 'GET', `/contacts/${id}`)).body;
  await house.projector.settled();
  expect(await recordOf('ben', contact)).toMatchObject({ continues: before, continuedBy: null });
  expect(await recordOf('ana', before)).toMatchObject({ continues: null, continuedBy: contact });
  const { contacts } = (await ask('ben', 'GET', '/contacts')).body;
  expect(contacts.find(({ id }: { id: string }) => id === contact).continues).toBe(before);
});

test('an agent takes up a closed conversation again and writes in it; whoever had it not may not, nor while it is open', async () => {
  await bring(partner, 'by-hand');
  const before = await take('ana', 'by-hand');
  const reopen = (user: string, id = before) => ask(user, 'POST', `/contacts/${id}/reopen`, {});
  expect((await reopen('ana')).body.code).toBe('CONTACT_OPEN');
  await ask('ana', 'POST', `/contacts/${before}/end`, {});
  expect((await reopen('ben')).body.code).toBe('CONTACT_UNKNOWN');
  await house.loop.submit({ type: 'agentStateAsked', agent: agentId('ana'), state: 'offline' });
  expect((await reopen('ana')).body.code).toBe('OFF_DUTY');
  await house.loop.submit({ type: 'agentStateAsked', agent: agentId('ana'), state: 'notReady' });
  const { status, body } = await reopen('ana');
  expect({ status, body }).toMatchObject({ status: 201, body: { state: 'talking', agent: 'ana', queue: 'personal' } });
  expect((await reopen('ana')).body.code).toBe('CONTACT_OPEN');
  const sent = asked.length;
  expect((await ask('ana', 'POST', `/contacts/${body.contact}/messages`, { text: '补充一句' })).status).toBe(201);
  await eventually(() =>
    expect(
      asked
        .slice(sent)
        .map((one) => one.body)
        .join(),
    ).toContain('补充一句'),
  );
  expect((await ask('ana', 'GET', '/contacts')).body.contacts[0]).toMatchObject({
    id: body.contact,
    continues: before,
  });
  // The citizen's answer belongs to it, and it is the same person's.
  await bring(partner, 'by-hand');
  await eventually(async () => expect(await textsOf('ana', body.contact)).toContain(`第${count}条`));
  const { contacts } = (await ask('ana', 'GET', `/contacts/${body.contact}/history`)).body;
  expect(contacts).toMatchObject([{ id: before }]);
  const { rows } = await sql<{ detail: string }>`
    select detail from audit where action = 'POST /api/v1/contacts/:id/reopen' and target = ${before} and status = 201`.execute(
    database.store.db,
  );
  expect(rows).toEqual([{ detail: body.contact }]);
  await ask('ana', 'POST', `/contacts/${body.contact}/end`, {});
});

test('nobody takes up again what the platform takes no more replies in', async () => {
  await bring(chat, 'openid-9', { sentAtMs: Date.now() - 49 * 3_600_000 });
  const before = await take('ana', 'openid-9');
  await ask('ana', 'POST', `/contacts/${before}/end`, {});
  expect((await ask('ana', 'POST', `/contacts/${before}/reopen`, {})).body.code).toBe('REPLY_WINDOW_CLOSED');
});

test('the clock of the reply window counts down with each reply, shuts, and begins anew with the citizen’s next message', async () => {
  await bring(chat, 'openid-5');
  const contact = await take('ana', 'openid-5');
  const window = async () => (await ask('ana', 'GET', `/contacts/${contact}/messages?limit=1`)).body.window;
  const first = await window();
  expect(first).toMatchObject({ messages: 5 });
  expect(first.untilMs - Date.now()).toBeGreaterThan(47 * 3_600_000);
  for (let left = 4; left >= 0; left -= 1) {
    expect((await ask('ana', 'POST', `/contacts/${contact}/messages`, { text: `还剩${left}` })).status).toBe(201);
    expect((await window()).messages).toBe(left);
  }
  const shut = await ask('ana', 'POST', `/contacts/${contact}/messages`, { text: '第六条' });
  expect([shut.status, shut.body.code]).toEqual([409, 'REPLY_WINDOW_CLOSED']);
  await bring(chat, 'openid-5');
  await eventually(async () => expect(await window()).toMatchObject({ messages: 5 }));
});

test('a mail is answered under its subject, and whoever answered it owes nobody a word any more', async () => {
  await bring(letters, 'letter-1', { subject: '关于路灯的来信' });
  const contact = await take('ana', 'letter-1');
  const owed = () => {
    const stage = openOf('letter-1')?.stage;
    return stage?.in === 'conversation' ? stage.idle?.awaits : undefined;
  };
  expect(owed()).toBe('agent');
  expect((await ask('ana', 'POST', `/contacts/${contact}/messages`, { text: '已修复' })).status).toBe(201);
  await eventually(() => expect(owed()).toBe('citizen'));
  const sent = await eventually(() => {
    const found = asked.findLast(({ body }) => body.includes('已修复'));
    expect(found).toBeDefined();
    return JSON.parse(found!.body);
  });
  expect(sent.subject).toBe('关于路灯的来信');
  await ask('ana', 'POST', `/contacts/${contact}/end`, {});
});

test('a template goes at any time and takes nothing from the reply window', async () => {
  await bring(chat, 'openid-6');
  const contact = await take('ana', 'openid-6');
  const template = { name: 'feedback', values: { number: contact, status: '已办结' } };
  const write = (body: object) => ask('ana', 'POST', `/contacts/${contact}/messages`, body);
  expect((await write({ text: '', template })).status).toBe(201);
  expect((await ask('ana', 'GET', `/contacts/${contact}/messages?limit=1`)).body.window.messages).toBe(5);
  await ask('ana', 'POST', `/contacts/${contact}/end`, {});
});

test('replies that come at once are counted one after another, and a repeated one is the one that went', async () => {
  await bring(chat, 'openid-7');
  const contact = await take('ana', 'openid-7');
  const write = (n: number) =>
    ask('ana', 'POST', `/contacts/${contact}/messages`, { text: `第${n}条回复`, key: `at-once-${n}` });
  const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
  const gone = answers.flatMap(({ status }, at) => (status === 201 ? [at] : []));
  expect(gone).toHaveLength(5);
  const again = await write(gone[0]! + 1);
  expect([again.status, again.body]).toEqual([201, answers[gone[0]!]!.body]);
  await ask('ana', 'POST', `/contacts/${contact}/end`, {});
});

test('the platform is told when the agent types and stops, by who has the conversation alone', async () => {
  const { id: contact } = openOf('openid-5')!;
  asked.length = 0;
  expect((await ask('ben', 'PUT', `/contacts/${contact}/typing`, { on: true })).body.code).toBe('CONTACT_NOT_HELD');
  for (const on of [true, false])
    expect((await ask('ana', 'PUT', `/contacts/${contact}/typing`, { on })).status).toBe(204);
  const told = asked.filter(({ url }) => url.includes('typing')).map(({ body }) => JSON.parse(body));
  expect(told).toEqual([
    { touser: 'openid-5', command: 'Typing' },
    { touser: 'openid-5', command: 'CancelTyping' },
  ]);
  await ask('ana', 'POST', `/contacts/${contact}/end`, {});
});

test('a reply that the platform does not take now goes again by itself; the agent sees it wait, and then gone', async () => {
  await bring(partner, 'slow');
  const contact = await take('ana', 'slow');
  answers.push(503);
  const { body } = await ask('ana', 'POST', `/contacts/${contact}/messages`, {
    text: '已派单',
    key: 'once-and-for-all',
  });
  const reply = async () =>
    (await ask('ana', 'GET', `/contacts/${contact}/messages`)).body.messages.find(
      ({ id }: { id: number }) => id === body.message,
    );
  await eventually(async () => expect(await reply()).toMatchObject({ state: 'waiting', tries: 1 }));
  // Sent again by an impatient page: the same reply.
  const again = await ask('ana', 'POST', `/contacts/${contact}/messages`, { text: '已派单', key: 'once-and-for-all' });
  expect(again.body).toEqual(body);
  await eventually(async () => expect(await reply()).toMatchObject({ state: 'sent', tries: 2, error: null }));
  const sent = asked.filter(({ url, body: said }) => url.includes('partner') && said.includes('已派单'));
  expect(sent).toHaveLength(2);
  expect(new Set(sent.map(({ body: said }) => JSON.parse(said).id)).size).toBe(1);
  await ask('ana', 'POST', `/contacts/${contact}/end`, {});
});
