import type { Logger } from 'pino';
import type { CallerKnown } from '../core/event.ts';
import { type BookEntry, callerKey, readBook } from './callers.ts';
import { isUnmade } from './migrate.ts';
import type { Db } from './store.ts';

/** Elders, open orders and malicious callers of a megacity, many times over. */
export const BOOK_MAX = 1_000_000;
const RETRY_MS = 1_000;

/**
 * What is known of calling numbers, in memory: a call must not wait for the database. Until it has been read, and for what it cannot hold,
 * callers are strangers, who are served like anybody.
 */
export interface CallerBook {
  /** Of a number in any of its forms. Undefined: nothing is known of it at this moment. */
  find(number: string, nowMs: number): CallerKnown | undefined;
  /** Reads one number again, or, without one, all of them. Never rejects: it is tried until the database answers. */
  refresh(number?: string): Promise<void>;
}

export function createCallerBook(db: Db, logger: Logger): CallerBook {
  let entries = new Map<string, BookEntry>();
  let last = Promise.resolve();

  async function read(number: string | undefined): Promise<void> {
    const found = await readBook(db, number);
    if (number === undefined) {
      if (found.length > BOOK_MAX) logger.error({ known: found.length, max: BOOK_MAX }, 'too many callers are known');
      entries = new Map(found.slice(0, BOOK_MAX).map((entry) => [entry.number, entry]));
    } else if (found[0] === undefined) entries.delete(number);
    else if (entries.size < BOOK_MAX || entries.has(number)) entries.set(number, found[0]);
  }

  return {
    find(number, nowMs) {
      const entry = entries.get(callerKey(number));
      if (entry === undefined) return undefined;
      const { stage, ...rest } = entry.known;
      const over = entry.stageUntilMs !== null && entry.stageUntilMs <= nowMs;
      const known = over || stage === undefined ? rest : entry.known;
      return Object.keys(known).length === 0 ? undefined : known;
    },
    refresh(number) {
      // One after another: an older answer must not come last.
      last = last.then(async () => {
        for (let failures = 0; ; failures++) {
          try {
            return await read(number);
          } catch (error) {
            // A first start is still making its tables.
            if (failures === 0 && !isUnmade(error))
              logger.warn({ err: error }, 'what is known of callers cannot be read now');
            // The next connection to the database reads all of it (`listenForChanges`).
            if (number !== undefined) return;
            await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
          }
        }
      });
      return last;
    },
  };
}
