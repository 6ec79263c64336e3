import type { AddressInfo } from 'node:net';
import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { BUFFERED_MAX, Client } from '../../src/api/live/client.ts';
import { Hub } from '../../src/api/live/hub.ts';
import { type Item, LIVE_TICKET_PATH, type WaitingItem } from '../../src/api/live/messages.ts';
import { Stream } from '../../src/api/live/stream.ts';
import { Watch } from '../../src/api/live/watch.ts';
import { agentId } from '../../src/core/ids.ts';
import { decodeState, encodeState } from '../../src/core/state-codec.ts';
import { liveCore } from '../../src/main/live-core.ts';
import type { Loop } from '../../src/runtime/loop.ts';
import { changePassword, setDisabled, setRights } from '../../src/store/accounts.ts';
import { silent } from '../store/database.ts';
import { Hall, hallRules, LiveView, until } from './hall.ts';

/** Holds up, or spoils, the next answer of the database about sessions. */
class Answers implements KyselyPlugin {
  #next: (() => Promise<void>) | undefined;

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    const isSession = result.rows.some((row) => 'seen_at_ms' in row && 'roles' in row);
    const next = isSession ? this.#next : undefined;
    if (next !== undefined) this.#next = undefined;
    await next?.();
    return result;
  }

  hold(): { readonly asked: Promise<void>; readonly release: () => void } {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      this.#next = async () => {
        resolve();
        await released;
      };
    });
    return { asked, release };
  }

  /** @returns when it has happened. */
  fail(): Promise<void> {
    return new Promise((resolve) => {
      this.#next = async () => {
        resolve();
        throw new Error('the database is away, says the test');
      };
    });
  }
}

const answers = new Answers();
let hall: Hall;
const views: LiveView[] = [];

beforeAll(async () => {
  hall = await Hall.open(undefined, undefined, ({ store }) => ({ db: store.db.withPlugin(answers) }));
});
afterAll(async () => hall?.close());
afterEach(() => {
  for (const view of views.splice(0)) view.socket.terminate();
});

async function sit(cookie: string, resume?: object): Promise<LiveView> {
  const view = await hall.sit(cookie, resume);
  views.push(view);
  return view;
}

/** `ana` is ready, is called, and talks. */
async function talk(): Promise<{ readonly view: LiveView; readonly caller: Awaited<ReturnType<typeof hall.call>> }> {
  const view = await sit(await hall.login('ana'));
  await hall.setState('ana', 'ready');
  const caller = await hall.call();
  await until(() => view.item('me', 'contact', 'contact')?.phase === 'ringing');
  await hall.answer('8001');
  await until(() => view.item('me', 'contact', 'contact')?.phase === 'talking');
  return { view, caller };
}

