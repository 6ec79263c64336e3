import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SESSION_COOKIE } from '../../src/api/access.ts';
import { ChatHub } from '../../src/api/chat/chat-hub.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { makeToken, SCOPES } from '../../src/store/api-tokens.ts';
import { ROLES, type Role } from '../../src/store/schema.ts';
import { openSession } from '../../src/store/sessions.ts';
import { silent } from '../store/database.ts';
import { Hall } from './hall.ts';

/** Who may use what: `*` everybody, `+` everybody who is logged in, else these roles; `token`: a program's token of the right scope, too. */
const MATRIX: Readonly<Record<string, string>> = {
  'POST /api/v1/login': '*',
  'POST /api/v1/logout': '*',
  'GET /api/v1/me': '+',
  'POST /api/v1/me/password': '+',
  'POST /api/v1/me/second-factor': '+',
  'POST /api/v1/me/second-factor/confirm': '+',
  'DELETE /api/v1/me/second-factor': '+',
  'PUT /api/v1/agents/me/state': 'agent lead supervisor admin',
  'GET /api/v1/agents': 'agent lead dispatcher supervisor admin',
  'POST /api/v1/agents/:agent/hints': 'lead supervisor admin',
  'GET /api/v1/agents/me': 'agent lead dispatcher supervisor admin',
  'POST /api/v1/agents/me/calls': 'agent lead supervisor admin',
  'PUT /api/v1/agents/me/offer': 'agent lead supervisor admin',
  'PUT /api/v1/agents/:agent/state': 'lead supervisor admin',
  'GET /api/v1/contacts/:id/supervision': 'lead supervisor admin',
  'POST /api/v1/contacts/:id/supervision': 'lead supervisor admin',
  'PATCH /api/v1/contacts/:id/supervision': 'lead supervisor admin',
  'DELETE /api/v1/contacts/:id/supervision': 'lead supervisor admin',
  'POST /api/v1/contacts/:id/supervision/approval': 'lead supervisor admin',
  'PUT /api/v1/contacts/:id/sensitive': 'lead supervisor admin',
  'GET /api/v1/queues': 'agent lead dispatcher supervisor admin integrator token',
  'GET /api/v1/contacts': 'agent lead dispatcher supervisor auditor admin',
  'GET /api/v1/contacts/:id': 'agent lead dispatcher supervisor auditor admin',
  'POST /api/v1/contacts': 'admin integrator token',
  'POST /api/v1/contacts/search': 'lead supervisor admin',
  'POST /api/v1/contacts/:id/end': 'agent lead supervisor admin integrator token',
  'DELETE /api/v1/contacts/:id/chat-token': 'agent lead supervisor admin',
  'POST /api/v1/contacts/:id/reopen': 'agent lead supervisor admin',
  'POST /api/v1/contacts/:id/transfer': 'agent lead supervisor admin',
  'GET /api/v1/contacts/:id/messages': 'agent lead dispatcher supervisor auditor admin',
  'POST /api/v1/contacts/:id/messages': 'agent lead supervisor admin',
  'PUT /api/v1/contacts/:id/typing': 'agent lead supervisor admin',
  'PUT /api/v1/contacts/:id/seen': 'agent lead supervisor admin',
  'POST /api/v1/contacts/:id/files': 'agent lead supervisor admin',
  'GET /api/v1/contacts/:id/files/:file': 'agent lead dispatcher supervisor auditor admin',
  'POST /api/v1/contacts/:id/files/:file/fetch': 'agent lead supervisor admin',
  'POST /api/v1/chat/sessions': '*',
  'GET /api/v1/chat': '*',
  'POST /api/v1/chat/files': '*',
  'PUT /api/v1/chat/files/:id': '*',
  'GET /api/v1/chat/files/:id': '*',
  'GET /api/v1/messages': 'lead supervisor auditor admin',
  'POST /api/v1/messages/:message/reread': 'lead supervisor admin',
  'POST /api/v1/messages/:message/resend': 'lead supervisor admin',
  'GET /api/v1/intake/:channel/:account': '*',
  'POST /api/v1/intake/:channel/:account': '*',
  'GET /open311/*': '*',
  'POST /open311/*': '*',
  'GET /api/v1/contacts/:id/explain': 'lead supervisor admin',
  'PUT /api/v1/contacts/:id/disposition': 'agent lead supervisor admin',
  'GET /api/v1/contacts/:id/recordings/:number': 'lead supervisor auditor admin',
  // Dispatchers, handling units and auditors by a grant to the account alone: reveal.test.ts.
  'POST /api/v1/contacts/:id/reveal': 'agent lead dispatcher handlingUnit supervisor auditor',
  'GET /api/v1/contacts/:id/history': 'agent lead supervisor admin',
  'GET /api/v1/contacts/:id/person': 'agent lead supervisor admin',
  'POST /api/v1/contacts/:id/person/merge': 'lead supervisor admin',
  'POST /api/v1/contacts/:id/person/split': 'lead supervisor admin',
  'POST /api/v1/person-changes/:change/undo': 'lead supervisor admin',
  'GET /api/v1/contacts/:id/form': 'agent lead supervisor admin',
  'PUT /api/v1/contacts/:id/form': 'agent lead supervisor admin',
  'POST /api/v1/contacts/:id/form/submit': 'agent lead supervisor admin',
  'POST /api/v1/me/phone': 'agent lead supervisor admin',
  'POST /api/v1/web-calls': '*',
  'GET /api/v1/reference': 'agent lead dispatcher supervisor admin',
  'GET /api/v1/metrics/summary': 'lead supervisor auditor admin integrator token',
  'GET /api/v1/metrics/definitions': 'agent lead dispatcher supervisor auditor admin integrator token',
  'GET /api/v1/alarms': 'lead supervisor auditor admin',
  'POST /api/v1/alerts/:alert/:of/acknowledge': 'lead supervisor admin',
  'POST /api/v1/alarms/:id/acknowledge': 'lead supervisor admin',
  'PUT /api/v1/contacts/:id/caller': 'agent lead supervisor admin',
  'PUT /api/v1/contacts/:id/grade': 'agent lead supervisor admin',
  'GET /api/v1/callers': 'lead supervisor admin',
  'PUT /api/v1/contacts/:id/caller/stage': 'lead supervisor admin',
  'PUT /api/v1/caller-orders': 'integrator admin token',
  'GET /api/v1/missed-calls': 'lead supervisor admin',
  'POST /api/v1/missed-calls/:contact/handled': 'lead supervisor admin',
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
  'GET /api/v1/skills': 'lead supervisor auditor admin',
  'GET /api/v1/teams': 'lead supervisor auditor admin',
  'PUT /api/v1/teams/:team': 'admin',
  'DELETE /api/v1/teams/:team': 'admin',
  'GET /api/v1/audit': 'auditor admin',
  'GET /api/v1/audit/verify': 'auditor',
  'GET /api/v1/channels': 'agent lead dispatcher supervisor admin',
  'POST /api/v1/live/ticket': 'agent lead dispatcher supervisor admin',
  'GET /api/v1/live': '*',
  'POST /api/v1/freeswitch/directory': '*',
  'GET /healthz': '*',
  'GET /readyz': '*',
  'GET /metrics': '*',
  'GET /api/openapi.json': '*',
  'GET /*': '*',
};

let hall: Hall;
const cookies = new Map<Role, string>();
let token: string;

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store, folder }) => {
    const none = { take: async () => 'away' as const, stateOf: () => ({ is: 'none' as const }) };
    const deaf = { onTyping: () => {}, onReceipts: () => {} };
    const hub = new ChatHub({ db: store.db, key: Buffer.alloc(32, 7), logger: silent, ...none, ...deaf });
    return { webChat: { open: 'public', hub, fileFolder: folder } };
  });
  const { db } = hall.database.store;
  for (const role of ROLES) {
    await addAccount(db, { user: `the-${role}`, password: 'never used here', roles: [role], atMs: 1 });
    cookies.set(role, `${SESSION_COOKIE}=${await openSession(db, `the-${role}`, Date.now())}`);
  }
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
