import type { Logger } from 'pino';
import { Deadlines } from '../lib/deadlines.ts';
import { markDead, markSent, markTried, type OutboxRow } from '../store/outbox.ts';
import type { Db } from '../store/store.ts';
import type { Account } from './account.ts';
import { createCache } from './cached.ts';
import type { Context, Outbound, Sent } from './channel.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { type FileReference, loadMedia } from './media/upload.ts';
import { isChannelError } from './trouble.ts';
import { within } from './within.ts';

/** After the first, second… try. The last stands for all that follow. */
const STEPS_MS = [1_000, 5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000];
export const TRIES_USUAL = 8;
const SEND_MS_USUAL = 10_000;
const SEND_FILES_MS_USUAL = 60_000;
export const RATE_USUAL = 10;
/** The longest that platforms ask for: a quota of the day. */
const RETRY_AFTER_MAX_MS = 86_400_000;
/** The whole account keeps still when its platform says when to come again, and when it is broken. */
const PAUSE_MAX_MS = 60_000;
const BROKEN_MS = 60_000;
const FLYING_MAX = 16;
/** What waits to go in one account. */
export const WAITING_MAX = 10_000;
const REASON_CHARS_MAX = 500;
const STORE_AGAIN_MS = 1_000;
const TIMER_MS_MAX = 60_000;

type Outcome = 'sent' | 'again' | 'dead' | 'broken';

export interface OutboxOptions {
  readonly db: Db;
  readonly account: Account;
  /** Where what messages have with them lies. */
  readonly fileFolder: string;
  readonly logger: Logger;
  readonly onOutcome: (outcome: Outcome, contact: string | null) => void;
  /** In tests. */
  readonly fetch?: Context['fetch'];
  readonly now?: () => number;
}

/** Of a message, as it is stored. */
type Content = Omit<Outbound, 'id' | 'conversation' | 'media'> & { readonly media?: readonly FileReference[] };

interface Line {
  readonly rows: OutboxRow[];
  /** The first, to go again: it is a dead letter already, and somebody was quicker than we. */
  revived?: OutboxRow | undefined;
}

