import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordFact } from '../../src/core/command.ts';
import { agentId, contactId } from '../../src/core/ids.ts';
import { listEarlierContacts } from '../../src/store/caller-history.ts';
import { identityOf, moveIdentities, PERSON_IDENTITIES_MAX } from '../../src/store/identities.ts';
import { up } from '../../src/store/migrations/0017-persons.ts';
import { mergePersons, personOf } from '../../src/store/persons.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { startDatabase, type TestDatabase } from './database.ts';
import { JournalByHand } from './facts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

type Opened = Extract<RecordFact, { fact: 'contactOpened' }>;

const opened = (id: string, from: string, more: Partial<Opened> = {}): Opened => ({
  fact: 'contactOpened',
  contact: contactId(id),
  medium: 'voice',
  from,
  dialled: '12345',
  flow: 'main',
  ...more,
});

test('what an agent calls from the catalogue is no person’s; a citizen who is called back is the one who called', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const placed = { medium: 'callback', calledBy: agentId('ana') } as const;
  journal.at(1, opened('came', '13800138000'));
  journal.at(2, opened('back', '13800138000', { ...placed, of: contactId('came') }));
  journal.at(3, opened('water', '02887654321', placed));
  await applyEntries(db, 'placed', journal.entries);
  expect(await personOf(db, 'back')).toBe(await personOf(db, 'came'));
  expect(await personOf(db, 'water')).toBeUndefined();
});

test('two projectors that hear of a number at the same time make one person', async () => {
  const { db } = database.store;
  const journals = Array.from({ length: 8 }, (_, at) => {
    const journal = new JournalByHand();
    journal.at(at, opened(`at-once-${at}`, '13800138111'));
    return applyEntries(db, `at-once-${at}`, journal.entries);
  });
  await Promise.all(journals);
  const persons = await Promise.all(journals.map((_, at) => personOf(db, `at-once-${at}`)));
  expect(new Set(persons).size).toBe(1);
  expect(persons[0]).toEqual(expect.any(Number));
});

test('the history of one who calls without end is short, and found by the index', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  for (let at = 0; at < 300; at += 1) journal.at(at, opened(`often-${at}`, '13800138222'));
  await applyEntries(db, 'often', journal.entries);
  const earlier = await listEarlierContacts(db, 'often-0', 20);
  expect(earlier.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, at) => `often-${299 - at}`));
});

test(`nobody has more than ${PERSON_IDENTITIES_MAX} identities`, async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  journal.at(1, opened('many', '13800138333'), opened('one-more', '13800138334'));
  await applyEntries(db, 'many', journal.entries);
  const person = (await personOf(db, 'many'))!;
  const ids: number[] = [];
  for (let at = 1; at < PERSON_IDENTITIES_MAX; at += 1)
    ids.push(await identityOf(db, { kind: 'app', realm: 'main', value: `u${at}` }, 1));
  const move = { kind: 'merged', from: 0, to: person, identities: ids, by: 'lea', reason: 'test', atMs: 1 } as const;
  await moveIdentities(db, move);
  const word = { by: 'lea', reason: 'one too many', atMs: 2 };
  expect(await mergePersons(db, { contact: 'many', other: 'one-more', ...word })).toBe('full');
});

test('what stood in the records before is taken over: calls by number, conversations by account, forms by nobody', async () => {
  const { db } = database.store;
  for (const table of ['persons', 'person_identities', 'contact_identities', 'person_changes'])
    await sql.raw(`drop table ${table}`).execute(db);
  await sql`alter table messages drop column identities`.execute(db);
  await sql`drop index contacts_by_platform`.execute(db);
  await sql`alter table contacts drop column part_of`.execute(db);
  await sql`truncate contacts, messages`.execute(db);
  const contacts = [
    ['a', 'voice', '13800138000', 1],
    ['b', 'voice', '+8613800138000', 2],
    ['c', 'voice', 'anonymous', 3],
    ['d', 'chat', 'openid-1', 4],
    ['e', 'chat', 'openid-1', 5],
    ['f', 'chat', '13800138000', 6],
  ] as const;
  for (const [id, medium, from, atMs] of contacts)
    await sql`insert into contacts (id, medium, from_number, dialled, flow, opened_at_ms)
      values (${id}, ${medium}, ${from}, '', '', ${atMs})`.execute(db);
  const messages = [
    ['d', 'wechat', 'openid-1'],
    ['e', 'wechat', 'openid-1'],
    ['f', 'letterbox', '13800138000'],
  ] as const;
  for (const [contact, channel, from] of messages)
    await sql`insert into messages
      (journal, direction, channel, account, conversation, kind, state, external_id, contact, opened, content, at_ms)
      values ('j', 'in', ${channel}, 'main', ${contact}, 'message', 'stored', ${contact}, ${contact}, true,
        ${JSON.stringify({ from: { id: from } })}, 4)`.execute(db);
  await db.transaction().execute((transaction) => up(transaction as unknown as Kysely<unknown>));
  const person = (id: string) => personOf(db, id);
  expect([await person('b'), await person('e')]).toEqual([await person('a'), await person('d')]);
  expect(await person('a')).not.toBe(await person('d'));
  expect([await person('c'), await person('f')]).toEqual([undefined, undefined]);
  expect((await listEarlierContacts(db, 'b', 20)).map(({ id }) => id)).toEqual(['a']);
});
