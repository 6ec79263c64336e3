import type { FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLoginCheck } from '../../src/api/login.ts';
import { LOCK_AFTER, LOCK_MS } from '../../src/api/throttle.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { verifyAudit } from '../../src/store/audit.ts';
import { SESSION_IDLE_MS, SESSION_LIFE_MS, sessionKey } from '../../src/store/sessions.ts';
import { hotp, stepOf } from '../../src/store/totp.ts';
import { fromBase32 } from '../base32.ts';
import { Hall, until } from './hall.ts';

let hall: Hall;
let admin: string;
const PASSWORD = 'a long enough password';

beforeAll(async () => {
  hall = await Hall.open();
  admin = await hall.login('admin');
});
afterAll(async () => hall?.close());

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const ask = (cookie: string, method: Method, url: string, payload?: object) =>
  hall.api.inject({ method, url, headers: { cookie }, ...(payload === undefined ? {} : { payload }) });
const asAdmin = (method: Method, url: string, payload?: object) => ask(admin, method, url, payload);
const login = (payload: object, cookie = '') => ask(cookie, 'POST', '/api/v1/login', payload);
const cookieOf = (answer: { cookies: { name: string; value: string }[] }) =>
  `minhu_session=${answer.cookies.find(({ name }) => name === 'minhu_session')!.value}`;
const db = () => hall.database.store.db;

async function add(user: string, more: object = {}): Promise<string> {
  await addAccount(db(), { user, password: PASSWORD, roles: ['agent'], atMs: 1, ...more });
  return user;
}

async function sit(user: string): Promise<string> {
  return cookieOf(await login({ user, password: PASSWORD }));
}

/** As time passes for one session. */
async function age(cookie: string, ms: number, column: 'seen_at_ms' | 'expires_at_ms'): Promise<void> {
  const hash = Buffer.from(sessionKey(cookie.split('=')[1]!), 'hex');
  await db()
    .updateTable('sessions')
    .set({ [column]: sql`${sql.ref(column)} - ${ms}` })
    .where('token_hash', '=', hash)
    .execute();
}

describe('a session', () => {
  test('is http-only, same-site and as long as the longest day', async () => {
    const cookie = (await login({ user: await add('s1'), password: PASSWORD })).cookies[0]!;
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: SESSION_LIFE_MS / 1_000 });
  });

  test('is another one after every login, and the one before is over', async () => {
    const user = await add('s2');
    const before = await sit(user);
    const after = cookieOf(await login({ user, password: PASSWORD }, before));
    expect(after).not.toBe(before);
    expect((await ask(before, 'GET', '/api/v1/me')).statusCode).toBe(401);
    expect((await ask(after, 'GET', '/api/v1/me')).statusCode).toBe(200);
  });

  test('ends when nothing was asked for in so long, but not while its agent is ready', async () => {
    const idle = await sit(await add('s3'));
    await age(idle, SESSION_IDLE_MS + 1_000, 'seen_at_ms');
    expect((await ask(idle, 'GET', '/api/v1/me')).json()).toMatchObject({ code: 'LOGIN_REQUIRED' });
    const working = await hall.login('ana');
    await hall.setState('ana', 'ready');
    await age(working, SESSION_IDLE_MS + 1_000, 'seen_at_ms');
    expect((await ask(working, 'GET', '/api/v1/me')).statusCode).toBe(200);
    await hall.setState('ana', 'offline');
  });

  test('is not kept alive by a page that draws tickets on its own', async () => {
    const cookie = await sit(await add('s4'));
    await age(cookie, 120_000, 'seen_at_ms');
    const seen = async () =>
      (await db().selectFrom('sessions').select('seen_at_ms').where('user_name', '=', 's4').executeTakeFirstOrThrow())
        .seen_at_ms;
    const before = await seen();
    expect((await ask(cookie, 'POST', '/api/v1/live/ticket')).statusCode).toBe(200);
    expect(await seen()).toBe(before);
    await ask(cookie, 'GET', '/api/v1/me');
    expect(await seen()).toBeGreaterThan(before);
  });

  test('ends after the longest day, whatever is asked for', async () => {
    const cookie = await sit(await add('s5'));
    await age(cookie, SESSION_LIFE_MS, 'expires_at_ms');
    expect((await ask(cookie, 'GET', '/api/v1/me')).statusCode).toBe(401);
  });

  test('of a changed password is over everywhere but where it was changed', async () => {
    const user = await add('s6');
    const [here, there] = [await sit(user), await sit(user)];
    const body = { password: PASSWORD, newPassword: 'another long password' };
    expect((await ask(here, 'POST', '/api/v1/me/password', { ...body, password: 'wrong' })).statusCode).toBe(401);
    const answer = await ask(here, 'POST', '/api/v1/me/password', body);
    expect((await ask(cookieOf(answer), 'GET', '/api/v1/me')).statusCode).toBe(200);
    for (const cookie of [here, there]) expect((await ask(cookie, 'GET', '/api/v1/me')).statusCode).toBe(401);
  });
});

