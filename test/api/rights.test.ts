import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/api/access.ts';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { agentId, contactId, legId } from '../../src/core/ids.ts';
import { addAccount, setRights } from '../../src/store/accounts.ts';
import { makeToken, SCOPES } from '../../src/store/api-tokens.ts';
import { listAudit } from '../../src/store/audit.ts';
import { applyEntries } from '../../src/store/projection.ts';
import { ROLES, type Role } from '../../src/store/schema.ts';
import { openSession } from '../../src/store/sessions.ts';
import { putTeam } from '../../src/store/teams.ts';
import { silent } from '../store/database.ts';
import { JournalByHand, writeCall } from '../store/facts.ts';
import { Hall, until } from './hall.ts';

/** Who may use what: `*` everybody, `+` everybody who is logged in, else these roles; `token`: a program's token of the right scope, too. */
const MATRIX: Readonly<Record<string, string>> = {
  'POST /api/v1/login': '*',
  'POST /api/v1/logout': '*',
  'GET /api/v1/me': '+',
  'POST /api/v1/me/password': '+',
  'POST /api/v1/me/second-factor': '+',
  'POST /api/v1/me/second-factor/confirm': '+',
  'DELETE /api/v1/me/second-factor': '+',
  'PUT /api/v1/agents/me/state': 'agent lead supervisor',
  'GET /api/v1/agents': 'agent lead dispatcher supervisor admin',
  'POST /api/v1/agents/:agent/hints': 'lead supervisor',
  'GET /api/v1/agents/me': 'agent lead dispatcher supervisor admin',
  'POST /api/v1/agents/me/calls': 'agent lead supervisor',
  'PUT /api/v1/agents/me/offer': 'agent lead supervisor',
  'PUT /api/v1/agents/:agent/state': 'lead supervisor',
  'GET /api/v1/contacts/:id/supervision': 'lead supervisor',
  'POST /api/v1/contacts/:id/supervision': 'lead supervisor',
  'PATCH /api/v1/contacts/:id/supervision': 'lead supervisor',
  'DELETE /api/v1/contacts/:id/supervision': '+',
  'POST /api/v1/contacts/:id/supervision/approval': 'lead supervisor',
  'PUT /api/v1/contacts/:id/sensitive': 'lead supervisor',
  'GET /api/v1/queues': 'agent lead dispatcher supervisor admin integrator token',
  'GET /api/v1/contacts': 'agent lead dispatcher supervisor auditor',
  'GET /api/v1/contacts/:id': 'agent lead dispatcher supervisor auditor',
  'POST /api/v1/contacts': 'integrator token',
  'POST /api/v1/contacts/search': 'lead supervisor',
  'POST /api/v1/contacts/:id/end': 'agent lead supervisor integrator token',
  'DELETE /api/v1/contacts/:id/chat-token': 'agent lead supervisor',
  'POST /api/v1/contacts/:id/reopen': 'agent lead supervisor',
  'POST /api/v1/contacts/:id/transfer': 'agent lead supervisor',
  'GET /api/v1/contacts/:id/messages': 'agent lead dispatcher supervisor auditor',
  'POST /api/v1/contacts/:id/messages': 'agent lead supervisor',
  'PUT /api/v1/contacts/:id/typing': 'agent lead supervisor',
  'PUT /api/v1/contacts/:id/seen': 'agent lead supervisor',
  'POST /api/v1/contacts/:id/files': 'agent lead supervisor',
  'GET /api/v1/contacts/:id/files/:file': 'agent lead dispatcher supervisor auditor',
  'POST /api/v1/contacts/:id/files/:file/fetch': 'agent lead supervisor',
  'POST /api/v1/chat/sessions': '*',
  'GET /api/v1/chat': '*',
  'POST /api/v1/chat/files': '*',
  'PUT /api/v1/chat/files/:id': '*',
  'GET /api/v1/chat/files/:id': '*',
  'GET /api/v1/messages': 'lead supervisor auditor',
  'POST /api/v1/messages/:message/reread': 'lead supervisor',
  'POST /api/v1/messages/:message/resend': 'lead supervisor',
  'GET /api/v1/intake/:channel/:account': '*',
  'POST /api/v1/intake/:channel/:account': '*',
  'GET /open311/*': '*',
  'POST /open311/*': '*',
  'GET /api/v1/contacts/:id/explain': 'lead supervisor',
  'PUT /api/v1/contacts/:id/disposition': 'agent lead dispatcher supervisor',
  // Dispatchers by a grant to the account alone: below.
  'GET /api/v1/contacts/:id/recordings/:number': 'agent lead supervisor auditor',
  // Dispatchers, handling units and auditors by a grant to the account alone: reveal.test.ts.
  'POST /api/v1/contacts/:id/reveal': 'agent lead dispatcher handlingUnit supervisor auditor',
  'GET /api/v1/contacts/:id/history': 'agent lead supervisor',
  'GET /api/v1/contacts/:id/person': 'agent lead supervisor',
  'POST /api/v1/contacts/:id/person/merge': 'lead supervisor',
  'POST /api/v1/contacts/:id/person/split': 'lead supervisor',
  'POST /api/v1/person-changes/:change/undo': 'lead supervisor',
  'GET /api/v1/contacts/:id/form': 'agent lead dispatcher supervisor',
  'PUT /api/v1/contacts/:id/form': 'agent lead dispatcher supervisor',
  'POST /api/v1/contacts/:id/form/submit': 'agent lead dispatcher supervisor',
  'POST /api/v1/me/phone': 'agent lead supervisor',
  'GET /api/v1/web-calls': '*',
  'POST /api/v1/web-calls': '*',
  'GET /api/v1/reference': 'agent lead dispatcher supervisor auditor admin',
  'GET /api/v1/metrics/summary': 'lead supervisor auditor admin integrator token',
  'GET /api/v1/metrics/definitions': 'agent lead dispatcher supervisor auditor admin integrator token',
  'GET /api/v1/alarms': 'lead supervisor auditor admin',
  'POST /api/v1/alerts/:alert/:of/acknowledge': 'lead supervisor',
  'POST /api/v1/alarms/:id/acknowledge': 'lead supervisor admin',
  'PUT /api/v1/contacts/:id/caller': 'agent lead supervisor',
  'PUT /api/v1/contacts/:id/grade': 'agent lead supervisor',
  'GET /api/v1/callers': 'lead supervisor auditor',
  'PUT /api/v1/contacts/:id/caller/stage': 'agent lead supervisor',
  'PUT /api/v1/caller-orders': 'integrator token',
  'GET /api/v1/missed-calls': 'lead supervisor',
  'POST /api/v1/missed-calls/:contact/handled': 'lead supervisor',
  'GET /api/v1/sites': 'agent lead dispatcher supervisor admin',
  'PUT /api/v1/sites/:site/status': 'lead supervisor admin',
  'GET /api/v1/mode': 'agent lead dispatcher supervisor auditor admin',
  'PUT /api/v1/mode': 'lead supervisor admin',
  'GET /api/v1/mode/changes': 'lead supervisor auditor admin',
  'GET /api/v1/users': 'auditor admin',
  'POST /api/v1/users': 'admin',
  'PATCH /api/v1/users/:user': 'admin',
  'POST /api/v1/users/:user/password': 'admin',
  'POST /api/v1/users/:user/seat/password': 'admin',
  'GET /api/v1/users/:user/tokens': 'auditor admin',
  'POST /api/v1/users/:user/tokens': 'admin',
  'DELETE /api/v1/tokens/:id': 'admin',
  'GET /api/v1/skills': 'auditor admin',
  'GET /api/v1/teams': 'auditor admin',
  'PUT /api/v1/teams/:team': 'admin',
  'DELETE /api/v1/teams/:team': 'admin',
  'GET /api/v1/audit': 'auditor admin',
  'GET /api/v1/audit/verify': 'auditor',
  'GET /api/v1/channels': 'agent lead dispatcher supervisor admin',
  'POST /api/v1/live/ticket': '+',
  'GET /api/v1/live': '*',
  'POST /api/v1/freeswitch/directory': '*',
  'GET /healthz': '*',
  'GET /readyz': '*',
  'GET /metrics': '*',
  'GET /api/openapi.json': '*',
  'GET /*': '*',
};

