import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import photoReport from '../../channels/photo-report.ts';
import telegram from '../../channels/telegram.ts';
import webhook from '../../channels/webhook.ts';
import { encrypt } from '../../channels/wechat/envelope.ts';
import wechat from '../../channels/wechat.ts';
import type { Account } from '../../src/channel/account.ts';
import type { Parcel } from '../../src/channel/channel.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually, type House, type HouseOptions, openHouse, serve } from './house.ts';
import { photo, pixel } from './photo-maker.ts';
import { startPlatform } from './platform.ts';

const CHENGDU = { latitude: 30.6574, longitude: 104.0657 };

let database: TestDatabase;
let houses: House[] = [];
const cookies: Record<string, string> = {};
/** By path: what the platforms answer next. */
const answers = new Map<string, { status?: number; type?: string; body?: Buffer | string; silent?: true }>();
const platform = await startPlatform(({ url }) => {
  const path = url.split('?')[0]!;
  if (path.endsWith('/getFile')) {
    const file = new URLSearchParams(url.split('?')[1]).get('file_id');
    return { body: JSON.stringify({ ok: true, result: { file_path: `photos/${file}` } }) };
  }
  if (path === '/cgi-bin/stable_token') return { body: '{"access_token":"T1","expires_in":7200}' };
  const { type = 'image/jpeg', ...answer } = answers.get(path.split('/').at(-1)!) ?? { status: 404, body: 'none' };
  return { ...answer, headers: { 'content-type': type } };
});

const bot = accountOf(telegram, 'bot', { settings: { ...telegram.rehearsal!.settings, api: platform.url } });
const report = accountOf(photoReport, 'app', {
  settings: { ...photoReport.rehearsal!.settings, photos: platform.url },
});
const partner = accountOf(webhook, 'partner', { settings: { ...webhook.rehearsal!.settings, files: platform.url } });
const weixin = accountOf(wechat, 'main', { settings: { ...wechat.rehearsal!.settings, api: platform.url } });

beforeAll(async () => {
  database = await startDatabase();
  for (const user of ['ana', 'ben']) {
    await addAccount(database.store.db, { user, password: 'never used here', roles: ['agent'], atMs: 1 });
    cookies[user] = `minhu_session=${await openSession(database.store.db, user, Date.now())}`;
  }
});
afterEach(async () => {
  for (const house of houses) await house.close();
  houses = [];
  answers.clear();
  platform.asked.length = 0;
  await sql`truncate messages, message_files, contacts, projection`.execute(database.store.db);
});
afterAll(async () => {
  await platform.stop();
  await database?.remove();
});

async function open(options: Partial<HouseOptions> = {}): Promise<House> {
  const house = await openHouse({ store: database.store, accounts: [bot, report, partner, weixin], ...options });
  houses.push(house);
  return house;
}

/** A photo to the bot, known there as `file`. */
function toBot(file: string, number = 1): Parcel {
  const update = {
    update_id: number,
    message: {
      message_id: number,
      date: Math.trunc(Date.now() / 1_000),
      caption: '路灯坏了',
      photo: [{ file_id: `small-${file}` }, { file_id: file }],
      chat: { id: 7 },
      from: { id: 7, first_name: '王芳' },
    },
  };
  return {
    headers: { 'x-telegram-bot-api-secret-token': bot.settings['secret']! },
    body: JSON.stringify(update),
  };
}

/** As the web-hook and the photo reports sign it. */
function signed({ settings }: Account, said: object): Parcel {
  const timestamp = String(Math.trunc(Date.now() / 1_000));
  const body = JSON.stringify(said);
  const hmac = createHmac('sha256', settings['key']!).update(`${timestamp}.`).update(body).digest('hex');
  return { headers: { 'minhu-timestamp': timestamp, 'minhu-signature': `v1=${hmac}` }, body };
}

function fromPartner(number: number, media: readonly object[]): Parcel {
  const told = {
    remoteId: String(number),
    conversation: 'c1',
    from: { id: 'u1' },
    sentAtMs: Date.now(),
    text: '见附件',
  };
  return signed(partner, { inbound: [{ ...told, media }] });
}