describe('guessing', () => {
  test('locks the account after ten wrong passwords for a while; it shows, stands in the trail, and an admin ends it', async () => {
    const user = await add('g1');
    let nowMs = Date.now();
    const check = createLoginCheck(db(), undefined, () => nowMs);
    const request = { deed: null, client: '127.0.0.1' } as unknown as FastifyRequest;
    for (let n = 0; n < LOCK_AFTER; n += 1) {
      nowMs += 61_000;
      await expect(check(request, { user, password: 'wrong' })).rejects.toMatchObject({ code: 'LOGIN_WRONG' });
    }
    expect(request.deed?.detail).toContain('locked until');
    nowMs += 61_000;
    await expect(check(request, { user, password: PASSWORD })).rejects.toMatchObject({ code: 'LOGIN_THROTTLED' });
    const refused = await login({ user, password: PASSWORD });
    expect(refused.json()).toMatchObject({ status: 429, code: 'LOGIN_THROTTLED' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(LOCK_MS / 1_000);
    const { users } = (await asAdmin('GET', '/api/v1/users')).json();
    expect(users.find((each: { user: string }) => each.user === user).lockedUntilMs).toBeGreaterThan(Date.now());
    expect((await asAdmin('PATCH', `/api/v1/users/${user}`, { locked: false })).json().lockedUntilMs).toBe(null);
    expect((await login({ user, password: PASSWORD })).statusCode).toBe(200);
    // Where the wrong ones were counted, too.
    expect(await check(request, { user, password: PASSWORD })).toMatchObject({ user });
  });

  test('from one neighbourhood, whosever name it is, is stopped for all of it, and for nobody else', async () => {
    const user = await add('g9');
    let nowMs = Date.now();
    const check = createLoginCheck(db(), undefined, () => nowMs);
    const tryAs = (client: string, name: string, password: string) =>
      check({ deed: null, client } as unknown as FastifyRequest, { user: name, password }).then(
        () => 'right',
        ({ code }) => code,
      );
    for (let n = 0; n < 100; n += 1) expect(await tryAs(`198.51.100.${n}`, `nobody-${n}`, 'wrong')).toBe('LOGIN_WRONG');
    expect(await tryAs('::ffff:198.51.100.200', user, PASSWORD)).toBe('LOGIN_THROTTLED');
    expect(await tryAs('198.51.101.1', user, PASSWORD)).toBe('right');
    for (let n = 0; n < 101; n += 1) await tryAs('127.0.0.1', `here-${n}`, 'wrong');
    // A proxy on this machine speaks for everybody.
    expect(await tryAs('127.0.0.1', user, PASSWORD)).toBe('right');
    nowMs += 600_000;
    expect(await tryAs('198.51.100.200', user, PASSWORD)).toBe('right');
  });

  test('of an unknown name is answered like that of a known one', async () => {
    const user = await add('g2');
    for (const name of [user, 'nobody-at-all']) {
      const codes = [];
      for (let n = 0; n < 6; n += 1) codes.push((await login({ user: name, password: 'wrong' })).json().code);
      expect(codes).toEqual([...Array(5).fill('LOGIN_WRONG'), 'LOGIN_THROTTLED']);
    }
  });
});

describe('the second factor', () => {
  test('calculates the codes of RFC 6238, appendix B', () => {
    const secret = Buffer.from('12345678901234567890');
    for (const [seconds, code] of [
      [59, '94287082'],
      [1_111_111_109, '07081804'],
      [1_111_111_111, '14050471'],
      [1_234_567_890, '89005924'],
      [2_000_000_000, '69279037'],
      [20_000_000_000, '65353130'],
    ] as const)
      expect(hotp(secret, Math.floor(seconds / 30), 8)).toBe(code);
  });

  test('takes a code one step early or late and no further, and none that was taken', () => {
    const secret = Buffer.from('12345678901234567890');
    const nowMs = 1_234_567_890_000;
    const now = Math.floor(nowMs / 30_000);
    expect([-2, -1, 0, 1, 2].map((off) => stepOf(secret, hotp(secret, now + off), nowMs, 0))).toEqual([
      undefined,
      now - 1,
      now,
      now + 1,
      undefined,
    ]);
    expect(stepOf(secret, hotp(secret, now), nowMs, now)).toBe(undefined);
  });

  test('is asked for once confirmed, refuses a replay, and a recovery code works once', async () => {
    const user = await add('t1');
    const cookie = await sit(user);
    const begun = (await ask(cookie, 'POST', '/api/v1/me/second-factor', { password: PASSWORD })).json();
    expect(begun.uri).toContain(`secret=${begun.secret}`);
    expect((await login({ user, password: PASSWORD })).statusCode).toBe(200);
    const code = () => hotp(fromBase32(begun.secret), Math.floor(Date.now() / 30_000));
    const wrong = await ask(cookie, 'POST', '/api/v1/me/second-factor/confirm', { code: '12345x' });
    expect(wrong.json().code).toBe('SECOND_FACTOR_WRONG');
    const confirmed = await ask(cookie, 'POST', '/api/v1/me/second-factor/confirm', { code: code() });
    const { recoveryCodes } = confirmed.json();
    expect(new Set(recoveryCodes).size).toBe(10);
    const later = hotp(fromBase32(begun.secret), Math.floor(Date.now() / 30_000) + 1);
    expect((await login({ user, password: PASSWORD })).json()).toMatchObject({
      status: 401,
      code: 'SECOND_FACTOR_REQUIRED',
    });
    expect((await login({ user, password: PASSWORD, code: later })).statusCode).toBe(200);
    expect((await login({ user, password: PASSWORD, code: later })).json().code).toBe('SECOND_FACTOR_WRONG');
    expect((await login({ user, password: PASSWORD, code: recoveryCodes[0] })).statusCode).toBe(200);
    expect((await login({ user, password: PASSWORD, code: recoveryCodes[0] })).json().code).toBe('SECOND_FACTOR_WRONG');
    expect((await asAdmin('PATCH', `/api/v1/users/${user}`, { secondFactor: false })).json().secondFactor).toBe(false);
    expect((await login({ user, password: PASSWORD })).statusCode).toBe(200);
  });

  test('is no plain text in the database, and opens for nobody else', async () => {
    const [mine, other] = [await add('t2'), await add('t3')];
    for (const user of [mine, other])
      await ask(await sit(user), 'POST', '/api/v1/me/second-factor', { password: PASSWORD });
    const rows = await db()
      .selectFrom('users')
      .select(['name', 'totp_secret'])
      .where('name', 'in', [mine, other])
      .execute();
    expect(rows.every(({ totp_secret }) => /^k1\.[A-Za-z0-9_-]{64}$/.test(totp_secret ?? ''))).toBe(true);
    await db()
      .updateTable('users')
      .set({ totp_secret: rows.find(({ name }) => name === other)!.totp_secret })
      .where('name', '=', mine)
      .execute();
    const answer = await ask(await sit(mine), 'POST', '/api/v1/me/second-factor/confirm', { code: '000000' });
    expect(answer.statusCode).toBe(500);
  });
});

describe('accounts', () => {
  test('an admin makes, changes and removes a seat', async () => {
    const made = (await asAdmin('POST', '/api/v1/users', { user: 'u1', roles: ['agent'] })).json();
    expect(made.password).toHaveLength(20);
    const seat = { number: '7001', skills: { personal: 2 } };
    const seated = (await asAdmin('PATCH', '/api/v1/users/u1', { seat })).json();
    expect(seated).toMatchObject({ seat: { number: '7001', sipUser: '7001', skills: { personal: 2 }, digest: 'md5' } });
    expect(seated.sipPassword).toHaveLength(20);
    const profile = [{ queue: 'personal', rank: 2, delayMs: 5_000 }];
    const change = { seat: { skills: { personal: 5 }, home: 'personal', profile, slots: { chat: 2 } } };
    expect((await asAdmin('PATCH', '/api/v1/users/u1', change)).json().seat).toMatchObject({
      ...change.seat,
      number: '7001',
    });
    expect(
      (await asAdmin('PATCH', '/api/v1/users/u1', { seat: { home: null, profile: null, slots: null } })).json().seat,
    ).toMatchObject({ home: null, profile: null, slots: null });
    expect((await asAdmin('PATCH', '/api/v1/users/u1', { seat: null })).json().seat).toBe(null);
  });

  test('skills that may be given are those that some queue or plan asks for', async () => {
    expect((await asAdmin('GET', '/api/v1/skills')).json()).toEqual({ skills: ['personal'] });
  });

  test('what cannot be is refused with its own code, and nothing is changed', async () => {
    await add('u2');
    const before = (await asAdmin('GET', '/api/v1/users')).json();
    const served = (rank: number) => ({ queue: 'personal', rank, delayMs: 0 });
    for (const [change, code] of [
      [{ roles: ['auditor', 'admin'] }, 'ROLES_CONFLICT'],
      [{ team: 'none' }, 'TEAM_UNKNOWN'],
      [{ seat: { profile: [served(1), served(2)] } }, 'REQUEST_INVALID'],
      [{ seat: { number: '1001', skills: { personal: 1 } } }, 'USER_TAKEN'],
      [{ seat: { number: '7002', skills: { personal: 1 }, site: 'nowhere' } }, 'SITE_UNKNOWN'],
      [{ seat: { number: '7002', skills: { persnal: 1 } } }, 'SKILL_UNKNOWN'],
      [{ seat: { number: '7002', skills: { personal: 1 }, home: 'nothing' } }, 'QUEUE_UNKNOWN'],
      [{ seat: { number: '7002' } }, 'NO_SEAT'],
      [{}, 'REQUEST_INVALID'],
      [{ roles: [] }, 'REQUEST_INVALID'],
      [{ roles: ['god'] }, 'REQUEST_INVALID'],
    ] as const)
      expect([change, (await asAdmin('PATCH', '/api/v1/users/u2', change)).json().code]).toEqual([change, code]);
    expect((await asAdmin('PATCH', '/api/v1/users/nobody', { disabled: true })).json().code).toBe('USER_UNKNOWN');
    expect((await asAdmin('GET', '/api/v1/users')).json()).toEqual(before);
  });

  test('an admin neither changes the own roles nor disables the own account', async () => {
    for (const change of [{ roles: ['admin', 'lead'] }, { disabled: true }])
      expect((await asAdmin('PATCH', '/api/v1/users/admin', change)).json().code).toBe('OWN_ACCOUNT');
  });

  test('keys that could change every object are refused', async () => {
    for (const text of ['{"__proto__":{"x":1}}', '{"user":"x","constructor":{"prototype":{"x":1}}}']) {
      const answer = await hall.api.inject({
        method: 'POST',
        url: '/api/v1/users',
        headers: { cookie: admin, 'content-type': 'application/json' },
        payload: text,
      });
      expect(answer.statusCode).toBe(400);
    }
    expect(({} as { x?: number }).x).toBe(undefined);
  });

  test('a lead who is of a team sees its agents and contacts, one who is of none everybody', async () => {
    expect((await asAdmin('PUT', '/api/v1/teams/east', { title: '东区一班' })).json()).toEqual({
      team: 'east',
      title: '东区一班',
      members: 0,
    });
    await add('lead-east', { roles: ['lead'], team: 'east' });
    await asAdmin('PATCH', '/api/v1/users/ben', { team: 'east' });
    const cookie = await sit('lead-east');
    const agents = async (who: string) =>
      (await ask(who, 'GET', '/api/v1/agents')).json().agents.map(({ agent }: { agent: string }) => agent);
    expect(await agents(cookie)).toEqual(['ben']);
    expect(await agents(await hall.login('lead'))).toEqual(['ana', 'ben', 'eva']);
    const view = await hall.sit(cookie);
    await until(() => view.items.has('board'));
    const shown = () => [...view.items.get('board')!.keys()].filter((key) => key.startsWith('agent/'));
    await until(() => shown().join() === 'agent/ben');
    expect((await ask(cookie, 'POST', '/api/v1/agents/ana/hints', { text: '请稍候' })).statusCode).toBe(404);
    await asAdmin('PATCH', '/api/v1/users/eva', { team: 'east' });
    await until(() => shown().length === 2);
    expect((await asAdmin('DELETE', '/api/v1/teams/east')).statusCode).toBe(204);
    await until(() => view.closed !== undefined);
    expect(view.closed).toBe(4001);
  });

  test("a lead's word is on the agent's page at once", async () => {
    const lead = await hall.login('lead');
    expect((await ask(lead, 'POST', '/api/v1/agents/eva/hints', { text: '请核对地址' })).json().code).toBe(
      'AGENT_AWAY',
    );
    const view = await hall.sit(await hall.login('eva'));
    expect((await ask(lead, 'POST', '/api/v1/agents/eva/hints', { text: '请核对地址' })).statusCode).toBe(204);
    await until(() =>
      [...(view.items.get('me')?.values() ?? [])].some(
        (item) => item.kind === 'hint' && item.text === '请核对地址' && item.by === 'lead',
      ),
    );
    view.socket.terminate();
  });

  test('who has no page open, or one that hears nothing, is away, and is not shown it later', async () => {
    const lead = await hall.login('lead');
    const hint = async (text: string) => {
      const { statusCode } = await ask(lead, 'POST', '/api/v1/agents/ben/hints', { text });
      return statusCode;
    };
    const cookie = await hall.login('ben');
    const deaf = await hall.sit(cookie);
    expect(await hint('first')).toBe(204);
    deaf.socket.pause();
    expect(await hint('unheard')).toBe(409);
    const other = await hall.sit(cookie);
    expect(await hint('second')).toBe(204);
    const closed = [deaf, other].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve)));
    for (const { socket } of [deaf, other]) socket.terminate();
    await Promise.all(closed);
    await until(async () => (await hint('closed')) === 409);
    const back = await hall.sit(cookie);
    await until(() => back.items.has('me'));
    const hints = [...back.items.get('me')!.values()].filter((item) => item.kind === 'hint');
    expect(hints.map(({ text }) => text)).toEqual(['first', 'second']);
    back.socket.terminate();
  });
});

