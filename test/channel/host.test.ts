import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import telegram from '../../channels/telegram.ts';
import webhook from '../../channels/webhook.ts';
import type { Account } from '../../src/channel/account.ts';
import { arrivalOf } from '../../src/channel/arrival.ts';
import type { Channel, Context, Inbound, Outbound, Parcel } from '../../src/channel/channel.ts';
import { remindersOf } from '../../src/core/idle.ts';
import { type ContactId, contactId } from '../../src/core/ids.ts';
import { storeBatch } from '../../src/store/inbox.ts';
import { listMessages } from '../../src/store/messages.ts';
import { addReceipt, readUnparted, readUnreceipted } from '../../src/store/outbox.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, chatRules, eventually, type House, type HouseOptions, openHouse, serve } from './house.ts';

const partner = accountOf(webhook, 'partner');
const bot = accountOf(telegram, 'bot');

let database: TestDatabase;
let houses: House[] = [];
beforeAll(async () => {
  database = await startDatabase();
});
afterEach(async () => {
  for (const house of houses) await house.close();
  houses = [];
  await sql`truncate messages, message_receipts, channel_cursors, contacts, projection`.execute(database.store.db);
});
afterAll(() => database?.remove());

async function open(options: Partial<HouseOptions> = {}): Promise<House> {
  const house = await openHouse({ store: database.store, accounts: [partner, bot], ...options });
  houses.push(house);
  return house;
}

function parcel(
  account: Account,
  number: number | bigint,
  more: { conversation?: number; text?: string; atMs?: number } = {},
): Parcel {
  const sample = { number: BigInt(number), conversation: 1, text: '停水了', atMs: Date.now(), ...more };
  return account.channel.rehearsal!.deliver!(sample, account.settings);
}

const stored = async () =>
  (await database.store.db.selectFrom('messages').selectAll().orderBy('id').execute()).map((row) => ({
    ...row,
    raw: null,
  }));
const rowsOf = async (direction: 'in' | 'out') => (await stored()).filter((row) => row.direction === direction);

/** All that came in belongs to a contact, in the records, too. */
async function allTaken(house: House): Promise<void> {
  await eventually(async () => {
    await house.projector.settled();
    expect((await rowsOf('in')).every(({ contact }) => contact !== null)).toBe(true);
  });
}

describe('a citizen who leaves', () => {
  const told = (conversation: string, more: object) =>
    ({ conversation, from: { id: 'u1' }, sentAtMs: Date.now(), ...more }) as Inbound;
  const wrote = (remoteId: string, conversation = 'c1') => told(conversation, { remoteId, text: '停水了' });
  const left = (remoteId: string, conversation = 'c1') =>
    told(conversation, { kind: 'event', event: 'left', remoteId });
  const closed = async (house: House) => {
    await house.projector.settled();
    return await database.store.db
      .selectFrom('contacts')
      .select(['outcome'])
      .where('closed_at_ms', 'is not', null)
      .execute();
  };
  /** As a process that is killed after the commit, before the journal. */
  const onlyStored = async (house: House, ...inbound: Inbound[]) => {
    const { rows } = arrivalOf(
      partner,
      { is: 'heard', inbound, answer: {} },
      { receivedAtMs: Date.now(), body: Buffer.alloc(0) },
    );
    await storeBatch(database.store.db, {
      journal: house.loop.state.journalId,
      rows,
      receipts: [],
      cursors: [],
      settles: [],
    });
  };

  test('in the same breath as the message ends its contact, and opens none', async () => {
    const house = await open();
    await house.host.take(partner, [wrote('m1'), left('e1'), left('e2', 'somebody-else')]);
    await eventually(async () => expect(await closed(house)).toEqual([{ outcome: 'abandonedInQueue' }]));
    expect(house.loop.state.contacts.size).toBe(0);
  });

  test('has left after a kill between the commit and the journal, too; but not from what came of it since', async () => {
    const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-left-'));
    const before = await open({ journalFolder });
    await before.host.take(partner, [wrote('m1'), wrote('m2', 'c2')]);
    await allTaken(before);
    await onlyStored(before, left('e1'), left('e2', 'c2'), wrote('m3', 'c2'));
    await before.close();
    houses = [];
    const after = await open({ journalFolder });
    await eventually(async () => expect(await closed(after)).toEqual([{ outcome: 'abandonedInQueue' }]));
    await eventually(async () => {
      await after.projector.settled();
      expect((await rowsOf('in')).find(({ external_id }) => external_id === 'm3')!.contact).not.toBeNull();
    });
    expect([...after.loop.state.contacts.values()].map(({ reference }) => reference)).toEqual(['webhook/partner/c2']);
    await rm(journalFolder, { recursive: true, force: true });
  });
});

