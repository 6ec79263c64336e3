import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Command, RecordCommand } from '../core/command.ts';
import { recordingDiffers } from './fold.ts';
import { type AppliedFact, applyEntries, type ProjectedEntry, readPosition } from './projection.ts';
import type { Db } from './store.ts';

/** Follows the journal into the database, at its own pace. The core never waits for it. */
export interface Projector {
  /** Last entry that the database holds, as far as is known here: journal segments below it may go. 0 until first heard of. */
  position(): number;
  /** Entries that wait to be applied. */
  lag(): number;
  /** Takes freshly appended entries, in order. Never throws, never waits: what does not fit is read from the journal later. */
  apply(entries: readonly ProjectedEntry[]): void;
  /** Resolves when everything appended so far is in the database. */
  settled(): Promise<void>;
  /** Ends after the batch at work. What was not applied is applied at the next start. */
  stop(): Promise<void>;
}

export interface ProjectorOptions {
  readonly db: Db;
  /** Names the journal, so that one database may hold the records of several. */
  readonly journal: string;
  /** Entries after `seq`, in order, at most `entriesMax`; empty at the journal's end. */
  readonly readJournal: (seq: number, entriesMax: number) => Promise<readonly ProjectedEntry[]>;
  /** Brings the tables about; called before the first look at them. */
  readonly prepare?: () => Promise<void>;
  /** Length of a recording whose end nobody told, by its file; undefined: nothing can be said of it. Must not throw. */
  readonly measureRecording?: (file: string) => Promise<Pick<RecordingEnded, 'durationMs' | 'bytes'> | undefined>;
  readonly logger: Logger;
  /** Hears every fact once it is in the database. Must not throw. */
  readonly onApplied?: (applied: AppliedFact) => void;
}

type RecordingEnded = Extract<RecordCommand, { fact: 'recordingEnded' }>;

/** Entries held in memory; about a minute of a large city's traffic. */
const BACKLOG_MAX = 10_000;
const BATCH_MAX = 500;
const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 5_000;

/** Starts at once: what the database lacks is read from the journal first. */
export function createProjector(options: ProjectorOptions): Projector {
  const state: ProjectorState = {
    backlog: [],
    position: 0,
    known: false,
    latest: 0,
    settling: [],
    stopping: new AbortController(),
  };
  const done = follow(options, state);
  return {
    position: () => state.position,
    lag: () => Math.max(0, state.latest - state.position),
    apply: (entries) => take(state, entries),
    settled: () => settled(state),
    stop: async () => {
      state.stopping.abort();
      state.wake?.();
      await done;
    },
  };
}

interface ProjectorState {
  /** Entries in order without a gap, the newest part of the journal. */
  readonly backlog: ProjectedEntry[];
  position: number;
  /** Whether `position` was read from the database and the journal's end was reached once. */
  known: boolean;
  latest: number;
  wake?: (() => void) | undefined;
  /** Who waits until the database holds an entry. */
  settling: { readonly seq: number; readonly resolve: () => void }[];
  readonly stopping: AbortController;
}

function take(state: ProjectorState, entries: readonly ProjectedEntry[]): void {
  for (const entry of entries) {
    if (entry.seq <= state.latest) continue;
    // When full, the whole backlog goes: the journal has it, and the oldest is needed first.
    if (state.backlog.length === BACKLOG_MAX) state.backlog.length = 0;
    state.backlog.push(entry);
    state.latest = entry.seq;
  }
  state.wake?.();
}

function settled(state: ProjectorState): Promise<void> {
  return new Promise((resolve) => {
    state.settling.push({ seq: state.latest, resolve });
    tellSettled(state);
  });
}

function tellSettled(state: ProjectorState): void {
  const { known, position, stopping } = state;
  const is = (seq: number) => stopping.signal.aborted || (known && position >= seq);
  const { settling } = state;
  state.settling = settling.filter(({ seq }) => !is(seq));
  for (const { seq, resolve } of settling) if (is(seq)) resolve();
}

/** The one loop. Ends only when told. */
async function follow(options: ProjectorOptions, state: ProjectorState): Promise<void> {
  let failures = 0;
  while (!state.stopping.signal.aborted) {
    try {
      const moved = await advance(options, state);
      failures = 0;
      tellSettled(state);
      if (!moved) await woken(state);
    } catch (error) {
      failures += 1;
      if (failures === 1) options.logger.warn({ err: error, lag: state.latest - state.position }, 'records wait');
      await pause(Math.min(RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10), RETRY_LAST_MS), state.stopping.signal);
    }
  }
  tellSettled(state);
}

/** @returns false when there is nothing to do until more is appended. */
async function advance(options: ProjectorOptions, state: ProjectorState): Promise<boolean> {
  if (!state.known && state.position === 0) {
    await options.prepare?.();
    state.position = await readPosition(options.db, options.journal);
  }
  const batch = await withLengths(options, await nextBatch(options, state));
  if (batch.length === 0) return false;
  const { seq, facts } = await applyEntries(options.db, options.journal, batch);
  state.position = seq;
  state.latest = Math.max(state.latest, seq);
  for (const applied of facts) tell(options, applied);
  return true;
}

/** From memory when it goes on right behind the position, else from the journal. */
async function nextBatch(options: ProjectorOptions, state: ProjectorState): Promise<readonly ProjectedEntry[]> {
  const { backlog, position } = state;
  const past = backlog.findIndex(({ seq }) => seq > position);
  backlog.splice(0, past === -1 ? backlog.length : past);
  if (backlog[0]?.seq === position + 1) return backlog.slice(0, BATCH_MAX);
  if (state.known && state.latest <= position) return [];
  const batch = await options.readJournal(position, BATCH_MAX);
  if (batch.length > 0) return batch;
  // Appended while the journal was being read.
  if (backlog[0]?.seq === position + 1) return backlog.slice(0, BATCH_MAX);
  if (backlog.length > 0) throw new Error(`the journal gives nothing after entry ${position}, yet it holds more`);
  if (!state.known && state.latest === 0 && position > 0) state.latest = position;
  state.known = true;
  return [];
}

/** The journal keeps what was told; what the records lack, the file may know. */
async function withLengths(
  { measureRecording }: ProjectorOptions,
  entries: readonly ProjectedEntry[],
): Promise<readonly ProjectedEntry[]> {
  if (measureRecording === undefined || !entries.some(({ commands }) => commands.some(isUntold))) return entries;
  const measured = async (command: Command): Promise<Command> =>
    isUntold(command) ? { ...command, ...(await measureRecording(command.file)) } : command;
  const known: ProjectedEntry[] = [];
  for (const entry of entries) known.push({ ...entry, commands: await Promise.all(entry.commands.map(measured)) });
  return known;
}

function isUntold(command: Command): command is RecordingEnded {
  return command.do === 'record-fact' && command.fact === 'recordingEnded' && command.durationMs === null;
}

function tell({ logger, onApplied }: ProjectorOptions, applied: AppliedFact): void {
  const { fact, place, refused } = applied;
  if (refused !== undefined) logger.error({ fact, place, refused }, 'the database refused a fact; it is set aside');
  if (fact.fact === 'recordingEnded' && recordingDiffers(fact)) {
    const { file, expectedMs, durationMs } = fact;
    logger.error({ file, expectedMs, durationMs }, 'a recording is not as long as it should be');
  }
  onApplied?.(applied);
}

function woken(state: ProjectorState): Promise<void> {
  return new Promise((resolve) => {
    if (state.stopping.signal.aborted || state.backlog.length > 0) return resolve();
    state.wake = () => {
      state.wake = undefined;
      resolve();
    };
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
