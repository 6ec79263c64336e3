import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApi } from '../../src/api/app.ts';
import { createMetrics } from '../../src/api/metrics.ts';
import { agentId, contactId } from '../../src/core/ids.ts';
import type { AgentView } from '../../src/core/view.ts';
import { assert } from '../../src/lib/assert.ts';
import { CONNECT_LIMITS } from '../../src/lib/measure-alarm.ts';
import { writeDirectory } from '../../src/store/directory.ts';
import { sipHa1 } from '../../src/store/passwords.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { type FirstRun, seedAccounts } from '../../src/store/seed.ts';
import { silent, startDatabase, type TestDatabase } from '../store/database.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';

let database: TestDatabase;
let app: FastifyInstance;
let firstRun: FirstRun;
const health = { switch: true, nodes: { '127.0.0.1:8021': true }, journal: true, store: true };
const directorySecret = 'only-for-this-test-4711';
const submitted: unknown[] = [];
const cookies: Record<string, string> = {};
const SEATS = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'].map((user, index) => ({
  user,
  number: String(8_001 + index),
  sipUser: String(8_001 + index),
  digest: index === 1 ? ('sha256' as const) : ('md5' as const),
  skills: user.startsWith('b') ? { enterprise: 3 } : { personal: 3 },
}));

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database.store;
  const file = join(database.folder, 'first-run.json');
  expect(await seedAccounts(db, SEATS, file, 1)).toBe(true);
  expect(await seedAccounts(db, SEATS, file, 1)).toBe(false);
  firstRun = JSON.parse(await readFile(file, 'utf8'));
  const recordingFolder = join(database.folder, 'recordings');
  await mkdir(recordingFolder);
  app = await createTestApi(recordingFolder);
  const journal = new JournalByHand();
  for (let n = 0; n < 12; n += 1) {
    writeCall(journal, {
      id: `c${n}`,
      openedAtMs: 1_000 * n,
      queuedAfterMs: 10,
      answeredAfterMs: 2_000,
      agent: n < 3 ? 'a1' : 'a2',
    });
  }
  await applyEntries(db, 'api', journal.entries);
  await writeFile(join(recordingFolder, 'c0.wav'), 'RIFF0123456789');
  await db
    .updateTable('recordings')
    .set({ file: join(recordingFolder, 'c0.wav') })
    .where('contact', '=', 'c0')
    .execute();
  await db.updateTable('recordings').set({ file: '/etc/passwd' }).where('contact', '=', 'c1').execute();
  for (const { user, password } of [firstRun.admin, firstRun.lead, firstRun.seats[0]!])
    cookies[user] = await login(user, password);
});
afterAll(async () => {
  await app?.close();
  await database?.remove();
});
beforeEach(() => void submitted.splice(0));

function createTestApi(recordingFolder: string): Promise<FastifyInstance> {
  const agent: AgentView = {
    agent: agentId('a1'),
    number: '8001',
    sipUser: '8001',
    skills: ['personal'],
    state: 'ready',
    sinceMs: 5,
    devices: 1,
    next: 'ready',
  };
  const waiting = [
    { contact: contactId('w'), from: '13800008000', medium: 'voice' as const, enqueuedAtMs: 1, place: 1 },
  ];
  const core = {
    submit: async (event: unknown) => submitted.push(event),
    agents: () => [agent],
    queues: () => [
      { queue: 'personal', skill: 'personal', waiting, idleAgents: 1, foreseen: { ended: 10, inside: 8 } },
    ],
    mode: () => ({ mode: 'normal' as const, sinceMs: 0, by: '' }),
    conversation: () => undefined,
    digital: () => undefined,
    sites: () => [
      {
        site: 'east',
        name: '东区',
        kind: 'subPlatform' as const,
        status: 'open' as const,
        calls: 0,
        agents: 1,
        idleAgents: 1,
      },
    ],
    talk: () => undefined,
    canSupervise: () => false,
    skills: () => [],
    mayReopen: () => 'agent' as const,
    mayCallOut: () => 'noWay' as const,
    explain: async (contact: string) => {
      assert(contact !== 'c-odd', 'an invariant of the replay');
      return contact === 'c0' ? { decisions: ['Q1'] } : undefined;
    },
  };
  const metrics = createMetrics({
    ...core,
    missed: () => ({ open: 0, overdue: 0 }),
    projectorLag: () => 3,
    missingYears: () => [2027],
  });
  const { db } = database.store;
  const connectLimits = CONNECT_LIMITS;
  const parts = { db, core, metrics, connectLimits, logger: silent, recordingFolder, directorySecret };
  return createApi({ ...parts, health: () => health });
}

