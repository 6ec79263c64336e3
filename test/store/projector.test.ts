import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { RecordFact } from '../../src/core/command.ts';
import { agentId, contactId, legId } from '../../src/core/ids.ts';
import { openEngine } from '../../src/store/engine.ts';
import { applyEntries, readPosition } from '../../src/store/projection.ts';
import { createProjector } from '../../src/store/projector.ts';
import { connectStore } from '../../src/store/store.ts';
import { silent, startDatabase, startServer, type TestDatabase } from './database.ts';
import { JournalByHand, writeCall } from './facts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.remove());

test('an answered call stands with its legs, wait, digit, offer, talk, wrap-up and recording', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  writeCall(journal, { id: 'whole', openedAtMs: 1_000, queuedAfterMs: 5_000, answeredAfterMs: 8_000, wrapUpMs: 7_000 });
  await applyEntries(db, 'whole', journal.entries);
  const by = (table: 'waits' | 'digits' | 'offers' | 'talks' | 'recordings' | 'legs') =>
    db.selectFrom(table).selectAll().where('contact', '=', 'whole').execute();
  const contact = await db.selectFrom('contacts').selectAll().where('id', '=', 'whole').executeTakeFirstOrThrow();
  expect(contact).toMatchObject({
    opened_at_ms: 1_000,
    queued_at_ms: 6_000,
    answered_at_ms: 14_000,
    closed_at_ms: 74_000,
    outcome: 'answered',
  });
  expect(await by('waits')).toMatchObject([{ enqueued_at_ms: 6_000, ended_at_ms: 14_000, result: 'connected' }]);
  expect(await by('digits')).toMatchObject([{ step: 'menu', digits: '1', at_ms: 6_000 }]);
  expect(await by('offers')).toMatchObject([{ agent: 'seat1', made_at_ms: 13_000, result: 'accepted' }]);
  expect(await by('talks')).toMatchObject([{ started_at_ms: 14_000, ended_at_ms: 74_000, ended_by: 'citizen' }]);
  expect(await by('recordings')).toMatchObject([
    { number: 1, expected_ms: 60_000, duration_ms: 60_000, differs: false },
  ]);
  expect(await by('legs')).toHaveLength(2);
  const states = await db.selectFrom('agent_states').selectAll().where('agent', '=', 'seat1').orderBy('seq').execute();
  expect(states.map(({ state, from_ms, until_ms }) => [state, from_ms, until_ms])).toEqual([
    ['talking', 14_000, 74_000],
    ['wrapUp', 74_000, 81_000],
    ['ready', 81_000, null],
  ]);
});

test('a rating and what came of it stand on the contact, the last one said', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  writeCall(journal, { id: 'rated', openedAtMs: 1_000, queuedAfterMs: 5_000, answeredAfterMs: 8_000 });
  const contact = contactId('rated');
  journal.at(80_000, { fact: 'rated', contact, agent: agentId('seat1'), score: 4 });
  journal.at(81_000, { fact: 'disposition', contact, by: 'seat1', code: 'advice', note: '已答复' });
  journal.at(82_000, { fact: 'disposition', contact, by: 'lead', code: 'order' });
  await applyEntries(db, 'rated', journal.entries);
  const row = await db.selectFrom('contacts').selectAll().where('id', '=', 'rated').executeTakeFirstOrThrow();
  expect(row).toMatchObject({
    ...{ rating: 4, rated_agent: 'seat1', rated_at_ms: 80_000 },
    ...{ disposition: 'order', disposition_note: null, disposed_by: 'lead', disposed_at_ms: 82_000 },
  });
});

test('of modes the proposal, its withdrawal, and who changed what are told apart', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  journal.at(1_000, { fact: 'modeProposed', mode: 'emergency' });
  journal.at(2_000, { fact: 'modeProposalWithdrawn', mode: 'emergency' });
  const by = { by: 'lead', reason: '暴雪', proposed: false };
  journal.at(3_000, { fact: 'modeChanged', mode: 'emergency', from: 'normal', ...by });
  await applyEntries(db, 'modes', journal.entries);
  const rows = await db.selectFrom('mode_changes').selectAll().orderBy('at_ms').execute();
  expect(rows.map(({ at_ms, by_user, proposed }) => [at_ms, by_user, proposed])).toEqual([
    [1_000, null, true],
    [2_000, null, false],
    [3_000, 'lead', false],
  ]);
});

