import { type CallerBook, createCallerBook } from '../store/caller-book.ts';
import { connectStore, type Store } from '../store/store.ts';
import type { Calls } from './core.ts';

/** The database, and what is known of callers being read from it (G1). `read`: it has been, for the first time. */
export function openBook(calls: Calls): {
  readonly store: Store;
  readonly book: CallerBook;
  readonly read: Promise<void>;
} {
  const { config, logger, phases } = calls;
  const store = connectStore(config.databaseUrl ?? '', logger);
  const book = createCallerBook(store.db, logger);
  calls.knownOf = (number) => book.find(number, Date.now());
  const read = book.refresh().then(() => {
    phases.passed('callersKnown');
    calls.bookRead();
  });
  return { store, book, read };
}