async function login(user: string, password: string): Promise<string> {
  const answer = await app.inject({ method: 'POST', url: '/api/v1/login', payload: { user, password } });
  expect(answer.statusCode).toBe(200);
  const cookie = answer.cookies.find(({ name }) => name === 'minhu_session')!;
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  return `minhu_session=${cookie.value}`;
}

const get = (url: string, user: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { ...headers, cookie: cookies[user] ?? '' } });

test('the first accounts stand in first-run.json, readable by the owner only', async () => {
  expect((await stat(join(database.folder, 'first-run.json'))).mode & 0o777).toBe(0o600);
  expect(firstRun.seats).toHaveLength(6);
  expect(firstRun.seats[0]).toMatchObject({ user: 'a1', sipUser: '8001', number: '8001', skills: { personal: 3 } });
  for (const { password, sipPassword } of firstRun.seats)
    expect(Math.min(password.length, sipPassword.length)).toBeGreaterThan(15);
});

test("the switch's directory holds one HA1 a seat and no password", async () => {
  const file = join(database.folder, 'directory.json');
  await writeDirectory(database.store.db, file);
  const directory = JSON.parse(await readFile(file, 'utf8'));
  const ha1 = (index: number) => sipHa1(firstRun.seats[index]!.sipUser, firstRun.seats[index]!.sipPassword);
  expect(directory.realm).toBe('minhu');
  expect(directory.users[0]).toEqual({ user: '8001', algorithm: 'md5', ha1: ha1(0).md5 });
  expect(directory.users[1]).toEqual({ user: '8002', algorithm: 'sha256', ha1: ha1(1).sha256 });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('every route admits exactly the roles it is for', async () => {
  const table: [
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    nobody: number,
    agent: number,
    lead: number,
    admin: number,
  ][] = [
    ['GET', '/api/v1/me', 401, 200, 200, 200],
    ['PUT', '/api/v1/agents/me/state', 401, 400, 400, 403],
    ['GET', '/api/v1/agents', 401, 200, 200, 200],
    ['GET', '/api/v1/agents/me', 401, 200, 409, 409],
    ['PUT', '/api/v1/agents/me/offer', 401, 400, 400, 403],
    ['POST', '/api/v1/contacts', 401, 403, 403, 403],
    ['POST', '/api/v1/contacts/unknown/end', 401, 404, 404, 403],
    ['POST', '/api/v1/contacts/unknown/transfer', 401, 400, 400, 403],
    ['GET', '/api/v1/queues', 401, 200, 200, 200],
    ['GET', '/api/v1/mode', 401, 200, 200, 200],
    ['PUT', '/api/v1/mode', 401, 403, 400, 400],
    ['GET', '/api/v1/mode/changes', 401, 403, 200, 200],
    ['GET', '/api/v1/sites', 401, 200, 200, 200],
    ['PUT', '/api/v1/sites/east/status', 401, 403, 400, 400],
    ['PUT', '/api/v1/contacts/c0/disposition', 401, 400, 400, 403],
    ['GET', '/api/v1/contacts', 401, 200, 200, 403],
    ['GET', '/api/v1/contacts/c0', 401, 200, 200, 403],
    ['GET', '/api/v1/contacts/c5', 401, 404, 200, 403],
    ['GET', '/api/v1/contacts/c0/explain', 401, 403, 200, 403],
    ['GET', '/api/v1/contacts/c0/recordings/1', 401, 403, 200, 403],
    ['GET', '/api/v1/metrics/summary', 401, 403, 200, 200],
    ['GET', '/api/v1/metrics/definitions', 401, 200, 200, 200],
    ['GET', '/api/v1/alarms', 401, 403, 200, 200],
    ['POST', '/api/v1/alarms/4711/acknowledge', 401, 403, 404, 404],
    ['GET', '/api/v1/users', 401, 403, 403, 200],
    ['POST', '/api/v1/users', 401, 403, 403, 400],
    ['GET', '/api/v1/channels', 401, 200, 200, 200],
    ['GET', '/healthz', 200, 200, 200, 200],
    ['GET', '/readyz', 200, 200, 200, 200],
    ['GET', '/metrics', 200, 200, 200, 200],
    ['GET', '/api/openapi.json', 200, 200, 200, 200],
    ['GET', '/nothing', 404, 404, 404, 404],
  ];
  for (const [method, url, ...statuses] of table) {
    const answers = [];
    for (const user of ['', 'a1', 'lead', 'admin']) {
      const cookie = cookies[user] ?? '';
      answers.push(
        (await app.inject({ method, url, headers: { cookie }, ...(method === 'GET' ? {} : { payload: {} }) }))
          .statusCode,
      );
    }
    expect([url, ...answers]).toEqual([url, ...statuses]);
  }
});

test('an agent sets the state of the own seat; somebody without a seat is told so', async () => {
  const put = (user: string) =>
    app.inject({
      method: 'PUT',
      url: '/api/v1/agents/me/state',
      headers: { cookie: cookies[user]! },
      payload: { state: 'notReady', reason: '用餐' },
    });
  const answer = await put('a1');
  expect(answer.json()).toMatchObject({ agent: 'a1', state: 'ready', devices: 1 });
  expect(submitted).toEqual([{ type: 'agentStateAsked', agent: 'a1', state: 'notReady', reason: '用餐' }]);
  const refused = await put('lead');
  expect(refused.statusCode).toBe(409);
  expect(refused.headers['content-type']).toContain('application/problem+json');
  expect(refused.json()).toMatchObject({ code: 'NO_SEAT', title: '您的账号没有座席。' });
});

test('five wrong passwords stop the sixth try, even with the right password', async () => {
  const { user, password } = firstRun.seats[5]!;
  const attempt = (word: string) =>
    app.inject({ method: 'POST', url: '/api/v1/login', payload: { user, password: word } });
  for (let n = 0; n < 5; n += 1) expect((await attempt('wrong')).json()).toMatchObject({ code: 'LOGIN_WRONG' });
  const answer = await attempt(password);
  expect(answer.statusCode).toBe(429);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
});

test("another site's page cannot change anything, nor log anybody in", async () => {
  const ask = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/api/v1/logout', headers: { host: 'minhu.example', ...headers } });
  expect((await ask({ origin: 'https://evil.example' })).json()).toMatchObject({ code: 'ORIGIN_REFUSED' });
  expect((await ask({ origin: 'null' })).statusCode).toBe(403);
  expect((await ask({ 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
  expect((await ask({ origin: 'https://minhu.example' })).statusCode).toBe(204);
  expect((await ask({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(204);
  expect((await ask({})).statusCode).toBe(204);
});

test('a session ends at logout', async () => {
  const { user, password } = firstRun.seats[1]!;
  const cookie = await login(user, password);
  await app.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie } });
  const answer = await app.inject({
    url: '/api/v1/me',
    headers: { cookie, 'accept-language': 'en-GB,en;q=0.9,zh;q=0.1' },
  });
  expect(answer.json()).toMatchObject({ status: 401, code: 'LOGIN_REQUIRED', title: 'Log in first.' });
});

test('contacts come newest first, page by page, and each exactly once', async () => {
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = (await get(`/api/v1/contacts?limit=5&channel=phone${cursor && `&cursor=${cursor}`}`, 'lead')).json();
    seen.push(...page.contacts.map(({ id }: { id: string }) => id));
    cursor = page.next ?? '';
  } while (cursor);
  expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => `c${11 - n}`));
  expect((await get('/api/v1/contacts?from=3000&to=1970-01-01T00:00:05Z', 'lead')).json().contacts).toHaveLength(2);
  expect((await get('/api/v1/contacts?channel=wechat', 'lead')).json().contacts).toEqual([]);
  expect((await get('/api/v1/contacts?cursor=%00', 'lead')).statusCode).toBe(400);
  expect((await get('/api/v1/contacts?from=2026-13-45', 'lead')).statusCode).toBe(400);
});

test('an agent sees the own contacts only, a lead everybody’s, both with masked numbers', async () => {
  const own = (await get('/api/v1/contacts', 'a1')).json().contacts;
  expect(own.map(({ id }: { id: string }) => id)).toEqual(['c2', 'c1', 'c0']);
  expect(own[0].from).toBe('138****8000');
  expect((await get('/api/v1/queues', 'a1')).json().queues[0].waiting[0].from).toBe('138****8000');
  const whole = (await get('/api/v1/contacts/c0', 'lead')).json();
  expect(whole).toMatchObject({
    from: '138****8000',
    outcome: 'answered',
    channel: 'phone',
    waits: [{ result: 'connected' }],
  });
  expect(whole.legs).toHaveLength(2);
  expect(whole.recordings).toMatchObject([{ number: 1, expectedMs: 60_000, differs: false }]);
});

test('a recording is served whole or by range, and only from the recordings folder', async () => {
  const url = '/api/v1/contacts/c0/recordings/1';
  const whole = await get(url, 'lead');
  expect([whole.headers['content-type'], whole.body]).toEqual(['audio/wav', 'RIFF0123456789']);
  const part = await get(url, 'lead', { range: 'bytes=4-6' });
  expect([part.statusCode, part.headers['content-range'], part.body]).toEqual([206, 'bytes 4-6/14', '012']);
  expect((await get(url, 'lead', { range: 'bytes=-2' })).body).toBe('89');
  expect((await get(url, 'lead', { range: 'bytes=14-' })).statusCode).toBe(416);
  expect((await get('/api/v1/contacts/c1/recordings/1', 'lead')).json().code).toBe('RECORDING_MISSING');
  expect((await get('/api/v1/contacts/c0/recordings/2', 'lead')).statusCode).toBe(404);
});

test('an admin makes an account, whose passwords are said once', async () => {
  const seat = { number: '9001', sipUser: '9001', skills: { personal: 1 } };
  const post = (change = {}) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { cookie: cookies['admin']! },
      payload: { user: 'new', roles: ['agent'], seat: { ...seat, ...change } },
    });
  const odd = { '': 'x', 'a b': 1 };
  for (const skills of [{}, odd, { personal: 9 }])
    expect((await post({ skills })).json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  const made = (await post()).json();
  await login('new', made.password);
  expect(made.sipPassword.length).toBeGreaterThan(15);
  expect((await post()).json()).toMatchObject({ status: 409, code: 'USER_TAKEN' });
  const { users } = (await get('/api/v1/users', 'admin')).json();
  expect(users.find(({ user }: { user: string }) => user === 'new')).toMatchObject({ seat: { sipUser: '9001' } });
});

test('readiness names each part, and says 503 when one is not well', async () => {
  health.journal = false;
  const answer = await app.inject('/readyz');
  health.journal = true;
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toEqual({
    ready: false,
    switch: true,
    nodes: { '127.0.0.1:8021': true },
    journal: false,
    store: true,
  });
});

test('metrics tell who waits, who works and how far the records lag', async () => {
  const { body } = await app.inject('/metrics');
  expect(body).toContain('minhu_waiting{queue="personal"} 1');
  expect(body).toContain('minhu_waits_foreseen{queue="personal",which="inside"} 8');
  expect(body).toContain('minhu_agents{state="ready",site="main"} 1');
  expect(body).toContain('minhu_projector_lag_entries 3');
  expect(body).toContain('minhu_workday_years_missing 1');
});

test('a lead drains a site, under the own name; one that does not exist is not found', async () => {
  const put = (site: string) =>
    app.inject({
      method: 'PUT',
      url: `/api/v1/sites/${site}/status`,
      headers: { cookie: cookies['lead']! },
      payload: { status: 'draining' },
    });
  expect((await put('east')).json()).toMatchObject({ site: 'east', kind: 'subPlatform' });
  expect(submitted).toEqual([{ type: 'siteAsked', site: 'east', status: 'draining', by: 'lead' }]);
  expect((await put('west')).json()).toMatchObject({ status: 404, code: 'SITE_UNKNOWN' });
});

test('what came of a contact is said by the agent who had it or a lead, and by nobody else', async () => {
  const put = (id: string, user: string, payload: object) =>
    app.inject({
      method: 'PUT',
      url: `/api/v1/contacts/${id}/disposition`,
      headers: { cookie: cookies[user]! },
      payload,
    });
  expect((await put('c0', 'a1', { code: 'order' })).json()).toMatchObject({ contact: 'c0', code: 'order', note: null });
  expect((await put('c5', 'a1', { code: 'order' })).json()).toMatchObject({ status: 404, code: 'CONTACT_UNKNOWN' });
  expect((await put('c5', 'lead', { code: 'order', note: '已办' })).statusCode).toBe(200);
  expect((await put('nobody', 'lead', { code: 'order' })).statusCode).toBe(404);
  for (const payload of [{ code: '' }, { code: 'o'.repeat(41) }, { code: 'order', note: 'n'.repeat(501) }])
    expect((await put('c0', 'a1', payload)).statusCode).toBe(400);
  expect(submitted).toEqual([
    { type: 'dispositionGiven', contact: 'c0', by: 'a1', code: 'order' },
    { type: 'dispositionGiven', contact: 'c5', by: 'lead', code: 'order', note: '已办' },
  ]);
});

test('the OpenAPI document names every route of the interface', async () => {
  const { paths } = (await app.inject('/api/openapi.json')).json();
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/api/v1/login', '/api/v1/contacts/{id}', '/api/v1/metrics/summary']),
  );
});

test('a text that no table can hold, and an address that is none, are the asker’s mistakes', async () => {
  const cookie = cookies['lead']!;
  const asked = [
    app.inject({ method: 'POST', url: '/api/v1/login', payload: { user: 'a\0', password: 'x' } }),
    app.inject({ url: '/api/v1/contacts/%00', headers: { cookie } }),
    app.inject({ url: '/api/v1/contacts/%00/recordings/1', headers: { cookie } }),
    app.inject({ url: '/api/v1/contacts?channel=%00', headers: { cookie } }),
    app.inject({ url: '/api/v1/contacts/%ff%fe', headers: { cookie } }),
    app.inject({
      method: 'PUT',
      url: '/api/v1/agents/me/state',
      headers: { cookie: cookies['a1']! },
      payload: { state: 'notReady', reason: '\u0007' },
    }),
  ];
  for (const answer of await Promise.all(asked)) {
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  }
  expect(submitted).toEqual([]);
});

describe("FreeSWITCH's question for a seat", () => {
  const question = { section: 'directory', action: 'sip_auth', domain: 'minhu', user: '8001', key_value: 'minhu' };
  const basic = (secret: string) => `Basic ${Buffer.from(`freeswitch:${secret}`).toString('base64')}`;
  const ask = (change: Record<string, string>, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/freeswitch/directory',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: basic(directorySecret),
        ...headers,
      },
      payload: new URLSearchParams({ ...question, ...change }).toString(),
    });
  const notFound =
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<document type="freeswitch/xml"><section name="result"><result status="not found"/></section></document>\n';

  test('is answered with the HA1 and no password', async () => {
    const answer = await ask({});
    const { sipUser, sipPassword } = firstRun.seats[0]!;
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8']);
    expect(answer.body).toBe(
      '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<document type="freeswitch/xml"><section name="directory"><domain name="minhu"><groups><group name="seats"><users>' +
        `<user id="8001" cacheable="120000"><params><param name="a1-hash" value="${sipHa1(sipUser, sipPassword).md5}"/></params></user>` +
        '</users></group></groups></domain></section></document>\n',
    );
  });

  test.each([
    ['an unknown seat', { user: '9999' }],
    ['a user that would be markup', { user: '"/><user id="8001' }],
    ['a user that would be SQL', { user: "8001' or '1'='1" }],
    ['another domain', { domain: 'elsewhere' }],
    ['something else than a digest', { action: 'user_call' }],
    ['another section', { section: 'configuration' }],
  ])('for %s is answered “not found”', async (_what, change) => {
    const answer = await ask(change);
    expect([answer.statusCode, answer.body]).toEqual([200, notFound]);
  });

  test('without the right secret is refused, from this machine too', async () => {
    for (const authorization of ['', 'Basic', 'Basic !', basic(''), basic(`${directorySecret}x`), basic('wrong')]) {
      const answer = await ask({}, { authorization });
      expect([authorization, answer.statusCode, answer.json().code]).toEqual([authorization, 401, 'SECRET_WRONG']);
    }
  });

  test('larger than a REGISTER can be is refused', async () => {
    expect((await ask({ padding: 'x'.repeat(17_000) })).statusCode).toBe(413);
  });

  test('in another form than mod_xml_curl sends is refused', async () => {
    for (const type of ['text/plain', 'application/xml', 'x', ''])
      expect([type, (await ask({}, { 'content-type': type })).statusCode]).toEqual([type, 415]);
  });
});

test('a contact whose decisions cannot be made again is answered with a code of its own', async () => {
  const answer = await get('/api/v1/contacts/c-odd/explain', 'lead');
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toMatchObject({ code: 'EXPLAIN_FAILED' });
  expect(answer.body).not.toContain('invariant');
});
