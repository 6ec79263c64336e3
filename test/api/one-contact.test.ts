import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import letterbox from '../../channels/letterbox.ts';
import mailbox from '../../channels/mailbox.ts';
import webhook from '../../channels/webhook.ts';
import wechat from '../../channels/wechat.ts';
import type { Account } from '../../src/channel/account.ts';
import type { Person } from '../../src/channel/channel.ts';
import { legId, nodeId } from '../../src/core/ids.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { openSession } from '../../src/store/sessions.ts';
import { accountOf, askAs, chatRules, eventually, type House, openHouse, serve } from '../channel/house.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';

const NODE = nodeId('switch');
const chat = accountOf(wechat, 'main');
const app = accountOf(webhook, 'app');
const mail = accountOf(mailbox, 'shizhang');
const letters = accountOf(letterbox, 'board');
const NUMBER = '13800138000';

let database: TestDatabase;
let house: House;
const cookies: Record<string, string> = {};
let count = 0;

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database.store;
  const rules = chatRules();
  const slots = { ...rules.slots!, each: { chat: 20, mail: 20 } };
  const settings = {
    ...rules,
    slots,
    recordingFolder: '/recordings',
    dialOut: { line: '12345', numbers: ['01088886666'] },
    dialsOut: true,
  };
  house = await openHouse({ store: database.store, accounts: [chat, app, mail, letters], settings, start: false });
  const { sipUser } = settings.agents[0]!;
  const devices = [{ sipUser, uri: `sip:${sipUser}`, expiresAtMs: 1e14 }];
  await house.loop.submit({ type: 'surveyed', node: NODE, survey: { bootId: 'boot', legs: [], devices, ended: [] } });
  for (const [user, role] of [
    ['ana', 'agent'],
    ['ben', 'agent'],
    ['lea', 'lead'],
    ['aud', 'auditor'],
    ['dis', 'dispatcher'],
  ] as const) {
    await addAccount(db, { user, password: 'never used here', roles: [role], atMs: 1 });
    cookies[user] = `minhu_session=${await openSession(db, user, Date.now())}`;
  }
});
afterAll(async () => {
  await house?.close();
  await database?.remove();
});

const ask = (user: string, method: 'GET' | 'POST', url: string, payload?: object) =>
  askAs(house, cookies[user]!, method, url, payload);

async function write(account: Account, from: Person, conversation: string): Promise<string> {
  count += 1;
  const stored = await house.host.take(account, [
    { remoteId: `m${count}`, conversation, from, sentAtMs: Date.now(), text: '停水了' },
  ]);
  if (typeof stored === 'string') throw new Error(stored);
  const [id] = stored.ids.values();
  return await eventually(async () => {
    await house.projector.settled();
    const row = await database.store.db
      .selectFrom('messages')
      .select('contact')
      .where('id', '=', id!)
      .executeTakeFirst();
    expect(row?.contact).toEqual(expect.any(String));
    return row!.contact!;
  });
}