describe("a program's token", () => {
  const wish = { title: '统计平台', scopes: ['metrics:read'], days: 30 };
  const use = (token: string, url = '/api/v1/metrics/summary') =>
    hall.api.inject({ url, headers: { authorization: `Bearer ${token}` } });

  test('opens what its scope names until it is revoked, expired, or its account disabled; only its hash is stored', async () => {
    await add('bi', { roles: ['integrator'] });
    const { id, token } = (await asAdmin('POST', '/api/v1/users/bi/tokens', wish)).json();
    expect((await use(token)).statusCode).toBe(200);
    expect((await use(token, '/api/v1/queues')).json().code).toBe('FORBIDDEN');
    expect((await use(token, '/api/v1/me')).json().code).toBe('FORBIDDEN');
    expect((await use(`${token}x`)).json().code).toBe('TOKEN_WRONG');
    const stored = JSON.stringify(await db().selectFrom('api_tokens').selectAll().execute());
    expect(stored).not.toContain(token.slice(4));
    await asAdmin('PATCH', '/api/v1/users/bi', { disabled: true });
    expect((await use(token)).json().code).toBe('TOKEN_WRONG');
    await asAdmin('PATCH', '/api/v1/users/bi', { disabled: false });
    expect((await use(token)).statusCode).toBe(200);
    await db().updateTable('api_tokens').set({ expires_at_ms: Date.now() }).where('id', '=', id).execute();
    expect((await use(token)).json().code).toBe('TOKEN_WRONG');
    const second = (await asAdmin('POST', '/api/v1/users/bi/tokens', wish)).json();
    expect((await use(second.token)).statusCode).toBe(200);
    expect((await asAdmin('DELETE', `/api/v1/tokens/${second.id}`)).statusCode).toBe(204);
    expect((await use(second.token)).json().code).toBe('TOKEN_WRONG');
    const { tokens } = (await asAdmin('GET', '/api/v1/users/bi/tokens')).json();
    expect(tokens.map((each: { revokedAtMs: number | null }) => each.revokedAtMs !== null).sort()).toEqual([
      false,
      true,
    ]);
  });

  test('is made for integrators alone', async () => {
    expect((await asAdmin('POST', '/api/v1/users/ana/tokens', wish)).json().code).toBe('TOKEN_NOT_MADE');
    for (const odd of [
      { ...wish, scopes: ['users:write'] },
      { ...wish, days: 366 },
      { ...wish, scopes: [] },
    ])
      expect((await asAdmin('POST', '/api/v1/users/ana/tokens', odd)).statusCode).toBe(400);
  });
});

