import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createApi } from '../api/app.ts';
import { createMetrics, type Metrics } from '../api/metrics.ts';
import { type City, loadCity } from '../city/load.ts';
import { type Config, loadConfig } from '../config.ts';
import type { EventBody } from '../core/event.ts';
import { contactId } from '../core/ids.ts';
import { agentViews, knownLegs, queueViews } from '../core/view.ts';
import { JournalError } from '../runtime/entry.ts';
import { explainContact } from '../runtime/explain.ts';
import { type Loop, openLoop } from '../runtime/loop.ts';
import { readEntries } from '../runtime/segment.ts';
import { stopServer } from '../store/postmaster.ts';
import { createProjector, type Projector } from '../store/projector.ts';
import { connectStore, type Store } from '../store/store.ts';
import type { Switch } from '../switch/switch.ts';
import { type Folders, foldersOf } from './folders.ts';
import { openLog } from './log.ts';
import { CORE_ENV, type FromCore, type ToCore } from './messages.ts';
import { loadRules } from './rules.ts';
import { readRunFile } from './run-file.ts';
import { openSwitchLink } from './switch-link.ts';

/** The parts of the core process, in the order in which they come up. */
interface Parts {
  readonly config: Config;
  readonly city: City;
  readonly folders: Folders;
  readonly logger: Logger;
  readonly link: Switch;
  readonly loop: Loop;
  readonly store: Store;
  readonly projector: Projector;
  readonly metrics: Metrics;
  readonly api: FastifyInstance;
}

/**
 * The process that decides. Calls need only the journal and a switch: the records' database may come later or go away meanwhile.
 * Ends when the supervisor says so, or when the supervisor is gone.
 */
export async function runCore(): Promise<void> {
  // A terminal's Ctrl-C reaches every process of the group; only the supervisor decides what it means.
  process.on('SIGINT', () => {});
  const parts = await openParts();
  if (typeof parts === 'string') return giveUp(parts);
  obeySupervisor(parts);
  const surveyed = startSwitchLink(parts);
  const listening = await listen(parts);
  if (typeof listening === 'string') return giveUp(listening);
  await Promise.all([surveyed, bringRules(parts)]);
  parts.logger.info(listening, 'ready');
  tellSupervisor({ kind: 'ready', http: listening });
}

async function openParts(): Promise<Parts | string> {
  const loaded = loadConfig(process.env);
  if (!loaded.ok) return loaded.problems.map((problem) => `${problem.setting}: ${problem.message}`).join('\n');
  const { config } = loaded;
  const cityRead = loadCity(config.cityFolder);
  if (!cityRead.ok) return cityRead.problems.map(({ file, line, message }) => `${file}:${line} ${message}`).join('\n');
  const folders = foldersOf(config);
  const logger = openLog(config, folders, 'core');
  const link = openSwitchLink(config, folders, logger);
  let loop: Loop;
  try {
    loop = await openLoop({
      folder: folders.journal,
      release: (command) => link.execute(command),
      log: {
        info: (text) => logger.info(text),
        warn: (text) => logger.warn(text),
        error: (text) => logger.error(text),
      },
      fatal: (error) => die(logger, error),
    });
  } catch (error) {
    if (error instanceof JournalError) return `日志账打不开 / the journal cannot be opened: ${error.message}`;
    throw error;
  }
  const store = connectStore(config.databaseUrl ?? '', logger);
  const { projector, metrics } = followJournal(loop, store, folders, logger);
  const api = await buildApi({ config, folders, logger, link, loop, store, metrics, city: cityRead.city });
  return { config, city: cityRead.city, folders, logger, link, loop, store, projector, metrics, api };
}

/** Records follow the journal at their own pace; what they hold may be dropped from it. */
function followJournal(loop: Loop, store: Store, folders: Folders, logger: Logger) {
  const metrics = createMetrics({
    agents: () => agentViews(loop.state),
    queues: () => queueViews(loop.state),
    projectorLag: () => projector.lag(),
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
    logger,
    onApplied: (applied) => metrics.countFact(applied),
  });
  loop.subscribe((entries) => {
    projector.apply(entries);
    loop.projectedTo(projector.position());
  });
  return { projector, metrics };
}