describe('what comes in', () => {
  test('is acknowledged as the channel says, stored once, and opens one contact a conversation', async () => {
    const house = await open();
    const first = parcel(partner, 1);
    const answers = await Promise.all(
      [first, first, parcel(partner, 2), first].map((each) => house.deliver(partner, each)),
    );
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(4).fill([200, '{"ok":true}']));
    expect((await house.deliver(partner, first)).status).toBe(200);
    await house.deliver(partner, parcel(partner, 3, { conversation: 2 }));
    await allTaken(house);
    const rows = await rowsOf('in');
    expect(rows.map(({ external_id }) => external_id)).toEqual(['1', '2', '3']);
    expect(rows[0]!.contact).toBe(rows[1]!.contact);
    expect(rows[2]!.contact).not.toBe(rows[0]!.contact);
    expect(rows.map(({ opened }) => opened)).toEqual([true, false, true]);
    const contacts = await database.store.db
      .selectFrom('contacts')
      .select(['id', 'medium', 'from_number', 'dialled'])
      .execute();
    expect(contacts).toHaveLength(2);
    expect(contacts[0]).toMatchObject({ medium: 'chat', from_number: 'u1', dialled: 'webhook/partner' });
  });

  test('is the same thing twice only by channel, account and name: two accounts, and numbers beyond 2^53, stay apart', async () => {
    const second = accountOf(webhook, 'second');
    const house = await open({ accounts: [partner, second, bot] });
    for (const account of [partner, second]) {
      await house.deliver(account, parcel(account, 6051234567890123456n));
      await house.deliver(account, parcel(account, 6051234567890123457n));
    }
    await house.deliver(bot, parcel(bot, 6051234567890123456n));
    await house.deliver(bot, parcel(bot, 6051234567890123457n));
    expect(await rowsOf('in')).toHaveLength(6);
  });

  test('forged, torn, too large or unheard of leaves no row, no contact and no word, but a counter', async () => {
    const house = await open();
    const real = parcel(partner, 1);
    const { 'minhu-signature': signature = '' } = real.headers ?? {};
    const forged: Parcel[] = [
      { ...real, headers: {} },
      { ...real, body: `${real.body} ` },
      { ...real, body: String(real.body).slice(0, 20) },
      parcel(partner, 1, { atMs: Date.now() - 360_000 }),
      parcel(partner, 1, { atMs: Date.now() + 360_000 }),
      ...Array.from(signature, (letter, at) => {
        const flipped =
          signature.slice(0, at) + String.fromCharCode(letter.charCodeAt(0) ^ 1) + signature.slice(at + 1);
        return { ...real, headers: { ...real.headers, 'minhu-signature': flipped } };
      }),
    ];
    for (const each of forged) expect((await house.deliver(partner, each)).status).toBe(403);
    expect((await house.deliver(partner, { ...real, method: 'GET' })).status).toBe(404);
    expect((await house.deliver(accountOf(webhook, 'nobody'), real)).status).toBe(404);
    expect((await house.deliver(partner, { ...real, body: 'x'.repeat(262_145) })).status).toBe(413);
    expect(await stored()).toEqual([]);
    expect(house.loop.state.contacts.size).toBe(0);
    expect(await house.registry.metrics()).toContain(
      `minhu_channel_deliveries_total{channel="webhook",account="partner",result="refused"} ${forged.length}`,
    );
  });

  test('signed and not understood is set aside whole, once, and acknowledged', async () => {
    const house = await open();
    const odd = { inbound: [{ remoteId: 'r1', conversation: 'c1', sentAtMs: 'yesterday', from: { id: 'u1' } }] };
    const { createHmac } = await import('node:crypto');
    const body = JSON.stringify(odd);
    const timestamp = String(Math.trunc(Date.now() / 1_000));
    const mac = createHmac('sha256', partner.settings['key']!).update(`${timestamp}.${body}`).digest('hex');
    const headers = { 'minhu-timestamp': timestamp, 'minhu-signature': `v1=${mac}` };
    for (let time = 0; time < 3; time += 1) expect((await house.deliver(partner, { headers, body })).status).toBe(200);
    const rows = await database.store.db.selectFrom('messages').selectAll().execute();
    expect(rows).toMatchObject([{ kind: 'unreadable', contact: null, error: expect.stringContaining('sentAtMs') }]);
    expect(rows[0]!.raw?.toString()).toBe(body);
  });

  test('what was set aside is read again when somebody says so, once, and holds no secret', async () => {
    let understands = false;
    const learning: Channel = {
      ...webhook,
      receive(delivery, settings) {
        if (!understands) throw new SyntaxError('a field that nobody knew');
        return webhook.receive!(delivery, settings);
      },
    };
    const account = accountOf(learning, 'partner');
    const house = await open({ accounts: [account] });
    const { body, headers } = parcel(account, 1);
    const query = `key=${account.settings['key']}`;
    expect((await house.deliver(account, { body, headers: { ...headers, cookie: 'c=1' }, query })).status).toBe(200);
    const [row] = await rowsOf('in');
    expect(JSON.stringify(row!.content)).not.toMatch(new RegExp(`${account.settings['key']}|c=1`));
    expect(await house.host.reread(row!.id)).toEqual({ stillUnreadable: 'a field that nobody knew' });
    understands = true;
    expect(await house.host.reread(row!.id)).toBe('read');
    expect(await house.host.reread(row!.id)).toBe('unknown');
    await eventually(async () => expect((await rowsOf('in'))[1]?.contact).toEqual(expect.any(String)));
    expect((await rowsOf('in')).map(({ kind, state }) => [kind, state])).toEqual([
      ['unreadable', 'settled'],
      ['message', 'stored'],
    ]);
    expect(await listMessages(database.store.db, { only: 'amiss', rowsMax: 10 })).toEqual([]);
  });

  test('what a source could not read is set aside with its place, and asked for again there', async () => {
    let asked = '';
    const box: Channel = {
      ...webhook,
      watch: async function* (_cursor, { signal }) {
        yield {
          inbound: [
            { kind: 'unreadable', remoteId: 'mail:1', sentAtMs: 1, reason: 'took longer than 5000 ms', at: '7.1' },
          ],
          cursor: '1',
        };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      async reread(at) {
        asked = at;
        return [{ remoteId: 'm1', conversation: 'c1', sentAtMs: 1, from: { id: 'u1' }, text: '停水了' }];
      },
    };
    const house = await open({ accounts: [accountOf(box, 'partner')] });
    const [row] = await eventually(async () => {
      const rows = await rowsOf('in');
      expect(rows).toMatchObject([{ kind: 'unreadable', error: 'took longer than 5000 ms', contact: null }]);
      return rows;
    });
    expect(await house.host.reread(row!.id)).toBe('read');
    expect(asked).toBe('7.1');
    await eventually(async () => expect((await rowsOf('in'))[1]?.contact).toEqual(expect.any(String)));
  });

  test('an edition that replaces another says so of every earlier one, in its conversation only', async () => {
    const house = await open();
    const letter = (remoteId: string, conversation: string, replaces?: string): Inbound => ({
      ...{ remoteId, conversation, sentAtMs: 1, from: { id: 'u1' }, text: remoteId },
      ...(replaces === undefined ? {} : { replaces }),
    });
    const told = [letter('7', 'c7'), letter('8', 'c8'), letter('7#2', 'c7', '7'), letter('7#3', 'c7', '7')];
    await house.host.take(partner, [...told, letter('9', 'c9', '8')]);
    const rows = await listMessages(database.store.db, { rowsMax: 10, afterId: 0 });
    const idOf = (name: string) => rows.find(({ external_id }) => external_id === name)!.id;
    const replaced = rows.map(({ external_id, replaced_by }) => [external_id, replaced_by]);
    const last = idOf('7#3');
    expect(replaced).toEqual([
      ...[
        ['7', last],
        ['8', null],
        ['7#2', last],
      ],
      ...[
        ['7#3', null],
        ['9', null],
      ],
    ]);
  });

  test('is believed by the old key, too, while both are valid, and no longer', async () => {
    const settings = { ...partner.settings, key: 'n'.repeat(32) };
    const rotating = (untilMs: number) =>
      accountOf(webhook, 'partner', { settings, previous: { settings: partner.settings, untilMs } });
    const both = await open({ accounts: [rotating(Date.now() + 60_000)] });
    expect((await both.deliver(partner, parcel(partner, 1))).status).toBe(200);
    expect((await both.deliver(partner, parcel({ ...partner, settings }, 2))).status).toBe(200);
    const over = await open({ accounts: [rotating(Date.now() - 1)] });
    expect((await over.deliver(partner, parcel(partner, 3))).status).toBe(403);
  });

  test('holds neither NUL nor half a character, and a text beyond its limit is cut', async () => {
    const house = await open();
    await house.deliver(partner, parcel(partner, 1, { text: `a\0b\ud83d${'字'.repeat(70_000)}` }));
    const [row] = await rowsOf('in');
    const { text } = row!.content as { text: string };
    expect(text.slice(0, 5)).toBe('a\ufffdb\ufffd字');
    expect(text).toHaveLength(65_536);
  });
});

