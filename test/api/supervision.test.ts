import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { agentId, contactId, type LegId } from '../../src/core/ids.ts';
import { changePassword, setDisabled, setRights } from '../../src/store/accounts.ts';
import { listAudit } from '../../src/store/audit.ts';
import { sessionKey } from '../../src/store/sessions.ts';
import { dropTeam, putTeam } from '../../src/store/teams.ts';
import { Hall, hallRules, type LiveView, until } from './hall.ts';

let hall: Hall;
let lead: string;
let eva: string;
let ben: string;
let ana: string;
let caller: LegId;
let contact: string;
let url: string;

beforeAll(async () => {
  hall = await Hall.open({ ...hallRules(), alerts: { missedOffers: 1 } });
  const { db } = hall.database.store;
  await setRights(db, 'eva', { roles: ['lead', 'agent'] });
  await setRights(db, 'ben', { roles: ['lead', 'agent'] });
  [lead, eva, ben, ana] = (await Promise.all(['lead', 'eva', 'ben', 'ana'].map((user) => hall.login(user)))) as [
    string,
    string,
    string,
    string,
  ];
});
afterAll(async () => hall?.close());

/** ana talks with a citizen. */
beforeEach(async () => {
  hall.ringing.clear();
  await hall.setState('ana', 'ready');
  caller = await hall.call();
  await hall.answer('8001');
  contact = await until2(() => agent('ana')?.contact);
  url = `/api/v1/contacts/${contact}/supervision`;
  await until(() => agent('ana')?.state === 'talking');
});
afterEach(async () => {
  await hall.hangUp(caller);
  await hall.setState('ana', 'offline');
});

test('a lead listens for a reason, is rung at the own seat, and may then be heard', async () => {
  expect(await ask(eva, 'POST', url, { mode: 'listen', reason: 'training' })).toMatchObject({
    status: 201,
    body: { agent: 'ana', supervision: { by: 'eva', mode: 'listen', step: 'ringing', reason: 'training' } },
  });
  await hall.answer('8003');
  expect((await ask(lead, 'GET', url)).body.supervision).toMatchObject({ by: 'eva', step: 'on' });
  const barge = { mode: 'barge', reason: 'explained together' };
  expect((await ask(eva, 'PATCH', url, barge)).body.supervision).toMatchObject(barge);
  expect((await ask(eva, 'DELETE', url)).status).toBe(204);
  expect((await ask(lead, 'GET', url)).body.supervision).toBeUndefined();
  expect(agent('ana')?.state).toBe('talking');
});

test('nobody listens without a reason, a seat, a free phone, or a second time; and nobody to the own talk', async () => {
  for (const body of [
    { mode: 'listen' },
    { mode: 'listen', reason: '' },
    { mode: 'listen', reason: '  ' },
    { mode: 'spy', reason: 'x' },
  ])
    expect((await ask(eva, 'POST', url, body)).body.code).toBe('REQUEST_INVALID');
  const body = { mode: 'listen', reason: 'training' };
  expect((await ask(ana, 'POST', url, body)).body.code).toBe('FORBIDDEN');
  expect((await ask(lead, 'POST', url, body)).body.code).toBe('NO_SEAT');
  expect((await ask(eva, 'POST', '/api/v1/contacts/C-no/supervision', body)).body.code).toBe('CONTACT_NOT_TALKING');
  expect((await ask(eva, 'PATCH', url, { mode: 'barge' })).body.code).toBe('SUPERVISION_NONE');
  await ask(eva, 'POST', url, body);
  expect((await ask(ben, 'POST', url, body)).body.code).toBe('SUPERVISED_ALREADY');
  expect((await ask(ben, 'PATCH', url, { mode: 'barge' })).body.code).toBe('SUPERVISION_NONE');
  expect((await ask(ben, 'DELETE', url)).body.code).toBe('SUPERVISION_NONE');
  await ask(eva, 'DELETE', url);
});

