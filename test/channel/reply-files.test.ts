import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import wechat from '../../channels/wechat.ts';
import type { Account } from '../../src/channel/account.ts';
import { defineChannel, type OutboundMedia } from '../../src/channel/channel.ts';
import { takesOf } from '../../src/channel/takes.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, openHouse, serve } from './house.ts';
import { photo, pixel } from './photo-maker.ts';
import { startPlatform } from './platform.ts';

const platform = await startPlatform(({ url, body }) => {
  if (url.startsWith('/cgi-bin/stable_token')) return { body: '{"access_token":"T1","expires_in":7200}' };
  if (url.startsWith('/cgi-bin/media/upload')) return { body: '{"type":"image","media_id":"MEDIA-1"}' };
  return body.includes('别处已发满') ? { body: '{"errcode":45047}' } : { body: '{"errcode":0}' };
});
/** What the mail-like channel was given to send. */
const posted: { readonly text: string; readonly media: readonly OutboundMedia[] }[] = [];
const anyFile = accountOf(
  defineChannel({
    ...webhook,
    name: 'post',
    capabilities: { media: ['file'] },
    async send({ text, media = [] }) {
      posted.push({ text, media });
      return {};
    },
  }),
  'office',
);
const weixin = accountOf(wechat, 'main', { settings: { ...wechat.rehearsal!.settings, api: platform.url } });
const partner = accountOf(webhook, 'partner');

let database: TestDatabase;
let house: House;
const cookies: Record<string, string> = {};
beforeAll(async () => {
  database = await startDatabase();
  house = await openHouse({ store: database.store, accounts: [anyFile, weixin, partner] });
  for (const [user, role] of [
    ['ana', 'agent'],
    ['ben', 'agent'],
    ['aud', 'auditor'],
  ] as const) {
    await addAccount(database.store.db, { user, password: 'never used here', roles: [role], atMs: 1 });
    cookies[user] = `minhu_session=${await openSession(database.store.db, user, Date.now())}`;
  }
  await serve(house.loop, 'ana');
});
afterEach(async () => {
  for (const contact of talking.splice(0)) {
    const url = `/api/v1/contacts/${contact}/end`;
    await house.api.inject({ method: 'POST', url, headers: { cookie: cookies['ana']! }, payload: {} });
  }
  posted.length = 0;
  platform.asked.length = 0;
});
afterAll(async () => {
  await house?.close();
  await platform.stop();
  await database?.remove();
});

let number = 0;
const talking: string[] = [];
/** A citizen writes by this account. @returns the contact, which ana has. */
async function written(account: Account): Promise<string> {
  number += 1;
  const sample = { number: BigInt(number), conversation: number, text: '在吗', atMs: Date.now() };
  const parcel = account.channel.rehearsal!.deliver!(sample, account.settings);
  expect((await house.deliver(account, parcel)).status).toBe(200);
  return await eventually(async () => {
    await house.projector.settled();
    const { rows } = await sql<{ contact: string }>`
      select talks.contact from talks join messages on messages.contact = talks.contact
      where talks.agent = 'ana' and messages.channel = ${account.channel.name} and messages.external_id = ${String(number)}`.execute(
      database.store.db,
    );
    expect(rows).toHaveLength(1);
    talking.push(rows[0]!.contact);
    return rows[0]!.contact;
  });
}

async function bring(user: string, contact: string, content: Buffer, name = '答复.pdf') {
  const answer = await house.api.inject({
    method: 'POST',
    url: `/api/v1/contacts/${contact}/files?name=${encodeURIComponent(name)}`,
    headers: { cookie: cookies[user]!, 'content-type': 'application/octet-stream' },
    payload: content,
  });
  return {
    status: answer.statusCode,
    ...(answer.json() as { id: string; code: string; detail: string; bytes: number }),
  };
}

