import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianPostgres, startDebianPostgres } from '../store/debian-postgres.ts';
import { failedStart } from './failed-start.ts';
import { hearingOf } from './hearing.ts';
import { signIn, until } from './program.ts';
import { type ContactShape, openStage, type Stage } from './stage.ts';

/** What is heard first in a queue. */
const queued = readFileSync(join(import.meta.dirname, '../../dialplans/prompts/QUE-02.wav'));
const folder = mkdtempSync(join(tmpdir(), 'minhu-url-'));
let server: DebianPostgres;
let stage: Stage;

beforeAll(async () => {
  server = await startDebianPostgres();
  stage = await openStage({ DATABASE_URL: server.url() });
}, 120_000);

afterAll(async () => {
  expect(await stage?.close()).toBe(0);
  await server?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function problem(
  path: string,
  body?: object,
): Promise<{ status: number; type: string; code: string; retry: string }> {
  const answer = await fetch(`http://${stage.program.run().http}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { cookie: 'minhu_session=whoever', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
  });
  const { code } = (await answer.json()) as { code: string };
  const [type, retry] = ['content-type', 'retry-after'].map((name) => answer.headers.get(name)?.split(';')[0] ?? '');
  return { status: answer.status, type: type!, code, retry: retry! };
}

test('a server of the city keeps accounts and records; no engine of our own runs', async () => {
  expect(stage.program.run().pids.postgres).toBeNull();
  expect((await stage.lead.get<{ user: string }>('/api/v1/me')).user).toBe('lead');
  await stage.readyPhone('seat1001', 700);
  const caller = await stage.dial('13800138401', 440);
  caller.type('1');
  await stage.agentIs('seat1001', 'talking');
  caller.type('b');
  expect(await stage.closedRecord('13800138401')).toMatchObject({ outcome: 'answered', recordings: [{}] });
  await stage.setState('seat1001', 'offline');
}, 60_000);

test('the server is stopped while a call is recorded: the call goes on, agents become ready and answer, what needs it is told to come back, and the records catch up', async () => {
  await stage.readyPhone('seat1002', 700);
  const caller = await stage.dial('13800138402', 440);
  caller.type('1');
  await stage.agentIs('seat1002', 'talking');
  const seat = stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!;
  const colleague = await signIn(stage.program, seat);
  await colleague.get('/api/v1/agents/me');
  await server.stop();
  const away = { status: 503, type: 'application/problem+json', code: 'STORE_AWAY', retry: '1' };
  const { password } = stage.program.firstRun().lead;
  expect(await problem('/api/v1/login', { user: 'lead', password })).toMatchObject(away);
  expect(await problem('/api/v1/contacts')).toMatchObject(away);
  expect((await fetch(`http://${stage.program.run().http}/readyz`)).status).toBe(503);
  caller.type('b');
  const second = await stage.dial('13800138403', 450);
  second.type('2');
  await until(
    'the second caller hears the queue',
    () => hearingOf(second.heard(), queued).likeness,
    (likeness) => likeness > 0.95,
  );
  second.type('b');
  // Who was at work before goes on working: becomes ready, is offered the next call and talks.
  await colleague.put('/api/v1/agents/me/state', { state: 'ready' });
  const third = await stage.dial('13800138405', 460);
  third.type('1');
  await stage.agentIs('seat1001', 'talking');
  third.type('b');
  await colleague.put('/api/v1/agents/me/state', { state: 'offline' });
  await server.start();
  expect(await stage.closedRecord('13800138405')).toMatchObject({ outcome: 'answered', recordings: [{}] });
  expect(await stage.closedRecord('13800138402')).toMatchObject({ outcome: 'answered', recordings: [{}] });
  expect(await stage.closedRecord('13800138403')).toMatchObject({ outcome: 'abandonedInQueue' });
  const seen = (await stage.lead.get<{ contacts: ContactShape[] }>('/api/v1/contacts')).contacts.map(
    ({ from }) => from,
  );
  expect(seen).toEqual(['138****8405', '138****8403', '138****8402', '138****8401']);
  expect((await signIn(stage.program, stage.program.firstRun().admin)).get).toBeTypeOf('function');
}, 90_000);

test('a first start with a wrong password or without the server is refused with what to do, and the password is not told', async () => {
  const wrong = server.url({ password: 'hunter2' });
  const refused = await failedStart({ MINHU_DATA: join(folder, 'wrong'), DATABASE_URL: wrong });
  expect(refused.status, refused.said).toBe(1);
  expect(refused.said).toMatch(/DATABASE_URL: PostgreSQL 127\.0\.0\.1:\d+\/records 账号或密码不对[\s\S]*→ .*pg_hba/);
  expect(refused.said).not.toContain('hunter2');
  const unreachable = await failedStart({
    MINHU_DATA: join(folder, 'away'),
    DATABASE_URL: 'postgresql://a:b@127.0.0.1:1/c',
  });
  expect(unreachable.status, unreachable.said).toBe(1);
  expect(unreachable.said).toMatch(/连接不上 \/ cannot be reached \(ECONNREFUSED\)[\s\S]*→/);
}, 60_000);

test('a later start without the server takes calls by the rules of before, says so, and catches up when it is back', async () => {
  expect(await stage.program.stop()).toBe(0);
  await server.stop();
  await stage.program.start();
  expect(stage.program.output()).toMatch(/连接不上[\s\S]*calls go on, records wait in the journal/);
  const caller = await stage.dial('13800138404', 440);
  caller.type('2');
  await until(
    'the caller hears the queue',
    () => hearingOf(caller.heard(), queued).likeness,
    (likeness) => likeness > 0.95,
  );
  caller.type('b');
  await server.start();
  expect(await stage.closedRecord('13800138404')).toMatchObject({ outcome: 'abandonedInQueue' });
}, 90_000);
