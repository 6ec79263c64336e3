import { mkdir } from 'node:fs/promises';
import type { SwitchCommand } from '../core/command.ts';
import type { ConversationEvent, Event, EventBody, PeopleEvent } from '../core/event.ts';
import type { State } from '../core/state.ts';
import { nextDeadlineMs, step } from '../core/step.ts';
import { lockFolder } from '../lib/folder-lock.ts';
import { ForwardClock } from '../lib/forward-clock.ts';
import { type Deaths, nameOf, openDeaths } from './deaths.ts';
import { type Entry, JournalError } from './entry.ts';
import { journalIdOf } from './identity.ts';
import { type Journal, openJournal, SEGMENT_BYTES } from './journal.ts';
import { restoreState } from './restore.ts';
import { oldestSnapshotSeq, writeSnapshot } from './snapshot.ts';

export const INBOX_MAX = 50_000;
export const BATCH_MAX = 500;
export const SUBSCRIBERS_MAX = 16;
const SNAPSHOT_EVERY = 50_000;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1_000;
/** `setTimeout` fires at once above 2^31-1 ms. */
const SLEEP_MS_MAX = 3_600_000;

export interface LoopOptions {
  /** Journal, snapshots and lock; made when absent. */
  readonly folder: string;
  /** Lets one command out, after its entry is durable. Must not throw and must not wait. */
  readonly release: (command: SwitchCommand) => void;
  /** Unix time, ms. */
  readonly now?: () => number;
  /** Time that passes whatever is done to the clock, ms; else `now`, when that is given. */
  readonly elapsed?: () => number;
  readonly log?: LoopLog;
  /** The core broke one of its own rules: the process should end, and restart from the journal. Default: throws. */
  readonly fatal?: (error: unknown) => void;
  readonly segmentBytes?: number;
  readonly snapshotEvery?: number;
}

export interface LoopLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface Loop {
  /**
   * Resolves with the entry once it is durable and its commands are released. Rejects with a JournalError: `full` (push back: 503), `closed`,
   * `setAside`, and for what people ask while the disk takes nothing, `failed`. What a switch says is then kept and tried again.
   */
  submit(event: EventBody): Promise<Entry>;
  /** The state now. Read it anew each time: another object after a failed append. Never change it. */
  readonly state: State;
  /** The last entry that would survive the loss of power. */
  readonly durableSeq: number;
  /** `failed`: the last append did not succeed, or the core has died. */
  health(): 'ok' | 'failed';
  /** Hears every batch after it is durable, in order. Must not throw. @returns what ends it. */
  subscribe(listener: (entries: readonly Entry[]) => void): () => void;
  /** Records are projected up to here: earlier segments may go once a snapshot covers them too. */
  projectedTo(seq: number): void;
  /** Everything submitted is decided and written, a snapshot is left, the folder is free. */
  close(): Promise<void>;
}

async function takeFolder(folder: string): Promise<() => void> {
  const lock = await lockFolder(folder);
  if (lock.ok) return lock.release;
  throw new JournalError(
    'locked',
    `${folder} is in use by process ${lock.holder}. Stop that one first, or set MINHU_DATA to another folder for a second hotline.`,
  );
}

/** Takes the folder, restores the state and submits `started`. @throws JournalError `locked`, `corrupt`. */
export async function openLoop(options: LoopOptions): Promise<Loop> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const unlock = await takeFolder(options.folder);
  let journal: Journal | undefined;
  try {
    const log = options.log ?? { info() {}, warn() {}, error() {} };
    const journalId = await journalIdOf(options.folder);
    const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    const opened = await openJournal({ folder: options.folder, segmentBytes }, (text) => log.warn(text));
    journal = opened.journal;
    const deaths = openDeaths(options.folder);
    const restore = () => restoreState(options.folder, journalId, deaths, log);
    const state = await restore();
    const loop = new JournalledLoop(
      { options, log, journal, deaths, restore, unlock },
      state,
      Math.max(opened.lastSeq, state.seq),
    );
    await loop.submit({ type: 'started' });
    return loop;
  } catch (error) {
    await journal?.close();
    unlock();
    throw error;
  }
}

interface Parts {
  readonly options: LoopOptions;
  readonly log: LoopLog;
  readonly journal: Journal;
  readonly deaths: Deaths;
  readonly restore: () => Promise<State>;
  readonly unlock: () => void;
}

interface Submitted {
  readonly event: EventBody;
  readonly resolve: (entry: Entry) => void;
  readonly reject: (error: JournalError) => void;
}

