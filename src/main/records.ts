import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createApi } from '../api/app.ts';
import { createMetrics, type Metrics } from '../api/metrics.ts';
import type { ChannelHost } from '../channel/host.ts';
import { type City, loadCity } from '../city/load.ts';
import { type Endpoint, parseEndpoint } from '../config.ts';
import { missingYears } from '../core/calendar.ts';
import { mayCallOut } from '../core/call-out.ts';
import { type AgentId, type ContactId, contactId } from '../core/ids.ts';
import { mayReopen } from '../core/reopen.ts';
import { canSupervise, talkView } from '../core/talk-view.ts';
import {
  agentViews,
  conversationView,
  digitalView,
  missedView,
  modeView,
  queueViews,
  siteViews,
  skillNames,
} from '../core/view.ts';
import { CONNECT_LIMITS } from '../lib/measure-alarm.ts';
import { explainContact } from '../runtime/explain.ts';
import { readEntries } from '../runtime/segment.ts';
import { type Listening, listenForChanges } from '../store/account-changes.ts';
import type { CallerBook } from '../store/caller-book.ts';
import { DayCounts, type DaySum } from '../store/day-counts.ts';
import { dayFigures } from '../store/day-figures.ts';
import { migrate } from '../store/migrate.ts';
import { createProjector, type Projector } from '../store/projector.ts';
import type { Store } from '../store/store.ts';
import { type Supervision, startSupervision } from '../store/supervision.ts';
import { followAlerts } from './alerts.ts';
import { type OpenChannels, openChannels } from './channels.ts';
import type { Calls } from './core.ts';
import { directorySecretOf } from './directory-secret.ts';
import { fieldKeyOf } from './field-key.ts';
import { createHappening, type Happening } from './happening.ts';
import { liveCore } from './live-core.ts';
import { measureRecording } from './recording-file.ts';
import { loadRules } from './rules.ts';
import { readJson } from './run-file.ts';
import { tlsProblem } from './tls-files.ts';
import { webCallsOf } from './web-calls.ts';
import { type OpenWebChat, openWebChat } from './web-chat.ts';

const WORKDAYS_ASKED_EVERY_MS = 86_400_000;
const TLS_RETRY_MS = 2_000;

/** What follows the calls: the database, who may look at it, and the rules that come from there. */
export interface Records {
  readonly store: Store;
  readonly projector: Projector;
  readonly supervision: Supervision;
  readonly accounts: Listening;
  readonly channels: ChannelHost;
  readonly api: FastifyInstance;
  readonly listening: Endpoint;
  /** There are rules to decide by. */
  readonly ruled: Promise<void>;
}

/** @returns what is wrong with the settings, in words for the operator. */
export async function openRecords(calls: Calls, store: Store, book: CallerBook): Promise<Records | string> {
  const { config, loop, logger, phases } = calls;
  const city = cityFor(calls);
  if (typeof city === 'string') return city;
  phases.passed('city');
  const happenings = { accounts: createHappening(), alarm: createHappening(), day: createHappening() };
  const { projector, metrics, day } = followJournal(calls, store, city, happenings);

  const supervision = startSupervision({
    db: store.db,
    limits: city?.connectLimits ?? CONNECT_LIMITS,
    logger,
    settled: () => projector.settled(),
    onAlarm: (alarm) => {
      metrics.countAlarm(alarm);
      happenings.alarm.happened();
    },
  });
  calls.observeAppend = (durationMs) => metrics.observeAppend(durationMs);
  const bring = oneAtATime(() => retry(() => loadRules({ ...calls, city, store }), calls));
  // Until the database answers, the rules that the journal holds stay in force; without any there is nothing to be ready with.
  const loading = bring();
  const ruled = loop.state.settings === null ? loading : Promise.resolve();
  if (city !== undefined) watchWorkdays(calls, city);
  const accountsChanged = (): void => {
    void bring();
    happenings.accounts.happened();
    day.load().then(happenings.day.happened, () => undefined);
  };
  const callersChanged = (number?: string): void => void book.refresh(number);
  const changes = { accounts: accountsChanged, callers: callersChanged };
  const accounts = listenForChanges(config.databaseUrl ?? '', changes, logger);
  const queues = new Set(Object.keys((city?.settings ?? loop.state.settings)?.queues ?? {}));
  // Replies and files of before the start go on before there are pages.
  let pages: FastifyInstance['live'];
  const shown = (agent: AgentId, contact: ContactId): void => pages?.receiptsCame(agent, contact);
  const webChat = openWebChat(calls, store, {
    host: () => channels.host,
    receiptsCame: shown,
    writes: (agent, contact, on) => pages?.writes(agent, contact, on),
  });
  const own = webChat === undefined ? [] : [webChat.account];
  const channels = await openChannels(calls, { store, projector, metrics, queues, own, shown });
  await untilTlsIsUsable(calls);
  const api = await buildApi(calls, { store, metrics, channels, webChat }, city, {
    ...happenings,
    sum: () => day.sum(),
  });
  pages = api.live;
  phases.passed('api');
  const listening = await listen(api, config.http);
  if (typeof listening === 'string') return listening;
  phases.passed('http');
  return { store, projector, supervision, accounts, channels: channels.host, api, listening, ruled };
}