describe('what is told', () => {
  test('an agent follows a call through ringing, talk and wrap-up, with every instant and a masked number', async () => {
    const view = await sit(await hall.login('ana'));
    expect(view.welcome?.streams).toEqual(['me', 'floor']);
    await until(() => view.item('me', 'self', 'self')?.state === 'offline');
    await hall.setState('ana', 'ready');
    await until(() => view.item('me', 'self', 'self')?.state === 'ready');
    const caller = await hall.call();
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'ringing');
    const ringing = view.item('me', 'contact', 'contact')!;
    expect(ringing).toMatchObject({ from: '138****8000', line: '12345', queue: 'personal', medium: 'voice' });
    expect(ringing.offerUntilMs! - ringing.phaseSinceMs).toBe(20_000);
    expect(ringing.phaseSinceMs).toBeGreaterThanOrEqual(ringing.enqueuedAtMs!);
    await hall.answer('8001');
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'talking');
    const { talkSinceMs } = view.item('me', 'contact', 'contact')!;
    expect(talkSinceMs).toBeGreaterThanOrEqual(ringing.phaseSinceMs);
    await hall.hangUp(caller);
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'wrapUp');
    const wrapUp = view.item('me', 'contact', 'contact')!;
    const { contact, queue, enqueuedAtMs } = ringing;
    expect(wrapUp).toMatchObject({ contact, from: '138****8000', queue, enqueuedAtMs, talkSinceMs });
    expect(wrapUp.wrapUpUntilMs! - wrapUp.phaseSinceMs).toBe(30_000);
    await hall.setState('ana', 'offline');
    await until(() => view.item('me', 'contact', 'contact') === undefined);
    expect(JSON.stringify(view.messages)).not.toContain('13800138000');
  });

  test('the wrap-up of a call that is being rated tells of its wait and its talk', async () => {
    const rules = hall.loop.state.settings!;
    const { personal } = rules.queues;
    const rating = { prompts: ['rate'], thanks: [], waitMs: 5_000 };
    const queues = { personal: { ...personal!, rating } };
    const settings = { ...rules, version: 'rates', prompts: { rate: 'rate.wav' }, queues };
    await hall.loop.submit({ type: 'settingsLoaded', settings });
    const { view, caller } = await talk();
    const { queue, enqueuedAtMs, talkSinceMs } = view.item('me', 'contact', 'contact')!;
    await hall.hangUp(hall.ringing.get('8001')!);
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'wrapUp');
    expect(hall.loop.state.contacts.size).toBe(1);
    expect(view.item('me', 'contact', 'contact')).toMatchObject({ queue, enqueuedAtMs, talkSinceMs });
    await hall.hangUp(caller);
    await hall.setState('ana', 'offline');
    await hall.loop.submit({ type: 'settingsLoaded', settings: rules });
  });

  test('a wrap-up that outlives a restart of the core tells of the caller, the line, the queue and the wait', async () => {
    const { view, caller } = await talk();
    await hall.hangUp(caller);
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'wrapUp');
    await until(() => hall.loop.state.contacts.size === 0);
    const before = view.item('me', 'contact', 'contact')!;
    const state = decodeState(encodeState(hall.loop.state));
    const core = liveCore({ state, subscribe: () => () => undefined } as unknown as Loop);
    const { items } = JSON.parse(String(new Watch(core).seat('ana').framesAfter(0)?.[0])) as { items: Item[] };
    expect(items.find(({ key }) => key === 'contact')).toEqual(before);
    await hall.setState('ana', 'offline');
  });

  test('who was called and not reached, and why, is told until the next call; so is a caller who waits again after a talk that broke off', async () => {
    const rules = hall.loop.state.settings!;
    const dialOut = { line: '12345', numbers: ['110'] };
    await hall.loop.submit({
      type: 'settingsLoaded',
      settings: { ...rules, version: 'calls', dialOut, dialsOut: true },
    });
    const view = await sit(await hall.login('ana'));
    const ended = () => view.item('me', 'ended', 'ended');
    await hall.setState('ana', 'notReady');
    hall.ringing.delete('8001');
    await hall.loop.submit({ type: 'callOutAsked', agent: agentId('ana'), number: '110' });
    await hall.answer('8001');
    const dialled = [...hall.loop.state.legs.values()].find(({ role }) => role === 'citizen')!;
    await hall.loop.submit({ type: 'legEnded', node: dialled.node, leg: dialled.id, cause: 'USER_BUSY' });
    await until(() => ended() !== undefined);
    expect(ended()).toMatchObject({ how: 'unreached', cause: 'USER_BUSY', from: '110' });
    hall.ringing.delete('8001');
    await hall.loop.submit({ type: 'callOutAsked', agent: agentId('ana'), number: '110' });
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'ringing');
    expect(ended()).toBeUndefined();
    const own = [...hall.loop.state.legs.values()].find(({ role }) => role === 'agent')!;
    await hall.loop.submit({ type: 'legEnded', node: own.node, leg: own.id, cause: 'NO_ANSWER' });
    await until(() => ended() !== undefined);
    expect(ended()).toMatchObject({ how: 'ownPhone', from: '110' });
    hall.ringing.delete('8001');
    await hall.setState('ana', 'ready');
    const caller = await hall.call();
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'ringing');
    expect(ended()).toBeUndefined();
    await hall.answer('8001');
    await until(() => view.item('me', 'contact', 'contact')?.phase === 'talking');
    const phone = [...hall.loop.state.legs.values()].find(({ role }) => role === 'agent')!;
    await hall.loop.submit({ type: 'legEnded', node: phone.node, leg: phone.id, cause: 'MEDIA_TIMEOUT' });
    await until(() => view.item('me', 'contact', 'contact')?.gapUntilMs !== undefined);
    await hall.setState('ana', 'notReady');
    await until(() => ended() !== undefined);
    expect(ended()).toMatchObject({ how: 'returned', from: '138****8000' });
    await hall.hangUp(caller);
    await hall.setState('ana', 'offline');
    await hall.loop.submit({ type: 'settingsLoaded', settings: rules });
  });

  test('a lead sees every agent, queue, waiting contact and site; sequence numbers rise by one', async () => {
    const view = await sit(await hall.login('lead'));
    expect(view.welcome?.streams).toEqual(['me', 'floor', 'board']);
    await until(() => agentsOf(view.items.get('board')) === 3);
    await hall.setState('ben', 'notReady');
    await until(() => view.item('board', 'agent/ben', 'agent')?.state === 'notReady');
    await until(() => view.item('floor', 'site/main', 'site')?.agents.notReady === 1);
    const callers = [await hall.call('13900139001'), await hall.call('13900139002')];
    await until(() => view.item('floor', 'queue/personal', 'queue')?.waiting === 2);
    const waiting = [...view.items.get('board')!.values()].filter(
      (item): item is WaitingItem => item.kind === 'waiting',
    );
    expect(waiting.map(({ from }) => from)).toEqual(['139****9001', '139****9002']);
    expect(view.item('floor', 'figures', 'figures')).toMatchObject({
      waiting: 2,
      longestSinceMs: Math.min(...waiting.map(({ enqueuedAtMs }) => enqueuedAtMs)),
    });
    for (const leg of callers) await hall.hangUp(leg);
    await until(() => view.item('floor', 'figures', 'figures')?.waiting === 0);
    await until(() => ![...view.items.get('board')!.keys()].some((key) => key.startsWith('waiting/')));
    for (const stream of view.welcome!.streams) {
      const numbers = view.messages.flatMap((message) =>
        'seq' in message && message.stream === stream ? message.seq : [],
      );
      expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    }
    await hall.setState('ben', 'offline');
  });

  test('[Q11] a queue that new rules lack is told of, on the floor, by the API and in the figures, until nobody is in it', async () => {
    const rules = hallRules();
    const { personal } = rules.queues;
    const flows = { in: { start: 'in', steps: { in: { kind: 'queue' as const, queue: 'other', prompts: [] } } } };
    const without = { ...rules, version: 'without', flows, queues: { other: { ...personal!, name: 'other' } } };
    const cookie = await hall.login('lead');
    const get = (url: string) => hall.api.inject({ url, headers: { cookie } });
    const view = await sit(cookie);
    const caller = await hall.call('13900139001');
    await hall.loop.submit({ type: 'settingsLoaded', settings: without });
    await until(() => view.item('floor', 'queue/personal', 'queue')?.gone);
    expect(view.item('floor', 'queue/personal', 'queue')).toMatchObject({ gone: true, waiting: 1 });
    expect(view.item('floor', 'queue/other', 'queue')).toMatchObject({ waiting: 0 });
    const { queues } = (await get('/api/v1/queues')).json();
    expect(queues).toMatchObject([{ queue: 'other' }, { queue: 'personal', gone: true, waiting: [{ place: 1 }] }]);
    expect((await hall.options.metrics.registry.metrics()).split('\n')).toContain('minhu_waiting{queue="personal"} 1');
    const seat = { home: 'personal' };
    const admin = { cookie: await hall.login('admin') };
    const wish = { method: 'PATCH', url: '/api/v1/users/ana', headers: admin, payload: { seat } } as const;
    expect((await hall.api.inject(wish)).json().code).toBe('QUEUE_UNKNOWN');
    await hall.hangUp(caller);
    await until(() => view.item('floor', 'queue/personal', 'queue') === undefined);
    expect((await get('/api/v1/queues')).json().queues).toMatchObject([{ queue: 'other' }]);
    await hall.loop.submit({ type: 'settingsLoaded', settings: rules });
  });

  test('[P6] an agent whose seat new rules lack is told to be so on the board until the call is over', async () => {
    const rules = hallRules();
    const view = await sit(await hall.login('lead'));
    const ana = () => view.item('board', 'agent/ana', 'agent');
    hall.ringing.delete('8001');
    await hall.setState('ana', 'ready');
    const caller = await hall.call('13900139001');
    await hall.answer('8001');
    await until(() => ana()?.state === 'talking');
    expect(ana()).not.toHaveProperty('gone');
    const agents = rules.agents.filter(({ id }) => id !== 'ana');
    await hall.loop.submit({ type: 'settingsLoaded', settings: { ...rules, version: 'without ana', agents } });
    await until(() => ana()?.gone);
    expect(ana()).toMatchObject({ gone: true, state: 'talking', number: '1001' });
    await hall.hangUp(caller);
    await until(() => ana() === undefined);
    await hall.loop.submit({ type: 'settingsLoaded', settings: rules });
  });

  test('a mode that is proposed while many wait is proposed no longer when they are gone', async () => {
    const rules = hallRules();
    const modeRules = [{ mode: 'emergency' as const, waitingOver: 0, forMs: 100 }];
    await hall.loop.submit({ type: 'settingsLoaded', settings: { ...rules, version: 'proposes', modeRules } });
    const view = await sit(await hall.login('lead'));
    const caller = await hall.call();
    await until(() => view.item('floor', 'mode', 'mode')?.proposed?.mode === 'emergency');
    await hall.hangUp(caller);
    await until(() => view.item('floor', 'mode', 'mode')?.proposed === undefined);
    await hall.loop.submit({ type: 'settingsLoaded', settings: rules });
  });

  test('a snapshot holds what the changes have told before', async () => {
    const cookie = await hall.login('lead');
    const [early] = [await sit(cookie)];
    await hall.setState('eva', 'ready');
    await hall.setState('eva', 'notReady');
    const callers = await Promise.all(['1', '2', '3'].map((from) => hall.call(`1370013700${from}`)));
    await hall.hangUp(callers[1]!);
    await until(() => early?.item('floor', 'figures', 'figures')?.waiting === 2);
    const late = await sit(cookie);
    for (const stream of ['floor', 'board'] as const) {
      await until(() => early!.seq.get(stream) === late.seq.get(stream));
      expect(new Map(late.items.get(stream))).toEqual(new Map(early!.items.get(stream)));
    }
    for (const leg of callers) await hall.hangUp(leg);
    await hall.setState('eva', 'offline');
  });

  test('after a cut only what was missed is told; from another epoch, everything', async () => {
    const cookie = await hall.login('lead');
    const first = await sit(cookie);
    await until(() => first.items.has('board'));
    first.socket.terminate();
    const resume = { epoch: first.welcome!.epoch, seq: Object.fromEntries(first.seq) };
    await hall.setState('ben', 'ready');
    const second = await sit(cookie, resume);
    await until(() => second.messages.some(({ type }) => type === 'changes'));
    await until(() => second.item('board', 'agent/ben', 'agent')?.state === 'ready');
    expect(second.messages.filter(({ type }) => type === 'snapshot')).toEqual([]);
    const third = await sit(cookie, { ...resume, epoch: 'of another process' });
    await until(() => third.items.size === 3);
    const fourth = await sit(cookie, { ...resume, seq: { board: 999_999 } });
    await until(() => fourth.items.has('board'));
    await hall.setState('ben', 'offline');
  });
});

