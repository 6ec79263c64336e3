import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/api/access.ts';
import { addAccount, setRights } from '../../src/store/accounts.ts';
import { verifyAudit } from '../../src/store/audit.ts';
import { applyEntries } from '../../src/store/projection.ts';
import type { Role } from '../../src/store/schema.ts';
import { openSession } from '../../src/store/sessions.ts';
import { putTeam } from '../../src/store/teams.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { Hall, until } from './hall.ts';

const WHOLE = '13800138000';
const REASON = '核对回访号码';
let hall: Hall;
const db = () => hall.database.store.db;

beforeAll(async () => {
  hall = await Hall.open();
  const journal = new JournalByHand();
  const call = { openedAtMs: Date.now() - 60_000, queuedAfterMs: 1, answeredAfterMs: 1, from: WHOLE };
  writeCall(journal, { ...call, id: 'of-ana', agent: 'ana' });
  writeCall(journal, { ...call, id: 'of-ben', agent: 'ben' });
  await applyEntries(db(), 'reveal', journal.entries);
  await putTeam(db(), 'east', '东班', 1);
  await setRights(db(), 'ana', { team: 'east' });
});
afterAll(async () => hall?.close());

/** A session of an account of these roles. */
async function sit(user: string, roles: readonly Role[], team?: string): Promise<string> {
  await addAccount(db(), { user, password: 'never used here', roles: [...roles], atMs: 1 });
  if (team !== undefined) await setRights(db(), user, { team });
  return `${SESSION_COOKIE}=${await openSession(db(), user, Date.now())}`;
}

async function reveal(cookie: string, contact: string, payload: object = { reason: REASON }) {
  return await hall.api.inject({
    method: 'POST',
    url: `/api/v1/contacts/${contact}/reveal`,
    headers: { cookie },
    payload,
  });
}

const shown = async (cookie: string, contact: string) => {
  const answer = await reveal(cookie, contact);
  return answer.json().from ?? answer.json().code;
};
const deedsOf = (who: string) =>
  sql<{ target: string; status: number; detail: string }>`
    select target, status, detail from audit where who = ${who} and action like '%/reveal' order by seq`
    .execute(db())
    .then(({ rows }) => rows);

test('an agent is shown the whole number of an own contact, a lead those of the team, a supervisor any; nobody else any', async () => {
  const [ana, east, all] = [
    await hall.login('ana'),
    await sit('east-lead', ['lead'], 'east'),
    await hall.login('lead'),
  ];
  const boss = await sit('boss', ['supervisor']);
  expect([await shown(ana, 'of-ana'), await shown(ana, 'of-ben')]).toEqual([WHOLE, 'CONTACT_UNKNOWN']);
  expect([await shown(east, 'of-ana'), await shown(east, 'of-ben')]).toEqual([WHOLE, 'CONTACT_UNKNOWN']);
  expect([await shown(all, 'of-ben'), await shown(boss, 'of-ben'), await shown(boss, 'no-such')]).toEqual([
    WHOLE,
    WHOLE,
    'CONTACT_UNKNOWN',
  ]);
  for (const role of ['dispatcher', 'handlingUnit', 'auditor', 'admin', 'integrator'] as const)
    expect([role, await shown(await sit(`a-${role}`, [role]), 'of-ana')]).toEqual([role, 'FORBIDDEN']);
  const both = await sit('admin-and-agent', ['admin', 'agent']);
  expect(await shown(both, 'of-ana')).toBe('CONTACT_UNKNOWN');
});