async function reply(contact: string, body: object, user = 'ana') {
  const url = `/api/v1/contacts/${contact}/messages`;
  const answer = await house.api.inject({ method: 'POST', url, headers: { cookie: cookies[user]! }, payload: body });
  return { status: answer.statusCode, ...(answer.json() as { message: number; code: string }) };
}

const PDF = Buffer.from('%PDF-1.7\n%%EOF\n');

test('an agent’s files go with the reply, in order, whole, once; both sides of the desk see them', async () => {
  const contact = await written(anyFile);
  const first = await bring('ana', contact, PDF, '../答复\u202efdp.pdf');
  const second = await bring('ana', contact, photo({ latitude: 30.6, longitude: 104 }), '现场.jpg');
  expect(first).toMatchObject({ status: 201, name: '.._答复_fdp.pdf', type: 'application/pdf', kind: 'file' });
  const body = { text: '见附件', files: [second.id, first.id], key: 'with-files' };
  const sent = await reply(contact, body);
  expect(sent.status).toBe(201);
  expect(await reply(contact, body)).toEqual(sent);
  for (const files of [[first.id, second.id], [second.id], []])
    expect(await reply(contact, { ...body, files })).toMatchObject({ status: 409, code: 'KEY_REUSED' });
  await eventually(() => expect(posted).toHaveLength(1));
  const [{ text, media }] = posted as [(typeof posted)[0]];
  expect(text).toBe('见附件');
  expect(media.map(({ kind, name, type }) => [kind, name, type])).toEqual([
    ['image', '现场.jpg', 'image/jpeg'],
    ['file', '.._答复_fdp.pdf', 'application/pdf'],
  ]);
  expect(media[1]!.content.equals(PDF)).toBe(true);
  expect(media[0]!.content.includes('SECRET')).toBe(false);
  const url = `/api/v1/contacts/${contact}`;
  const seen = (
    await house.api.inject({ method: 'GET', url: `${url}/messages`, headers: { cookie: cookies['ana']! } })
  ).json();
  const shown = seen.messages.find(({ id }: { id: number }) => id === sent.message);
  expect(shown.media).toMatchObject([
    { id: second.id, state: 'here' },
    { id: first.id, state: 'here', bytes: PDF.length },
  ]);
  expect(seen.files).toEqual({ kinds: ['file'], bytesMax: 20 * 1024 * 1024, countMax: 9 });
  expect([seen.textChars, seen.templates]).toEqual([10_000, []]);
  const got = await house.api.inject({
    method: 'GET',
    url: `${url}/files/${first.id}`,
    headers: { cookie: cookies['ana']! },
  });
  expect(got.rawPayload.equals(PDF)).toBe(true);
  expect((await reply(contact, { text: '再来', files: [first.id] })).code).toBe('FILE_REFUSED');
});

test('to WeChat a picture is uploaded and sent; what it does not take is refused before anything is stored', async () => {
  const contact = await written(weixin);
  const { id } = await bring('ana', contact, pixel(), '路口.png');
  expect((await reply(contact, { text: '', files: [id] })).status).toBe(201);
  const sends = await eventually(() => {
    const found = platform.asked.filter(({ url }) => url.startsWith('/cgi-bin/m'));
    expect(found).toHaveLength(2);
    return found;
  });
  expect(sends[0]!.url).toContain('/cgi-bin/media/upload?type=image');
  expect(sends[0]!.body).toContain('filename="路口.png"');
  expect(JSON.parse(sends[1]!.body)).toEqual({
    touser: expect.any(String),
    msgtype: 'image',
    image: { media_id: 'MEDIA-1' },
  });
  const more = await Promise.all([1, 2, 3].map(() => bring('ana', contact, pixel(), '又一张.png')));
  const files = more.map((one) => one.id);
  const seen = await house.api.inject({
    method: 'GET',
    url: `/api/v1/contacts/${contact}/messages`,
    headers: { cookie: cookies['ana']! },
  });
  // WeChat takes five: each picture is one, and so is the text.
  expect(seen.json().window).toMatchObject({ messages: 4 });
  expect((await reply(contact, { text: '共三张', files: [...files, id] })).code).toBe('REPLY_WINDOW_CLOSED');
  const last = { text: '共三张', files, key: 'the-last-of-five' };
  const sent = await reply(contact, last);
  expect(sent.status).toBe(201);
  // Asked again because the answer was lost: it has gone, whatever may go now.
  expect(await reply(contact, last)).toEqual(sent);
  expect((await reply(contact, { text: '还有' })).code).toBe('REPLY_WINDOW_CLOSED');
  expect(await bring('ana', contact, PDF)).toMatchObject({
    status: 422,
    code: 'FILE_REFUSED',
    detail: expect.stringContaining('kind'),
  });
});