/** Stamp → step → append (one flush for the batch) → release. What was never written down is never let out. */
class JournalledLoop implements Loop {
  readonly #parts: Parts;
  readonly #clock: ForwardClock;
  readonly #listeners = new Set<(entries: readonly Entry[]) => void>();
  #state: State;
  #seq: number;
  #durableSeq: number;
  #snapshotSeq: number;
  #projectedSeq = 0;
  #inbox: Submitted[] = [];
  #running: Promise<void> | undefined;
  #snapshotting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #life: 'open' | 'closing' | 'dead' = 'open';

  constructor(parts: Parts, state: State, seq: number) {
    this.#parts = parts;
    const { now, elapsed } = parts.options;
    this.#clock = new ForwardClock(state.nowMs, now ?? Date.now, elapsed ?? now ?? (() => performance.now()));
    this.#state = state;
    this.#seq = seq;
    this.#durableSeq = seq;
    this.#snapshotSeq = state.seq;
  }

  get state(): State {
    return this.#state;
  }

  get durableSeq(): number {
    return this.#durableSeq;
  }

  health(): 'ok' | 'failed' {
    return this.#failures > 0 || this.#life === 'dead' ? 'failed' : 'ok';
  }

  submit(event: EventBody): Promise<Entry> {
    if (this.#life !== 'open') return Promise.reject(new JournalError('closed', 'the hotline is stopping'));
    if (this.#failures > 0 && isAsked(event)) return Promise.reject(diskFailed());
    if (this.#inbox.length >= INBOX_MAX) {
      return Promise.reject(new JournalError('full', `${INBOX_MAX} events wait to be written down`));
    }
    return new Promise((resolve, reject) => {
      this.#inbox.push({ event, resolve, reject });
      this.#run();
    });
  }

  subscribe(listener: (entries: readonly Entry[]) => void): () => void {
    if (this.#listeners.size >= SUBSCRIBERS_MAX)
      throw new JournalError('full', `${SUBSCRIBERS_MAX} subscribers already`);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  projectedTo(seq: number): void {
    this.#projectedSeq = Math.max(this.#projectedSeq, seq);
  }

  async close(): Promise<void> {
    if (this.#life === 'open') this.#life = 'closing';
    clearTimeout(this.#timer);
    await this.#running;
    await this.#snapshotting;
    if (this.#life === 'closing' && this.#failures === 0) {
      if (this.#state.seq > this.#snapshotSeq) await this.#snapshot().catch(() => {});
      this.#parts.deaths.forget();
    }
    await this.#parts.journal.close();
    this.#parts.unlock();
  }

  #run(): void {
    this.#running ??= this.#drain()
      .catch((error: unknown) => this.#die(error))
      .finally(() => {
        this.#running = undefined;
        if (this.#inbox.length > 0 && this.#life === 'open') this.#run();
        else this.#sleep();
      });
  }

  async #drain(): Promise<void> {
    while (this.#inbox.length > 0) {
      const batch = this.#inbox.splice(0, BATCH_MAX);
      const entries = await this.#decide(batch);
      if (entries === undefined) continue;
      if (!(await this.#append(entries, batch))) {
        if (this.#life === 'closing') return this.#rejectAll('closed');
        await pause(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures));
        continue;
      }
      this.#release(entries);
      for (const [index, entry] of entries.entries()) batch[index]!.resolve(entry);
      this.#snapshotWhenDue();
    }
  }

  /** @returns undefined when one event had to be set aside; the others are in the inbox again. */
  async #decide(batch: readonly Submitted[]): Promise<Entry[] | undefined> {
    const entries: Entry[] = [];
    for (const submitted of batch) {
      const atMs = Math.max(this.#clock.now(), this.#state.nowMs);
      const event = { ...inOurTime(submitted.event, this.#clock.aheadMs()), atMs } as Event;
      const seq = this.#seq + entries.length + 1;
      try {
        entries.push({ seq, atMs, event, commands: step(this.#state, event, seq) });
      } catch (error) {
        await this.#killedBy(submitted, error);
        this.#inbox.unshift(...batch.filter((other) => other !== submitted));
        this.#state = await this.#parts.restore();
        return undefined;
      }
    }
    return entries;
  }

  /** An event that the core cannot take: twice the process dies of it, then it is set aside and shouted about. */
  async #killedBy(submitted: Submitted, error: unknown): Promise<void> {
    const name = nameOf(submitted.event);
    if (!this.#parts.deaths.count(name)) throw error;
    const file = this.#parts.deaths.setAside(name, submitted.event, error);
    this.#parts.log.error(
      `The event "${name}" has killed several starts and is set aside in ${file}. Report it; the hotline goes on without it.`,
    );
    submitted.reject(new JournalError('setAside', `set aside in ${file}`, error));
  }

  /** On failure nothing of the batch is let out: the state goes back to what is on the disk, the events wait for the next try. */
  async #append(entries: readonly Entry[], batch: readonly Submitted[]): Promise<boolean> {
    try {
      await this.#parts.journal.append(entries);
    } catch (error) {
      if (this.#failures === 0)
        this.#parts.log.error(
          `The journal cannot be written: ${String(error)}. Nothing is released until it can; free the disk.`,
        );
      for (const { event, reject } of batch) if (isAsked(event)) reject(diskFailed(error));
      const kept = batch.filter(({ event }) => !isAsked(event) && event.type !== 'tick');
      this.#inbox.unshift(...kept);
      this.#state = await this.#parts.restore();
      // Told once nobody can see any more what was not written.
      this.#failures += 1;
      return false;
    }
    if (this.#failures > 0) this.#parts.log.warn(`The journal is written again after ${this.#failures} failed tries.`);
    this.#failures = 0;
    this.#seq = entries.at(-1)!.seq;
    this.#durableSeq = this.#seq;
    return true;
  }

  #release(entries: readonly Entry[]): void {
    for (const { commands } of entries) {
      for (const command of commands) if (command.do !== 'record-fact') this.#parts.options.release(command);
    }
    for (const listener of this.#listeners) listener(entries);
  }

  #snapshotWhenDue(): void {
    const every = this.#parts.options.snapshotEvery ?? SNAPSHOT_EVERY;
    if (this.#snapshotting !== undefined || this.#seq - this.#snapshotSeq < every) return;
    this.#snapshotting = this.#snapshot()
      .catch((error: unknown) =>
        this.#parts.log.warn(`No snapshot could be written: ${String(error)}. The next start takes longer.`),
      )
      .finally(() => {
        this.#snapshotting = undefined;
      });
  }

  async #snapshot(): Promise<void> {
    const seq = this.#state.seq;
    this.#snapshotSeq = seq;
    await writeSnapshot(this.#parts.options.folder, this.#state);
    const keepFrom = Math.min(await oldestSnapshotSeq(this.#parts.options.folder), this.#projectedSeq) + 1;
    await this.#parts.journal.removeBelow(keepFrom);
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const dueMs = nextDeadlineMs(this.#state) ?? Infinity;
    // With nothing to write down, only a try tells that the disk takes writes again.
    const probeMs = this.#failures > 0 ? RETRY_MS_MAX : Infinity;
    if (this.#life !== 'open' || Math.min(dueMs, probeMs) === Infinity) return;
    const waitMs = Math.min(this.#clock.until(dueMs), probeMs, SLEEP_MS_MAX);
    this.#timer = setTimeout(() => this.submit({ type: 'tick' }).catch(() => {}), waitMs);
  }

  #die(error: unknown): void {
    this.#life = 'dead';
    this.#rejectAll('closed');
    if (this.#parts.options.fatal !== undefined) return this.#parts.options.fatal(error);
    setImmediate(() => {
      throw error;
    });
  }

  #rejectAll(code: 'closed'): void {
    for (const { reject } of this.#inbox.splice(0)) reject(new JournalError(code, 'the hotline is stopping'));
  }
}

/** Registrations end by the machine's clock (D3). */
function inOurTime(event: EventBody, aheadMs: number): EventBody {
  if (aheadMs === 0) return event;
  const later = <Device extends { readonly expiresAtMs: number }>(device: Device) => ({
    ...device,
    expiresAtMs: device.expiresAtMs + aheadMs,
  });
  if (event.type === 'deviceRegistered') return { ...event, device: later(event.device) };
  if (event.type !== 'surveyed') return event;
  return { ...event, survey: { ...event.survey, devices: event.survey.devices.map(later) } };
}

const ASKED: ReadonlySet<EventBody['type']> = new Set<(PeopleEvent | ConversationEvent)['type']>([
  'agentStateAsked',
  'siteAsked',
  'modeAsked',
  'dispositionGiven',
  'contactRegraded',
  'missedCallHandled',
  'conversationOpened',
  'offerAnswered',
  'conversationEnded',
  'conversationReturned',
  'conversationReopened',
]);

/** Somebody waits for the answer and can ask again; a switch cannot. */
function isAsked(event: EventBody): boolean {
  return ASKED.has(event.type);
}

function diskFailed(cause?: unknown): JournalError {
  return new JournalError('failed', 'the journal cannot be written: the disk is full or broken', cause);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
