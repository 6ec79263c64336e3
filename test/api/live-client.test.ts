import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { LiveClient, type LiveSocket, type LiveStatus } from '../../src/api/live/live-client.ts';
import type { Rights } from '../../src/api/live/messages.ts';
import { setRights } from '../../src/store/accounts.ts';
import { Hall, until } from './hall.ts';

let hall: Hall;

beforeAll(async () => {
  hall = await Hall.open();
});
afterAll(async () => hall?.close());

const agentsOf = (client: LiveClient) =>
  [...client.items('board').keys()].filter((key) => key.startsWith('agent/')).length;

test('comes back by itself after a cut, goes on from where it was, and stops when the session is over', async () => {
  const cookie = await hall.login('lead');
  const statuses: LiveStatus[] = [];
  const whole: boolean[] = [];
  const sockets: { terminate(): void }[] = [];
  const client = new LiveClient({
    connect: () => {
      const socket = hall.connect(cookie);
      sockets.push(socket);
      return socket as unknown as LiveSocket;
    },
    drawTicket: async () => {
      const answer = await hall.api.inject({ method: 'POST', url: '/api/v1/live/ticket', headers: { cookie } });
      return answer.statusCode === 401 ? undefined : answer.json().ticket;
    },
    onItems: (change) => whole.push(change.whole),
    onStatus: (status) => statuses.push(status),
    random: () => 0.01,
  });
  await until(() => agentsOf(client) === 3);
  whole.splice(0);
  sockets[0]!.terminate();
  await hall.setState('ben', 'notReady');
  await until(() => statuses.filter((status) => status === 'open').length === 2);
  await until(() => (client.items('board').get('agent/ben') as { state?: string })?.state === 'notReady');
  expect(whole).not.toContain(true);
  expect(Math.abs(client.skewMs())).toBeLessThan(1_000);
  await hall.api.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie } });
  await until(() => statuses.at(-1) === 'loginRequired');
  expect(sockets).toHaveLength(2);
  await hall.setState('ben', 'offline');
});

test('of one person takes nothing that is for another who signed in meanwhile in the same browser', async () => {
  let cookie = await hall.login('ana');
  const statuses: LiveStatus[] = [];
  const heard: string[] = [];
  const sockets: { terminate(): void }[] = [];
  const client = new LiveClient({
    user: 'ana',
    connect: () => {
      const socket = hall.connect(cookie);
      sockets.push(socket);
      return socket as unknown as LiveSocket;
    },
    drawTicket: () => hall.draw(cookie),
    onItems: ({ items }) => heard.push(...items.map((item) => (item.kind === 'self' ? item.agent : ''))),
    onStatus: (status) => statuses.push(status),
    random: () => 0.01,
  });
  await until(() => client.items('me').has('self'));
  cookie = await hall.login('ben');
  sockets[0]!.terminate();
  await until(() => statuses.at(-1) === 'loginRequired');
  expect(sockets).toHaveLength(2);
  expect(heard).not.toContain('ben');
});

test('shows nothing more of a stream that its person may not see any longer, and is told that rights have changed', async () => {
  const { db } = hall.database.store;
  const cookie = await hall.login('lead');
  const told: string[] = [];
  const client = new LiveClient({
    connect: () => hall.connect(cookie) as unknown as LiveSocket,
    drawTicket: () => hall.draw(cookie),
    onItems: ({ stream, items, whole }) => told.push(`${stream} ${whole && items.length === 0 ? 'gone' : 'here'}`),
    onRights: () => told.push('rights'),
    random: () => 0.01,
  });
  await until(() => agentsOf(client) === 3);
  await setRights(db, 'lead', { roles: ['agent'] });
  await until(() => told.includes('board gone'));
  expect(told.filter((word) => word === 'rights')).toHaveLength(2);
  expect(client.items('board').size).toBe(0);
  await setRights(db, 'lead', { roles: ['lead'] });
  await until(() => agentsOf(client) === 3);
  client.stop();
});

test('is told what its person may do with each connection, whatever became of the word that it is another', async () => {
  const { db } = hall.database.store;
  const cookie = await hall.login('ben');
  const told: Rights[] = [];
  const sockets: WebSocket[] = [];
  let may: () => void = () => undefined;
  let wait: Promise<void> | undefined;
  const client = new LiveClient({
    connect: () => {
      const socket = hall.connect(cookie);
      sockets.push(socket);
      return socket as unknown as LiveSocket;
    },
    drawTicket: async () => {
      await wait;
      return await hall.draw(cookie);
    },
    onItems: () => undefined,
    onRights: (rights) => told.push(rights),
    random: () => 0,
  });
  await until(() => told.length === 1);
  wait = new Promise((resolve) => {
    may = resolve;
  });
  sockets[0]!.terminate();
  await until(() => hall.api.live!.changesHeard() > 0);
  const before = hall.api.live!.changesHeard();
  await setRights(db, 'ben', { mayPlay: true });
  await until(() => hall.api.live!.changesHeard() > before);
  may();
  await until(() => told.length === 2);
  expect(told.map(({ roles, mayPlay }) => [...roles, mayPlay])).toEqual([
    ['agent', false],
    ['agent', true],
  ]);
  await setRights(db, 'ben', { mayPlay: false });
  await until(() => told.length === 3);
  expect(told[2]!.mayPlay).toBe(false);
  client.stop();
});

test('of somebody whose work is elsewhere is shown nothing, and hears when it no longer is', async () => {
  const { db } = hall.database.store;
  await setRights(db, 'eva', { roles: ['auditor'] });
  const cookie = await hall.login('eva');
  const streams = new Set<string>();
  const roles: string[] = [];
  const client = new LiveClient({
    connect: () => hall.connect(cookie) as unknown as LiveSocket,
    drawTicket: () => hall.draw(cookie),
    onItems: ({ stream }) => streams.add(stream),
    onRights: (rights) => roles.push(...rights.roles),
    random: () => 0.01,
  });
  await until(() => roles.length === 1);
  expect(streams.size).toBe(0);
  await setRights(db, 'eva', { roles: ['agent'] });
  await until(() => streams.size === 2);
  expect(roles).toEqual(['auditor', 'agent']);
  expect(streams).toEqual(new Set(['me', 'floor']));
  client.stop();
});
