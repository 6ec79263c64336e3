import type { Logger } from 'pino';
import { countArrivals } from '../store/messages.ts';
import type { Db } from '../store/store.ts';
import type { Account } from './account.ts';
import { Turnstile } from './turnstile.ts';

const DAY_MS = 86_400_000;
/** Fewer in that time yesterday, and silence says nothing. */
const USUAL_MIN = 10;
/** Thousands of boxes may be silent in the same moment, all night: together they ask the records for little. */
const LOOKS = new Turnstile(2);

export interface GapWatchOptions {
  readonly db: Db;
  readonly account: Account;
  readonly logger: Logger;
  /** That nothing can come is known already, and told. */
  readonly isExplained?: () => boolean;
  /** It has fallen silent. */
  readonly onSilent?: () => void;
  readonly now?: () => number;
}

/** Notices when a platform, or the way to it, has fallen silent: nothing came for so long, and yesterday in that time something did. */
export class GapWatch {
  readonly #options: GapWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #lastMs: number | undefined;
  #startedMs = 0;
  #silentSinceMs: number | undefined;
  readonly #closed = new AbortController();

  constructor(options: GapWatchOptions) {
    this.#options = options;
  }

  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  get silentSinceMs(): number | undefined {
    return this.#silentSinceMs;
  }

  start(): void {
    this.#startedMs = this.#now;
    this.#wait();
  }

  arrived(atMs: number): void {
    this.#lastMs = atMs;
    if (this.#silentSinceMs === undefined) return;
    this.#options.logger.info(this.#names, 'messages arrive again');
    this.#silentSinceMs = undefined;
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  /** Asks the records; for tests, and when the time has come. */
  async look(): Promise<void> {
    const { db, account, logger, isExplained } = this.#options;
    const { gapMs } = account;
    const sinceMs = this.#lastMs ?? this.#startedMs;
    const nowMs = this.#now;
    if (gapMs === undefined || nowMs - sinceMs < gapMs || this.#silentSinceMs !== undefined) return;
    if (isExplained?.() === true) return;
    const usual = await countArrivals(db, account.channel.name, account.name, nowMs - DAY_MS - gapMs, nowMs - DAY_MS);
    if (usual < USUAL_MIN || (this.#lastMs ?? this.#startedMs) !== sinceMs) return;
    this.#silentSinceMs = sinceMs;
    logger.error(
      { ...this.#names, silentMs: nowMs - sinceMs, yesterday: usual },
      'nothing arrives, and yesterday at this time it did',
    );
    this.#options.onSilent?.();
  }

  get #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  get #names() {
    const { channel, name } = this.#options.account;
    return { channel: channel.name, account: name };
  }

  /** One timer: to the first moment at which the silence may be too long. */
  #wait(): void {
    const { gapMs } = this.#options.account;
    if (gapMs === undefined || this.#closed.signal.aborted) return;
    const dueMs = (this.#lastMs ?? this.#startedMs) + gapMs - this.#now;
    this.#timer = setTimeout(
      () => {
        LOOKS.pass(this.#closed.signal, () => this.look())
          .catch((error: unknown) =>
            this.#options.logger.debug({ err: error }, 'the records cannot be asked about a silence'),
          )
          .finally(() => this.#wait());
      },
      dueMs > 0 ? dueMs : gapMs,
    );
    this.#timer.unref();
  }
}
