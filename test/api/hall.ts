import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { WebSocket } from 'ws';
import { createApi } from '../../src/api/app.ts';
import {
  type FromServer,
  type Item,
  LIVE_PATH,
  LIVE_TICKET_PATH,
  type StreamName,
} from '../../src/api/live/messages.ts';
import { createMetrics } from '../../src/api/metrics.ts';
import type { ApiOptions } from '../../src/api/options.ts';
import { ChannelHost } from '../../src/channel/host.ts';
import { mayCallOut } from '../../src/core/call-out.ts';
import type { SwitchCommand } from '../../src/core/command.ts';
import type { EventBody } from '../../src/core/event.ts';
import { type AgentId, agentId, type ContactId, contactId, type LegId, legId, nodeId } from '../../src/core/ids.ts';
import { mayReopen } from '../../src/core/reopen.ts';
import type { Settings } from '../../src/core/settings.ts';
import { canSupervise, talkView } from '../../src/core/talk-view.ts';
import { agentViews, digitalView, modeView, queueViews, siteViews, skillNames } from '../../src/core/view.ts';
import { CONNECT_LIMITS } from '../../src/lib/measure-alarm.ts';
import { createHappening } from '../../src/main/happening.ts';
import { liveCore } from '../../src/main/live-core.ts';
import { type Loop, openLoop } from '../../src/runtime/loop.ts';
import { type Listening, listenForChanges } from '../../src/store/account-changes.ts';
import { type FirstRun, type SeatSeed, seedAccounts } from '../../src/store/seed.ts';
import { silent, startDatabase, type TestDatabase } from '../store/database.ts';

const NODE = nodeId('switch');
export const HALL_SEATS: readonly SeatSeed[] = ['ana', 'ben', 'eva'].map((user, index) => ({
  user,
  number: String(1001 + index),
  sipUser: String(8001 + index),
  digest: 'md5',
  skills: { personal: 3 },
}));

/** A whole house without a switch: database, journal, core and HTTP on a port of 127.0.0.1. What the core asks of the switch happens at once. */
export class Hall {
  readonly database: TestDatabase;
  readonly loop: Loop;
  readonly api: FastifyInstance;
  /** What `api` was made of. */
  readonly options: ApiOptions;
  readonly firstRun: FirstRun;
  readonly alarms = createHappening();
  readonly ringing = new Map<string, LegId>();
  readonly #listening: Listening;
  #calls = 0;

  private constructor(
    parts: Pick<Hall, 'database' | 'loop' | 'api' | 'options' | 'firstRun'> & {
      listening: Listening;
      ringing: Map<string, LegId>;
    },
  ) {
    this.database = parts.database;
    this.loop = parts.loop;
    this.api = parts.api;
    this.options = parts.options;
    this.firstRun = parts.firstRun;
    this.ringing = parts.ringing;
    this.#listening = parts.listening;
  }