/** A mistake made in the city folder while calls run must not end them: the journal's rules stay in force then. */
function cityFor({ config, loop, logger }: Calls): City | undefined | string {
  const read = loadCity(config.cityFolder, config.channelsFile);
  if (read.ok) return read.city;
  const problems = read.problems.map(({ file, line, message }) => `${file}:${line} ${message}`);
  if (loop.state.settings === null) return problems.join('\n');
  logger.error({ problems }, 'the city folder has mistakes; the rules of the last start stay in force');
  return undefined;
}

function yearsMissing(city: Pick<City, 'settings' | 'office'> | undefined): readonly number[] {
  return city === undefined ? [] : missingYears(city.settings.workdays ?? {}, city.office.offsets, Date.now());
}

/** A table that nobody added in time is said once a day until it is there. */
export function watchWorkdays({ logger }: Pick<Calls, 'logger'>, city: Pick<City, 'settings' | 'office'>): void {
  const ask = (): void => {
    for (const year of yearsMissing(city)) {
      logger.warn({ year }, 'the holidays of a year are missing; add them to workdays.yaml');
    }
  };
  ask();
  setInterval(ask, WORKDAYS_ASKED_EVERY_MS).unref();
}

/** Files that were replaced while the program runs may be half a pair for a moment; calls do not depend on them. */
async function untilTlsIsUsable({ config, logger }: Calls): Promise<void> {
  for (;;) {
    const problem = tlsProblem(config, Date.now());
    if (problem !== undefined) logger.error({ problem: problem.en }, 'the certificate or its key is not right');
    if (!problem?.unusable) return;
    await new Promise((resolve) => setTimeout(resolve, TLS_RETRY_MS));
  }
}

/** Records follow the journal at their own pace; what they hold may be dropped from it. */
function followJournal(
  { loop, folders, logger }: Calls,
  store: Store,
  city: City | undefined,
  happenings: { readonly day: Happening },
) {
  const day = new DayCounts(store.db, loop.state.journalId);
  const metrics = createMetrics({
    agents: () => agentViews(loop.state),
    queues: () => queueViews(loop.state),
    missed: () => missedView(loop.state),
    alerts: () => loop.state.alerts.values(),
    projectorLag: () => projector.lag(),
    missingYears: () => yearsMissing(city),
    day: dayFigures(store.db),
  });
  const projector: Projector = createProjector({
    db: store.db,
    journal: loop.state.journalId,
    readJournal: async (seq, entriesMax) => {
      const entries = [];
      for await (const entry of readEntries(folders.journal, seq + 1, loop.durableSeq)) {
        entries.push(entry);
        if (entries.length === entriesMax) break;
      }
      return entries;
    },
    prepare: () => migrate(store.db),
    measureRecording,
    logger,
    onApplied: (applied) => {
      metrics.countFact(applied);
      day.apply(applied);
      if (!day.loaded) day.load().then(happenings.day.happened, () => undefined);
      else happenings.day.happened();
    },
  });
  loop.subscribe((entries) => {
    projector.apply(entries);
    loop.projectedTo(projector.position());
  });
  followAlerts(loop, logger, metrics.countAlert);
  return { projector, metrics, day };
}

