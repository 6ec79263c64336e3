import { afterAll, beforeAll, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/api/access.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { openSession } from '../../src/store/sessions.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { Hall } from './hall.ts';

let hall: Hall;
let lead: string;
let admin: string;
let program: string;

beforeAll(async () => {
  hall = await Hall.open();
  const journal = new JournalByHand();
  const agent = hall.firstRun.seats[0]!.user;
  writeCall(journal, {
    id: 'call',
    openedAtMs: 1_000,
    queuedAfterMs: 1,
    answeredAfterMs: 1,
    agent,
    from: '13800138000',
  });
  await applyEntries(hall.database.store.db, 'wrong', journal.entries);
  lead = await hall.login('lead');
  admin = await hall.login('admin');
  const { db } = hall.database.store;
  await addAccount(db, { user: 'program', password: 'never used here', roles: ['integrator'], atMs: 1 });
  program = `${SESSION_COOKIE}=${await openSession(db, 'program', Date.now())}`;
});
afterAll(async () => hall?.close());

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

async function ask(method: Method, url: string, payload?: object, cookie = lead, language = 'zh') {
  const headers = { cookie, 'accept-language': language };
  const answer = await hall.api.inject({ method, url: `/api/v1${url}`, headers, ...(payload ? { payload } : {}) });
  return answer.json();
}

const BLANK = ['', ' ', '\t', ' \n ', '　'];

test.each<[Method, string, (reason: string) => object]>([
  ['PUT', '/mode', (reason) => ({ mode: 'emergency', reason })],
  ['PUT', '/contacts/call/caller/stage', (reason) => ({ stage: 'warned', reason })],
  ['POST', '/missed-calls/call/handled', (note) => ({ note })],
  ['POST', '/contacts/call/person/merge', (reason) => ({ other: 'call', reason })],
  ['POST', '/contacts/call/person/split', (reason) => ({ contacts: ['call'], reason })],
  ['POST', '/person-changes/1/undo', (reason) => ({ reason })],
  ['PUT', '/agents/ana/state', (reason) => ({ state: 'ready', reason })],
  ['POST', '/contacts/call/reveal', (reason) => ({ reason })],
  ['POST', '/contacts/call/supervision', (reason) => ({ mode: 'listen', reason })],
])('%s %s takes no blank reason, nor one that no table can hold', async (method, url, body) => {
  for (const reason of [...BLANK, 'why\0']) {
    expect([reason, await ask(method, url, body(reason))]).toMatchObject([
      reason,
      { status: 400, code: 'REQUEST_INVALID', detail: expect.stringMatching(/^(reason|note) (不能|至少)/) },
    ]);
  }
  expect((await ask('GET', '/mode')).mode).toBe('normal');
});

test.each([
  ['', 'reason 不能为空。', 'reason must not be empty.'],
  ['　', 'reason 不能只是空白，也不能含控制字符。', 'reason must be more than blanks, and without control characters.'],
  ['因'.repeat(41), 'reason 最多 40 个字。', 'reason takes at most 40 characters.'],
])('the reason “%s” of a mode is refused in the words of who asks', async (reason, zh, en) => {
  const mode = { mode: 'emergency', reason };
  expect((await ask('PUT', '/mode', mode)).detail).toBe(zh);
  expect((await ask('PUT', '/mode', mode, lead, 'en')).detail).toBe(en);
});

test('names and titles are not blank either', async () => {
  for (const blank of BLANK) {
    expect((await ask('PUT', '/teams/blank', { title: blank }, admin)).code).toBe('REQUEST_INVALID');
    const token = { title: blank, scopes: ['metrics:read'], days: 1 };
    expect((await ask('POST', '/users/lead/tokens', token, admin)).code).toBe('REQUEST_INVALID');
  }
});

test.each<[Method, string, object | undefined, string]>([
  ['PUT', '/mode', { mode: 'x', reason: 'y' }, 'mode 只能是：normal、holiday、majorTask、emergency。'],
  ['PUT', '/mode', { mode: 5, reason: 'y' }, 'mode 只能是：normal、holiday、majorTask、emergency。'],
  ['PUT', '/contacts/call/grade', { grade: 'top' }, 'grade 只能是：business、expert、emergency、null。'],
  ['PUT', '/contacts/call/caller/stage', { stage: 'x', reason: 'y' }, 'stage 只能是：none、warned、limited。'],
  ['GET', '/metrics/summary?by=weather', undefined, 'by 只能是：site、number、queue、quarter。'],
  ['GET', '/missed-calls?open=1', undefined, 'open 只能是：true、false。'],
  [
    'POST',
    '/alerts/fire/ana/acknowledge',
    undefined,
    'alert 只能是：longWait、longAnswer、longHold、longWrapUp、missedOffers。',
  ],
  ['GET', '/messages?only=mine', undefined, 'only 只能是：in、out、amiss。'],
])('%s %s with %j names the values there are', async (method, url, body, detail) => {
  expect(await ask(method, url, body)).toMatchObject({ status: 400, code: 'REQUEST_INVALID', detail });
});

test.each<[Method, string, object | undefined, string, string]>([
  ['PUT', '/mode', [], '请求的正文应为对象。', 'The body must be an object.'],
  ['PUT', '/contacts/call/disposition', { code: 5 }, 'code 应为文字。', 'code must be a text.'],
  ['PUT', '/contacts/call/disposition', { code: '转办' }, 'code 的写法不对。', 'code is not written as it has to be.'],
  ['GET', '/metrics/summary?from=today', undefined, 'from 的写法不对。', 'from is not written as it has to be.'],
])('%s %s with %j is told what it is to be in the words of who asks', async (method, url, body, zh, en) => {
  expect(await ask(method, url, body)).toMatchObject({ status: 400, code: 'REQUEST_INVALID', detail: zh });
  expect((await ask(method, url, body, lead, 'en')).detail).toBe(en);
});

test('in English where that is asked for, and by its place in the body', async () => {
  const mode = { mode: 'x', reason: 'y' };
  expect((await ask('PUT', '/mode', mode, lead, 'en')).detail).toBe(
    'mode takes one of: normal, holiday, majorTask, emergency.',
  );
  const roles = { user: 'new', roles: ['chief'] };
  expect((await ask('POST', '/users', roles, admin)).detail).toMatch(/^roles\.0 只能是：.*agent.*supervisor/);
  const seat = { digest: 'sha1' };
  expect((await ask('PATCH', '/users/ana', { seat }, admin)).detail).toBe('seat.digest 只能是：md5、sha256。');
});

test.each([
  ['/contacts?before=zz', 'before'],
  ['/metrics/summary?x=1', 'x'],
  ['/missed-calls?close=true', 'close'],
  ['/alarms?opened=true', 'opened'],
  ['/messages?x=1', 'x'],
])('the question %s is refused by the name of what nobody knows', async (url, name) => {
  expect(await ask('GET', url)).toMatchObject({
    ...{ status: 400, code: 'REQUEST_INVALID' },
    detail: `没有 ${name} 这一项。`,
  });
});

test.each<[Method, string, object]>([
  ['PUT', '/contacts/call/caller', { elder: true }],
  ['PUT', '/contacts/call/grade', { grade: 'expert' }],
  ['PUT', '/contacts/call/caller/stage', { stage: 'warned', reason: '反复骚扰' }],
  ['PUT', '/caller-orders', { number: '13800138000', order: 'G1', urgency: 'normal', open: true }],
  ['POST', '/missed-calls/call/handled', { note: '已短信联系' }],
  ['POST', '/contacts/search', { number: '13800138000' }],
  ['POST', '/contacts/search', { known: '13800138000' }],
])('%s %s with %j and a field that nobody knows is refused by its name', async (method, url, body) => {
  const cookie = url === '/caller-orders' ? program : lead;
  expect(await ask(method, url, { ...body, dayz: 3 }, cookie)).toMatchObject({
    ...{ status: 400, code: 'REQUEST_INVALID' },
    detail: '没有 dayz 这一项。',
  });
});

test.each([
  ['PUT', '/mode', { mode: 'holiday', reson: '国庆' }, '缺少 reason 这一项。'],
  ['POST', '/contacts/search', {}, '缺少 number 或 known 这一项。'],
] as const)('%s %s with %j is told what is missing', async (method, url, body, detail) => {
  expect(await ask(method, url, body)).toMatchObject({ status: 400, code: 'REQUEST_INVALID', detail });
});

test('no body of any route takes a field that nobody knows', async () => {
  const { paths } = (await hall.api.inject('/api/openapi.json')).json();
  const bodies = Object.entries<Record<string, { requestBody?: { content: object } }>>(paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) =>
        requestBody ? [{ name: `${method} ${path}`, loose: looseIn(requestBody.content) }] : [],
      ),
  );
  expect(bodies.length).toBeGreaterThan(30);
  expect(bodies.filter(({ loose }) => loose.length > 0)).toEqual([]);
});