test('entries at or before the position are skipped, so a batch may be applied again', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  writeCall(journal, { id: 'twice', openedAtMs: 0, queuedAfterMs: 1, answeredAfterMs: 1_500 });
  await applyEntries(db, 'twice', journal.entries.slice(0, 3));
  const applied = await applyEntries(db, 'twice', journal.entries);
  expect(applied.seq).toBe(journal.entries.length);
  expect(applied.facts[0]?.place.seq).toBe(4);
  expect((await applyEntries(db, 'twice', journal.entries)).facts).toEqual([]);
  const waits = await db.selectFrom('waits').selectAll().where('contact', '=', 'twice').execute();
  expect(waits).toHaveLength(1);
});

test('a fact that the database refuses is set aside and the rest of the journal goes on', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const odd = { fact: 'contactOpened', contact: contactId('odd') } as unknown as RecordFact;
  journal.at(1, odd);
  writeCall(journal, { id: 'after-odd', openedAtMs: 5 });
  const { facts } = await applyEntries(db, 'odd', journal.entries);
  expect(facts[0]?.refused).toMatch(/null value/);
  const kept = await db.selectFrom('projection_refusals').selectAll().where('journal', '=', 'odd').execute();
  expect(kept).toMatchObject([{ seq: 1, idx: 0, fact: { contact: 'odd' } }]);
  expect(await db.selectFrom('contacts').select('outcome').where('id', '=', 'after-odd').executeTakeFirst()).toEqual({
    outcome: 'abandonedInMenu',
  });
});

test('a display name with a NUL in it is kept without the NUL', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const contact = contactId('nul');
  const fromName = '王\0五\u{d800}';
  journal.at(1, { fact: 'contactOpened', contact, medium: 'voice', from: '1', fromName, dialled: '12345', flow: 'm' });
  await applyEntries(db, 'nul', journal.entries);
  const row = await db.selectFrom('contacts').select('from_name').where('id', '=', 'nul').executeTakeFirstOrThrow();
  expect(row.from_name).toMatch(/^王五/);
});

test('a recording that is a second too short or missing is flagged; one within a second is not', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const ended = (file: string, durationMs: number | null): RecordFact => ({
    fact: 'recordingEnded',
    contact: contactId('ledger'),
    leg: legId('l'),
    file,
    expectedMs: 60_000,
    durationMs,
  });
  journal.at(1, ended('/short', 58_999), ended('/fine', 59_000), ended('/missing', null), ended('/long', 61_001));
  await applyEntries(db, 'ledger', journal.entries);
  const rows = await db
    .selectFrom('recordings')
    .selectAll()
    .where('contact', '=', 'ledger')
    .orderBy('number')
    .execute();
  expect(rows.map(({ file, number, differs }) => [file, number, differs])).toEqual([
    ['/short', 1, true],
    ['/fine', 2, false],
    ['/missing', 3, true],
    ['/long', 4, true],
  ]);
});

test('a caller put back into the queue has two waits that begin at the same instant', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const wait = { contact: contactId('back'), queue: 'personal' };
  const contact = { contact: wait.contact, medium: 'voice', from: '1', dialled: '2', flow: 'm' } as const;
  journal.at(10, { fact: 'contactOpened', ...contact }, { fact: 'waitStarted', ...wait, enqueuedAtMs: 10 });
  journal.at(20, { fact: 'waitEnded', ...wait, result: 'connected' });
  journal.at(50, { fact: 'waitStarted', ...wait, enqueuedAtMs: 10 });
  journal.at(70, { fact: 'waitEnded', ...wait, result: 'abandoned' });
  await applyEntries(db, 'back', journal.entries);
  const rows = await db.selectFrom('waits').selectAll().where('contact', '=', 'back').orderBy('seq').execute();
  expect(rows.map((row) => [row.enqueued_at_ms, row.started_at_ms, row.ended_at_ms, row.result])).toEqual([
    [10, 10, 20, 'connected'],
    [10, 50, 70, 'abandoned'],
  ]);
});

