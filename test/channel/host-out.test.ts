import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import type { Account } from '../../src/channel/account.ts';
import type { Channel, Context, Inbound, Outbound } from '../../src/channel/channel.ts';
import { remindersOf } from '../../src/core/idle.ts';
import { type ContactId, contactId } from '../../src/core/ids.ts';
import { addReceipt, readUnparted, readUnreceipted } from '../../src/store/outbox.ts';
import { allTaken, database, houses, open, parcel, partner, rowsOf, useHouses } from './host-stage.ts';
import { accountOf, chatRules, eventually, type House, type HouseOptions, serve } from './house.ts';

useHouses();

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
    houses.length = 0;
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
    const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-journal-'));
    const options = { accounts: [told], fetch: platform(ok).fetch, journalFolder };
    const before = await open(options);
    await before.host.take(told, [said(1, { automatic: true })]);
    await allTaken(before);
    expect(await texts()).toEqual([]);
    await before.close();
    // What was only in memory is gone.
    const house = await open(options);
    houses.splice(0, houses.length, house);
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
    await house.close();
    houses.length = 0;
    await rm(journalFolder, { recursive: true });
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
      houses.length = 0;
      const told = accountOf(webhook, 'partner', TIMES);
      for (let start = 0; start < 2; start += 1) {
        const { settings } = house.loop.state;
        const { fetch } = platform(ok);
        const next = await open({ accounts: [told], journalFolder, settings: settings!, fetch });
        await eventually(async () => expect(await textsOf()).toEqual(['您好', '还在吗？']));
        await next.close();
        houses.length = 0;
      }
      await rm(journalFolder, { recursive: true, force: true });
    });

    test('the words with which a conversation was closed before a kill are made up at the next start, once', async () => {
      const journalFolder = await mkdtemp(join(tmpdir(), 'minhu-closed-'));
      const mute = accountOf(webhook, 'partner');
      const { house, contact } = await answered({ closeMs: 100 }, { accounts: [mute], journalFolder });
      await eventually(() => expect(house.loop.state.contacts.size).toBe(0));
      await house.close();
      houses.length = 0;
      const told = accountOf(webhook, 'partner', TIMES);
      const { settings } = house.loop.state;
      for (let start = 0; start < 2; start += 1) {
        const next = await open({ accounts: [told], journalFolder, settings: settings!, fetch: platform(ok).fetch });
        await eventually(async () => expect(await textsOf()).toEqual(['您好', `${contact} 已结束`]));
        await next.close();
        houses.length = 0;
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
    houses.length = 0;
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
