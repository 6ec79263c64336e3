import type { Logger } from 'pino';
import { type CursorRow, type InboxRow, type ReceiptRow, storeBatch, withEntries } from '../store/inbox.ts';
import { isRefusal } from '../store/projection.ts';
import type { Db } from '../store/store.ts';

/** All that one delivery, or one page of a pulled source, brings. */
export interface Arrival {
  readonly rows: readonly InboxRow[];
  readonly receipts: readonly ReceiptRow[];
  readonly cursor?: CursorRow;
  /** Number of a row that could not be read, and was read now: these are what it said. */
  readonly settles?: number;
}

export interface Stored {
  /** Number of each row that is new, by its index. */
  readonly ids: ReadonlyMap<number, number>;
  readonly repeated: number;
}

export type StoreResult = Stored | 'full' | 'away';

/** The database takes as many arrivals with one commit as came while the last one ran. */
export interface Inbox {
  /** Resolves once it is committed; nothing may be acknowledged before. `full`, `away`: nothing is stored, try again. Never rejects. */
  store(arrival: Arrival): Promise<StoreResult>;
  /** Arrivals that wait for the commit. */
  waiting(): number;
  /** Resolves after the commit at work; what waits is told `away`. */
  close(): Promise<void>;
}

export interface InboxOptions {
  readonly db: Db;
  readonly journal: string;
  readonly logger: Logger;
  /** Hears each batch that was committed, in order, before its arrivals are acknowledged. Must not throw. */
  readonly onStored: (rows: readonly InboxRow[], ids: ReadonlyMap<number, number>) => void;
  /** Hears what was committed with receipts in it, afterwards. Must not throw. */
  readonly onReceipts: (receipts: readonly ReceiptRow[]) => void;
  /** A commit failed: it may have happened all the same. */
  readonly onUnsure: () => void;
}

const ARRIVALS_MAX = 5_000;
const BYTES_MAX = 64 * 1024 * 1024;
const BATCH_ROWS_MAX = 1_000;
const LOG_EVERY_MS = 10_000;

interface Waiting {
  readonly arrival: Arrival;
  readonly bytes: number;
  readonly resolve: (result: StoreResult) => void;
}

export function createInbox(options: InboxOptions): Inbox {
  const waiting: Waiting[] = [];
  let bytes = 0;
  let writing: Promise<void> | undefined;
  let closed = false;
  let loggedAtMs = Number.NEGATIVE_INFINITY;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      bytes -= batch.reduce((sum, one) => sum + one.bytes, 0);
      if (closed) {
        for (const { resolve } of batch) resolve('away');
        continue;
      }
      const failed = await commit(options, batch);
      if (failed === undefined) continue;
      // One of them is not to be stored: each for itself.
      if (isRefusal(failed) && batch.length > 1) for (const one of batch) await commitAlone(one);
      else giveUp(batch, failed);
    }
    writing = undefined;
  }

  async function commitAlone(one: Waiting): Promise<void> {
    const failed = await commit(options, [one]);
    if (failed !== undefined) giveUp([one], failed);
  }

  function giveUp(batch: readonly Waiting[], error: unknown): void {
    const nowMs = performance.now();
    if (nowMs - loggedAtMs > LOG_EVERY_MS) options.logger.warn({ err: error }, 'messages cannot be stored now');
    loggedAtMs = nowMs;
    for (const { resolve } of batch) resolve('away');
  }

  return {
    store(arrival) {
      const size = sizeOf(arrival);
      if (waiting.length >= ARRIVALS_MAX || bytes + size > BYTES_MAX) return Promise.resolve('full');
      return new Promise((resolve) => {
        bytes += size;
        waiting.push({ arrival, bytes: size, resolve });
        writing ??= write();
      });
    },
    waiting: () => waiting.length,
    async close() {
      closed = true;
      await writing;
    },
  };
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let rows = 0;
  const past = waiting.findIndex(({ arrival }) => {
    rows += arrival.rows.length;
    return rows > BATCH_ROWS_MAX;
  });
  return waiting.splice(0, past === -1 ? waiting.length : Math.max(1, past));
}

/** @returns the error when nothing was stored, as far as can be known. */
async function commit(
  { db, journal, onStored, onReceipts, onUnsure }: InboxOptions,
  batch: readonly Waiting[],
): Promise<unknown> {
  const arrived = batch.flatMap(({ arrival }) => arrival.rows);
  const receipts = batch.flatMap(({ arrival }) => arrival.receipts);
  const cursors = batch.flatMap(({ arrival }) => arrival.cursor ?? []);
  const settles = batch.flatMap(({ arrival }) => arrival.settles ?? []);
  let ids: ReadonlyMap<number, number>;
  let rows: readonly InboxRow[];
  try {
    rows = await withEntries(db, arrived);
    ids = await storeBatch(db, { journal, rows, receipts, cursors, settles });
  } catch (error) {
    if (!isRefusal(error)) onUnsure();
    return error ?? new Error('not stored');
  }
  onStored(rows, ids);
  if (receipts.length > 0) onReceipts(receipts);
  let from = 0;
  for (const { arrival, resolve } of batch) {
    resolve(shareOf(ids, from, arrival.rows.length));
    from += arrival.rows.length;
  }
  return undefined;
}

function shareOf(ids: ReadonlyMap<number, number>, from: number, count: number): Stored {
  const own = new Map<number, number>();
  for (let index = 0; index < count; index += 1) {
    const id = ids.get(from + index);
    if (id !== undefined) own.set(index, id);
  }
  return { ids: own, repeated: count - own.size };
}

function sizeOf({ rows }: Arrival): number {
  return rows.reduce((sum, { content, raw }) => sum + content.length + (raw?.length ?? 0), 0);
}