/**
 * The channels guide's own table of who may do what: agent, lead, dispatcher, handling unit, supervisor, auditor, admin, integrator. A all, T the team's,
 * O the own, M masked, X when it is granted, - not at all.
 */
const GUIDE = `
take, hold, transfer a call   | O | T | - | - | A | - | - | -
listen, whisper, barge        | - | T | - | - | A | - | - | -
see the queue board           | T | T | A | - | A | - | A | -
create and edit a case        | O | T | A | - | A | - | - | X
read cases of others          | M | T | A | - | A | A | - | X
reveal phone and name         | O | T | X | X | A | X | - | -
play a recording              | O | T | X | - | A | A | - | -
black and limit list          | propose | propose | - | - | approve | read | - | -
users, roles, flows, keys     | - | - | - | - | - | read | A | -
audit log                     | - | - | - | - | - | A | read | -`;
const COLUMNS = [
  'agent',
  'lead',
  'dispatcher',
  'handlingUnit',
  'supervisor',
  'auditor',
  'admin',
  'integrator',
] as const;

/** What of it there is. A case is, so far, the contact with its form. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'take, hold, transfer a call': [
    'PUT /api/v1/agents/me/state',
    'PUT /api/v1/agents/me/offer',
    'POST /api/v1/agents/me/calls',
    'POST /api/v1/contacts/:id/transfer',
    'POST /api/v1/me/phone',
  ],
  'listen, whisper, barge': [
    'GET /api/v1/contacts/:id/supervision',
    'POST /api/v1/contacts/:id/supervision',
    'PATCH /api/v1/contacts/:id/supervision',
    'POST /api/v1/contacts/:id/supervision/approval',
    'PUT /api/v1/contacts/:id/sensitive',
    'PUT /api/v1/agents/:agent/state',
    'POST /api/v1/agents/:agent/hints',
    'POST /api/v1/alerts/:alert/:of/acknowledge',
  ],
  // `GET /api/v1/queues` is a program's, too, when a token says so, and has nothing of who waits then: below.
  'see the queue board': ['GET /api/v1/agents', 'GET /api/v1/sites', 'GET /api/v1/channels'],
  'create and edit a case': [
    'GET /api/v1/contacts/:id/form',
    'PUT /api/v1/contacts/:id/form',
    'POST /api/v1/contacts/:id/form/submit',
    'PUT /api/v1/contacts/:id/disposition',
  ],
  'read cases of others': [
    'GET /api/v1/contacts',
    'GET /api/v1/contacts/:id',
    'GET /api/v1/contacts/:id/messages',
    'GET /api/v1/contacts/:id/files/:file',
  ],
  'reveal phone and name': ['POST /api/v1/contacts/:id/reveal'],
  'play a recording': ['GET /api/v1/contacts/:id/recordings/:number'],
  'black and limit list': ['PUT /api/v1/contacts/:id/caller/stage'],
  'users, roles, flows, keys': Object.keys(MATRIX).filter((name) =>
    / \/api\/v1\/(users|teams|tokens|skills)/.test(name),
  ),
  'audit log': ['GET /api/v1/audit'],
};

let hall: Hall;
const cookies = new Map<Role, string>();
const sessions = new Map<string, string>();
let token: string;

const as = (user: string) => ({ cookie: sessions.get(user)! });

/** @returns the cookie of a session of it. */
async function account(user: string, roles: readonly Role[], team?: string): Promise<string> {
  const { db } = hall.database.store;
  await addAccount(db, { user, password: 'never used here', roles: [...roles], atMs: 1 });
  if (team !== undefined) await setRights(db, user, { team });
  const cookie = `${SESSION_COOKIE}=${await openSession(db, user, Date.now())}`;
  sessions.set(user, cookie);
  return cookie;
}

