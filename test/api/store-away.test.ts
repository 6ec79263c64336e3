import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { KnownSessions } from '../../src/api/known-sessions.ts';
import { LIVE_TICKET_PATH } from '../../src/api/live/messages.ts';
import { changePassword, setDisabled } from '../../src/store/accounts.ts';
import { SESSION_IDLE_MS, SESSION_LIFE_MS, type Session, sessionKey } from '../../src/store/sessions.ts';
import { connectStore, type Store } from '../../src/store/store.ts';
import { silent } from '../store/database.ts';
import { type Gate, openGate } from '../store/gate.ts';
import { Hall, until } from './hall.ts';

/** The hall's own requests reach the database through a gate; the test, and what is heard of changes, do not. */
let hall: Hall;
let gate: Gate;
let gated: Store;

beforeAll(async () => {
  gate = await openGate();
  hall = await Hall.open(undefined, undefined, (database) => {
    gated = connectStore(gate.through(database.url), silent);
    return { db: gated.db };
  });
  await until(() => changes() > 0);
});
afterEach(async () => {
  vi.useRealTimers();
  gate.open();
  await until(() => gated.isUp());
});
afterAll(async () => {
  gate?.open();
  await hall?.close();
  await gated?.close();
  await gate?.close();
});

const changes = () => hall.api.live!.changesHeard();
const ask = async (cookie: string, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object) => {
  const answer = await hall.api.inject({
    method,
    url,
    headers: { cookie },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
};
const AWAY = { status: 503, body: { code: 'STORE_AWAY' } };
const stateOf = (cookie: string) => ask(cookie, 'GET', '/api/v1/agents/me');

/** Somebody whom the database has vouched for. */
async function vouchedFor(user: string): Promise<string> {
  const cookie = await hall.login(user);
  expect((await ask(cookie, 'GET', '/api/v1/me')).status).toBe(200);
  return cookie;
}

test('while the database is away an agent becomes ready, is told so and goes home, and a lead changes the mode; what needs it is refused', async () => {
  const ana = await vouchedFor('ana');
  const lead = await vouchedFor('lead');
  gate.shut();
  expect(await ask(ana, 'PUT', '/api/v1/agents/me/state', { state: 'ready' })).toMatchObject({
    status: 200,
    body: { state: 'ready' },
  });
  expect(await stateOf(ana)).toMatchObject({ status: 200, body: { state: 'ready' } });
  expect((await ask(ana, 'POST', LIVE_TICKET_PATH)).body).toMatchObject({ ticket: expect.any(String) });
  expect(await ask(ana, 'PUT', '/api/v1/agents/me/state', { state: 'offline' })).toMatchObject({ status: 200 });
  expect((await ask(lead, 'PUT', '/api/v1/mode', { mode: 'emergency', reason: '暴雨' })).body).toMatchObject({
    mode: 'emergency',
  });
  expect(await ask(lead, 'PUT', '/api/v1/mode', { mode: 'normal', reason: '雨停' })).toMatchObject({ status: 200 });
  // Rights are looked at as ever.
  expect(await ask(ana, 'PUT', '/api/v1/mode', { mode: 'emergency', reason: '暴雨' })).toMatchObject({ status: 403 });
  expect(await ask(lead, 'GET', '/api/v1/contacts')).toMatchObject(AWAY);
  // What is done stands in the trail once it can be written.
  const forced = { state: 'notReady', reason: '4711' };
  expect(await ask(lead, 'PUT', '/api/v1/agents/ana/state', forced)).toMatchObject({ status: 200 });
  gate.open();
  const trail = hall.database.store.db.selectFrom('audit').select('who').where('detail', 'like', '%4711');
  await until(async () => (await trail.execute()).length === 1);
  expect(await trail.execute()).toEqual([{ who: 'lead' }]);
});

test('a database that is silent is waited for briefly', async () => {
  const ben = await vouchedFor('ben');
  gate.silence();
  const from = performance.now();
  expect(await stateOf(ben)).toMatchObject({ status: 200 });
  // Fifteen seconds are its own limit.
  expect(performance.now() - from).toBeLessThan(10_000);
  gate.shut();
});

test('who was not there before, or is unknown, is not let in', async () => {
  const eva = await hall.login('eva');
  gate.shut();
  expect(await stateOf(eva)).toMatchObject(AWAY);
  expect(await stateOf('minhu_session=whoever')).toMatchObject(AWAY);
});

test('who logs out while the database is away is let in no more', async () => {
  const ana = await vouchedFor('ana');
  gate.shut();
  const out = await hall.api.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie: ana } });
  expect(out.statusCode).toBe(AWAY.status);
  // The browser forgets it all the same.
  expect(String(out.headers['set-cookie'])).toMatch(/minhu_session=;/);
  expect(await stateOf(ana)).toMatchObject(AWAY);
});