test('a dispatcher, a handling unit and an auditor are shown numbers while an admin grants it; nobody grants it to the own account, nor by it to an admin', async () => {
  const admin = await hall.login('admin');
  const grant = async (user: string, mayReveal: boolean) => {
    const url = `/api/v1/users/${user}`;
    const answer = await hall.api.inject({ method: 'PATCH', url, headers: { cookie: admin }, payload: { mayReveal } });
    return answer.json().mayReveal ?? answer.json().code;
  };
  for (const role of ['dispatcher', 'handlingUnit', 'auditor'] as const) {
    const cookie = await sit(`granted-${role}`, [role]);
    expect([role, await shown(cookie, 'of-ana')]).toEqual([role, 'FORBIDDEN']);
    expect(await grant(`granted-${role}`, true)).toBe(true);
    expect([role, await shown(cookie, 'of-ana')]).toEqual([role, WHOLE]);
    expect((await hall.api.inject({ url: '/api/v1/me', headers: { cookie } })).json().mayReveal).toBe(true);
    expect(await grant(`granted-${role}`, false)).toBe(false);
    expect([role, await shown(cookie, 'of-ana')]).toEqual([role, 'FORBIDDEN']);
  }
  expect(await grant('admin', true)).toBe('OWN_ACCOUNT');
  const other = await sit('other-admin', ['admin']);
  expect(await grant('other-admin', true)).toBe(true);
  expect(await shown(other, 'of-ana')).toBe('FORBIDDEN');
  const { rows } = await sql<{ detail: string }>`
    select detail from audit where action = 'PATCH /api/v1/users/:user' and target = 'granted-auditor' order by seq`.execute(
    db(),
  );
  expect(rows.map(({ detail }) => detail)).toEqual(['{"mayReveal":true}', '{"mayReveal":false}']);
});

test('whoever has the contact now is shown it from its first ring', async () => {
  const ben = await hall.login('ben');
  await hall.setState('ben', 'ready');
  const caller = await hall.call('13900139000');
  await until(() => hall.ringing.has('8002'));
  const contact = hall.options.core.agents().find(({ agent }) => agent === 'ben')!.contact!;
  await sql`insert into contacts (id, medium, from_number, dialled, flow, opened_at_ms)
    values (${contact}, 'voice', '13900139000', '12345', 'in', 1)`.execute(db());
  expect(await shown(ben, contact)).toBe('13900139000');
  expect(await shown(await hall.login('ana'), contact)).toBe('CONTACT_UNKNOWN');
  await hall.hangUp(caller);
  await hall.setState('ben', 'offline');
});

test('a reason is needed, of a length that can be read', async () => {
  const ana = await hall.login('ana');
  const wrong = [
    {},
    { reason: '' },
    { reason: ' ' },
    { reason: '   ' },
    { reason: '核' },
    { reason: '核'.repeat(101) },
  ];
  for (const payload of [...wrong, { reason: 7 }, { reason: 'a\nb' }, { reason: REASON, more: 1 }])
    expect([payload, (await reveal(ana, 'of-ana', payload)).json().code]).toEqual([payload, 'REQUEST_INVALID']);
});

test('who asked, for what, why, and what came of it stands in the trail before the number leaves; the answer is kept nowhere', async () => {
  const ana = await hall.login('ana');
  const before = await deedsOf('ana');
  const answer = await reveal(ana, 'of-ana', { reason: ` ${REASON} ` });
  expect(answer.headers['cache-control']).toBe('no-store');
  await reveal(ana, 'of-ben');
  const rows = (await deedsOf('ana')).slice(before.length);
  expect(rows).toEqual([
    { target: 'of-ana', status: 200, detail: REASON },
    { target: 'of-ben', status: 404, detail: REASON },
  ]);
  const { rows: all } = await sql<{ text: string }>`select audit::text as text from audit`.execute(db());
  expect(JSON.stringify(all)).not.toContain(WHOLE);
  expect(await verifyAudit(db())).toMatchObject({ brokenAt: null });
});

test('while nothing can be written into the trail, no number leaves', async () => {
  const ana = await hall.login('ana');
  await sql`alter table audit rename to audit_away`.execute(db());
  try {
    const answer = await reveal(ana, 'of-ana');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain(WHOLE);
  } finally {
    await sql`alter table audit_away rename to audit`.execute(db());
  }
  expect(await shown(ana, 'of-ana')).toBe(WHOLE);
});

test('sixty in ten minutes are as many as one person is shown; others go on', async () => {
  const curious = await sit('curious', ['supervisor']);
  for (let n = 0; n < 60; n += 1) expect(await shown(curious, 'of-ana')).toBe(WHOLE);
  const answer = await reveal(curious, 'of-ana');
  expect([answer.statusCode, answer.json().code]).toEqual([429, 'REVEAL_THROTTLED']);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(500);
  expect(await shown(await sit('calm', ['supervisor']), 'of-ana')).toBe(WHOLE);
});
