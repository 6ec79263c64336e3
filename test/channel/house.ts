import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { vi } from 'vitest';
import { createApi } from '../../src/api/app.ts';
import { addChannelMetrics } from '../../src/api/channel-metrics.ts';
import { createMetrics } from '../../src/api/metrics.ts';
import type { ApiOptions, DeskSource, WebChatSource } from '../../src/api/options.ts';
import type { Account } from '../../src/channel/account.ts';
import type { AccountProblem } from '../../src/channel/accounts.ts';
import type { Channel, Context, Parcel } from '../../src/channel/channel.ts';
import { ChannelHost } from '../../src/channel/host.ts';
import { mayCallOut } from '../../src/core/call-out.ts';
import { remindersOf } from '../../src/core/idle.ts';
import { type AgentId, agentId, contactId } from '../../src/core/ids.ts';
import type { DigitalMedium } from '../../src/core/medium.ts';
import { mayReopen } from '../../src/core/reopen.ts';
import type { Settings } from '../../src/core/settings.ts';
import {
  agentViews,
  conversationView,
  digitalView,
  modeView,
  queueViews,
  siteViews,
  skillNames,
} from '../../src/core/view.ts';
import { CONNECT_LIMITS } from '../../src/lib/measure-alarm.ts';
import { createHappening } from '../../src/main/happening.ts';
import { liveCore } from '../../src/main/live-core.ts';
import { type Loop, openLoop } from '../../src/runtime/loop.ts';
import { readEntries } from '../../src/runtime/segment.ts';
import { createProjector, type Projector } from '../../src/store/projector.ts';
import type { Store } from '../../src/store/store.ts';
import { hallRules, unlessClosed } from '../api/hall.ts';
import { silent } from '../store/database.ts';

/** A segment is written whole when it is made: small ones here. */
const SEGMENT_BYTES = 256 * 1024;

export function accountOf(channel: Channel, name: string, more: Partial<Account> = {}): Account {
  return {
    channel,
    name,
    settings: channel.rehearsal!.settings,
    previous: undefined,
    queues: { personal: 'personal', enterprise: 'personal' },
    receipt: undefined,
    gapMs: undefined,
    ...more,
  };
}

/** Channels, journal, core, projector, records and HTTP, over a database that outlives it: what is lost with it is what a kill loses. */
export interface House {
  readonly host: ChannelHost;
  readonly loop: Loop;
  readonly projector: Projector;
  readonly api: FastifyInstance;
  readonly registry: Registry;
  /** Contacts of files that came, or will never come. */
  readonly filesCame: readonly string[];
  /** Contacts of which something became of a message. */
  readonly told: readonly string[];
  /** Where the journal lies, and files of messages below it. */
  readonly journalFolder: string;
  /** One delivery over HTTP; `inject` without a socket. */
  deliver(
    account: Account,
    parcel: Parcel,
  ): Promise<{ readonly status: number; readonly body: string; readonly headers: Record<string, unknown> }>;
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly store: Store;
  readonly accounts: readonly Account[];
  readonly fetch?: Context['fetch'];
  readonly settings?: Settings;
  /** Default: one of its own. */
  readonly journalFolder?: string;
  readonly start?: boolean;
  readonly reservedBytes?: number;
  /** Of the channels. */
  readonly logger?: Logger;
  /** Accounts with a mistake. */
  readonly leftOut?: readonly AccountProblem[];
  /** The page; absent: none is served. */
  readonly desk?: DeskSource;
  /** Conversations at the page `/chat/`; absent: none. */
  readonly webChat?: WebChatSource;
}

