import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import webhook from '../../channels/webhook.ts';
import type { Account } from '../../src/channel/account.ts';
import { arrivalOf } from '../../src/channel/arrival.ts';
import type { Channel, Inbound, Parcel } from '../../src/channel/channel.ts';
import { storeBatch } from '../../src/store/inbox.ts';
import { listMessages } from '../../src/store/messages.ts';
import { allTaken, bot, database, houses, open, parcel, partner, rowsOf, stored, useHouses } from './host-stage.ts';
import { accountOf, chatRules, eventually, type House } from './house.ts';

useHouses();

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
    houses.length = 0;
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
    houses.length = 0;
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
