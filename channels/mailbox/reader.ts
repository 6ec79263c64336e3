import { Worker } from 'node:worker_threads';
import { ADDRESS, type Found, READS, type Wish } from './reading.ts';

/** A mail that cannot be read within the limits. */
export class MailUnreadable extends Error {}

export interface ReaderLimits {
  /** For one mail. */
  readonly readMs: number;
  /** Of the thread's heap; what a mail's own bytes take comes on top. */
  readonly heapMb: number;
}

export interface Reader {
  /**
   * One mail after another. A mailbox whose mail could not be read in time goes on by the side for a while, and holds up none but its like.
   *
   * @throws MailUnreadable after two tries; the signal's reason.
   */
  find(wish: Wish, signal: AbortSignal, how?: Reading): Promise<Read>;
  close(): Promise<void>;
}

export interface Reading {
  /** Whose mail it is. */
  readonly box?: string;
  /** How long it may take, because somebody asked for it; default: the reader's limit. */
  readonly readMs?: number;
}

export type Read = Exclude<Found, { readonly failed: string }>;

/** Read because somebody asked for it, a mail may take longer. */
export const PATIENT_MS = 30_000;
const USUAL: ReaderLimits = { readMs: 5_000, heapMb: 256 };
/** After a mail that could not be read, for how long its mailbox is read by the side. */
const ASIDE_MS = 600_000;
const START_MS_MAX = 30_000;
const IDLE_MS = 60_000;

/** Two threads that read mails: one for all, and one by the side for what takes longer than others should wait. */
export function createReader({ readMs: usualMs, heapMb }: ReaderLimits = USUAL): Reader {
  const [quick, aside] = [createLane(heapMb), createLane(heapMb)];
  /** Mailbox → until when it is read by the side, by `performance.now`. */
  const asideUntilMs = new Map<string, number>();

  return {
    async find(wish, signal, { box = '', readMs } = {}) {
      const isAside = readMs !== undefined || performance.now() < (asideUntilMs.get(box) ?? 0);
      let why = '';
      // The first failure may be the machine's, the second is the mail's.
      for (const lane of [isAside ? aside : quick, aside]) {
        const found = await lane.ask(wish, signal, readMs ?? usualMs);
        if (!('failed' in found)) return found;
        why = found.failed;
        if (readMs === undefined) asideUntilMs.set(box, performance.now() + ASIDE_MS);
      }
      throw new MailUnreadable(why);
    },
    async close() {
      await Promise.all([quick.close(), aside.close()]);
    },
  };
}

/** A thread that reads one mail after another, started when there is one and ended when there has been none for a minute. What one breaks is mended before the next. */
function createLane(heapMb: number) {
  let before: Promise<unknown> = Promise.resolve();
  let thread: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;

  async function end(): Promise<void> {
    clearTimeout(idle);
    const ended = thread;
    thread = undefined;
    await ended?.terminate();
  }

  async function read(wish: Wish, signal: AbortSignal, readMs: number): Promise<Found> {
    clearTimeout(idle);
    signal.throwIfAborted();
    try {
      thread ??= await start(heapMb, (ended) => {
        if (thread === ended) thread = undefined;
      });
      return await answerOf(thread, readMs, signal, (worker) => worker.postMessage(wish));
    } catch (error) {
      await end();
      signal.throwIfAborted();
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    ask(wish: Wish, signal: AbortSignal, readMs: number): Promise<Found> {
      const found = before.then(() => read(wish, signal, readMs));
      before = found.then(
        () => undefined,
        () => undefined,
      );
      void before.then(() => {
        clearTimeout(idle);
        idle = setTimeout(() => void end(), IDLE_MS).unref();
      });
      return found;
    },
    async close(): Promise<void> {
      await before;
      await end();
    },
  };
}

/** @returns the thread once it is ready to read: that it starts slowly is no mail's fault. */
async function start(heapMb: number, onEnd: (thread: Worker) => void): Promise<Worker> {
  const thread = new Worker(new URL(ADDRESS), {
    workerData: READS,
    // Nothing of ours is a stranger's business.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 32 },
  });
  thread.unref();
  // Whoever waits for an answer is told; without a listener the process would end.
  thread.on('error', () => undefined);
  thread.once('exit', () => onEnd(thread));
  try {
    await answerOf(thread, START_MS_MAX, undefined, () => undefined);
    return thread;
  } catch (error) {
    void thread.terminate();
    throw error;
  }
}

/** The next thing that the thread says. @throws Error when the time is up, the thread ends, or the signal says so. */
function answerOf(
  thread: Worker,
  limitMs: number,
  signal: AbortSignal | undefined,
  ask: (thread: Worker) => void,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(late);
      signal?.removeEventListener('abort', onAbort);
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      settle();
    };
    const fail = (error: unknown): void => end(() => reject(error));
    const onMessage = (found: Found): void => end(() => resolve(found));
    const onError = (error: unknown): void => fail(error);
    const onExit = (code: number): void => fail(new Error(`ended its thread with ${code}`));
    const onAbort = (): void => fail(signal?.reason);
    const late = setTimeout(() => fail(new Error(`took longer than ${limitMs} ms`)), limitMs);
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', onAbort, { once: true });
    ask(thread);
  });
}