/**
 * What goes out by one account: in each conversation one after another, in all no faster than the platform allows. What is in the database
 * and waits is here, too, as long as the process lives. A message that was sent and not marked before a kill is sent again.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #context: Omit<Context, 'signal'>;
  readonly #lines = new Map<string, Line>();
  /** Conversations whose first message may go, by when. */
  readonly #due = new Deadlines<string>();
  readonly #stopping = new AbortController();
  /** Being written down as dead letters: the database may have it before we know. */
  readonly #dying = new Set<number>();
  readonly #under = new Set<Promise<void>>();
  #count = 0;
  #nextAtMs = 0;
  #pausedUntilMs = 0;
  #broken: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions) {
    const { account, now = Date.now } = options;
    this.#options = options;
    const fetch = options.fetch ?? guardedFetch(account.channel, account.settings);
    this.#context = { settings: account.settings, fetch, now, ...createCache(now) };
  }

  get waiting(): number {
    return this.#count;
  }

  /** Why nothing goes; undefined when all is well. */
  get broken(): string | undefined {
    return this.#broken;
  }

  /** Until when the whole account keeps still; in the past: it does not. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** For whatever else talks to the platform by this account, and ends it. */
  context(signal: AbortSignal): Context {
    return { ...this.#context, signal };
  }

  /** Talks to the platform for so long, and no longer than the program lives. @throws as `within`. */
  talk<Result>(ms: number, work: (context: Context) => Promise<Result>): Promise<Result> {
    return within({ ms, stopping: this.#stopping.signal }, (signal) => work(this.context(signal)));
  }

  add(row: OutboxRow): void {
    const line = this.#lines.get(row.conversation) ?? { rows: [] };
    this.#lines.set(row.conversation, line);
    if (line.rows[0]?.id === row.id && this.#dying.has(row.id)) line.revived = row;
    if (line.rows.some(({ id }) => id === row.id)) return;
    line.rows.push(row);
    this.#count += 1;
    if (line.rows.length === 1) this.#due.set(row.conversation, row.due_at_ms ?? 0, row.conversation);
    this.#run();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await Promise.all(this.#under);
  }

  get #now(): number {
    return this.#context.now();
  }

  #run(): void {
    clearTimeout(this.#timer);
    const { limits = {} } = this.#options.account.channel;
    while (!this.#stopping.signal.aborted && this.#under.size < FLYING_MAX) {
      const nowMs = this.#now;
      const atMs = Math.max(this.#due.nextMs(), this.#nextAtMs, this.#pausedUntilMs);
      if (atMs > nowMs) return this.#sleep(atMs - nowMs);
      const conversation = this.#due.takeDue(nowMs)!;
      this.#nextAtMs = Math.max(nowMs, this.#nextAtMs) + 1_000 / (limits.sendPerSecond ?? RATE_USUAL);
      const work = this.#sendFirst(conversation).finally(() => {
        this.#under.delete(work);
        this.#run();
      });
      this.#under.add(work);
    }
  }

  #sleep(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#run(), Math.min(ms, TIMER_MS_MAX));
    this.#timer.unref();
  }

  async #sendFirst(conversation: string): Promise<void> {
    const row = this.#lines.get(conversation)?.rows[0];
    if (row === undefined) return;
    let sent: Sent;
    try {
      sent = await this.#send(row);
    } catch (error) {
      if (!this.#stopping.signal.aborted) await this.#failed(row, error);
      return;
    }
    // Whatever fails from here on, the citizen has it.
    this.#broken = undefined;
    const tries = row.tries + 1;
    await this.#insist(() => markSent(this.#options.db, { ...row, tries }, sent.remoteId ?? null, this.#now));
    this.#next(conversation);
    this.#tell('sent', row);
  }

  /** What a listener makes of it changes nothing for the message. */
  #tell(outcome: Outcome, { id, contact }: OutboxRow): void {
    const { logger, onOutcome } = this.#options;
    try {
      onOutcome(outcome, contact);
    } catch (error) {
      logger.error({ err: error, message: id, outcome }, 'what became of a message was not heard');
    }
  }

  async #send(row: OutboxRow): Promise<Sent> {
    const { account, fileFolder } = this.#options;
    const { channel, mediaHere } = account;
    if (channel.send === undefined) throw new Error(`${channel.name} cannot send`);
    const { media: references = [], ...content } = row.content as Content;
    const media = mediaHere === true ? [] : await loadMedia(fileFolder, references);
    const usualMs = media.length === 0 ? SEND_MS_USUAL : SEND_FILES_MS_USUAL;
    const named = { id: `m-${row.id}`, conversation: row.conversation, ...(media.length === 0 ? {} : { media }) };
    const message: Outbound = { ...content, ...named };
    const sendMs = channel.limits?.sendMs ?? usualMs;
    return await this.talk(sendMs, async (context) => await channel.send!(message, context));
  }

  async #failed(row: OutboxRow, error: unknown): Promise<void> {
    const { db, account, logger } = this.#options;
    const kind = isChannelError(error) ? error.kind : 'retry';
    const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
    const nowMs = this.#now;
    if (kind === 'broken') {
      if (this.#broken === undefined)
        logger.error({ account: account.name, reason }, `channel ${account.channel.name} is broken`);
      this.#broken = reason;
      this.#pausedUntilMs = nowMs + BROKEN_MS;
      this.#due.set(row.conversation, nowMs + BROKEN_MS, row.conversation);
      return this.#tell('broken', row);
    }
    const tries = row.tries + 1;
    if (kind === 'refuse' || kind === 'shut' || tries >= (account.channel.limits?.tries ?? TRIES_USUAL)) {
      this.#dying.add(row.id);
      await this.#insist(() =>
        markDead(db, row, { tries, error: reason, shutAtMs: kind === 'shut' ? nowMs : undefined }),
      );
      logger.warn({ message: row.id, account: account.name, tries, reason }, 'a message is a dead letter');
      this.#next(row.conversation);
      this.#dying.delete(row.id);
      return this.#tell('dead', row);
    }
    const afterMs = Math.min(isChannelError(error) ? (error.retryAfterMs ?? 0) : 0, RETRY_AFTER_MAX_MS);
    if (afterMs > 0) this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + Math.min(afterMs, PAUSE_MAX_MS));
    const dueAtMs = nowMs + Math.max(afterMs, STEPS_MS[Math.min(tries, STEPS_MS.length) - 1]!);
    await this.#insist(() => markTried(db, row.id, tries, dueAtMs, reason));
    const line = this.#lines.get(row.conversation)!;
    line.rows[0] = { ...row, tries, due_at_ms: dueAtMs };
    this.#due.set(row.conversation, dueAtMs, row.conversation);
    this.#tell('again', row);
  }

  /** What the platform did cannot be undone: it is written down as soon as the database takes it. */
  async #insist(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'what became of a message cannot be written down now');
        if (this.#stopping.signal.aborted) return;
        await new Promise((resolve) => setTimeout(resolve, STORE_AGAIN_MS));
      }
    }
  }

  #next(conversation: string): void {
    const line = this.#lines.get(conversation)!;
    line.rows.shift();
    this.#count -= 1;
    if (line.revived !== undefined) {
      line.rows.push(line.revived);
      line.revived = undefined;
      this.#count += 1;
    }
    const [first] = line.rows;
    if (first === undefined) this.#lines.delete(conversation);
    else this.#due.set(conversation, first.due_at_ms ?? 0, conversation);
  }
}