describe('what was stored and not yet decided on when the process died', () => {
  test('reaches the core at the next start, once, and in order', async () => {
    const journalFolder = await import('node:fs/promises').then(({ mkdtemp }) => mkdtemp('/tmp/minhu-house-'));
    const first = await open({ journalFolder });
    // The core is deaf: as if the process had died between the commit and the journal.
    const deaf = vi.spyOn(first.loop, 'submit').mockReturnValue(new Promise(() => undefined));
    for (const number of [1, 2, 3]) expect((await first.deliver(partner, parcel(partner, number))).status).toBe(200);
    expect((await rowsOf('in')).map(({ contact }) => contact)).toEqual([null, null, null]);
    deaf.mockRestore();
    await first.close();
    houses = [];
    const second = await open({ journalFolder });
    await allTaken(second);
    const rows = await rowsOf('in');
    expect(new Set(rows.map(({ contact }) => contact)).size).toBe(1);
    expect(rows.map(({ opened }) => opened)).toEqual([true, false, false]);
    expect(second.loop.state.contacts.size).toBe(1);
  });

  test('what the core has no room for waits, and is taken as others end', async () => {
    const house = await open({ settings: chatRules(2) });
    for (const number of [1, 2, 3, 4]) await house.deliver(partner, parcel(partner, number, { conversation: number }));
    await house.deliver(partner, parcel(partner, 5, { conversation: 3 }));
    await eventually(() => expect(house.host.backlog()).toEqual({ storing: 0, deciding: 0, held: 3 }));
    const [first] = house.loop.state.contacts.keys();
    await house.loop.submit({ type: 'conversationEnded', contact: first!, by: 'citizen', who: 'test' });
    await eventually(() => expect(house.host.backlog().held).toBe(1));
    await house.projector.settled();
    const rows = await rowsOf('in');
    expect(rows[2]!.contact).not.toBeNull();
    expect(rows[4]!.contact).toBe(rows[2]!.contact);
    expect(rows[3]!.contact).toBeNull();
  });
});