function buildApi(parts: Omit<Parts, 'api' | 'projector'>): Promise<FastifyInstance> {
  const { config, folders, logger, link, loop, store, metrics } = parts;
  return createApi({
    db: store.db,
    core: {
      submit: (event) => submit(loop, metrics, event),
      agents: () => agentViews(loop.state),
      queues: () => queueViews(loop.state),
      explain: (contact) => explainContact(folders.journal, contactId(contact), loop.durableSeq),
    },
    health: async () => ({
      switch: [...link.health().values()].some((up) => up),
      journal: loop.health() === 'ok',
      store: await store.isUp(),
    }),
    metrics,
    logger,
    recordingFolder: folders.recordings,
    ...(config.tls === undefined
      ? {}
      : {
          secureCookies: true,
          tls: { cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile) },
        }),
    onSeatsChanged: () => {
      void loadRules(parts).catch((error) =>
        logger.error({ err: error }, 'seats changed, but the rules could not be made anew'),
      );
    },
  });
}

async function submit(loop: Loop, metrics: Metrics, event: EventBody): Promise<unknown> {
  const startedMs = performance.now();
  const entry = await loop.submit(event);
  metrics.observeAppend(performance.now() - startedMs);
  return entry;
}

/** @returns a promise of the first survey: from then on calls are taken. */
function startSwitchLink({ link, loop, metrics, logger }: Parts): Promise<void> {
  return new Promise((resolve) => {
    link.start(
      (event) => {
        submit(loop, metrics, event).then(
          () => {
            if (event.type === 'surveyed') resolve();
          },
          (error) => logger.error({ err: error, type: event.type }, 'an event of the switch could not be written down'),
        );
      },
      (node) => knownLegs(loop.state, node),
    );
  });
}

/** @returns where HTTP listens, or why it cannot. */
async function listen({ api, config }: Parts): Promise<{ host: string; port: number } | string> {
  const { host, port } = config.http;
  try {
    await api.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    return `HTTP 端口 ${host}:${port} 不可用 / cannot be used (${code})\n  → 停止占用它的程序，或设置 MINHU_HTTP / stop the program that holds it, or set MINHU_HTTP, e.g. 127.0.0.1:8081`;
  }
  return { host, port: (api.server.address() as AddressInfo).port };
}

/** Until the database answers, the rules that the journal holds stay in force; without any there is nothing to be ready with. */
async function bringRules(parts: Parts): Promise<void> {
  const { loop, logger } = parts;
  const loading = retry(() => loadRules(parts), logger);
  if (loop.state.settings === null) await loading;
}

async function retry(work: () => Promise<void>, logger: Logger): Promise<void> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      return await work();
    } catch (error) {
      logger.warn({ err: error, pauseMs }, 'the records are not there yet');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function obeySupervisor(parts: Parts): void {
  process.on('message', (message: ToCore) => {
    if (message.kind === 'stop') void close(parts).then(() => process.exit(0));
  });
  process.once('disconnect', () => {
    parts.logger.error('the supervisor is gone; stopping PostgreSQL and the core, the switch lives on');
    // The server may be another than at our start: the file tells which.
    const owned = process.env[CORE_ENV.ownsPostgres] === '1';
    const pid = owned ? readRunFile(parts.folders)?.pids.postgres : undefined;
    void close(parts)
      .then(() => (typeof pid === 'number' ? stopServer(pid) : undefined))
      .finally(() => process.exit(1));
  });
}

const CLOSE_MAX_MS = 5_000;

async function close({ api, link, loop, projector, store, logger }: Parts): Promise<void> {
  const tooLate = setTimeout(() => process.exit(1), CLOSE_MAX_MS * 2);
  await api.close();
  await link.close();
  await Promise.race([projector.settled(), new Promise((resolve) => setTimeout(resolve, CLOSE_MAX_MS))]);
  await projector.stop();
  await loop.close();
  await store.close();
  logger.flush();
  clearTimeout(tooLate);
}

/** A broken rule of the core: nothing it holds can be trusted, the journal can. */
function die(logger: Logger, error: unknown): void {
  logger.fatal({ err: error }, 'the core broke one of its own rules; restarting from the journal');
  logger.flush();
  process.abort();
}

function giveUp(message: string): void {
  tellSupervisor({ kind: 'fatal', message });
  process.exitCode = 1;
}

function tellSupervisor(message: FromCore): void {
  process.send?.(message);
}
