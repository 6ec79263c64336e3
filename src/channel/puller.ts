import type { Logger } from 'pino';
import type { Account } from './account.ts';
import type { Context, Inbound, Pulled } from './channel.ts';
import { cleanInbound, INBOUND_MAX } from './clean-inbound.ts';
import type { Provider } from './provider.ts';
import { isChannelError, type Trouble } from './trouble.ts';
import type { Turnstile } from './turnstile.ts';
import { TooLate, within } from './within.ts';

export interface PullerOptions {
  readonly account: Account;
  readonly logger: Logger;
  readonly context: (signal: AbortSignal) => Context;
  /** Stores a page and the place after it together. @returns how many of it are new; undefined when it could not be. */
  readonly store: (inbound: readonly Inbound[], cursor: string) => Promise<number | undefined>;
  /** Shared with all sources that are asked: a city has thousands of boxes. */
  readonly gates: PullGates;
  /** Its sources share what it may have of a gate, and are away together. */
  readonly provider: Provider;
  /** `trouble` is another one. */
  readonly onTrouble?: () => void;
}

export interface PullGates {
  readonly well: Turnstile;
  /** Of sources that failed last: what they wait for holds up no other. */
  readonly troubled: Turnstile;
}

const AGAIN_USUAL_MS = 60_000;
const AGAIN_MS_MIN = 1_000;
const AGAIN_MS_MAX = 3_600_000;
const FAILED_FIRST_MS = 1_000;
const FAILED_LAST_MS = 300_000;
/** Of one page; a channel that does not heed the signal is left alone with it. */
const PULL_MS_MAX = 60_000;
/** One after the other, with more to come and nothing new in them: a source that goes round in a circle. */
const BARREN_PAGES_MAX = 200;
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
  /** Asked for the last time, it answered; or it never was. */
  #answered = true;
  #barrenPages = 0;
  #failures = 0;

  constructor(options: PullerOptions) {
    this.#options = options;
    options.provider.join((awaySinceMs) => this.#isBack(awaySinceMs));
  }

  /** Since the last time that all was well; undefined: all is well. */
  get trouble(): Trouble | undefined {
    return this.#options.provider.trouble ?? this.#trouble;
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
    while (!signal.aborted) {
      let waitMs = 0;
      try {
        waitMs = this.#options.account.channel.watch === undefined ? await this.#pull() : await this.#watch();
        this.#failures = 0;
        this.#isWell();
      } catch (error) {
        if (signal.aborted) return;
        const { account, logger, provider } = this.#options;
        this.#failures += 1;
        waitMs = Math.min(FAILED_FIRST_MS * 2 ** Math.min(this.#failures - 1, 20), FAILED_LAST_MS);
        if (isChannelError(error)) waitMs = Math.min(Math.max(waitMs, error.retryAfterMs ?? 0), AGAIN_MS_MAX);
        const names = { channel: account.channel.name, account: account.name };
        // Of a provider that is away, it is told once for all.
        if (this.#failures === 1 && provider.trouble === undefined)
          logger.warn({ ...names, err: error }, 'a source does not answer as it should');
        this.#isTroubled(error);
      }
      await this.#pause(waitMs);
    }
  }

  /** @returns how long to wait. */
  async #pull(): Promise<number> {
    const { gates, provider } = this.#options;
    for (;;) {
      const isAway = provider.trouble !== undefined;
      const gate = isAway ? provider.probes : this.#trouble === undefined ? gates.well : gates.troubled;
      const visitor = { of: provider.name, isSlow: this.#isSlow };
      const waitMs = await gate.pass(this.#stopping.signal, () => this.#pullAs(isAway), visitor);
      if (waitMs !== undefined) return waitMs;
    }
  }

  /** Undefined: the provider went away, or came back, while this source waited for its turn. */
  async #pullAs(isAway: boolean): Promise<number | undefined> {
    const { provider } = this.#options;
    if (isAway && provider.trouble !== undefined) await this.#pause(provider.probeInMs);
    if (isAway !== (provider.trouble !== undefined)) return undefined;
    this.#stopping.signal.throwIfAborted();
    return await this.#pullPage();
  }

  async #pullPage(): Promise<number> {
    const page = await this.#askForPage();
    const isMoved = page.cursor !== this.#at;
    // Most boxes have nothing new most of the time, and there are thousands.
    const added = page.inbound.length > 0 || isMoved ? await this.#store(page.inbound, page.cursor) : 0;
    if (page.more === true) {
      this.#mustGoOn(isMoved, added);
      return 0;
    }
    this.#barrenPages = 0;
    return Math.min(Math.max(page.againAfterMs ?? AGAIN_USUAL_MS, AGAIN_MS_MIN), AGAIN_MS_MAX);
  }

  /** Whoever says that there is more is asked at once: it must come to something. */
  #mustGoOn(isMoved: boolean, added: number): void {
    this.#barrenPages = added > 0 ? 0 : this.#barrenPages + 1;
    if (!isMoved) throw new Error('the source says that there is more, and does not go on from where it is');
    if (this.#barrenPages >= BARREN_PAGES_MAX)
      throw new Error(`the source says that there is more, and in ${this.#barrenPages} pages was nothing new`);
  }

  async #askForPage(): Promise<Pulled> {
    const { account, context, provider } = this.#options;
    const limit = { ms: PULL_MS_MAX, stopping: this.#stopping.signal, who: 'the source' };
    this.#isSlow = false;
    try {
      const page = await within(limit, async (signal) => await account.channel.pull!(this.#at, context(signal)));
      this.#answered = true;
      provider.answered();
      return page;
    } catch (error) {
      this.#isSlow = error instanceof TooLate;
      if (this.#stopping.signal.aborted) throw error;
      // A refusal is an answer, too.
      if (isChannelError(error) && error.kind !== 'retry') provider.answered();
      else provider.failed(this.#answered, reasonOf(error), isChannelError(error) ? error.retryAfterMs : undefined);
      this.#answered = false;
      throw error;
    }
  }

  /** What it suffered with its provider is over with it. */
  #isBack(awaySinceMs: number): void {
    if (this.#trouble === undefined || this.#trouble.sinceMs < awaySinceMs) return;
    this.#trouble = undefined;
    this.#failures = 0;
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
    this.#trouble = { sinceMs: this.#trouble?.sinceMs ?? Date.now(), reason: reasonOf(error) };
    // Of a provider that is away, it is told once for all.
    if (this.#options.provider.trouble === undefined) this.#options.onTrouble?.();
  }

  /** @returns how many are new. */
  async #store(inbound: readonly Inbound[], cursor: string): Promise<number> {
    if (cursor.length > CURSOR_CHARS_MAX) throw new RangeError(`a cursor of more than ${CURSOR_CHARS_MAX} characters`);
    if (inbound.length > INBOUND_MAX) throw new RangeError(`a page of more than ${INBOUND_MAX}`);
    const readable = inbound.flatMap((told) => this.#readable(told));
    const added = await this.#options.store(readable, cursor);
    if (added === undefined) throw new Error('the page could not be stored');
    this.#at = cursor;
    return added;
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
        forget();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      // Whatever was waited for may be had now.
      const forget = this.#options.provider.untilBack(end);
      signal.addEventListener('abort', end);
    });
  }
}

function reasonOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
}