test('every listening is in the audit trail with its reason, and so is what was refused', async () => {
  await ask(eva, 'POST', url, { mode: 'whisper', reason: 'new colleague' });
  for (const mode of ['barge', 'takeOver'])
    expect(await ask(eva, 'PATCH', url, { mode })).toMatchObject({
      status: 400,
      body: { code: 'SUPERVISION_REASON_NEEDED' },
    });
  const barge = { mode: 'barge', reason: 'both ask' };
  expect((await ask(eva, 'PATCH', url, barge)).body.supervision).toMatchObject(barge);
  expect((await ask(eva, 'PATCH', url, { mode: 'listen' })).body.supervision).toMatchObject({
    mode: 'listen',
    reason: 'both ask',
  });
  await ask(eva, 'DELETE', url);
  await ask(lead, 'POST', url, { mode: 'listen', reason: 'curious' });
  const deeds = await listAudit(hall.database.store.db, { fromMs: 0, toMs: 1e15, rowsMax: 50 });
  const ours = deeds.filter(({ target }) => target === contact);
  expect(ours.map(({ who, detail, code }) => [who, detail, code]).reverse()).toEqual([
    ['eva', 'whisper: new colleague', ''],
    ['eva', 'whisper → barge', 'SUPERVISION_REASON_NEEDED'],
    ['eva', 'whisper → takeOver', 'SUPERVISION_REASON_NEEDED'],
    ['eva', 'whisper → barge: both ask', ''],
    ['eva', 'barge → listen', ''],
    ['eva', '', ''],
    ['lead', 'listen: curious', 'NO_SEAT'],
  ]);
});

test('a sensitive contact is heard by nobody until a second person has agreed', async () => {
  expect((await ask(lead, 'PUT', `/api/v1/contacts/${contact}/sensitive`, { sensitive: true })).body.sensitive).toBe(
    true,
  );
  const asked = await ask(eva, 'POST', url, { mode: 'listen', reason: 'complaint' });
  expect(asked.body.supervision).toMatchObject({ step: 'asked' });
  expect(hall.ringing.has('8003')).toBe(false);
  const toListen = { by: 'eva', mode: 'listen' };
  expect((await ask(eva, 'POST', `${url}/approval`, toListen)).body.code).toBe('SECOND_PERSON_NEEDED');
  expect((await ask(ana, 'POST', `${url}/approval`, toListen)).body.code).toBe('FORBIDDEN');
  expect((await ask(lead, 'POST', `${url}/approval`, toListen)).body.supervision).toMatchObject({
    step: 'ringing',
    approvedBy: 'lead',
  });
  await hall.answer('8003');
  expect((await ask(lead, 'GET', url)).body.supervision).toMatchObject({ step: 'on', approvedBy: 'lead' });
  await ask(eva, 'DELETE', url);
});