async function call(from: string): Promise<string> {
  count += 1;
  const leg = legId(`call-${count}`);
  await house.loop.submit({ type: 'callArrived', node: NODE, leg, from, dialled: '12345' });
  const { contact } = house.loop.state.legs.get(leg)!;
  await house.loop.submit({ type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING' });
  return contact;
}

describe('one stream', () => {
  test('calls and every channel’s conversations stand in one list and one series of numbers, by the time they came', async () => {
    const came = [
      await call('13900139001'),
      await write(chat, { id: 'openid-1' }, 'c1'),
      await write(mail, { id: 'li@example.cn' }, 'c2'),
      await call('13900139002'),
      await write(app, { id: 'u1' }, 'c3'),
      await write(letters, { id: 'letter-1' }, 'letter-1'),
    ];
    await house.projector.settled();
    const { body } = await ask('lea', 'GET', '/contacts?limit=200');
    expect(body.contacts.map(({ id }: { id: string }) => id)).toEqual([...came].reverse());
    expect(
      body.contacts
        .map(({ channel, platform }: { channel: string; platform: string }) => platform ?? channel)
        .reverse(),
    ).toEqual(['phone', 'wechat', 'mailbox', 'phone', 'webhook', 'letterbox']);
    // The journal numbers them: each is greater than all before it.
    expect([...came].sort()).toEqual(came);
    for (const id of came) expect(id).toMatch(/^C\d{10}-[0-9a-f]{6}$/);
  });

  test('the list is kept to one channel, and goes on page by page, each contact once', async () => {
    for (const [channel, wanted] of [
      ['phone', 2],
      ['wechat', 1],
      ['mailbox', 1],
      ['chat', 2],
      ['mail', 2],
      ['twilio', 0],
    ] as const)
      expect([channel, (await ask('lea', 'GET', `/contacts?channel=${channel}`)).body.contacts.length]).toEqual([
        channel,
        wanted,
      ]);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await ask('lea', 'GET', `/contacts?limit=1${cursor}`);
      seen.push(...body.contacts.map(({ id }: { id: string }) => id));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
  });

  test('one search finds by the contact’s number, a whole number, an openid, an address or a name outside, over all channels', async () => {
    const called = await call('+8613900139009');
    const wrote = await write(chat, { id: 'openid-9', phone: '13900139009', phoneVerified: true }, 'c9');
    await house.projector.settled();
    const find = async (known: string) =>
      (await ask('lea', 'POST', '/contacts/search', { known })).body.contacts.map(({ id }: { id: string }) => id);
    for (const known of [called, 'wechat/main/c9']) expect(await find(known)).toHaveLength(1);
    for (const known of ['13900139009', '+8613900139009', 'openid-9'])
      expect(await find(known)).toEqual([wrote, called]);
    expect(await find('LI@example.cn')).toHaveLength(1);
    expect(await find('13900139')).toEqual([]);
    for (const written of [
      '139 0013 9009',
      '139-0013-9009',
      '(139) 0013.9009',
      '１３９００１３９００９',
      '+86 139–0013–9009',
    ])
      expect([written, await find(written)]).toEqual([written, [wrote, called]]);
    expect(await find(` ${called.toUpperCase()} `)).toEqual([called]);
    expect((await ask('ana', 'POST', '/contacts/search', { known: called })).status).toBe(403);
    for (const wrong of [{}, { known: 'ab' }, { known: 'a\u0000bc' }, { known: 'abc', number: '123' }])
      expect((await ask('lea', 'POST', '/contacts/search', wrong)).status).toBe(400);
  });
});

describe('one search for a number', () => {
  const search = async (known: string) => {
    const { status, body } = await ask('lea', 'POST', '/contacts/search', { known });
    expect([known, status]).toEqual([known, 200]);
    return body.contacts as readonly { readonly id: string; readonly from: string }[];
  };
  const ids = async (known: string) => (await search(known)).map(({ id }) => id);

  test('finds a landline with its area code, however it is written and whichever way the carrier told it, in calls and conversations', async () => {
    const plain = await call('02886541234');
    const abroad = await call('+862886541234');
    const wrote = await write(chat, { id: 'openid-land', phone: '028-86541234', phoneVerified: true }, 'land');
    await house.projector.settled();
    for (const known of [
      '02886541234',
      '028-8654 1234',
      '(028)86541234',
      '+86 28 8654 1234',
      '+86 (0)28 86541234',
      '0086-28-86541234',
    ])
      expect([known, await ids(known)]).toEqual([known, [wrote, abroad, plain]]);
    const foreign = [await call('+85261234560'), await call('0085261234560')].reverse();
    await house.projector.settled();
    for (const known of ['+852 6123 4560', '00852 6123-4560'])
      expect([known, await ids(known)]).toEqual([known, foreign]);
    const other = await call('03718654123');
    await house.projector.settled();
    expect(await ids('0371 865 4123')).toEqual([other]);
  });

  test('shows the number masked, and by what is masked finds nothing', async () => {
    const contact = await call('013700137123');
    await house.projector.settled();
    for (const known of ['13700137123', '+86 137 0013 7123', '86-13700137123']) {
      const found = await search(known);
      expect(found.map(({ id }) => id)).toEqual([contact]);
      expect(JSON.stringify(found)).not.toContain('13700137123');
      expect(await ids(found[0]!.from)).toEqual([]);
    }
    expect(await ids('137****7123')).toEqual([]);
  });

  test('no list, record, explanation or history tells a whole number or what a platform calls the citizen, to nobody', async () => {
    const [abroad, openid] = ['+85261234567', 'oGZUI0egBJY1zhBYw2KhdUfwVJJE'];
    const contacts = [
      await call('13700137124'),
      await write(app, { id: abroad, name: '王芳' }, abroad),
      await write(chat, { id: openid, phone: '13700137124', phoneVerified: true }, openid),
    ];
    await house.projector.settled();
    const lists = ['/contacts?limit=200', '/messages', '/callers', '/missed-calls', '/agents', '/queues', '/alarms'];
    const parts = ['', '/explain', '/messages', '/person', '/history'];
    const of = contacts.flatMap((contact) => parts.map((part) => `/contacts/${contact}${part}`));
    let read = 0;
    for (const user of ['ana', 'lea', 'aud', 'dis'])
      for (const path of [...lists, ...of]) {
        const { status, body } = await ask(user, 'GET', path);
        const told = JSON.stringify(body);
        for (const known of ['13700137124', '85261234567', openid])
          expect([user, path, told.split(known)[1]?.slice(0, 80)]).toEqual([user, path, undefined]);
        if (status === 200) read += 1;
      }
    expect(read).toBeGreaterThan(40);
  });

  test('finds a letter by the number that its box gave it, and that of another box of the same number beside it', async () => {
    const [letter, message] = [
      await write(letters, { id: 'L-2026-0117' }, 'L-2026-0117'),
      await write(app, { id: 'u17' }, 'L-2026-0117'),
    ];
    await house.projector.settled();
    expect(await ids('L-2026-0117')).toEqual([message, letter]);
    expect(await ids('letterbox/board/L-2026-0117')).toEqual([letter]);
    expect(await ids('2026-0117')).toEqual([]);
  });
});

describe('a call beside a conversation', () => {
  let contact: string;

  test('goes to a number that is proved to be the citizen’s, and to nothing that was typed in', async () => {
    await serve(house.loop, 'ana');
    // Ana has all that waits already; what comes from here on is hers at once.
    contact = await write(app, { id: 'liar', phone: NUMBER }, 'with-ana');
    await eventually(() => expect(house.loop.state.contacts.get(contact as never)?.stage.in).toBe('conversation'));
    const place = (user: string) => ask(user, 'POST', '/agents/me/calls', { contact });
    expect((await place('ben')).body.code).toBe('CONTACT_UNKNOWN');
    expect((await place('ana')).body.code).toBe('NUMBER_NOT_LISTED');
    expect(await write(app, { id: 'liar', phone: NUMBER, phoneVerified: true }, 'with-ana')).toBe(contact);
    const { identities } = (await ask('ana', 'GET', `/contacts/${contact}/person`)).body;
    expect(identities.find(({ kind }: { kind: string }) => kind === 'phone').value).toBe('138****8000');
    const account = identities.find(({ kind }: { kind: string }) => kind === 'webhook').id;
    const odd = await ask('ana', 'POST', '/agents/me/calls', { contact, identity: account });
    expect(odd.body.code).toBe('NUMBER_NOT_LISTED');
  });

  test('is under the same contact: one number, one line in the list, its talk and recording in the conversation’s record', async () => {
    const before = (await ask('lea', 'GET', '/contacts?limit=200')).body.contacts.length;
    const { status, body } = await ask('ana', 'POST', '/agents/me/calls', { contact });
    expect(status).toBe(200);
    const legOf = (role: string) =>
      [...house.loop.state.legs.values()].find((leg) => leg.contact === body.contact && leg.role === role)!.id;
    await house.loop.submit({ type: 'legAnswered', node: NODE, leg: legOf('agent') });
    const [phone, citizen] = [legOf('agent'), legOf('citizen')];
    await house.loop.submit({ type: 'legAnswered', node: NODE, leg: citizen });
    await house.loop.submit({ type: 'bridged', node: NODE, leg: citizen, other: phone });
    expect(house.loop.state.contacts.get(contact as never)?.stage.in).toBe('conversation');
    await house.loop.submit({ type: 'legEnded', node: NODE, leg: citizen, cause: 'NORMAL_CLEARING' });
    await house.projector.settled();
    const { db } = database.store;
    expect(await db.selectFrom('legs').select('address').where('id', '=', citizen).execute()).toEqual([
      { address: NUMBER },
    ]);

    const whole = (await ask('lea', 'GET', `/contacts/${contact}`)).body;
    expect(whole.calls).toMatchObject([{ contact: body.contact, recordings: [{ number: 1 }] }]);
    expect((await ask('lea', 'GET', `/contacts/${body.contact}`)).body).toMatchObject({
      partOf: contact,
      talks: [{ agent: 'ana', endedBy: 'citizen' }],
    });
    expect((await ask('lea', 'GET', '/contacts?limit=200')).body.contacts).toHaveLength(before);
    expect((await ask('ana', 'GET', `/contacts/${body.contact}/person`)).body.person).toBe(
      (await ask('ana', 'GET', `/contacts/${contact}/person`)).body.person,
    );
  });
});