  static async open(
    settings: Settings = hallRules(),
    seats: readonly SeatSeed[] = HALL_SEATS,
    more: (database: TestDatabase, loop: Loop) => Partial<ApiOptions> = () => ({}),
  ): Promise<Hall> {
    const database = await startDatabase();
    const file = join(database.folder, 'first-run.json');
    await seedAccounts(database.store.db, seats, file, Date.now());
    const ringing = new Map<string, LegId>();
    const loop = await openLoop({
      folder: join(database.folder, 'journal'),
      // Written whole when it is made.
      segmentBytes: 256 * 1024,
      release: (command) => carryOut(command, ringing, (event) => void loop.submit(event).catch(unlessClosed)),
    });
    await loop.submit({ type: 'settingsLoaded', settings });
    const devices = settings.agents.map(({ sipUser }) => ({ sipUser, uri: `sip:${sipUser}`, expiresAtMs: 1e13 }));
    await loop.submit({
      type: 'surveyed',
      node: NODE,
      survey: { bootId: 'boot', legs: [], devices, ended: [] },
    });
    const accounts = createHappening();
    const alarms = createHappening();
    const core = {
      submit: (event: EventBody) => loop.submit(event),
      agents: () => agentViews(loop.state),
      queues: () => queueViews(loop.state),
      sites: () => siteViews(loop.state),
      skills: () => skillNames(loop.state),
      mode: () => modeView(loop.state),
      conversation: () => undefined,
      digital: (contact: string) => digitalView(loop.state, contactId(contact)),
      talk: (contact: ContactId) => talkView(loop.state, contact),
      mayReopen: (agent: AgentId, name: Parameters<typeof mayReopen>[2]) => mayReopen(loop.state, agent, name),
      mayCallOut: (agent: AgentId, number: string, isCitizen: boolean) =>
        mayCallOut(loop.state, agent, number, isCitizen),
      canSupervise: (agent: AgentId) => canSupervise(loop.state, agent),
      explain: async () => undefined,
    };
    const channels = new ChannelHost({
      db: database.store.db,
      journal: loop.state.journalId,
      accounts: [],
      logger: silent,
      core: { submit: core.submit, follow: () => () => undefined },
      settled: async () => undefined,
      metrics: { countDelivery: () => undefined, countSend: () => undefined, countFile: () => undefined },
      fileFolder: database.folder,
      onFile: () => undefined,
      onTold: () => undefined,
    });
    const options: ApiOptions = {
      db: database.store.db,
      core,
      channels: { host: channels, observeAcknowledgement: () => undefined, fileFolder: database.folder },
      live: {
        core: liveCore(loop),
        onAccounts: accounts.on,
        onAlarm: alarms.on,
        onDay: () => () => undefined,
        day: () => undefined,
      },
      health: () => ({ switch: true, nodes: {}, journal: true, store: true }),
      metrics: createMetrics({ ...core, projectorLag: () => 0, missed: () => ({ open: 0, overdue: 0 }) }),
      connectLimits: CONNECT_LIMITS,
      fieldKey: randomBytes(32),
      directorySecret: 'only-for-this-test-4711',
      desk: { folder: pageIn(database.folder), secure: false, ws: () => ({ port: 5066, secure: false }) },
      logger: silent,
      recordingFolder: database.folder,
      ...more(database, loop),
    };
    const api = await createApi(options);
    await api.listen({ host: '127.0.0.1', port: 0 });
    const listening = listenForChanges(database.url, { accounts: accounts.happened, callers: () => {} }, silent);
    const firstRun = JSON.parse(await readFile(file, 'utf8')) as FirstRun;
    const hall = new Hall({ database, loop, api, options, firstRun, listening, ringing });
    Object.assign(hall.alarms, alarms);
    return hall;
  }