test.each(['a\0b', 'a\u001bb'])('a note of what came of a contact is stored as it is, so %j is none', async (note) => {
  const answer = await ask('PUT', '/contacts/call/disposition', { code: 'ORDER', note });
  expect(answer).toMatchObject({ status: 400, code: 'REQUEST_INVALID', detail: 'note 不能含控制字符。' });
});

test('no route answers a question that nobody knows, beside those that it names or alone', async () => {
  const { paths } = (await hall.api.inject('/api/openapi.json')).json();
  const asked = Object.entries<object>(paths).filter(([path]) =>
    /^\/api\/v1\/(?!intake|freeswitch|live|chat)/.test(path),
  );
  expect(asked.length).toBeGreaterThan(40);
  for (const [path, methods] of asked) {
    if (!('get' in methods)) continue;
    const url = `${path.replace(/^\/api\/v1/, '').replaceAll(/\{\w+\}/g, '1')}?qeue=personal`;
    expect([url, await ask('GET', url, undefined, admin)]).toMatchObject([
      url,
      { status: expect.toSatisfy((status: number) => status === 400 || status === 403) },
    ]);
  }
  expect((await ask('GET', '/queues?qeue=personal')).detail).toBe('没有 qeue 这一项。');
  expect(await ask('PUT', '/mode?mdoe=normal', { mode: 'holiday', reason: '国庆' })).toMatchObject({ status: 400 });
});

test.each(['2026-02-30', '2026-02-29T00:00:00Z', '2026-04-31T08:00+08:00'])('%s is no day to ask for', async (from) => {
  const url = `/metrics/summary?from=${encodeURIComponent(from)}&to=2026-06-01`;
  expect(await ask('GET', url)).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
});

/** Objects of named fields that may have others, too. */
function looseIn(shape: unknown): object[] {
  if (typeof shape !== 'object' || shape === null) return [];
  const { type, additionalProperties: others } = shape as Record<string, unknown>;
  const isLoose = type === 'object' && (others === undefined || others === true);
  return [...(isLoose ? [shape] : []), ...Object.values(shape).flatMap(looseIn)];
}