/** Of ana, who is of the team east, and of ben, who is of none. */
function calls(): JournalByHand {
  const journal = new JournalByHand();
  const agoMs = (days: number) => Date.now() - days * 86_400_000;
  const call = { queuedAfterMs: 1, answeredAfterMs: 1, from: '13800138000' };
  writeCall(journal, { ...call, id: 'old-ana', agent: 'ana', openedAtMs: agoMs(7) - 120_000 });
  writeCall(journal, { ...call, id: 'week-ana', agent: 'ana', openedAtMs: agoMs(7) + 600_000 });
  writeCall(journal, { ...call, id: 'handed', agent: 'ben', openedAtMs: agoMs(1) });
  const handed = { contact: contactId('handed'), agent: agentId('ana') };
  const legs = { citizenLeg: legId('handed-a'), agentLeg: legId('handed-c') };
  const token = 4_711;
  journal.at(
    agoMs(1) + 100_000,
    { fact: 'offerMade', ...handed, token, leaseUntilMs: agoMs(1) + 200_000 },
    { fact: 'offerEnded', ...handed, token, result: 'accepted' },
    { fact: 'talkStarted', ...handed, ...legs },
  );
  journal.at(agoMs(1) + 160_000, { fact: 'talkEnded', ...handed, endedBy: 'citizen' });
  writeCall(journal, { ...call, id: 'now-ana', agent: 'ana', openedAtMs: agoMs(0) - 200_000 });
  writeCall(journal, { ...call, id: 'now-ben', agent: 'ben', openedAtMs: agoMs(0) - 180_000 });
  return journal;
}

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder }) => {
    const none = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const deaf = { onTyping: () => {}, onReceipts: () => {} };
    const hub = new ChatHub({ db: store.db, key: Buffer.alloc(32, 7), logger: silent, ...none, ...deaf });
    return { webChat: { open: 'public', hub, fileFolder: folder } };
  });
  const { db } = hall.database.store;
  for (const role of ROLES) cookies.set(role, await account(`the-${role}`, [role]));
  await putTeam(db, 'east', '东班', 1);
  await account('east-lead', ['lead'], 'east');
  await setRights(db, 'ana', { team: 'east' });
  for (const user of ['ana', 'ben']) sessions.set(user, await hall.login(user));
  await applyEntries(db, 'rights', calls().entries);
  const wish = { user: 'the-integrator', title: 'test', scopes: SCOPES, days: 1, by: 'admin', nowMs: Date.now() };
  token = (await makeToken(db, wish))!.token;
});
afterAll(async () => hall?.close());