describe('who may connect', () => {
  /** @returns the HTTP status of a refused upgrade. */
  async function refusal(headers: Record<string, string>, path?: string): Promise<number | undefined> {
    const socket = hall.connect(headers['cookie'] ?? '', headers, path);
    return await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.once('open', () => resolve(undefined));
      socket.on('error', () => undefined);
    });
  }

  async function introduced(cookie: string, message: string | Buffer): Promise<number | undefined> {
    const view = new LiveView(hall.connect(cookie));
    views.push(view);
    await new Promise((resolve) => view.socket.once('open', resolve));
    view.socket.send(message);
    await until(() => view.closed !== undefined || view.welcome !== undefined);
    return view.closed;
  }

  const hello = (ticket: string) => JSON.stringify({ type: 'hello', ticket });

  test('a page of another site is refused at the door', async () => {
    const cookie = await hall.login('ana');
    expect(await refusal({ cookie, origin: 'https://evil.example' })).toBe(403);
    expect(await refusal({ cookie, origin: 'null' })).toBe(403);
    expect(await refusal({ cookie, origin: `http://${hall.host}`, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await refusal({ cookie, origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toBe(403);
    expect(await refusal({ cookie, origin: `http://${hall.host}` })).toBe(undefined);
  });

  test('without a session, or with anything in the address, there is no socket', async () => {
    const cookie = await hall.login('ana');
    expect(await refusal({})).toBe(401);
    expect(await refusal({ cookie }, `/api/v1/live?ticket=${await hall.draw(cookie)}`)).toBe(400);
    expect(await refusal({ cookie }, '/api/v1/elsewhere')).toBe(404);
    expect((await hall.api.inject('/api/v1/live')).json()).toMatchObject({ status: 426, code: 'UPGRADE_REQUIRED' });
    expect((await hall.api.inject({ method: 'POST', url: '/api/v1/live/ticket' })).statusCode).toBe(401);
  });

  test('a ticket opens one socket, once', async () => {
    const cookie = await hall.login('ana');
    const ticket = await hall.draw(cookie);
    expect(await introduced(cookie, hello(ticket))).toBe(undefined);
    expect(await introduced(cookie, hello(ticket))).toBe(4401);
    expect(await introduced(cookie, hello('guessed'))).toBe(4401);
  });

  test('a ticket is worth nothing in another session, and void for its own after the try', async () => {
    const [mine, other] = [await hall.login('ana'), await hall.login('ana')];
    const ticket = await hall.draw(mine);
    expect(await introduced(other, hello(ticket))).toBe(4401);
    expect(await introduced(mine, hello(ticket))).toBe(4401);
  });

  test('what is no hello ends the socket', async () => {
    const cookie = await hall.login('ana');
    for (const message of ['{', '[]', '{"type":"hello"}', '{"type":"active"}', Buffer.from([1, 2, 3])])
      expect(await introduced(cookie, message)).toBe(4400);
    expect(await introduced(cookie, 'x'.repeat(5_000))).toBe(1009);
  });

  test('who talks too much is cut', async () => {
    const view = await sit(await hall.login('ana'));
    for (let n = 0; n < 40; n += 1) view.socket.send('{"type":"active"}');
    await until(() => view.closed !== undefined);
    expect(view.closed).toBe(4400);
  });

  test('the ninth socket of a session takes the place of the first', async () => {
    const cookie = await hall.login('ana');
    const all: LiveView[] = [];
    for (let n = 0; n < 9; n += 1) all.push(await sit(cookie));
    await until(() => all[0]!.closed !== undefined);
    expect(all.map(({ closed }) => closed)).toEqual([4409, ...Array(8).fill(undefined)]);
  });

  test('who connects and says nothing keeps nobody out: the one that has been silent longest makes room', async () => {
    const { core } = hall.options.live!;
    const nothing = () => undefined;
    const hub = new Hub({ core, logger: silent, onActive: nothing, onClosed: nothing, strangersMax: 2 });
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const sockets: WebSocket[] = [];
    let open: boolean[] = [];
    server.on('connection', (socket, { socket: wire }) => {
      sockets.push(socket);
      hub.welcome(socket, wire, 'unknown');
      open = sockets.map(({ readyState }) => readyState === WebSocket.OPEN);
    });
    try {
      for (let n = 0; n < 3; n += 1) {
        const view = new LiveView(new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
        views.push(view);
        await new Promise((resolve) => view.socket.once('open', resolve));
        expect(hub.admits).toBe(true);
      }
      expect(open).toEqual([false, true, true]);
      await until(() => views.at(-3)!.closed === 4408);
    } finally {
      hub.close();
      server.close();
    }
  });
});

describe('who must go', () => {
  test('a logout ends the sockets and voids the tickets of its session, and of no other', async () => {
    const [mine, other] = [await hall.login('eva'), await hall.login('eva')];
    const [leaving, staying] = [await sit(mine), await sit(other)];
    const ticket = await hall.draw(mine);
    await hall.api.inject({ method: 'POST', url: '/api/v1/logout', headers: { cookie: mine } });
    await until(() => leaving.closed !== undefined);
    expect(leaving.closed).toBe(4401);
    const late = new LiveView(hall.connect(mine));
    views.push(late);
    await new Promise((resolve) => late.socket.once('open', resolve));
    late.socket.send(JSON.stringify({ type: 'hello', ticket }));
    await until(() => late.closed !== undefined);
    expect([late.closed, staying.closed]).toEqual([4401, undefined]);
  });

  test('whoever is disabled, or has another password, is off the socket at once', async () => {
    const { db } = hall.database.store;
    const view = await sit(await hall.login('eva'));
    await setDisabled(db, 'eva', true);
    await until(() => view.closed !== undefined);
    expect(view.closed).toBe(4401);
    await setDisabled(db, 'eva', false);
    const again = await sit(await hall.login('eva'));
    const { password } = hall.firstRun.seats[2]!;
    await changePassword(db, 'eva', password);
    await until(() => again.closed !== undefined);
    expect(again.closed).toBe(4401);
  });

  test('whoever is given other roles comes again with what they show', async () => {
    const { db } = hall.database.store;
    const view = await sit(await hall.login('lead'));
    await db
      .updateTable('users')
      .set({ roles: ['agent'] })
      .where('name', '=', 'lead')
      .execute();
    await setDisabled(db, 'nobody', false); // Announces that accounts have changed.
    await until(() => view.closed !== undefined);
    expect(view.closed).toBe(4001);
    await db
      .updateTable('users')
      .set({ roles: ['lead'] })
      .where('name', '=', 'lead')
      .execute();
  });

  test('rights that change while a ticket is being drawn are not those of its socket', async () => {
    const { db } = hall.database.store;
    const cookie = await hall.login('lead');
    const watching = await sit(cookie);
    const held = answers.hold();
    const drawn = hall.api.inject({ method: 'POST', url: LIVE_TICKET_PATH, headers: { cookie } });
    await held.asked;
    await setRights(db, 'lead', { roles: ['agent'] });
    await until(() => watching.closed === 4001);
    held.release();
    expect((await drawn).json().code).toBe('BUSY');
    expect((await sit(cookie)).welcome).toMatchObject({ streams: ['me', 'floor'], rights: { roles: ['agent'] } });
    await setRights(db, 'lead', { roles: ['lead'] });
  });

  test('rights that could not be read are read again', async () => {
    const { db } = hall.database.store;
    const view = await sit(await hall.login('lead'));
    const failed = answers.fail();
    await setRights(db, 'lead', { roles: ['agent'] });
    await failed;
    await until(() => view.closed !== undefined);
    expect(view.closed).toBe(4001);
    await setRights(db, 'lead', { roles: ['lead'] });
  });

  test('a client that reads nothing is cut at 1 MiB or after 10 s, and the others hear as before', {
    timeout: 25_000,
  }, async () => {
    const cookie = await hall.login('lead');
    const [slow, quick] = [await sit(cookie), await sit(await hall.login('lead'))];
    slow.socket.pause();
    const startedMs = Date.now();
    await until(async () => (await connections()) === 1);
    expect(Date.now() - startedMs).toBeLessThan(10_500);
    await hall.setState('ben', 'notReady');
    await until(() => quick.item('board', 'agent/ben', 'agent')?.state === 'notReady');
    expect(quick.closed).toBe(undefined);
    await hall.setState('ben', 'offline');
  });
});

function agentsOf(board: ReadonlyMap<string, unknown> = new Map()): number {
  return [...board.keys()].filter((key) => key.startsWith('agent/')).length;
}

function connections(): Promise<number> {
  return new Promise((resolve) => hall.api.server.getConnections((_error, count) => resolve(count)));
}

describe('a reader that is too slow', () => {
  test('is cut as soon as more than 1 MiB waits for it, though its snapshot may be larger', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const admitted = new Promise<Client>((resolve) => {
      server.once('connection', (socket, { socket: wire }) => {
        const admission = { person: { user: 'ana', roles: [] }, session: 's', endsAtMs: 1e15, seenAtMs: 0 };
        resolve(new Client(socket, wire, admission, Date.now()));
      });
    });
    const reader = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    reader.pause();
    const client = await admitted;
    const stream = new Stream('me');
    const hint = (n: number, text: string) => stream.put({ key: `hint/${n}`, kind: 'hint', by: 'lead', atMs: 1, text });
    for (let n = 0; n < 40; n += 1) hint(n, 'x'.repeat(200_000));
    stream.commit();
    client.catchUp(stream);
    expect(client.socket.bufferedAmount).toBeGreaterThan(BUFFERED_MAX);
    let most = 0;
    for (let n = 0; client.open; n += 1) {
      hint(0, String(n).padEnd(100_000));
      stream.commit();
      client.catchUp(stream);
      most = Math.max(most, client.socket.bufferedAmount);
      expect(n).toBeLessThan(100);
    }
    expect(client.cutWith).toBe(4008);
    expect(most).toBeLessThan(8_000_000 + 2 * BUFFERED_MAX);
    await until(() => client.socket.readyState === client.socket.CLOSED);
    reader.terminate();
    server.close();
  });
});
