import { afterAll, beforeAll, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/api/access.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { listAudit } from '../../src/store/audit.ts';
import { readBook } from '../../src/store/callers.ts';
import { applyEntries } from '../../src/store/projection.ts';
import type { Role } from '../../src/store/schema.ts';
import { openSession } from '../../src/store/sessions.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { Hall, until } from './hall.ts';

let hall: Hall;
let agent: string;
let lead: string;
let admin: string;
let chief: string;
let program: string;

beforeAll(async () => {
  hall = await Hall.open();
  const { seats } = hall.firstRun;
  const journal = new JournalByHand();
  const mine = { openedAtMs: Date.now() - 1_000, queuedAfterMs: 1, answeredAfterMs: 1, agent: seats[0]!.user };
  writeCall(journal, { ...mine, id: 'mine', from: '13800138000' });
  writeCall(journal, { ...mine, id: 'other', agent: seats[1]!.user, from: '13900139000' });
  writeCall(journal, { ...mine, id: 'withheld', from: 'anonymous' });
  await applyEntries(hall.database.store.db, 'callers', journal.entries);
  agent = await hall.login(seats[0]!.user);
  lead = await hall.login('lead');
  admin = await hall.login('admin');
  chief = await sit('chief', 'supervisor');
  program = await sit('program', 'integrator');
});
afterAll(async () => hall?.close());

async function sit(user: string, role: Role): Promise<string> {
  const { db } = hall.database.store;
  await addAccount(db, { user, password: 'never used here', roles: [role], atMs: 1 });
  return `${SESSION_COOKIE}=${await openSession(db, user, Date.now())}`;
}

async function put(url: string, cookie: string, payload: object) {
  const answer = await hall.api.inject({ method: 'PUT', url, headers: { cookie }, payload });
  return [answer.statusCode, answer.statusCode === 204 ? undefined : (answer.json().code ?? answer.json())];
}

const book = () => readBook(hall.database.store.db);

test('an agent notes that a caller is an elder, and which grade the contact is of; of own contacts alone', async () => {
  expect(await put('/api/v1/contacts/mine/caller', agent, { elder: true })).toEqual([204, undefined]);
  expect(await put('/api/v1/contacts/mine/grade', agent, { grade: 'expert' })).toEqual([204, undefined]);
  expect(await put('/api/v1/contacts/other/caller', agent, { elder: true })).toEqual([404, 'CONTACT_UNKNOWN']);
  expect(await book()).toEqual([
    { number: '13800138000', known: { elder: true, grade: 'expert' }, stageUntilMs: null },
  ]);
});

test('a caller without a number cannot be noted, nor a grade that does not exist', async () => {
  expect(await put('/api/v1/contacts/withheld/caller', lead, { elder: true })).toEqual([409, 'CALLER_WITHHELD']);
  expect(await put('/api/v1/contacts/mine/grade', lead, { grade: 'highest' })).toEqual([400, 'REQUEST_INVALID']);
});

test('who waits without a number is regraded all the same, and nobody is noted for it; once gone there is nothing to do it for', async () => {
  const leg = await hall.call('anonymous');
  const id = hall.loop.state.legs.get(leg)!.contact;
  const journal = new JournalByHand();
  writeCall(journal, { id, openedAtMs: Date.now(), queuedAfterMs: 1, from: 'anonymous' });
  await applyEntries(hall.database.store.db, 'waiting', journal.entries);
  const before = await book();
  const url = `/api/v1/contacts/${id}/grade`;
  expect(await put(url, lead, { grade: 'emergency' })).toEqual([204, undefined]);
  expect(hall.loop.state.contacts.get(id)?.grade).toBe('emergency');
  expect(await put(url, agent, { grade: null })).toEqual([404, 'CONTACT_UNKNOWN']);
  expect(await put(`/api/v1/contacts/${id}/caller`, lead, { elder: true })).toEqual([409, 'CALLER_WITHHELD']);
  await hall.hangUp(leg);
  await until(() => !hall.loop.state.contacts.has(id));
  expect(await put(url, lead, { grade: null })).toEqual([409, 'CALLER_WITHHELD']);
  expect(await book()).toEqual(before);
});

test('a caller is limited when a second person asks for it; the list shows who did, with masked numbers; both stand in the audit trail', async () => {
  const wish = { stage: 'limited', reason: '反复骚扰' };
  const url = '/api/v1/contacts/other/caller/stage';
  expect(await put(url, agent, wish)).toEqual([404, 'CONTACT_UNKNOWN']);
  expect((await put(url, admin, wish))[0]).toBe(403);
  expect(await put(url, lead, { ...wish, days: 7 })).toEqual([200, { answer: 'proposed' }]);
  expect(await put(url, lead, wish)).toEqual([409, 'SECOND_PERSON_NEEDED']);
  expect((await book()).map(({ number }) => number)).not.toContain('13900139000');
  expect(await put(url, chief, wish)).toEqual([200, { answer: 'done' }]);
  expect(await book()).toContainEqual(expect.objectContaining({ number: '13900139000', known: { stage: 'limited' } }));
  const { callers } = (await hall.api.inject({ url: '/api/v1/callers', headers: { cookie: lead } })).json();
  expect(callers).toMatchObject([{ from: '139****9000', stage: 'limited', reason: '反复骚扰', changedBy: 'chief' }]);
  const deeds = await listAudit(hall.database.store.db, {
    fromMs: 0,
    toMs: Number.MAX_SAFE_INTEGER,
    who: 'chief',
    rowsMax: 9,
  });
  expect(JSON.stringify(deeds)).toMatch(/limited: 反复骚扰 \(in force until \d{4}-\d\d-\d\dT/);
  const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, who: 'lead', rowsMax: 9 };
  expect(JSON.stringify(await listAudit(hall.database.store.db, all))).toContain('limited: 反复骚扰 (proposed, 7 d)');
});

test('an open order of a number is told by another system, and taken back', async () => {
  const order = { number: '13700137000', order: 'G20261128001', urgency: 'urgent' };
  expect(await put('/api/v1/caller-orders', program, { ...order, open: true })).toEqual([204, undefined]);
  expect(await book()).toContainEqual(
    expect.objectContaining({ known: { order: { no: 'G20261128001', urgency: 'urgent' } } }),
  );
  expect(await put('/api/v1/caller-orders', program, { ...order, open: false })).toEqual([204, undefined]);
  expect((await book()).map(({ number }) => number)).not.toContain('13700137000');
  expect(await put('/api/v1/caller-orders', program, { ...order, number: 'x', open: true })).toEqual([
    400,
    'REQUEST_INVALID',
  ]);
});