const routes = () => hall.api.routeTable.filter(({ method }) => method !== 'HEAD');

/** @returns whether the guard lets it through; what the route then says of an empty request does not matter. */
async function admitted(route: { method: string; url: string }, headers: Record<string, string>): Promise<boolean> {
  const answer = await hall.api.inject({
    method: route.method as 'GET',
    url: route.url.replace(/:\w+/g, '1'),
    headers,
    ...(route.method === 'GET' ? {} : { payload: {} }),
  });
  const { code } = String(answer.headers['content-type']).includes('problem') ? answer.json() : { code: '' };
  return !['LOGIN_REQUIRED', 'FORBIDDEN', 'TOKEN_WRONG'].includes(code);
}

test('every route there is stands in the matrix, and nothing else does', () => {
  expect(
    routes()
      .map(({ method, url }) => `${method} ${url}`)
      .sort(),
  ).toEqual(Object.keys(MATRIX).sort());
});

describe("every cell of the guide's table", () => {
  const rows = GUIDE.trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()));

  test.each(rows)('%s', async (command, ...cells) => {
    for (const [column, cell] of cells.entries()) {
      const role = COLUMNS[column]!;
      // What is granted to an account, and how: reveal.test.ts, and below.
      if (cell === 'X') continue;
      for (const name of COMMANDS[command!]!) {
        const [method = '', url = ''] = name.split(' ');
        const wanted = cell !== '-' && (cell !== 'read' || method === 'GET');
        const cookie = cookies.get(role)!;
        expect([role, name, await admitted({ method, url }, { cookie })]).toEqual([role, name, wanted]);
      }
    }
  });

  test("whose contacts and recordings: the own, for seven days; the team's; all", async () => {
    const heard = async (user: string, contact: string) => {
      const answer = await hall.api.inject({ url: `/api/v1/contacts/${contact}/recordings/1`, headers: as(user) });
      return answer.json().code;
    };
    const seen = async (user: string) =>
      (await hall.api.inject({ url: '/api/v1/contacts', headers: as(user) }))
        .json()
        .contacts.map(({ id }: { id: string }) => id);
    const ALL = ['now-ben', 'now-ana', 'handed', 'week-ana', 'old-ana'];
    expect(await seen('ana')).toEqual(ALL.filter((id) => id !== 'now-ben'));
    expect(await seen('east-lead')).toEqual(ALL.filter((id) => id !== 'now-ben'));
    for (const user of ['the-supervisor', 'the-dispatcher', 'the-auditor']) expect(await seen(user)).toEqual(ALL);
    // The files of these were never written: to be missing is to have been looked for.
    expect([await heard('ana', 'now-ana'), await heard('ana', 'week-ana')]).toEqual([
      'RECORDING_MISSING',
      'RECORDING_MISSING',
    ]);
    expect([await heard('ana', 'old-ana'), await heard('ana', 'now-ben')]).toEqual([
      'RECORDING_OLD',
      'RECORDING_UNKNOWN',
    ]);
    // ana's talk was before; the recording is of ben's.
    expect([await heard('ana', 'handed'), await heard('ben', 'handed')]).toEqual([
      'RECORDING_UNKNOWN',
      'RECORDING_MISSING',
    ]);
    expect([await heard('east-lead', 'old-ana'), await heard('east-lead', 'now-ben')]).toEqual([
      'RECORDING_MISSING',
      'RECORDING_UNKNOWN',
    ]);
    for (const user of ['the-supervisor', 'the-auditor'])
      expect(await heard(user, 'old-ana')).toBe('RECORDING_MISSING');
    const told = async (user: string, contact: string) =>
      (await hall.api.inject({ url: `/api/v1/contacts/${contact}/explain`, headers: as(user) })).json().code;
    // Nothing is explained in this house: to have nothing to tell is to have been asked.
    expect([await told('east-lead', 'now-ana'), await told('the-supervisor', 'now-ben')]).toEqual([
      'EXPLAIN_UNKNOWN',
      'EXPLAIN_UNKNOWN',
    ]);
    expect(await told('east-lead', 'now-ben')).toBe('CONTACT_UNKNOWN');
    expect(await told('the-supervisor', 'never-was')).toBe('CONTACT_UNKNOWN');
    for (const user of ['the-admin', 'the-dispatcher']) expect(await heard(user, 'now-ana')).toBe('FORBIDDEN');
  });

  test('a contact says of each recording whether who asks may play it, as the recording itself answers', async () => {
    const shown = async (user: string, ...contacts: string[]) => {
      const answers = contacts.map((id) => hall.api.inject({ url: `/api/v1/contacts/${id}`, headers: as(user) }));
      return (await Promise.all(answers)).map((answer) => answer.json().recordings?.[0].hearing ?? answer.json().code);
    };
    const OF_ANA = ['now-ana', 'week-ana', 'old-ana', 'handed'];
    expect(await shown('ana', ...OF_ANA, 'now-ben')).toEqual(['yes', 'yes', 'no', 'no', 'CONTACT_UNKNOWN']);
    expect(await shown('ben', 'now-ben', 'handed')).toEqual(['yes', 'yes']);
    expect(await shown('east-lead', ...OF_ANA)).toEqual(['yes', 'yes', 'yes', 'yes']);
    for (const user of ['the-supervisor', 'the-auditor'])
      expect(await shown(user, 'old-ana', 'now-ben')).toEqual(['yes', 'yes']);
    expect(await shown('the-dispatcher', 'now-ana')).toEqual(['no']);
  });

  test('a dispatcher plays recordings, any, while an admin grants it, and says why each time; nobody else by it', async () => {
    const admin = { cookie: cookies.get('admin')! };
    const grant = async (user: string, mayPlay: boolean) => {
      const request = { method: 'PATCH' as const, url: `/api/v1/users/${user}`, headers: admin, payload: { mayPlay } };
      const answer = (await hall.api.inject(request)).json();
      return answer.mayPlay ?? answer.code;
    };
    const heard = async (user: string, contact: string, reason?: string) => {
      const url = `/api/v1/contacts/${contact}/recordings/1${reason === undefined ? '' : `?reason=${encodeURIComponent(reason)}`}`;
      return (await hall.api.inject({ url, headers: as(user) })).json().code;
    };
    await account('granted', ['dispatcher']);
    await account('granted-agent', ['agent', 'dispatcher']);
    for (const user of ['granted', 'granted-agent']) expect(await grant(user, true)).toBe(true);
    expect((await hall.api.inject({ url: '/api/v1/me', headers: as('granted') })).json().mayPlay).toBe(true);
    const shown = (await hall.api.inject({ url: '/api/v1/contacts/now-ben', headers: as('granted') })).json();
    expect(shown.recordings[0].hearing).toBe('reason');
    // The files of these were never written: to be missing is to have been looked for.
    for (const user of ['granted', 'granted-agent'])
      for (const contact of ['old-ana', 'now-ben'])
        expect([user, contact, await heard(user, contact, '核对诉求')]).toEqual([user, contact, 'RECORDING_MISSING']);
    expect([await heard('granted', 'now-ben'), await heard('granted-agent', 'now-ben')]).toEqual([
      'REASON_NEEDED',
      'RECORDING_UNKNOWN',
    ]);
    for (const reason of ['', ' ', '核', '核'.repeat(101), 'a\nb'])
      expect([reason, await heard('granted', 'now-ben', reason)]).toEqual([reason, 'REQUEST_INVALID']);
    for (const user of ['the-handlingUnit', 'the-integrator', 'ana']) expect(await grant(user, true)).toBe(true);
    for (const user of ['the-handlingUnit', 'the-integrator', 'the-dispatcher'])
      expect([user, await heard(user, 'now-ben', '核对诉求')]).toEqual([user, 'FORBIDDEN']);
    expect([await heard('ana', 'now-ben', '核对诉求'), await grant('the-admin', true)]).toEqual([
      'RECORDING_UNKNOWN',
      'OWN_ACCOUNT',
    ]);
    expect(await grant('granted', false)).toBe(false);
    expect(await heard('granted', 'now-ben', '核对诉求')).toBe('FORBIDDEN');
    for (const user of ['granted-agent', 'the-handlingUnit', 'the-integrator', 'ana']) await grant(user, false);
    const deeds = async (who: string) =>
      (await listAudit(hall.database.store.db, { fromMs: 0, toMs: 1e15, rowsMax: 200 })).filter(
        (row) => row.who === who,
      );
    await until(async () => (await deeds('granted')).some(({ code }) => code === 'FORBIDDEN'));
    expect((await deeds('granted')).at(-1)).toMatchObject({ target: 'old-ana 1', detail: '核对诉求' });
    expect((await deeds('the-admin')).filter(({ target }) => target === 'granted').map(({ detail }) => detail)).toEqual(
      ['{"mayPlay":false}', '{"mayPlay":true}'],
    );
  });

  test('a role beside another widens nothing that it does not open itself', async () => {
    await account('mixed', ['agent', 'dispatcher', 'admin']);
    const answer = async (url: string) => (await hall.api.inject({ url, headers: as('mixed') })).json();
    expect((await answer('/api/v1/contacts/now-ana/recordings/1')).code).toBe('RECORDING_UNKNOWN');
    expect((await answer('/api/v1/contacts')).contacts).toHaveLength(5);
    await account('agent-admin', ['agent', 'admin']);
    const own = await hall.api.inject({ url: '/api/v1/contacts', headers: as('agent-admin') });
    expect(own.json().contacts).toEqual([]);
  });

  test('an agent proposes a limit for callers of the own, nothing more; a supervisor approves it, and not the own', async () => {
    const stage = async (user: string, wanted: string) => {
      const payload = { stage: wanted, reason: '反复骚扰' };
      const url = '/api/v1/contacts/now-ana/caller/stage';
      const { answer, code } = (await hall.api.inject({ method: 'PUT', url, headers: as(user), payload })).json();
      return answer ?? code;
    };
    expect([await stage('ben', 'limited'), await stage('ana', 'warned')]).toEqual(['CONTACT_UNKNOWN', 'FORBIDDEN']);
    expect([await stage('ana', 'none'), await stage('ana', 'limited')]).toEqual(['FORBIDDEN', 'proposed']);
    expect([await stage('ana', 'limited'), await stage('the-lead', 'limited')]).toEqual([
      'SECOND_PERSON_NEEDED',
      'proposed',
    ]);
    const { callers } = (await hall.api.inject({ url: '/api/v1/callers', headers: as('the-auditor') })).json();
    expect(callers).toMatchObject([{ stage: null, proposedBy: 'ana' }]);
    expect(await stage('the-supervisor', 'limited')).toBe('done');
  });

  test('the board of an admin and of a program has nothing of a citizen', async () => {
    const caller = await hall.call('13700137000');
    const of = async (headers: Record<string, string>) =>
      (await hall.api.inject({ url: '/api/v1/queues', headers })).json().queues[0].waiting;
    expect(await of(as('the-lead'))).toMatchObject([{ from: '137****7000' }]);
    expect(await of(as('the-admin'))).toMatchObject([{ from: '' }]);
    expect(await of({ authorization: `Bearer ${token}` })).toMatchObject([{ from: '' }]);
    const [lead, admin] = [await hall.sit(cookies.get('lead')!), await hall.sit(cookies.get('admin')!)];
    try {
      await until(() => lead.messages.length > 3 && admin.messages.length > 3);
      expect(JSON.stringify(lead.messages)).toContain('137****7000');
      expect(admin.welcome?.streams).toEqual(['me', 'floor', 'board']);
      expect(JSON.stringify(admin.messages)).not.toContain('7000');
      expect([...admin.items.get('board')!.values()].filter(({ kind }) => kind === 'agent')).toEqual([]);
    } finally {
      lead.socket.terminate();
      admin.socket.terminate();
      await hall.hangUp(caller);
    }
  });
});