test('a projector reads what the database lacks from the journal, then follows what is appended', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  for (let n = 0; n < 400; n += 1) writeCall(journal, { id: `old-${n}`, openedAtMs: n });
  const heard = vi.fn();
  const projector = createProjector({
    db,
    journal: 'live',
    readJournal: journal.read,
    logger: silent,
    onApplied: heard,
  });
  projector.apply([journal.at(999, { fact: 'agentState', agent: agentId('late'), state: 'ready' })]);
  await projector.settled();
  expect(projector.position()).toBe(801);
  expect(projector.lag()).toBe(0);
  expect(heard).toHaveBeenCalledTimes(400 * 5 + 1);
  projector.apply([journal.at(1_000, { fact: 'agentState', agent: agentId('late'), state: 'offline' })]);
  await projector.settled();
  expect(await readPosition(db, 'live')).toBe(802);
  await projector.stop();
});

test('of a recording whose end nobody told the file is asked, of any other it is not', async () => {
  const { db } = database.store;
  const journal = new JournalByHand();
  const ended = (name: string, durationMs: number | null): RecordFact => ({
    ...{ fact: 'recordingEnded', contact: contactId('untold'), leg: legId('l'), expectedMs: 60_000 },
    ...{ file: `/untold/${name}`, durationMs },
  });
  journal.at(1, ended('told', 59_500), ended('whole', null), ended('gone', null));
  const measureRecording = vi.fn(async (file: string) =>
    file === '/untold/whole' ? { durationMs: 59_600, bytes: 1_907_244 } : undefined,
  );
  const heard = vi.fn();
  const projector = createProjector({
    ...{ db, journal: 'untold', readJournal: journal.read, measureRecording, logger: silent },
    onApplied: ({ fact }) => heard(fact),
  });
  await projector.settled();
  await projector.stop();
  const rows = db.selectFrom('recordings').selectAll().where('contact', '=', 'untold').orderBy('number');
  expect(await rows.execute()).toMatchObject([
    { duration_ms: 59_500, bytes: null, differs: false },
    { duration_ms: 59_600, bytes: 1_907_244, differs: false },
    { duration_ms: null, bytes: null, differs: true },
  ]);
  expect(measureRecording.mock.calls).toEqual([['/untold/whole'], ['/untold/gone']]);
  expect(heard).toHaveBeenCalledWith(expect.objectContaining({ file: '/untold/whole', durationMs: 59_600 }));
});

test('with PostgreSQL away the backlog stays bounded, and everything is there when it is back', async () => {
  const own = await startServer();
  const store = connectStore(own.engine.url, silent);
  const journal = new JournalByHand();
  const projector = createProjector({ db: store.db, journal: 'away', readJournal: journal.read, logger: silent });
  projector.apply([journal.at(1, { fact: 'agentState', agent: agentId('a'), state: 'ready' })]);
  await projector.settled();
  process.kill(own.engine.pid, 'SIGKILL');
  await own.engine.gone;
  const startedAtMs = Date.now();
  for (let n = 0; n < 12_000; n += 1) {
    projector.apply([
      journal.at(2 + n, { fact: 'agentState', agent: agentId('a'), state: n % 2 ? 'ready' : 'notReady' }),
    ]);
  }
  expect(Date.now() - startedAtMs).toBeLessThan(2_000);
  expect(projector.lag()).toBe(12_000);
  const again = await openEngine({ dataFolder: own.folder, logger: silent });
  await projector.settled();
  const rows = await store.db.selectFrom('agent_states').select('seq').where('agent', '=', 'a').execute();
  expect(rows).toHaveLength(12_001);
  await projector.stop();
  await store.close();
  await again.stop();
  await own.remove();
}, 60_000);