test('a channel that takes no files is offered none', async () => {
  const contact = await written(partner);
  expect((await bring('ana', contact, PDF)).code).toBe('FILE_REFUSED');
});

test('who has not the contact brings nothing, and sends nothing that another brought', async () => {
  const contact = await written(anyFile);
  expect((await bring('ben', contact, PDF)).code).toBe('CONTACT_NOT_HELD');
  const other = await written(anyFile);
  const { id } = await bring('ana', other, PDF);
  expect((await reply(contact, { text: '', files: [id] })).code).toBe('FILE_REFUSED');
  expect((await reply(other, { text: '', files: [id, 'A'.repeat(22)] })).code).toBe('FILE_REFUSED');
  expect((await reply(other, { text: '', files: [] })).code).toBe('REQUEST_INVALID');
  expect((await reply(other, { text: '', files: ['../../etc/passwd'] })).code).toBe('REQUEST_INVALID');
  expect((await reply(other, { text: '', files: [id] })).status).toBe(201);
});

test('a number in the name of a file is masked for who may not reveal numbers, in the list and when it is kept', async () => {
  const contact = await written(anyFile);
  const { id } = await bring('ana', contact, PDF, '王芳13800138000.pdf');
  expect((await reply(contact, { text: '', files: [id] })).status).toBe(201);
  const asked = (user: string, path: string) =>
    house.api.inject({ url: `/api/v1/contacts/${contact}${path}`, headers: { cookie: cookies[user]! } });
  const names = async (user: string) => {
    const { messages } = (await asked(user, '/messages')).json();
    const header = (await asked(user, `/files/${id}`)).headers['content-disposition'];
    return [messages.find(({ media }: { media: unknown[] }) => media.length > 0)?.media[0].name, header];
  };
  const [whole, keptWhole] = await names('ana');
  expect([whole, keptWhole]).toEqual(['王芳13800138000.pdf', expect.stringContaining('13800138000')]);
  const [masked, keptMasked] = await names('aud');
  expect([masked, keptMasked]).toEqual(['王芳138****8000.pdf', expect.not.stringContaining('13800138000')]);
});

test('what is no file of ours is refused: programs, pages, archives, nothing, and too much', async () => {
  const contact = await written(anyFile);
  const wrong = ['MZ\x90\0', '<svg/>', '<!doctype html>', 'PK\x03\x04', '', '\xff\xd8\xff\xe0'];
  for (const text of wrong)
    expect(await bring('ana', contact, Buffer.from(text, 'latin1')), text).toMatchObject({
      status: 422,
      code: 'FILE_REFUSED',
    });
  expect((await bring('ana', contact, Buffer.alloc(20 * 1024 * 1024 + 1, 0x20))).status).toBe(413);
  const kept = await Promise.all(Array.from({ length: 20 }, () => bring('ana', contact, PDF)));
  expect(kept.map(({ status }) => status)).toEqual(Array(20).fill(201));
  expect((await bring('ana', contact, PDF)).detail).toMatch(/too many/);
});