describe('the audit trail', () => {
  test('says who did what from where and what came of it, without a secret', async () => {
    await add('watcher', { roles: ['auditor'] });
    const cookie = await sit('watcher');
    await login({ user: 'watcher', password: 'a wrong password' });
    const made = (
      await asAdmin('POST', '/api/v1/users', { user: 'traced', roles: ['agent'], password: 'secret-in-the-body' })
    ).json();
    expect(made.user).toBe('traced');
    await ask(await hall.login('ana'), 'POST', '/api/v1/users', { user: 'x', roles: ['admin'] });
    await until(
      async () => (await ask(cookie, 'GET', '/api/v1/audit?who=ana&action=POST /api/v1/users')).json().deeds.length > 0,
    );
    const { deeds } = (await ask(cookie, 'GET', '/api/v1/audit')).json();
    const found = (wanted: object) => expect(deeds).toContainEqual(expect.objectContaining(wanted));
    found({
      who: 'admin',
      action: 'POST /api/v1/users',
      target: 'traced',
      status: 201,
      code: '',
      via: 'session',
      source: '127.0.0.1',
    });
    found({
      who: '',
      action: 'POST /api/v1/login',
      target: 'watcher',
      status: 401,
      code: 'LOGIN_WRONG',
      via: 'nobody',
    });
    found({ who: 'ana', action: 'POST /api/v1/users', status: 403, code: 'FORBIDDEN' });
    found({ who: 'watcher', action: 'POST /api/v1/login', status: 200 });
    expect(JSON.stringify(deeds)).not.toContain('secret-in-the-body');
    expect(JSON.stringify(deeds)).not.toContain('a wrong password');
  });

  test('shows an admin the own acts alone', async () => {
    const { deeds } = (await asAdmin('GET', '/api/v1/audit?who=ana')).json();
    expect(new Set(deeds.map(({ who }: { who: string }) => who))).toEqual(new Set(['admin']));
  });

  test('cannot be changed by a statement; changed behind the back of the database, the first such row is named', async () => {
    for (const statement of [sql`update audit set who = 'x'`, sql`delete from audit`, sql`truncate audit`])
      await expect(statement.execute(db())).rejects.toThrow('only grows');
    const sound = await verifyAudit(db());
    expect(sound).toMatchObject({ brokenAt: null });
    expect(sound.rows).toBeGreaterThan(5);
    await sql`alter table audit disable trigger user`.execute(db());
    await sql`update audit set who = 'x' where seq = 3`.execute(db());
    expect((await verifyAudit(db())).brokenAt).toBe(3);
    await sql`delete from audit where seq = 2`.execute(db());
    expect((await verifyAudit(db())).brokenAt).toBe(2);
  });
});