describe('what goes out', () => {
  /** Answers in order, the last one for ever. */
  function platform(...answers: (() => Response | Promise<Response>)[]) {
    const requests: { url: string; body: { id?: string; text: string; conversation: string } }[] = [];
    const fetch: Context['fetch'] = async (url, init) => {
      requests.push({ url, body: JSON.parse(String(init?.body)) });
      return await (answers.length > 1 ? answers.shift()! : answers[0]!)();
    };
    return { fetch, requests };
  }
  const ok = () => new Response('{}');

  async function openContact(house: House, account = partner, number = 1): Promise<string> {
    await house.deliver(account, parcel(account, number, { conversation: number }));
    await allTaken(house);
    return (await rowsOf('in')).at(-1)!.contact!;
  }

  test('a citizen is told the number of the contact at once, and once', async () => {
    const { fetch, requests } = platform(ok);
    const told = accountOf(webhook, 'partner', { receipt: '已收到，编号 {contact}。' });
    const house = await open({ accounts: [told], fetch });
    const contact = await openContact(house, told);
    await house.deliver(told, parcel(told, 2, { conversation: 1 }));
    await allTaken(house);
    await eventually(async () => expect((await rowsOf('out')).map(({ state }) => state)).toEqual(['sent']));
    expect(requests.map(({ body }) => [body.text, body.conversation])).toEqual([[`已收到，编号 ${contact}。`, 'c1']]);
  });

  test('one mail address is told once a day, whatever it writes and however often the program starts; a machine never', async () => {
    const { fetch } = platform(ok);
    const mail: Channel = { ...webhook, medium: 'mail' };
    const told = accountOf(mail, 'partner', { receipt: '编号 {contact}' });
    const wang = { id: 'wang@example.cn' };
    const letter = (number: number, more: object = {}): Inbound => {
      const own = { remoteId: `${number}`, conversation: `m${number}`, sentAtMs: Date.now(), from: wang };
      return { ...own, ...more } as Inbound;
    };
    const first = await open({ accounts: [told], fetch });
    await first.host.take(told, [letter(1), letter(2), letter(3, { from: { id: 'li@example.cn' } })]);
    await first.host.take(told, [letter(4, { from: { id: 'list@example.cn' }, automatic: true })]);
    await allTaken(first);
    const sentTo = async () => (await rowsOf('out')).map(({ content }) => (content as Outbound).to).sort();
    await eventually(async () => expect(await sentTo()).toEqual(['li@example.cn', 'wang@example.cn']));
    await first.close();
    houses = [];
    const next = await open({ accounts: [told], fetch });
    await next.host.take(told, [letter(5), letter(6, { from: { id: 'zhao@example.cn' } })]);
    await allTaken(next);
    await eventually(async () => expect(await sentTo()).toHaveLength(3));
    expect(await sentTo()).toEqual(['li@example.cn', 'wang@example.cn', 'zhao@example.cn']);
  });

  test('who first writes where a machine opened the contact is told its number, once, also when a kill kept it', async () => {
    const told = accountOf(webhook, 'partner', { receipt: '编号 {contact}' });
    const said = (number: number, more: object = {}): Inbound => {
      const own = { remoteId: `${number}`, conversation: 'c1', sentAtMs: Date.now(), from: { id: 'u1' } };
      return { ...own, text: `${number}`, ...more } as Inbound;
    };
    const texts = async () => (await rowsOf('out')).map(({ content }) => (content as Outbound).text);
    const house = await open({ accounts: [told], fetch: platform(ok).fetch });
    await house.host.take(told, [said(1, { automatic: true })]);
    await allTaken(house);
    expect(await texts()).toEqual([]);
    await house.host.take(told, [said(2)]);
    await eventually(async () => expect(await texts()).toHaveLength(1));
    await house.host.take(told, [said(3), said(4, { automatic: true })]);
    await allTaken(house);
    const [row] = await rowsOf('in');
    expect(await texts()).toEqual([`编号 ${row!.contact}`]);
    const { journalId } = house.loop.state;
    const { db } = database.store;
    expect(await readUnreceipted(db, journalId, 0, 0, 10)).toEqual([]);
    await db.deleteFrom('messages').where('direction', '=', 'out').execute();
    const owed = await readUnreceipted(db, journalId, 0, 0, 10);
    expect(owed.map(({ content }) => (content as Outbound).text)).toEqual(['2']);
  });

  test('of contacts that one chat opens, five an hour are told their number', async () => {
    const { db } = database.store;
    const receipt = (contact: string, atMs: number) => ({
      ...{
        journal: 'j',
        channel: 'webhook',
        account: 'partner',
        conversation: 'c1',
        contact,
        kind: 'receipt' as const,
      },
      ...{ content: '{"to":"u1"}', byUser: null, sendKey: 'receipt', atMs },
    });
    const limits = { sender: undefined, conversation: { most: 5, withinMs: 3_600_000 } };
    const added = [];
    for (const [at, contact] of [...'abcdefg'].entries())
      added.push((await addReceipt(db, receipt(contact, 1_000_000 + at), limits)) !== undefined);
    expect(added).toEqual([true, true, true, true, true, false, false]);
    expect(await addReceipt(db, receipt('h', 1_000_000 + 3_600_001), limits)).toBeDefined();
  });

  test('who has ended a conversation tells its citizen where the account has words for it, once; a citizen who left is told nothing', async () => {
    const told = accountOf(webhook, 'partner', { endedWords: '{contact} 已由话务员结束' });
    const house = await open({ accounts: [told], fetch: platform(ok).fetch, settings: chatRules() });
    await serve(house.loop, 'ana');
    const contact = contactId(await openContact(house, told));
    const inTalk = (id: ContactId) =>
      eventually(() => expect(house.loop.state.contacts.get(id)?.stage.in).toBe('conversation'));
    const end = (id: ContactId, by: 'agent' | 'citizen') =>
      house.loop.submit({ type: 'conversationEnded', contact: id, by, who: 'ana' });
    const texts = async () => (await rowsOf('out')).map(({ content }) => (content as Outbound).text);
    await inTalk(contact);
    await end(contact, 'agent');
    await eventually(async () => expect(await texts()).toEqual([`${contact} 已由话务员结束`]));
    await house.deliver(told, parcel(told, 78));
    await eventually(() => expect(house.loop.state.contacts.size).toBe(1));
    const [next] = [...house.loop.state.contacts.keys()];
    await end(next!, 'citizen');
    if (house.loop.state.contacts.size > 0) await end(next!, 'agent');
    await house.projector.settled();
    expect(await texts()).toHaveLength(1);
  });

  describe('to a citizen who does not write on', () => {
    const TIMES = { reminder: '还在吗？', closingWords: '{contact} 已结束' };
    /** With a conversation that an agent has answered. */
    const answered = async (idle: object, more: Partial<HouseOptions> & { readonly accounts: readonly Account[] }) => {
      const rules = chatRules();
      const chat = { ...rules.slots!.media.chat!, ...idle };
      const settings = { ...rules, slots: { ...rules.slots!, media: { ...rules.slots!.media, chat } } };
      const { fetch, requests } = platform(ok);
      const house = await open({ fetch, settings, ...more });
      await serve(house.loop, 'ana');
      const contact = await openContact(house, more.accounts[0]);
      await eventually(() => expect(house.loop.state.contacts.get(contactId(contact))?.stage.in).toBe('conversation'));
      const message = await house.host.reply({ contact, text: '您好', byUser: 'ana' });
      return { house, contact, message, requests };
    };
    const textsOf = async () => (await rowsOf('out')).map(({ content }) => (content as Outbound).text);

    test('a reminder goes and then the words with which the conversation is closed, each once', async () => {
      const told = accountOf(webhook, 'partner', TIMES);
      const { contact, requests, house } = await answered({ remindMs: 200, closeMs: 400 }, { accounts: [told] });
      const texts = ['您好', '还在吗？', `${contact} 已结束`].sort();
      await eventually(() => expect(requests.map(({ body }) => body.text).sort()).toEqual(texts));
      expect(house.loop.state.contacts.size).toBe(0);
      await eventually(async () => {
        await house.projector.settled();
        const { db } = database.store;
        const talks = await db.selectFrom('talks').select('ended_by').where('contact', '=', contact).execute();
        expect(talks).toEqual([{ ended_by: 'idle' }]);
      });
      expect((await rowsOf('out')).map(({ kind, by_user }) => [kind, by_user])).toEqual([
        ['reply', 'ana'],
        ['receipt', null],
        ['receipt', null],
      ]);
    });

    test('no reminder takes the last message that the platform lets us write; the closing words may', async () => {
      const replyWindow = { forMs: 3_600_000, messages: 2 };
      const narrow: Channel = { ...webhook, capabilities: { ...webhook.capabilities, replyWindow } };
      const told = accountOf(narrow, 'partner', TIMES);
      const { contact } = await answered({ remindMs: 200, closeMs: 400 }, { accounts: [told] });
      await eventually(async () => expect(await textsOf()).toEqual(['您好', `${contact} 已结束`]));
    });

    test('a reminder that a kill kept from being stored is made up at the next start, once', async () => {
      const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-idle-'));
      const mute = accountOf(webhook, 'partner');
      const { house, contact, message } = await answered({ remindMs: 100 }, { accounts: [mute], journalFolder });
      await eventually(() => expect(remindersOf(house.loop.state)).toEqual([{ contact, message }]));
      await house.close();
      houses = [];
      const told = accountOf(webhook, 'partner', TIMES);
      for (let start = 0; start < 2; start += 1) {
        const { settings } = house.loop.state;
        const { fetch } = platform(ok);
        const next = await open({ accounts: [told], journalFolder, settings: settings!, fetch });
        await eventually(async () => expect(await textsOf()).toEqual(['您好', '还在吗？']));
        await next.close();
        houses = [];
      }
      await rm(journalFolder, { recursive: true, force: true });
    });

    test('the words with which a conversation was closed before a kill are made up at the next start, once', async () => {
      const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-closed-'));
      const mute = accountOf(webhook, 'partner');
      const { house, contact } = await answered({ closeMs: 100 }, { accounts: [mute], journalFolder });
      await eventually(() => expect(house.loop.state.contacts.size).toBe(0));
      await house.close();
      houses = [];
      const told = accountOf(webhook, 'partner', TIMES);
      const { settings } = house.loop.state;
      for (let start = 0; start < 2; start += 1) {
        const next = await open({ accounts: [told], journalFolder, settings: settings!, fetch: platform(ok).fetch });
        await eventually(async () => expect(await textsOf()).toEqual(['您好', `${contact} 已结束`]));
        await next.close();
        houses = [];
      }
      await rm(journalFolder, { recursive: true, force: true });
    });

    test('nobody who has written again since is told that the conversation is over', async () => {
      const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-closed-'));
      const mute = accountOf(webhook, 'partner');
      const { house, contact } = await answered({ closeMs: 100 }, { accounts: [mute], journalFolder });
      await eventually(() => expect(house.loop.state.contacts.size).toBe(0));
      await house.deliver(mute, parcel(mute, 77));
      await eventually(() => expect(house.loop.state.contacts.size).toBe(1));
      const { journalId } = house.loop.state;
      await eventually(async () => {
        await house.projector.settled();
        expect(await readUnparted(database.store.db, journalId, 0, 0, 10)).toEqual([]);
      });
      await database.store.db.deleteFrom('contacts').where('id', '<>', contact).execute();
      expect(await readUnparted(database.store.db, journalId, 0, 0, 10)).toMatchObject([{ contact }]);
      await rm(journalFolder, { recursive: true, force: true });
    });
  });

  test('replies of a conversation go in order, each is tried again after a failure, and the same key is the same reply', async () => {
    const { fetch, requests } = platform(() => new Response('', { status: 503 }), ok);
    const house = await open({ fetch });
    const contact = await openContact(house);
    const reply = (text: string, key: string) => house.host.reply({ contact, text, byUser: 'ana', key });
    const first = await reply('一', 'key-0001');
    await reply('二', 'key-0002');
    expect(await reply('一', 'key-0001')).toBe(first);
    await eventually(async () => expect((await rowsOf('out')).map(({ state }) => state)).toEqual(['sent', 'sent']));
    expect(requests.map(({ body }) => body.text)).toEqual(['一', '一', '二']);
    expect(requests[0]!.body.id).toBe(requests[1]!.body.id);
    expect((await rowsOf('out')).map(({ tries }) => tries)).toEqual([2, 1]);
  });

  test('what the platform refuses is a dead letter that blocks nobody, and goes again when somebody says so', async () => {
    const { fetch } = platform(() => new Response('', { status: 400 }), ok);
    const house = await open({ fetch });
    const contact = await openContact(house);
    const id = (await house.host.reply({ contact, text: '一', byUser: 'ana' })) as number;
    await house.host.reply({ contact, text: '二', byUser: 'ana' });
    const states = async () => (await rowsOf('out')).map(({ state, error }) => [state, error]);
    await eventually(async () =>
      expect(await states()).toEqual([
        ['dead', 'the partner answered 400'],
        ['sent', null],
      ]),
    );
    await eventually(() => expect(house.told.filter((each) => each === contact).length).toBeGreaterThanOrEqual(2));
    expect(await house.host.resend(id)).toBe(true);
    await eventually(async () => expect((await states())[0]).toEqual(['sent', null]));
    expect(await house.host.resend(id)).toBe(false);
  });

  test('an account that the platform refuses pauses, says so, and loses nothing', async () => {
    const { fetch, requests } = platform(() => new Response('', { status: 401 }));
    const house = await open({ fetch });
    const contact = await openContact(house);
    await house.host.reply({ contact, text: '一', byUser: 'ana' });
    await eventually(() => expect(house.host.health()[0]!.broken).toBe('the partner answered 401'));
    await house.host.reply({ contact, text: '二', byUser: 'ana' });
    expect(requests).toHaveLength(1);
    expect((await rowsOf('out')).map(({ state, tries }) => [state, tries])).toEqual([
      ['waiting', 0],
      ['waiting', 0],
    ]);
  });

  test('what had not gone when the process died goes after the next start', async () => {
    const journalFolder = await import('node:fs/promises').then(({ mkdtemp }) => mkdtemp('/tmp/minhu-house-'));
    const silentOne = platform(() => new Promise<Response>(() => undefined));
    const first = await open({ journalFolder, fetch: silentOne.fetch });
    const contact = await openContact(first);
    await first.host.reply({ contact, text: '一', byUser: 'ana' });
    await eventually(() => expect(silentOne.requests).toHaveLength(1));
    await first.close();
    houses = [];
    const { fetch, requests } = platform(ok);
    await open({ journalFolder, fetch });
    await eventually(() => expect(requests.map(({ body }) => body.text)).toEqual(['一']));
  });

  test('receipts move a message on, never back, also when they come before the platform’s answer', async () => {
    const { fetch } = platform(ok);
    const house = await open({ fetch });
    const contact = await openContact(house);
    const id = await house.host.reply({ contact, text: '一', byUser: 'ana' });
    const { createHmac } = await import('node:crypto');
    const tell = async (status: string, of = `m-${id}`) => {
      const body = JSON.stringify({ inbound: [{ kind: 'receipt', of, status, atMs: Date.now() }] });
      const timestamp = String(Math.trunc(Date.now() / 1_000));
      const mac = createHmac('sha256', partner.settings['key']!).update(`${timestamp}.${body}`).digest('hex');
      const headers = { 'minhu-timestamp': timestamp, 'minhu-signature': `v1=${mac}` };
      expect((await house.deliver(partner, { headers, body })).status).toBe(200);
    };
    const state = async () => (await rowsOf('out'))[0]!.state;
    await eventually(async () => expect(await state()).toBe('sent'));
    await eventually(() => expect(house.told).toContain(contact));
    const before = house.told.length;
    await tell('read');
    expect(await state()).toBe('read');
    await eventually(() => expect(house.told.slice(before)).toEqual([contact]));
    await tell('delivered');
    await tell('failed');
    expect(await state()).toBe('read');
    await tell('delivered', `m-${Number(id) + 1}`);
    await house.host.reply({ contact, text: '二', byUser: 'ana' });
    await eventually(async () => expect((await rowsOf('out'))[1]!.state).toBe('delivered'));
  });
});