test('while the folder is none, a file is refused until it is one again; while the records take nothing, none is left without a record', async () => {
  const contact = await written(anyFile);
  const folder = join(house.journalFolder, 'message-files');
  const aside = `${folder}-aside`;
  await rename(folder, aside);
  await writeFile(folder, '');
  expect(await bring('ana', contact, PDF)).toMatchObject({ status: 503, code: 'FILES_AWAY' });
  await rm(folder);
  await rename(aside, folder);
  const before = await readdir(folder);
  await sql`alter table message_files add constraint nothing check (by_user is null) not valid`.execute(
    database.store.db,
  );
  expect((await bring('ana', contact, PDF)).status).toBe(500);
  await sql`alter table message_files drop constraint nothing`.execute(database.store.db);
  expect(await readdir(folder)).toEqual(before);
  expect((await bring('ana', contact, PDF)).status).toBe(201);
});

test('what is not sent within a day is forgotten, file and all', async () => {
  const contact = await written(anyFile);
  const { id } = await bring('ana', contact, PDF);
  const folder = join(house.journalFolder, 'message-files');
  expect(await readdir(folder)).toContain(id);
  const old = { at_ms: Date.now() - 25 * 3_600_000 };
  await database.store.db.updateTable('message_files').set(old).where('id', '=', id).execute();
  const { id: next } = await bring('ana', contact, PDF);
  expect(await readdir(folder)).not.toContain(id);
  expect((await reply(contact, { text: '', files: [id] })).code).toBe('FILE_REFUSED');
  expect((await reply(contact, { text: '', files: [next] })).status).toBe(201);
});

test('where WeChat says that no more may go, although five are left by our count, none is left', async () => {
  const contact = await written(weixin);
  const windowOf = async () => {
    const url = `/api/v1/contacts/${contact}/messages`;
    return (await house.api.inject({ method: 'GET', url, headers: { cookie: cookies['ana']! } })).json().window;
  };
  expect(await windowOf()).toMatchObject({ messages: 5 });
  expect((await reply(contact, { text: '别处已发满' })).status).toBe(201);
  await eventually(async () => expect(await windowOf()).toEqual({ messages: 0, untilMs: 0 }));
  expect((await reply(contact, { text: '还有' })).code).toBe('REPLY_WINDOW_CLOSED');
});

test('a template is taken with its own fields alone, each as long as it may be', async () => {
  const contact = await written(weixin);
  const told = async (values: object) =>
    (await reply(contact, { text: '', template: { name: 'feedback', values } })).code ?? 'taken';
  expect(await told({ number: 'GD-1', remark: '已办' })).toBe('TEMPLATE_FIELD_UNKNOWN');
  // The account's own template has no place for it.
  expect(await told({ number: 'GD-1', title: '路灯' })).toBe('TEMPLATE_FIELD_UNKNOWN');
  expect(await told({ toString: '' })).toBe('TEMPLATE_FIELD_UNKNOWN');
  expect(await told({ status: '办'.repeat(6) })).toBe('REPLY_TOO_LONG');
  expect(await told({ number: 'GD-1', status: '已办结' })).toBe('taken');
  const url = `/api/v1/contacts/${contact}/messages`;
  const seen = (await house.api.inject({ method: 'GET', url, headers: { cookie: cookies['ana']! } })).json();
  expect([seen.textChars, seen.templates]).toMatchObject([
    600,
    [{ name: 'feedback', fields: { number: 32, status: 5, note: 20 } }],
  ]);
  expect(Object.keys(seen.templates[0].fields)).toEqual(['number', 'status', 'note']);
  expect(seen.messages).toContainEqual(
    expect.objectContaining({ template: { name: 'feedback', values: { number: 'GD-1', status: '已办结' } } }),
  );
});

test('an account that a template is not set up for has none', () => {
  const { feedbackTemplate: _none, ...settings } = weixin.settings;
  expect(Object.keys(takesOf(weixin).templates)).toEqual(['feedback']);
  expect(takesOf({ ...weixin, settings }).templates).toEqual({});
});