test('of a sensitive contact nobody becomes louder alone, nor takes the mark away alone', async () => {
  const mark = (cookie: string, sensitive: boolean) =>
    ask(cookie, 'PUT', `/api/v1/contacts/${contact}/sensitive`, { sensitive });
  const supervision = async () => (await ask(lead, 'GET', url)).body.supervision;
  await mark(lead, true);
  await ask(eva, 'POST', url, { mode: 'whisper', reason: 'complaint' });
  const agree = (cookie: string, mode: string) => ask(cookie, 'POST', `${url}/approval`, { by: 'eva', mode });
  await agree(lead, 'whisper');
  await hall.answer('8003');
  for (const mode of ['barge', 'takeOver'] as const) {
    expect((await ask(eva, 'PATCH', url, { mode })).body.code).toBe('SUPERVISION_REASON_NEEDED');
    const louder = { mode, reason: `to ${mode}` };
    // What the second person reads is why it is to be louder.
    expect((await ask(eva, 'PATCH', url, louder)).body.supervision).toMatchObject({
      ...{ mode: 'whisper', wanted: mode, reason: louder.reason },
    });
    expect((await agree(eva, mode)).body.code).toBe('SECOND_PERSON_NEEDED');
  }
  expect((await ask(eva, 'PATCH', url, { mode: 'listen' })).body.supervision.mode).toBe('listen');
  expect(await supervision()).not.toHaveProperty('wanted');
  expect((await agree(lead, 'takeOver')).body.code).toBe('SUPERVISION_NONE');
  expect((await mark(eva, false)).body).toMatchObject({ sensitive: true, unmarkAskedBy: 'eva' });
  expect((await mark(eva, false)).body.code).toBe('SECOND_PERSON_NEEDED');
  // The first to ask is refused by a second person's mark, and by nobody's silence.
  expect((await mark(lead, true)).body).not.toHaveProperty('unmarkAskedBy');
  expect((await mark(eva, false)).body.unmarkAskedBy).toBe('eva');
  expect((await mark(ben, false)).body).toMatchObject({ sensitive: false });
  expect((await ask(eva, 'PATCH', url, { mode: 'barge', reason: 'threat' })).body.supervision).toMatchObject({
    mode: 'barge',
  });
  expect((await ask(eva, 'DELETE', url)).status).toBe(204);
});

test('a second person agrees to what was read, not to what it has become', async () => {
  const agree = (body?: object) => ask(lead, 'POST', `${url}/approval`, body);
  await ask(lead, 'PUT', `/api/v1/contacts/${contact}/sensitive`, { sensitive: true });
  await ask(eva, 'POST', url, { mode: 'listen', reason: 'complaint' });
  for (const body of [undefined, {}, { by: 'eva' }, { by: 'eva', mode: 'spy' }])
    expect((await agree(body)).body.code).toBe('REQUEST_INVALID');
  expect((await agree({ by: 'eva', mode: 'barge' })).body.code).toBe('APPROVAL_STALE');
  expect((await agree({ by: 'ben', mode: 'listen' })).body.code).toBe('APPROVAL_STALE');
  // It becomes another between the look and the decision.
  const submit = hall.options.core.submit;
  const changed = { type: 'supervisionAsked', contact: contactId(contact), by: agentId('eva'), mode: 'barge' } as const;
  vi.spyOn(hall.options.core, 'submit').mockImplementationOnce(async (event) => {
    await submit({ ...changed, reason: 'complaint' });
    return submit(event);
  });
  expect((await agree({ by: 'eva', mode: 'listen' })).body.code).toBe('APPROVAL_STALE');
  vi.restoreAllMocks();
  expect((await ask(lead, 'GET', url)).body.supervision).toMatchObject({ step: 'asked', mode: 'barge' });
  expect(hall.ringing.has('8003')).toBe(false);
  const deeds = await listAudit(hall.database.store.db, { fromMs: 0, toMs: 1e15, rowsMax: 1 });
  expect(deeds).toMatchObject([{ who: 'lead', code: 'APPROVAL_STALE', detail: 'eva, listen: complaint' }]);
  expect((await agree({ by: 'eva', mode: 'barge' })).body.supervision).toMatchObject({ step: 'ringing' });
  await ask(eva, 'DELETE', url);
});

test('who takes over has the talk; the agent wraps up', async () => {
  await ask(eva, 'POST', url, { mode: 'takeOver', reason: 'threat' });
  await hall.answer('8003');
  await until(() => agent('eva')?.state === 'talking');
  expect(agent('eva')?.contact).toBe(contact);
  expect(agent('ana')?.state).toBe('wrapUp');
  expect((await ask(lead, 'GET', url)).body).toMatchObject({ agent: 'eva' });
});