test('nor when it is back: that is when it learns of it', async () => {
  const ana = await vouchedFor('ana');
  gate.shut();
  expect(await ask(ana, 'POST', '/api/v1/logout')).toMatchObject(AWAY);
  gate.open();
  const hash = Buffer.from(sessionKey(ana.split('=')[1]!), 'hex');
  const stored = hall.database.store.db.selectFrom('sessions').select('user_name').where('token_hash', '=', hash);
  expect(await stored.execute()).toHaveLength(1);
  await until(async () => (await stateOf(ana)).status === 401);
  expect(await stored.execute()).toEqual([]);
});

test('nor who had logged out, signed in as somebody else from the same browser, or been found to have no session', async () => {
  const [out, before, gone] = [await vouchedFor('ana'), await vouchedFor('ben'), await vouchedFor('eva')];
  expect(await ask(out, 'POST', '/api/v1/logout')).toMatchObject({ status: 204 });
  const { user, password } = hall.firstRun.lead;
  expect(await ask(before, 'POST', '/api/v1/login', { user, password })).toMatchObject({ status: 200 });
  const hash = Buffer.from(sessionKey(gone.split('=')[1]!), 'hex');
  await hall.database.store.db.deleteFrom('sessions').where('token_hash', '=', hash).execute();
  expect(await stateOf(gone)).toMatchObject({ status: 401 });
  gate.shut();
  for (const cookie of [out, before, gone]) expect(await stateOf(cookie)).toMatchObject(AWAY);
});

test('one session more than a person may have ends the oldest, also while the database is away', async () => {
  const oldest = await vouchedFor('ben');
  for (let n = 0; n < 10; n++) await hall.login('ben');
  gate.shut();
  expect(await stateOf(oldest)).toMatchObject(AWAY);
});

test('whoever’s rights have changed is let in no more, though the database cannot be asked', async () => {
  const { db } = hall.database.store;
  for (const change of [
    () => setDisabled(db, 'eva', true),
    () => setDisabled(db, 'eva', false),
    () => changePassword(db, 'eva', 'a password nobody knows'),
  ]) {
    const ana = await vouchedFor('ana');
    gate.shut();
    expect(await stateOf(ana)).toMatchObject({ status: 200 });
    const before = changes();
    await change();
    await until(() => changes() > before);
    expect(await stateOf(ana)).toMatchObject(AWAY);
    gate.open();
    await until(() => gated.isUp());
  }
});

test('an idle session is over all the same, and one in which something is done is not', async () => {
  const [busy, idle] = [await vouchedFor('ana'), await vouchedFor('ben')];
  gate.shut();
  vi.useFakeTimers({ toFake: ['Date'] });
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
  pass(SESSION_IDLE_MS / 2 + 1_000);
  expect(await stateOf(busy)).toMatchObject({ status: 200 });
  pass(SESSION_IDLE_MS / 2 + 1_000);
  expect(await stateOf(busy)).toMatchObject({ status: 200 });
  expect(await stateOf(idle)).toMatchObject(AWAY);
  await hall.setState('ben', 'ready');
  expect(await stateOf(idle)).toMatchObject(AWAY);
  await hall.setState('ben', 'offline');
  // What was done meanwhile counts when the database is back.
  gate.open();
  await until(() => gated.isUp());
  expect(await stateOf(busy)).toMatchObject({ status: 200 });
  gate.shut();
  pass(SESSION_LIFE_MS);
  expect(await stateOf(busy)).toMatchObject(AWAY);
});

test('an answer that was under way when its session ended is not remembered', () => {
  const known = new KnownSessions();
  const session: Session = { person: { user: 'ana', roles: ['agent'] }, key: 'k', endsAtMs: 10, seenAtMs: 1 };
  const asked = known.forgotten;
  known.forget('k');
  known.keep(session, 0, asked);
  expect(known.find('k', 0, 2)).toBeUndefined();
  known.keep(session, 0, known.forgotten);
  expect(known.find('k', 0, 2)).toEqual(session);
  expect(known.find('k', 1, 2)).toBeUndefined();
  expect(known.find('k', 0, 10)).toBeUndefined();
});

test('no more sessions are remembered than there is room for; who has not asked for the longest time goes first', () => {
  const known = new KnownSessions();
  const session = (n: number): Session => {
    return { person: { user: `u${n}`, roles: ['agent'] }, key: `k${n}`, endsAtMs: 10, seenAtMs: 1 };
  };
  for (let n = 0; n < 20_000; n++) known.keep(session(n), 0, 0);
  known.keep(session(0), 0, 0);
  known.keep(session(20_000), 0, 0);
  expect([0, 1, 2, 20_000].map((n) => known.find(`k${n}`, 0, 1) !== undefined)).toEqual([true, false, true, true]);
});
