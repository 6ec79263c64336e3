import type { Logger } from 'pino';
import type { Account } from './account.ts';
import type { Context, Inbound, Pulled } from './channel.ts';
import { cleanInbound, INBOUND_MAX } from './clean-inbound.ts';
import { isChannelError } from './trouble.ts';
import type { Turnstile } from './turnstile.ts';
import { TooLate, within } from './within.ts';

export interface PullerOptions {
  readonly account: Account;
  readonly logger: Logger;
  readonly context: (signal: AbortSignal) => Context;
  /** Stores a page and the place after it together. @returns false when it could not be. */
  readonly store: (inbound: readonly Inbound[], cursor: string) => Promise<boolean>;
  /** Shared with all sources that are asked: a city has thousands of boxes. */
  readonly gates: PullGates;
  /** By which sources of one provider share what it may have of a gate. */
  readonly provider: string;
  /** `trouble` is another one. */
  readonly onTrouble?: () => void;
}

export interface PullGates {
  readonly well: Turnstile;
  /** Of sources that failed last: what they wait for holds up no other. */
  readonly troubled: Turnstile;
}

/** The source does not answer as it should. */
export interface Trouble {
  readonly sinceMs: number;
  readonly reason: string;
}

const AGAIN_USUAL_MS = 60_000;
const AGAIN_MS_MIN = 1_000;
const AGAIN_MS_MAX = 3_600_000;
const FAILED_FIRST_MS = 1_000;
const FAILED_LAST_MS = 300_000;
/** Of one page; a channel that does not heed the signal is left alone with it. */
const PULL_MS_MAX = 60_000;
const CLOSE_MS_MAX = 1_000;
const CURSOR_CHARS_MAX = 4_096;
const REASON_CHARS_MAX = 500;
/** A source that is listened to is well when it has not failed for so long: it may have nothing to tell. */
const LISTENED_MS = 30_000;

/** Asks a source again and again, or listens to it; after a failure later and later. The cursor moves only with what was stored. */
export class Puller {
  readonly #options: PullerOptions;
  readonly #stopping = new AbortController();
  #work: Promise<void> | undefined;
  #trouble: Trouble | undefined;
  /** The cursor as it is stored. */
  #at: string | undefined;
  /** The last page did not come in time. */
  #isSlow = false;

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Since the last time that all was well; undefined: all is well. */
  get trouble(): Trouble | undefined {
    return this.#trouble;
  }

  /** @param from the cursor that is stored; undefined: there is none yet. Nobody else moves it. */
  start(from: string | undefined): void {
    this.#at = from;
    this.#work ??= this.#loop();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    // A channel that does not heed the signal must not hold up the end.
    await Promise.race([this.#work, new Promise((resolve) => setTimeout(resolve, CLOSE_MS_MAX).unref())]);
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      let waitMs = 0;
      try {
        waitMs = this.#options.account.channel.watch === undefined ? await this.#pull() : await this.#watch();
        failures = 0;
        this.#isWell();
      } catch (error) {
        if (signal.aborted) return;
        const { account, logger } = this.#options;
        failures += 1;
        waitMs = Math.min(FAILED_FIRST_MS * 2 ** Math.min(failures - 1, 20), FAILED_LAST_MS);
        if (isChannelError(error)) waitMs = Math.min(Math.max(waitMs, error.retryAfterMs ?? 0), AGAIN_MS_MAX);
        const names = { channel: account.channel.name, account: account.name };
        if (failures === 1) logger.warn({ ...names, err: error }, 'a source does not answer as it should');
        this.#isTroubled(error);
      }
      await this.#pause(waitMs);
    }
  }

  /** @returns how long to wait. */
  #pull(): Promise<number> {
    const { well, troubled } = this.#options.gates;
    const gate = this.#trouble === undefined ? well : troubled;
    const visitor = { of: this.#options.provider, isSlow: this.#isSlow };
    return gate.pass(this.#stopping.signal, () => this.#pullPage(), visitor);
  }

  async #pullPage(): Promise<number> {
    const page = await this.#askForPage();
    // Most boxes have nothing new most of the time, and there are thousands.
    if (page.inbound.length > 0 || page.cursor !== this.#at) await this.#store(page.inbound, page.cursor);
    if (page.more === true) return 0;
    return Math.min(Math.max(page.againAfterMs ?? AGAIN_USUAL_MS, AGAIN_MS_MIN), AGAIN_MS_MAX);
  }

  async #askForPage(): Promise<Pulled> {
    const { account, context } = this.#options;
    const limit = { ms: PULL_MS_MAX, stopping: this.#stopping.signal, who: 'the source' };
    this.#isSlow = false;
    return await within(limit, async (signal) => await account.channel.pull!(this.#at, context(signal))).catch(
      (error: unknown) => {
        this.#isSlow = error instanceof TooLate;
        throw error;
      },
    );
  }

  async #watch(): Promise<number> {
    const { channel } = this.#options.account;
    const batches = channel.watch!(this.#at, this.#options.context(this.#stopping.signal));
    const well = setTimeout(() => this.#isWell(), LISTENED_MS).unref();
    try {
      for await (const { inbound, cursor } of batches) {
        await this.#store(inbound, cursor);
        this.#isWell();
      }
    } finally {
      clearTimeout(well);
    }
    return AGAIN_MS_MIN;
  }

  #isWell(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.onTrouble?.();
  }

  #isTroubled(error: unknown): void {
    const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
    this.#trouble = { sinceMs: this.#trouble?.sinceMs ?? Date.now(), reason };
    this.#options.onTrouble?.();
  }

  async #store(inbound: readonly Inbound[], cursor: string): Promise<void> {
    if (cursor.length > CURSOR_CHARS_MAX) throw new RangeError(`a cursor of more than ${CURSOR_CHARS_MAX} characters`);
    if (inbound.length > INBOUND_MAX) throw new RangeError(`a page of more than ${INBOUND_MAX}`);
    const readable = inbound.flatMap((told) => this.#readable(told));
    if (!(await this.#options.store(readable, cursor))) throw new Error('the page could not be stored');
    this.#at = cursor;
  }

  /** One that does not fit the contract must not hold up all that come after it. */
  #readable(told: Inbound): readonly Inbound[] {
    try {
      return [cleanInbound(told)];
    } catch (error) {
      const { account, logger } = this.#options;
      logger.error(
        { account: account.name, channel: account.channel.name, err: error },
        'something pulled does not fit the contract and is left out',
      );
      return [];
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }
}