describe('every role may use exactly the routes of the matrix', () => {
  test.each([...ROLES])('%s', async (role) => {
    const wrong: string[] = [];
    for (const route of routes()) {
      const name = `${route.method} ${route.url}`;
      const may = MATRIX[name] ?? '';
      const wanted = may === '*' || may === '+' || may.split(' ').includes(role);
      if (route.url === '/api/v1/logout') continue;
      if ((await admitted(route, { cookie: cookies.get(role)! })) !== wanted) wrong.push(`${name}: not ${wanted}`);
    }
    expect(wrong).toEqual([]);
  });

  test('nobody', async () => {
    const open: string[] = [];
    for (const route of routes()) if (await admitted(route, {})) open.push(`${route.method} ${route.url}`);
    expect(open.sort()).toEqual(
      Object.keys(MATRIX)
        .filter((name) => MATRIX[name] === '*')
        .sort(),
    );
  });

  test('a program with a token of every scope', async () => {
    const open: string[] = [];
    for (const route of routes())
      if (await admitted(route, { authorization: `Bearer ${token}` })) open.push(`${route.method} ${route.url}`);
    const wanted = Object.keys(MATRIX).filter((name) => MATRIX[name] === '*' || MATRIX[name]!.includes('token'));
    expect(open.sort()).toEqual(wanted.sort());
  });
});