/** A picture to the mini program, in safe mode. */
function toWeChat(id: string): Parcel {
  const seconds = String(Math.trunc(Date.now() / 1_000));
  const { token = '', encodingAesKey = '', appId = '' } = weixin.settings;
  const push = { ToUserName: 'gh_1', FromUserName: 'openid-1', CreateTime: Number(seconds), MsgType: 'image' };
  const message = JSON.stringify({ ...push, MediaId: id, PicUrl: 'http://127.0.0.1/never', MsgId: '4711' });
  const { Encrypt, MsgSignature } = encrypt(message, { token, encodingAesKey, appId, timestamp: seconds, nonce: '1' });
  const query = `timestamp=${seconds}&nonce=1&encrypt_type=aes&msg_signature=${MsgSignature}`;
  return { query, body: JSON.stringify({ ToUserName: 'gh_1', Encrypt }) };
}

async function ask(house: House, user: string, url: string) {
  return await house.api.inject({ method: 'GET', url, headers: { cookie: cookies[user]! } });
}

async function post(house: House, user: string, url: string) {
  return await house.api.inject({ method: 'POST', url, headers: { cookie: cookies[user]! } });
}

async function contactOf(house: House): Promise<string> {
  return await eventually(async () => {
    await house.projector.settled();
    const [row] = await database.store.db.selectFrom('messages').select('contact').orderBy('id', 'desc').execute();
    expect(row?.contact).toEqual(expect.any(String));
    return row!.contact!;
  });
}

async function contactOfAna(house: House): Promise<string> {
  const contact = await contactOf(house);
  await eventually(async () =>
    expect((await ask(house, 'ana', `/api/v1/contacts/${contact}/messages`)).statusCode).toBe(200),
  );
  return contact;
}

interface Seen {
  readonly text: string;
  readonly place: object | null;
  readonly media: readonly { readonly id: string; readonly state: string; readonly reason?: string }[];
}

async function messagesOf(house: House, contact: string): Promise<readonly Seen[]> {
  return (await ask(house, 'ana', `/api/v1/contacts/${contact}/messages`)).json().messages;
}

const files = () =>
  database.store.db.selectFrom('message_files').selectAll().orderBy('at_ms').orderBy('position').execute();

describe('a photo of a message', () => {
  test('is fetched at once, kept without its place, and shown to whoever may see the conversation', async () => {
    const house = await open();
    await serve(house.loop, 'ana');
    answers.set('big', { body: photo({ ...CHENGDU, orientation: 6 }) });
    expect((await house.deliver(bot, toBot('big'))).status).toBe(200);
    const contact = await contactOfAna(house);
    const seen = await eventually(async () => {
      const [message] = await messagesOf(house, contact);
      expect(message!.media).toMatchObject([{ kind: 'image', state: 'here', type: 'image/jpeg', name: 'image-1.jpg' }]);
      return message!;
    });
    // Nobody is told before there is a contact: its page asks when it hears of the message.
    expect([[], [contact]]).toContainEqual(house.filesCame);
    expect(seen.place).toMatchObject({ datum: 'wgs84', fromPhoto: true, latitude: expect.closeTo(30.6574, 4) });
    const url = `/api/v1/contacts/${contact}/files/${seen.media[0]!.id}`;
    const got = await ask(house, 'ana', url);
    expect(got.statusCode).toBe(200);
    expect(got.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': expect.stringMatching(/^attachment; /),
      'cache-control': 'private, no-store',
    });
    expect(got.rawPayload.subarray(0, 2).toString('hex')).toBe('ffd8');
    expect(got.rawPayload.includes('SECRET')).toBe(false);
    expect((await ask(house, 'ben', url)).json().code).toBe('CONTACT_UNKNOWN');
    expect((await house.api.inject({ method: 'GET', url })).statusCode).toBe(401);
    await eventually(async () => {
      const looks = await sql<{ who: string; target: string }>`
        select who, target from audit where action = 'GET /api/v1/contacts/:id/files/:file' and status = 200`.execute(
        database.store.db,
      );
      expect(looks.rows).toEqual([{ who: 'ana', target: `${contact} ${seen.media[0]!.id}` }]);
    });
  });

  test('does not move a place that the citizen told', async () => {
    const house = await open();
    await serve(house.loop, 'ana');
    answers.set('1.jpg', { body: photo({ latitude: 31.2, longitude: 121.5 }) });
    const photos = [{ url: `${platform.url}/1.jpg`, type: 'image/jpeg', bytes: 1_000 }];
    const told = { lat: 30.6549984, lon: 104.0683476, coord: 'gcj02', taken_at: new Date().toISOString() };
    const said = { id: 'r1', user: 'u1', category: '市容', text: '井盖缺失', photos, ...told };
    expect((await house.deliver(report, signed(report, said))).status).toBe(200);
    const contact = await contactOfAna(house);
    await eventually(async () =>
      expect(await messagesOf(house, contact)).toMatchObject([
        { media: [{ state: 'here' }], place: { latitude: 30.6549984, longitude: 104.0683476, datum: 'gcj02' } },
      ]),
    );
    expect(await files()).toMatchObject([{ place: null }]);
  });

  test('of WeChat, which keeps it for three days alone, is asked for with the account’s token', async () => {
    const house = await open();
    answers.set('get', { body: pixel(), type: 'image/png' });
    expect((await house.deliver(weixin, toWeChat('IMAGE-1'))).body).toBe('success');
    await eventually(async () => expect(await files()).toMatchObject([{ state: 'here', type: 'image/png', tries: 0 }]));
    const urls = platform.asked.map(({ url }) => url);
    expect(urls).toEqual(['/cgi-bin/stable_token', '/cgi-bin/media/get?media_id=IMAGE-1&access_token=T1']);
  });

  test('that comes again with its message is one file', async () => {
    const house = await open();
    answers.set('big', { body: photo() });
    for (let times = 0; times < 3; times += 1) await house.deliver(bot, toBot('big'));
    await eventually(async () => expect(await files()).toMatchObject([{ state: 'here' }]));
    expect(platform.asked.filter(({ url }) => url.includes('/file/'))).toHaveLength(1);
  });
});

