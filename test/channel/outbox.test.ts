import { afterAll, beforeAll, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import { ChannelError, type Outbound } from '../../src/channel/channel.ts';
import { Outbox } from '../../src/channel/outbox.ts';
import { addReply, revive } from '../../src/store/outbox.ts';
import { silent, startDatabase, type TestDatabase } from '../store/database.ts';
import { accountOf, eventually } from './house.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(async () => database?.remove());

test('a dead letter that is sent again before we know that it is written down goes again', async () => {
  const { db } = database.store;
  const account = accountOf(webhook, 'partner', {});
  const place = { journal: 'j', channel: 'webhook', account: 'partner', conversation: 'c1', contact: 'k1' };
  const content = JSON.stringify({ to: 'u1', text: '一' });
  const reply = { ...place, kind: 'reply', content, byUser: 'ana', sendKey: 'key-1', atMs: Date.now() } as const;
  const { row } = await addReply(db, reply);
  let tries = 0;
  const channel = {
    ...account.channel,
    send: async () => {
      tries += 1;
      if (tries === 1) throw new ChannelError('refuse', 'no');
      return {};
    },
  };
  const dueAtMs = Date.now() + 300;
  // Said between the database's word and the outbox's own: the moment in which a lead may be quicker.
  const warn = () => {
    void revive(db, 'j', row.id, dueAtMs);
    outbox.add({ ...row, state: 'waiting', tries: 0, due_at_ms: dueAtMs });
  };
  const logger = Object.assign(Object.create(silent) as typeof silent, { warn });
  const outbox: Outbox = new Outbox({
    db,
    account: { ...account, channel },
    fileFolder: database.folder,
    logger,
    onOutcome: () => undefined,
  });
  outbox.add(row);
  await eventually(async () => {
    const { state } = await db
      .selectFrom('messages')
      .select('state')
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow();
    expect([state, tries]).toEqual(['sent', 2]);
  });
  expect(outbox.waiting).toBe(0);
  await outbox.close();
});

test('a platform whose quota of the day is used up is tried again on the next day, not each hour until the message is dead', async () => {
  const { db } = database.store;
  const nowMs = Date.now();
  const place = { journal: 'j', channel: 'webhook', account: 'quota', conversation: 'c2', contact: 'k2' };
  const content = JSON.stringify({ to: 'u2', text: '二' });
  const reply = { ...place, kind: 'reply', content, byUser: 'ana', sendKey: 'key-2', atMs: nowMs } as const;
  const { row } = await addReply(db, reply);
  const tomorrowMs = 20 * 3_600_000;
  const send = async () => {
    throw new ChannelError('retry', 'the quota of the day', tomorrowMs);
  };
  const account = accountOf(webhook, 'quota', {});
  const outbox = new Outbox({
    db,
    account: { ...account, channel: { ...account.channel, send } },
    fileFolder: database.folder,
    logger: silent,
    onOutcome: () => undefined,
  });
  outbox.add(row);
  await eventually(async () => {
    const { due_at_ms, tries } = await db
      .selectFrom('messages')
      .select(['due_at_ms', 'tries'])
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow();
    expect(tries).toBe(1);
    expect(Number(due_at_ms) - nowMs).toBeGreaterThanOrEqual(tomorrowMs);
  });
  await outbox.close();
});

test('a listener that throws makes nobody send again', async () => {
  const { db } = database.store;
  const place = { journal: 'j', channel: 'webhook', account: 'heard', conversation: 'c3', contact: 'k3' };
  const rows = [];
  for (const text of ['一', '二', '三']) {
    const content = JSON.stringify({ to: 'u3', text });
    const reply = {
      ...place,
      kind: 'reply',
      content,
      byUser: 'ana',
      sendKey: `key-${text}`,
      atMs: Date.now(),
    } as const;
    rows.push((await addReply(db, reply)).row);
  }
  const sent: string[] = [];
  const send = async ({ text }: Outbound) => {
    if (text === '二') throw new ChannelError('refuse', 'no');
    sent.push(text);
    return {};
  };
  const heard: string[] = [];
  const account = accountOf(webhook, 'heard', {});
  const outbox = new Outbox({
    db,
    account: { ...account, channel: { ...account.channel, send } },
    fileFolder: database.folder,
    logger: silent,
    onOutcome: (outcome) => {
      heard.push(outcome);
      throw new Error('nobody listens');
    },
  });
  for (const row of rows) outbox.add(row);
  await eventually(async () => expect(heard).toEqual(['sent', 'dead', 'sent']));
  const kept = await db
    .selectFrom('messages')
    .select(['state', 'tries'])
    .where('contact', '=', 'k3')
    .orderBy('id')
    .execute();
  expect(kept).toEqual([
    { state: 'sent', tries: 1 },
    { state: 'dead', tries: 1 },
    { state: 'sent', tries: 1 },
  ]);
  expect([sent, outbox.waiting]).toEqual([['一', '三'], 0]);
  await outbox.close();
});