test('a lead says that an alert was seen, once; who is told to every board, and the alert stays until it is over', async () => {
  const board = await hall.sit(lead);
  try {
    await hall.setState('ben', 'ready');
    const second = await hall.call('13900139001');
    await until(() => hall.ringing.has('8002'));
    const leg = hall.ringing.get('8002')!;
    await hall.loop.submit({ type: 'legEnded', node: 'switch' as never, leg, cause: 'CALL_REJECTED' });
    await until(() => board.item('board', 'alert/missedOffers/ben', 'alert') !== undefined);
    const seen = '/api/v1/alerts/missedOffers/ben/acknowledge';
    expect((await ask(ana, 'POST', seen)).body.code).toBe('FORBIDDEN');
    expect((await ask(lead, 'POST', '/api/v1/alerts/missedOffers/eva/acknowledge')).body.code).toBe('ALERT_UNKNOWN');
    expect((await ask(lead, 'POST', seen)).status).toBe(204);
    expect((await ask(eva, 'POST', seen)).status).toBe(204);
    await until(() => board.item('board', 'alert/missedOffers/ben', 'alert')?.seenBy === 'lead');
    await hall.setState('ben', 'offline');
    await hall.hangUp(second);
    await until(() => board.item('board', 'alert/missedOffers/ben', 'alert') === undefined);
  } finally {
    board.socket.close();
  }
});

test("a lead sets an agent's state for a reason, and it is audited", async () => {
  const state = '/api/v1/agents/eva/state';
  expect((await ask(lead, 'PUT', state, { state: 'ready' })).body.code).toBe('REQUEST_INVALID');
  expect((await ask(ana, 'PUT', state, { state: 'ready', reason: 'x' })).body.code).toBe('FORBIDDEN');
  expect((await ask(lead, 'PUT', '/api/v1/agents/nobody/state', { state: 'ready', reason: 'x' })).body.code).toBe(
    'USER_UNKNOWN',
  );
  expect((await ask(lead, 'PUT', state, { state: 'notReady', reason: 'break over' })).body).toMatchObject({
    state: 'notReady',
    reason: 'break over',
    setBy: { by: 'lead', reason: 'break over' },
  });
  const [deed] = await listAudit(hall.database.store.db, { fromMs: 0, toMs: 1e15, rowsMax: 1 });
  expect(deed).toMatchObject({ who: 'lead', target: 'eva', detail: 'notReady: break over' });
  await hall.setState('eva', 'offline');
});

test('leads see on their board who listens and what lasts too long; the agent does not', async () => {
  const [board, seat] = await Promise.all([hall.sit(lead), hall.sit(ana)]);
  try {
    await ask(eva, 'POST', url, { mode: 'listen', reason: 'training' });
    await until(() => board.item('board', `supervision/${contact}`, 'supervision')?.step === 'ringing');
    await hall.answer('8003');
    await until(() => board.item('board', `supervision/${contact}`, 'supervision')?.step === 'on');
    await ask(eva, 'DELETE', url);
    await until(() => board.item('board', `supervision/${contact}`, 'supervision') === undefined);
    expect(said(seat)).not.toContain('training');
    expect(said(seat)).not.toContain('supervision');
    await hall.setState('ben', 'ready');
    const second = await hall.call('13900139000');
    await until(() => hall.ringing.has('8002'));
    await hall.loop.submit({
      type: 'legEnded',
      node: 'switch' as never,
      leg: hall.ringing.get('8002')!,
      cause: 'CALL_REJECTED',
    });
    await until(() => board.item('board', 'alert/missedOffers/ben', 'alert'));
    await hall.hangUp(second);
    await hall.setState('ben', 'ready');
    await until(() => board.item('board', 'alert/missedOffers/ben', 'alert') === undefined);
    await hall.setState('ben', 'offline');
  } finally {
    board.socket.terminate();
    seat.socket.terminate();
  }
});