test('a text longer than the channel takes, and a reply to nobody, are refused before anything is stored', async () => {
  const house = await open();
  await serve(house.loop, 'ana');
  await house.deliver(partner, parcel(partner, 1));
  await allTaken(house);
  const contact = (await rowsOf('in'))[0]!.contact!;
  expect(await house.host.reply({ contact, text: '字'.repeat(10_001), byUser: 'ana' })).toBe('tooLong');
  expect(await house.host.reply({ contact: 'C0', text: '一', byUser: 'ana' })).toBe('noConversation');
  expect(await rowsOf('out')).toEqual([]);
});

test('silence is an alarm only where something came at this time yesterday, and ends with the next message', async () => {
  const { GapWatch } = await import('../../src/channel/gap-watch.ts');
  const { silent } = await import('../store/database.ts');
  const house = await open();
  for (let number = 1; number <= 10; number += 1) await house.deliver(partner, parcel(partner, number));
  const { db } = database.store;
  let nowMs = Date.now();
  const watchOf = (account: Account) => new GapWatch({ db, account, logger: silent, now: () => nowMs });
  const [watched, quiet] = [watchOf({ ...partner, gapMs: 1_800_000 }), watchOf({ ...bot, gapMs: 1_800_000 })];
  // Its source is known to be away: that is told already.
  let isAway = true;
  const told = new GapWatch({
    ...{ db, account: { ...partner, gapMs: 1_800_000 }, logger: silent },
    ...{ now: () => nowMs, isExplained: () => isAway },
  });
  nowMs += 86_400_000 - 1_200_000;
  watched.arrived(nowMs - 60_000);
  quiet.arrived(nowMs - 60_000);
  await watched.look();
  expect(watched.silentSinceMs).toBeUndefined();
  const sinceMs = nowMs - 60_000;
  nowMs += 1_790_000;
  told.arrived(sinceMs);
  for (const each of [watched, quiet, told]) await each.look();
  expect(watched.silentSinceMs).toBe(sinceMs);
  expect(told.silentSinceMs).toBeUndefined();
  isAway = false;
  await told.look();
  expect(told.silentSinceMs).toBe(sinceMs);
  expect(quiet.silentSinceMs).toBeUndefined();
  watched.arrived(nowMs);
  expect(watched.silentSinceMs).toBeUndefined();
});
