import type { Logger } from 'pino';
import { type Config, loadConfig } from '../config.ts';
import type { CallerKnown, EventBody } from '../core/event.ts';
import { knownLegs } from '../core/view.ts';
import { type Entry, JournalError } from '../runtime/entry.ts';
import { type Loop, openLoop } from '../runtime/loop.ts';
import type { Switch } from '../switch/switch.ts';
import { type Folders, foldersOf } from './folders.ts';
import { askNodes } from './free-switch-node.ts';
import { createLobby } from './lobby.ts';
import { openLog } from './log.ts';
import { BEAT_MS, CORE_ENV, type FromCore, type ToCore } from './messages.ts';
import { createPhases, type Phases } from './phases.ts';
import type { Records } from './records.ts';
import { readRunFile } from './run-file.ts';
import { openSwitchLink } from './switch-link.ts';
import { createTicketBook, type TicketBook } from './ticket-book.ts';
import { withKnown } from './with-known.ts';

/** What a call needs: rules and states from the journal, and a switch. */
export interface Calls {
  readonly config: Config;
  readonly folders: Folders;
  readonly logger: Logger;
  readonly link: Switch;
  readonly loop: Loop;
  readonly phases: Phases;
  /** Stamps, decides, writes down, releases; measured. */
  readonly submit: (event: EventBody) => Promise<Entry>;
  /** Set once there is somebody to tell: from an event's arrival to its commands' release. */
  observeAppend: (durationMs: number) => void;
  /** Set once the records can be asked: what they know of a number that calls. */
  knownOf: (number: string) => CallerKnown | undefined;
  /** What is known of callers has been read. */
  bookRead: () => void;
  readonly tickets: TicketBook;
}

/** Calls are taken up before anything else is loaded; a switch that does not answer holds up the rest no longer than this. */
const CALLS_FIRST_MAX_MS = 300;
/** So does a database that does not. */
const BOOK_FIRST_MAX_MS = 300;
const CLOSE_MAX_MS = 5_000;

/**
 * The process that decides. Calls need only the journal and a switch: the records' database may come later or go away meanwhile.
 * Ends when the supervisor says so, or when the supervisor is gone.
 */
export async function runCore(): Promise<void> {
  // A terminal's Ctrl-C reaches every process of the group; only the supervisor decides what it means.
  process.on('SIGINT', () => {});
  const phases = createPhases();
  const calls = await openCalls(phases);
  if (typeof calls === 'string') return giveUp(calls);
  tellSupervisor({ kind: 'alive' });
  setInterval(() => tellSupervisor({ kind: 'alive' }), BEAT_MS).unref();
  const surveyed = startSwitchLink(calls).then(() => phases.passed('callsResumed'));
  const opening = Promise.race([surveyed, pause(CALLS_FIRST_MAX_MS)]).then(() => openRecordsOf(calls));
  obeySupervisor(calls, opening);
  const records = await opening;
  if (typeof records === 'string') return giveUp(records);
  await Promise.all([surveyed, records.ruled]);
  phases.passed('ready');
  calls.logger.debug({ phases: phases.all() }, 'start-up, ms since the process began');
  const sip = await askNodes(calls);
  calls.logger.info({ ...records.listening, sip }, 'ready');
  tellSupervisor({ kind: 'ready', http: records.listening, sip });
}

async function openCalls(phases: Phases): Promise<Calls | string> {
  const loaded = loadConfig(process.env);
  if (!loaded.ok) return loaded.problems.map((problem) => `${problem.setting}: ${problem.message}`).join('\n');
  const { config } = loaded;
  const folders = foldersOf(config);
  const logger = openLog(config, folders, 'core');
  const link = openSwitchLink(config, folders, logger);
  phases.passed('modules');
  const loop = await openJournal(folders, link, logger);
  if (typeof loop === 'string') return loop;
  phases.passed('journal');
  const calls: Calls = {
    config,
    folders,
    logger,
    link,
    loop,
    phases,
    observeAppend: () => {},
    knownOf: () => undefined,
    bookRead: () => {},
    tickets: createTicketBook(),
    async submit(event) {
      const startedMs = performance.now();
      const entry = await loop.submit(event);
      calls.observeAppend(performance.now() - startedMs);
      return entry;
    },
  };
  return calls;
}

async function openJournal(folders: Folders, link: Switch, logger: Logger): Promise<Loop | string> {
  try {
    return await openLoop({
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
}

/**
 * Loaded only now: the database's and the web server's modules take longer to read than everything that calls need. First of them what is known
 * of callers, for which new calls wait.
 */
async function openRecordsOf(calls: Calls): Promise<Records | string> {
  const { openBook } = await import('./open-book.ts');
  const { store, book, read } = openBook(calls);
  await Promise.race([read, pause(BOOK_FIRST_MAX_MS)]);
  const { openRecords } = await import('./records.ts');
  calls.phases.passed('recordModules');
  return openRecords(calls, store, book);
}

/** @returns a promise of the first survey: from then on calls are taken. */
function startSwitchLink(calls: Calls): Promise<void> {
  const { link, loop, submit, logger } = calls;
  return new Promise((resolve) => {
    const lobby = createLobby(
      () => loop.state.legs,
      (event) => {
        submit(withKnown(calls, loop.state.legs, event)).then(
          () => {
            if (event.type === 'surveyed' && link.health().get(event.node) === true) resolve();
          },
          (error) => logger.error({ err: error, type: event.type }, 'an event of the switch could not be written down'),
        );
      },
    );
    calls.bookRead = lobby.open;
    link.start(lobby.hear, (node) => knownLegs(loop.state, node));
  });
}

function obeySupervisor(calls: Calls, opening: Promise<Records | string>): void {
  process.on('message', (message: ToCore) => {
    if (message.kind === 'stop') void close(calls, opening).then(() => process.exit(0));
  });
  const orphaned = (): void => {
    calls.logger.error('the supervisor is gone; stopping PostgreSQL and the core, the switch lives on');
    void close(calls, opening)
      .then(() => stopOwnPostgres(calls.folders))
      .finally(() => process.exit(1));
  };
  if (process.connected === false) orphaned();
  else process.once('disconnect', orphaned);
}

async function stopOwnPostgres(folders: Folders): Promise<void> {
  if (process.env[CORE_ENV.ownsPostgres] !== '1') return;
  // The server may be another than at our start: the file tells which.
  const pid = readRunFile(folders)?.pids.postgres;
  const { stopServer } = await import('../store/postmaster.ts');
  if (typeof pid === 'number') await stopServer(pid);
}

async function close({ link, loop, logger }: Calls, opening: Promise<Records | string>): Promise<void> {
  const tooLate = setTimeout(() => process.exit(1), CLOSE_MAX_MS * 2);
  const opened = await opening.catch(() => undefined);
  const records = typeof opened === 'object' ? opened : undefined;
  await records?.api.close();
  await records?.channels.close();
  await records?.accounts.stop();
  await link.close();
  await Promise.race([records?.projector.settled(), pause(CLOSE_MAX_MS)]);
  await records?.projector.stop();
  await records?.supervision.stop();
  await loop.close();
  await records?.store.close();
  logger.flush();
  clearTimeout(tooLate);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
  if (process.connected) process.send?.(message);
}