test('an agent who leaves a team takes along what its board tells of them', async () => {
  const { db } = hall.database.store;
  /** Resolves when the hall has heard of it: tickets drawn before are void then. */
  const move = async (user: string, team: string | null): Promise<void> => {
    const heard = new Promise<void>((resolve) => {
      const end = hall.options.live!.onAccounts(() => {
        end();
        resolve();
      });
    });
    await setRights(db, user, { team });
    await heard;
  };
  await putTeam(db, 'east', 'East', 1);
  for (const user of ['eva', 'ben', 'ana']) await move(user, 'east');
  const board = await hall.sit(eva);
  try {
    await until(() => board.item('board', 'agent/ben', 'agent') && board.item('board', 'agent/ana', 'agent'));
    await hall.setState('ben', 'ready');
    const second = await hall.call('13900139002');
    await until(() => hall.ringing.has('8002'));
    const leg = hall.ringing.get('8002')!;
    await hall.loop.submit({ type: 'legEnded', node: 'switch' as never, leg, cause: 'CALL_REJECTED' });
    expect((await ask(eva, 'POST', url, { mode: 'listen', reason: 'training' })).status).toBe(201);
    await until(() => board.item('board', 'alert/missedOffers/ben', 'alert') !== undefined);
    await until(() => board.item('board', `supervision/${contact}`, 'supervision') !== undefined);
    for (const user of ['ben', 'ana']) await move(user, null);
    await until(() => !board.item('board', 'agent/ben', 'agent') && !board.item('board', 'agent/ana', 'agent'));
    expect([...board.items.get('board')!.keys()].filter((key) => /^(alert|supervision)\//.test(key))).toEqual([]);
    await hall.hangUp(second);
  } finally {
    board.socket.terminate();
    await dropTeam(db, 'east');
    await hall.setState('ben', 'offline');
  }
});

describe('a supervision ends with the right to it, on whatever phone', () => {
  const db = () => hall.database.store.db;
  const rights = (change: Parameters<typeof setRights>[2]) => setRights(db(), 'eva', change);
  const LEAD = { roles: ['lead', 'agent'] } as const;

  beforeEach(async () => {
    await putTeam(db(), 'east', 'East', 1);
    await putTeam(db(), 'west', 'West', 1);
    await rights({ ...LEAD, team: 'east' });
    await setRights(db(), 'ana', { team: 'east' });
    eva = await hall.login('eva');
  });
  afterEach(async () => {
    await setDisabled(db(), 'eva', false);
    await rights(LEAD);
    for (const team of ['east', 'west']) await dropTeam(db(), team);
    eva = await hall.login('eva');
  });

  /** @returns what the core notes of its end. */
  async function heardUntil(lost: () => Promise<unknown>): Promise<unknown> {
    const ends: unknown[] = [];
    const unfollow = hall.options.live!.core.follow((entries) => {
      for (const command of entries.flatMap(({ commands }) => commands))
        if (command.do === 'record-fact' && command.fact === 'supervisionEnded') ends.push(command.result);
    });
    expect((await ask(eva, 'POST', url, { mode: 'listen', reason: 'training' })).status).toBe(201);
    await hall.answer('8003');
    await until(() => supervision()?.step === 'on');
    await lost();
    // What was decided is told when it is written down.
    await until(() => supervision() === undefined && ends.length > 0);
    unfollow();
    return ends;
  }

  test.each([
    ['the role is taken away', () => rights({ roles: ['agent'] })],
    ['the supervisor goes to another team', () => rights({ team: 'west' })],
    ['the agent goes to another team', () => setRights(db(), 'ana', { team: 'west' })],
    ['the account is disabled', () => setDisabled(db(), 'eva', true)],
    ['the password is another', () => changePassword(db(), 'eva', 'another password')],
    ['the last session is ended by signing out', () => ask(eva, 'POST', '/api/v1/logout')],
  ])('when %s', async (_name, lost) => {
    const before = await sql<{ password_hash: string }>`select password_hash from users where name = 'eva'`.execute(
      db(),
    );
    await endOtherSessions();
    expect(await heardUntil(lost)).toEqual(['rightsLost']);
    expect(agent('ana')?.state).toBe('talking');
    await sql`update users set password_hash = ${before.rows[0]!.password_hash} where name = 'eva'`.execute(db());
  });

  test('when the last session is over by its time, not before', async () => {
    await endOtherSessions();
    await sql`update sessions set expires_at_ms = ${Date.now() + 700} where user_name = 'eva'`.execute(db());
    expect(await heardUntil(async () => undefined)).toEqual(['rightsLost']);
    const { rows } = await sql<{
      expires_at_ms: number;
    }>`select expires_at_ms from sessions where user_name = 'eva'`.execute(db());
    expect(Date.now()).toBeGreaterThanOrEqual(rows[0]!.expires_at_ms);
  });

  test('whoever began it may end it, with whatever rights are left', async () => {
    await ask(eva, 'POST', url, { mode: 'listen', reason: 'training' });
    // Behind the back of the program: it has heard of no change yet.
    await sql`update users set roles = array['agent'], team = null where name = 'eva'`.execute(db());
    expect((await ask(ben, 'DELETE', url)).body.code).toBe('SUPERVISION_NONE');
    expect((await ask(eva, 'DELETE', url)).status).toBe(204);
    expect(supervision()).toBeUndefined();
  });

  test('nobody loses it whose supervision began while the sessions of others were read', async () => {
    const asked = {
      type: 'supervisionAsked',
      contact: contactId(contact),
      mode: 'listen',
      reason: 'training',
    } as const;
    await hall.loop.submit({ ...asked, by: agentId('ben') });
    const first = await holdSessions();
    await rights({ team: 'east' });
    await until(async () => (await waiting()) === 1);
    await hall.loop.submit({ type: 'supervisionLeft', contact: contactId(contact), by: agentId('ben') });
    await hall.loop.submit({ ...asked, by: agentId('eva') });
    const second = holdSessions();
    await until(async () => (await waiting()) === 2);
    await first.release();
    const { release } = await second;
    // What was read of ben's is through, and eva's are asked for.
    await until(async () => supervision() === undefined || (await waiting()) === 1);
    expect(supervision()).toMatchObject({ by: 'eva', step: 'ringing' });
    await release();
    await hall.loop.submit({ type: 'supervisionLeft', contact: contactId(contact), by: agentId('eva') });
  });

  /** Nobody reads the sessions meanwhile. */
  async function holdSessions(): Promise<{ release(): Promise<void> }> {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let over: Promise<void> | undefined;
    await new Promise<void>((resolve, reject) => {
      over = db()
        .transaction()
        .execute(async (transaction) => {
          await sql`lock table sessions in access exclusive mode`.execute(transaction);
          resolve();
          await held;
        });
      over.catch(reject);
    });
    return {
      async release() {
        letGo();
        await over;
      },
    };
  }

  /** Who would read or hold the sessions, and cannot yet. */
  async function waiting(): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      select count(*)::integer as n from pg_locks where relation = 'sessions'::regclass and not granted
        and database = (select oid from pg_database where datname = current_database())`.execute(db());
    return rows[0]!.n;
  }

  /** Those of earlier tests: only the last one is used here. */
  const endOtherSessions = () =>
    sql`delete from sessions where user_name = 'eva' and token_hash <>
      ${Buffer.from(sessionKey(eva.slice('minhu_session='.length)), 'hex')}`.execute(db());
  const supervision = () => hall.loop.state.contacts.get(contact as never)?.supervision;
});

const agent = (name: string) => (hall.loop.state.agents.has(name as never) ? view(name) : undefined);

function view(name: string) {
  const { reported: state, work } = hall.loop.state.agents.get(name as never)!;
  return { state, contact: work?.contact };
}

function said(view: LiveView): string {
  return JSON.stringify(view.messages);
}

async function until2<Found>(look: () => Found | undefined): Promise<Found> {
  await until(() => look() !== undefined);
  return look()!;
}

async function ask(
  cookie: string,
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  payload?: object,
) {
  const answer = await hall.api.inject({
    method,
    url: path,
    headers: { cookie },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json() };
}