function buildApi(
  calls: Calls,
  parts: { store: Store; metrics: Metrics; channels: OpenChannels; webChat: OpenWebChat | undefined },
  city: City | undefined,
  happenings: Readonly<Record<'accounts' | 'alarm' | 'day', Happening>> & { readonly sum: () => DaySum | undefined },
): Promise<FastifyInstance> {
  const { config, folders, logger, link, loop, submit } = calls;
  const { store, metrics, channels, webChat } = parts;
  const directorySecret = directorySecretOf(config, folders);
  return createApi({
    db: store.db,
    core: {
      submit,
      agents: () => agentViews(loop.state),
      sites: () => siteViews(loop.state),
      skills: () => skillNames(loop.state),
      mode: () => modeView(loop.state),
      conversation: (medium, reference) => conversationView(loop.state, medium, reference),
      digital: (contact) => digitalView(loop.state, contactId(contact)),
      queues: () => queueViews(loop.state),
      talk: (contact) => talkView(loop.state, contact),
      mayReopen: (agent, name) => mayReopen(loop.state, agent, name),
      mayCallOut: (agent, number, isCitizen) => mayCallOut(loop.state, agent, number, isCitizen),
      canSupervise: (agent) => canSupervise(loop.state, agent),
      explain: (contact) => explainContact(folders.journal, contactId(contact), loop.durableSeq),
    },
    channels,
    ...(webChat === undefined ? {} : { webChat: webChat.source }),
    fieldKey: fieldKeyOf(folders),
    live: {
      core: liveCore(loop),
      onAccounts: happenings.accounts.on,
      onAlarm: happenings.alarm.on,
      onDay: happenings.day.on,
      day: happenings.sum,
    },
    health: async () => ({
      switch: [...link.health().values()].some((up) => up),
      nodes: Object.fromEntries(link.health()),
      journal: loop.health() === 'ok',
      store: await store.isUp(),
    }),
    metrics,
    connectLimits: city?.connectLimits ?? CONNECT_LIMITS,
    logger,
    recordingFolder: folders.recordings,
    ...(city === undefined ? {} : { reference: { ...city.reference, dialOut: catalogueOf(calls, city) } }),
    desk: {
      folder: join(import.meta.dirname, '../desk'),
      secure: config.tls !== undefined,
      ws: () => pagePhone(calls),
    },
    ...webCallsOf(calls, city),
    trustedProxies: config.trustedProxies,
    ...(directorySecret === undefined ? {} : { directorySecret }),
    ...(config.tls === undefined
      ? {}
      : {
          secureCookies: true,
          tls: { cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile) },
        }),
  });
}

/** Nothing while there is no way out. */
function catalogueOf({ config }: Calls, { dialOut }: City): NonNullable<City['dialOut']>['numbers'] {
  return config.trunk === undefined ? [] : (dialOut?.numbers ?? []);
}

/** Where the page's telephone goes to: the switch may have chosen its port itself, and tells it when it has started. */
function pagePhone({ config, folders }: Calls): { port: number; secure: boolean } | undefined {
  const status = readJson<{ ws?: string }>(folders.switchStatusFile);
  const ws = config.eslNodes.length > 0 ? config.eslWs : parseEndpoint(status?.ws ?? '');
  return ws && { port: ws.port, secure: config.tls !== undefined };
}

/** @returns where HTTP listens, or why it cannot. */
async function listen(api: FastifyInstance, { host, port }: Endpoint): Promise<Endpoint | string> {
  try {
    await api.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    return `HTTP 端口 ${host}:${port} 不可用 / cannot be used (${code})\n  → 停止占用它的程序，或设置 MINHU_HTTP / stop the program that holds it, or set MINHU_HTTP, e.g. 127.0.0.1:8081`;
  }
  return { host, port: (api.server.address() as AddressInfo).port };
}

async function retry(work: () => Promise<void>, { logger, phases }: Calls): Promise<void> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      await work();
      return phases.passed('rules');
    } catch (error) {
      logger.warn({ err: error, pauseMs }, 'the records are not there yet');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** Asked for while it runs, the work is done once more behind. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let wanted = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (wanted) {
      wanted = false;
      await work();
    }
    running = undefined;
  };
  return () => {
    wanted = true;
    running ??= run();
    return running;
  };
}