  get host(): string {
    return `127.0.0.1:${(this.api.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await this.#listening.stop();
    await this.api.close();
    await this.loop.close();
    await this.database.remove();
  }

  /** @returns the leg of the caller. */
  async call(from = '13800138000', dialled = '12345'): Promise<LegId> {
    this.#calls += 1;
    const leg = legId(`call-${this.#calls}`);
    await this.loop.submit({ type: 'callArrived', node: NODE, leg, from, dialled });
    return leg;
  }

  async hangUp(leg: LegId): Promise<void> {
    await this.loop.submit({ type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING' });
  }

  async answer(sipUser: string): Promise<void> {
    await until(() => this.ringing.has(sipUser));
    await this.loop.submit({ type: 'legAnswered', node: NODE, leg: this.ringing.get(sipUser)! });
  }

  async setState(agent: string, state: 'ready' | 'notReady' | 'offline'): Promise<void> {
    await this.loop.submit({ type: 'agentStateAsked', agent: agentId(agent), state });
  }

  /** @returns the cookie. */
  async login(user: string): Promise<string> {
    const { admin, lead, seats } = this.firstRun;
    const password = [admin, lead, ...seats].find((each) => each.user === user)!.password;
    const answer = await this.api.inject({ method: 'POST', url: '/api/v1/login', payload: { user, password } });
    return `minhu_session=${answer.cookies[0]!.value}`;
  }

  async draw(cookie: string): Promise<string> {
    for (;;) {
      const answer = await this.api.inject({ method: 'POST', url: LIVE_TICKET_PATH, headers: { cookie } });
      // Rights have changed meanwhile: a client tries again.
      if (answer.statusCode !== 503) return answer.json().ticket;
    }
  }

  connect(cookie: string, more: Record<string, string> = {}, path = LIVE_PATH): WebSocket {
    return new WebSocket(`ws://${this.host}${path}`, { headers: { cookie, ...more }, perMessageDeflate: false });
  }

  async sit(cookie: string, resume?: object): Promise<LiveView> {
    const ticket = await this.draw(cookie);
    const view = new LiveView(this.connect(cookie));
    await new Promise((resolve) => view.socket.once('open', resolve));
    view.socket.send(JSON.stringify({ type: 'hello', ticket, ...(resume === undefined ? {} : { resume }) }));
    await until(() => view.welcome !== undefined);
    return view;
  }
}

/** What one socket was told, put together as a page does. */
export class LiveView {
  readonly socket: WebSocket;
  readonly items = new Map<StreamName, Map<string, Item>>();
  readonly seq = new Map<StreamName, number>();
  readonly messages: FromServer[] = [];
  welcome: Extract<FromServer, { type: 'welcome' }> | undefined;
  closed: number | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.closed = code;
    });
    socket.on('message', (data) => this.#hear(JSON.parse(String(data))));
  }

  item<Kind extends Item['kind']>(
    stream: StreamName,
    key: string,
    _kind: Kind,
  ): Extract<Item, { kind: Kind }> | undefined {
    return this.items.get(stream)?.get(key) as Extract<Item, { kind: Kind }> | undefined;
  }

  #hear(message: FromServer): void {
    this.messages.push(message);
    if (message.type === 'welcome') this.welcome = message;
    if (message.type === 'snapshot')
      this.items.set(message.stream, new Map(message.items.map((item) => [item.key, item])));
    if (message.type === 'changes') {
      const items = this.items.get(message.stream) ?? new Map<string, Item>();
      this.items.set(message.stream, items);
      for (const key of message.gone) items.delete(key);
      for (const item of message.items) items.set(item.key, item);
    }
    if (message.type === 'snapshot' || message.type === 'changes') this.seq.set(message.stream, message.seq);
  }
}

/** For what a test tells of its own accord while it may be ending already: nobody takes it any more then. */
export function unlessClosed(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'closed') throw error;
}

/** Just before a test's own limit, which does not tell what was waited for. */
const WAITED_MS_MAX = 28_000;

/** Waits for a condition, never for time. */
export async function until(holds: () => unknown): Promise<void> {
  const endMs = performance.now() + WAITED_MS_MAX;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`did not come true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function hallRules(seats: readonly SeatSeed[] = HALL_SEATS): Settings {
  const times = { ringMs: 20_000, wrapUpMs: 30_000, positionFirstMs: 15_000, positionEveryMs: 30_000 };
  return {
    version: 'hall',
    lines: { '12345': 'in' },
    flows: { in: { start: 'in', steps: { in: { kind: 'queue', queue: 'personal', prompts: [] } } } },
    queues: { personal: { name: 'personal', skill: 'personal', ...times, waitingMax: 2_000 } },
    agents: seats.map(({ user, number, sipUser, skills }) => ({ id: agentId(user), number, sipUser, skills })),
    prompts: {},
  };
}

/** A page as the build leaves it. */
function pageIn(folder: string): string {
  const page = join(folder, 'desk');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>desk</title>');
  mkdirSync(join(page, 'call'));
  writeFileSync(join(page, 'call', 'index.html'), '<!doctype html><title>call</title>');
  writeFileSync(join(page, 'assets', 'main-4711.js'), `export const page = '${'desk '.repeat(400)}';`);
  writeFileSync(join(folder, 'secret.js'), 'beside the page');
  return page;
}

function carryOut(command: SwitchCommand, ringing: Map<string, LegId>, tell: (event: EventBody) => void): void {
  const { leg } = command;
  switch (command.do) {
    case 'answer':
      return tell({ type: 'legAnswered', node: NODE, leg });
    case 'bridge':
      return tell({ type: 'bridged', node: NODE, leg, other: command.other });
    case 'hangUp':
      return tell({ type: 'legEnded', node: NODE, leg, cause: command.cause });
    case 'ring':
      ringing.set(command.sipUser, leg);
  }
}
