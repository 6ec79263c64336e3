import { afterAll, beforeAll, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import { ChannelError } from '../../src/channel/channel.ts';
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