export async function openHouse({
  store,
  accounts,
  fetch,
  settings = chatRules(),
  ...more
}: HouseOptions): Promise<House> {
  const folder = more.journalFolder ?? (await mkdtemp(join(tmpdir(), 'minhu-house-')));
  const loop = await openLoop({ folder, release: () => undefined, segmentBytes: SEGMENT_BYTES });
  await loop.submit({ type: 'settingsLoaded', settings });
  const projector = createProjector({
    db: store.db,
    journal: loop.state.journalId,
    readJournal: async (seq, entriesMax) => {
      const entries = [];
      for await (const entry of readEntries(folder, seq + 1, loop.durableSeq)) {
        entries.push(entry);
        if (entries.length === entriesMax) break;
      }
      return entries;
    },
    logger: silent,
  });
  loop.subscribe((entries) => projector.apply(entries));
  const registry = new Registry();
  const filesCame: string[] = [];
  const told: string[] = [];
  const fileFolder = join(folder, 'message-files');
  const metrics = addChannelMetrics(registry, () => host);
  const host: ChannelHost = new ChannelHost({
    db: store.db,
    journal: loop.state.journalId,
    accounts,
    logger: more.logger ?? silent,
    core: {
      submit: (event) => loop.submit(event),
      follow: (listener) => loop.subscribe(listener),
      reminders: () => remindersOf(loop.state),
    },
    settled: () => projector.settled(),
    metrics,
    fileFolder,
    onFile: (contact) => filesCame.push(contact),
    onTold: (contact) => told.push(contact),
    ...(fetch === undefined ? {} : { fetch }),
    ...(more.reservedBytes === undefined ? {} : { reservedBytes: more.reservedBytes }),
  });
  const { leftOut = [], desk, webChat } = more;
  const channels = { host, observeAcknowledgement: metrics.observeAcknowledgement, leftOut, fileFolder };
  const api = await apiOf(store, loop, channels, folder, { desk, webChat });
  if (more.start !== false) host.start();
  return {
    host,
    loop,
    projector,
    api,
    registry,
    filesCame,
    told,
    journalFolder: folder,
    async deliver({ channel, name }, { method = 'POST', query = '', headers = {}, body }) {
      const url = `/api/v1/intake/${channel.name}/${name}${query === '' ? '' : `?${query}`}`;
      const answer = await api.inject({ method, url, headers, payload: body });
      return { status: answer.statusCode, body: answer.body, headers: answer.headers };
    },
    async close() {
      await api.close();
      await host.close();
      await projector.stop();
      await loop.close();
      if (more.journalFolder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function apiOf(
  store: Store,
  loop: Loop,
  channels: NonNullable<ApiOptions['channels']>,
  folder: string,
  { desk, webChat }: { readonly desk: DeskSource | undefined; readonly webChat: WebChatSource | undefined },
) {
  const core = {
    submit: (event: Parameters<Loop['submit']>[0]) => loop.submit(event),
    agents: () => agentViews(loop.state),
    queues: () => queueViews(loop.state),
    sites: () => siteViews(loop.state),
    mode: () => modeView(loop.state),
    conversation: (medium: DigitalMedium, reference: string) => conversationView(loop.state, medium, reference),
    digital: (contact: string) => digitalView(loop.state, contactId(contact)),
    talk: () => undefined,
    canSupervise: () => false,
    skills: () => skillNames(loop.state),
    mayReopen: (agent: AgentId, name: Parameters<typeof mayReopen>[2]) => mayReopen(loop.state, agent, name),
    mayCallOut: (agent: AgentId, number: string, isCitizen: boolean) =>
      mayCallOut(loop.state, agent, number, isCitizen),
    explain: async () => undefined,
  };
  return createApi({
    db: store.db,
    core,
    channels,
    live: {
      core: liveCore(loop),
      onAccounts: createHappening().on,
      onAlarm: createHappening().on,
      onDay: () => () => undefined,
      day: () => undefined,
    },
    health: () => ({ switch: true, nodes: {}, journal: true, store: true }),
    metrics: createMetrics({ ...core, projectorLag: () => 0, missed: () => ({ open: 0, overdue: 0 }) }),
    connectLimits: CONNECT_LIMITS,
    logger: silent,
    recordingFolder: folder,
    ...(desk === undefined ? {} : { desk }),
    ...(webChat === undefined ? {} : { webChat }),
  });
}

const MEDIUM = { offerMs: 30_000, boundMs: 600_000, wrapUpMs: 0, waitingMax: 5_000 };

export function chatRules(waitingMax = 5_000): Settings {
  const media = { chat: { ...MEDIUM, waitingMax }, mail: { ...MEDIUM, waitingMax } };
  return { ...hallRules(), slots: { each: { chat: 3, mail: 3 }, beside: {}, media } };
}

/** Waits for a condition; the machine may be slow. */
export async function eventually<Found>(holds: () => Found | Promise<Found>): Promise<Found> {
  return await vi.waitFor(holds, { timeout: 25_000, interval: 20 });
}

/** The agent is ready, and takes whatever is offered. */
export async function serve(loop: Loop, user: string): Promise<void> {
  const agent = agentId(user);
  loop.subscribe((entries) => {
    for (const { commands } of entries)
      for (const command of commands)
        if (command.do === 'record-fact' && command.fact === 'offerMade' && command.agent === agent)
          void loop
            .submit({ type: 'offerAnswered', agent, contact: command.contact, token: command.token, take: true })
            .catch(unlessClosed);
  });
  await loop.submit({ type: 'agentStateAsked', agent, state: 'ready' });
}

/** One request to the API, as somebody who is signed in. */
export async function askAs(house: House, cookie: string, method: 'GET' | 'POST', url: string, payload?: object) {
  const answer = await house.api.inject({
    method,
    url: `/api/v1${url}`,
    headers: { cookie },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.json() };
}