describe('a file that does not come', () => {
  test('is asked for again after a restart, by what the database knows, and then is here', async () => {
    const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-house-'));
    const first = await open({ journalFolder });
    answers.set('late', { status: 503, body: 'not now' });
    answers.set('hangs', { silent: true });
    await first.deliver(bot, toBot('late', 1));
    await first.deliver(bot, toBot('hangs', 2));
    const tried = await eventually(async () => {
      const rows = await files();
      expect(rows).toMatchObject([
        { state: 'waiting', tries: 1 },
        { state: 'waiting', tries: 0 },
      ]);
      expect(platform.asked.some(({ url }) => url.endsWith('/photos/hangs'))).toBe(true);
      return rows[0]!;
    });
    expect(tried.due_at_ms! - tried.at_ms).toBeGreaterThanOrEqual(2_000);
    const contact = await contactOf(first);
    await first.close();
    houses = [];
    for (const file of ['late', 'hangs']) answers.set(file, { body: photo() });
    const second = await open({ journalFolder });
    await eventually(async () => expect((await files()).map(({ state }) => state)).toEqual(['here', 'here']));
    await eventually(() => expect(second.filesCame).toEqual([contact, contact]));
    await rm(journalFolder, { recursive: true, force: true });
  });

  test('says why: refused, too large, damaged, empty; what nobody knows is kept unopened', async () => {
    const house = await open();
    await serve(house.loop, 'ana');
    answers.set('large', { body: Buffer.alloc(20 * 1024 * 1024 + 1) });
    answers.set('torn', { body: photo().subarray(0, 40) });
    answers.set('empty', { body: '' });
    answers.set('page', { body: '<svg onload="alert(1)"/>', type: 'image/svg+xml' });
    const media = ['missing', 'large', 'torn', 'empty', 'page'].map((name) => ({
      kind: 'file',
      id: `${platform.url}/${name}`,
      name: `../${name}\u202e.jpg`,
    }));
    await house.deliver(partner, fromPartner(1, media));
    const contact = await contactOfAna(house);
    const seen = await eventually(async () => {
      const [message] = await messagesOf(house, contact);
      expect(message!.media.map(({ state, reason }) => reason ?? state)).toEqual([
        'refused',
        'tooLarge',
        'damaged',
        'empty',
        'here',
      ]);
      return message!;
    });
    expect(seen.media[4]).toMatchObject({ name: '.._page_.jpg', type: 'application/octet-stream' });
    const got = await ask(house, 'ana', `/api/v1/contacts/${contact}/files/${seen.media[4]!.id}`);
    expect(got.headers['content-type']).toBe('application/octet-stream');
    expect((await ask(house, 'ana', `/api/v1/contacts/${contact}/files/${seen.media[0]!.id}`)).statusCode).toBe(404);
  });

  test('is never looked for on this machine or beside it: nobody is called', async () => {
    const house = await open();
    const stranger = await startPlatform(() => ({ body: 'secret' }));
    const addresses = [
      stranger.url,
      'http://169.254.169.254/latest',
      'http://[::ffff:127.0.0.1]:1/',
      'file:///etc/passwd',
    ];
    const media = addresses.map((id) => ({ kind: 'image', id }));
    await house.deliver(partner, fromPartner(2, media));
    await eventually(async () =>
      expect((await files()).map(({ state, error }) => `${state} ${error}`)).toEqual(
        addresses.map(() => 'gone refused'),
      ),
    );
    expect(stranger.asked).toEqual([]);
    await stranger.stop();
  });

  test('waits at its platform while the disk has no room to spare', async () => {
    const house = await open({ reservedBytes: Number.MAX_SAFE_INTEGER });
    answers.set('big', { body: photo() });
    expect((await house.deliver(bot, toBot('big'))).status).toBe(200);
    const tried = await eventually(async () => {
      expect(await files()).toMatchObject([{ state: 'waiting', tries: 1 }]);
      return (await files())[0]!;
    });
    expect(tried.due_at_ms! - tried.at_ms).toBeGreaterThanOrEqual(60_000);
    expect(platform.asked).toEqual([]);
  });

  test('holds up no other account’s files', async () => {
    const house = await open();
    for (let number = 1; number <= 8; number += 1) {
      answers.set(`slow${number}`, { silent: true });
      await house.deliver(bot, toBot(`slow${number}`, number));
    }
    answers.set('get', { body: pixel(), type: 'image/png' });
    await house.deliver(weixin, toWeChat('IMAGE-2'));
    await eventually(async () =>
      expect((await files()).filter(({ state }) => state === 'here')).toMatchObject([{ channel: 'wechat' }]),
    );
    expect(platform.asked.filter(({ url }) => url.includes('/photos/'))).toHaveLength(2);
  });

  test('is tried for three days, and then is unreachable', async () => {
    const house = await open();
    answers.set('late', { status: 500 });
    await house.deliver(bot, toBot('late'));
    await eventually(async () => expect(await files()).toMatchObject([{ state: 'waiting', tries: 1 }]));
    const old = { tries: 20, at_ms: Date.now() - 71 * 3_600_000 };
    await eventually(async () => {
      // Again: a try that was under way counts from what it had read before.
      await database.store.db.updateTable('message_files').set(old).where('state', '=', 'waiting').execute();
      expect(await files()).toMatchObject([{ state: 'gone', error: 'unreachable' }]);
    });
  });

  test('and was given up is fetched anew when somebody who sees the conversation says so, once, on the record', async () => {
    const house = await open();
    await serve(house.loop, 'ana');
    await house.deliver(bot, toBot('lost'));
    const contact = await contactOfAna(house);
    await eventually(async () => expect(await files()).toMatchObject([{ state: 'gone', error: 'refused' }]));
    const [file] = await files();
    const url = `/api/v1/contacts/${contact}/files/${file!.id}/fetch`;
    expect((await post(house, 'ben', url)).json().code).toBe('CONTACT_UNKNOWN');
    expect((await house.api.inject({ method: 'POST', url })).statusCode).toBe(401);
    expect((await files())[0]).toMatchObject({ state: 'gone' });
    answers.set('lost', { body: photo(CHENGDU) });
    expect((await post(house, 'ana', url)).statusCode).toBe(202);
    await eventually(async () => expect(await files()).toMatchObject([{ state: 'here', error: null }]));
    expect((await post(house, 'ana', url)).json().code).toBe('FILE_UNKNOWN');
    expect((await post(house, 'ana', url.replace(file!.id, 'A'.repeat(22)))).json().code).toBe('FILE_UNKNOWN');
    await eventually(async () => {
      const deeds = await sql<{ who: string; target: string }>`
        select who, target from audit where action = 'POST /api/v1/contacts/:id/files/:file/fetch' and status = 202`.execute(
        database.store.db,
      );
      expect(deeds.rows).toEqual([{ who: 'ana', target: `${contact} ${file!.id}` }]);
    });
  });

  test('and whose account nobody has any more is given up after three days', async () => {
    const house = await open({ start: false });
    const journal = house.loop.state.journalId;
    answers.set('late', { silent: true });
    await house.deliver(bot, toBot('late'));
    await eventually(async () => expect(await files()).toHaveLength(1));
    const old = { account: 'removed', journal, at_ms: Date.now() - 73 * 3_600_000 };
    await database.store.db.updateTable('message_files').set(old).execute();
    house.host.start();
    await eventually(async () => expect(await files()).toMatchObject([{ state: 'gone', error: 'expired' }]));
  });
});
