import type { DigitalMedium } from '../core/medium.ts';
import type { Account } from './account.ts';
import { Backlog } from './backlog.ts';
import type { Delivery, Inbound } from './channel.ts';
import type { HostOptions } from './host-options.ts';
import type { StoreResult } from './inbox.ts';
import { mediumOf } from './intake.ts';
import { MediaFetcher } from './media/fetcher.ts';
import type { FileReference, Upload, UploadFault } from './media/upload.ts';
import { RATE_USUAL, TRIES_USUAL, WAITING_MAX } from './outbox.ts';
import { type DeliveryReply, Receiver, type RereadResult } from './receiver.ts';
import type { Budget } from './reply-window.ts';
import { type Reply, type ReplyFault, Sender } from './sender.ts';
import { type Takes, TEXT_CHARS_USUAL } from './takes.ts';
import type { Trouble } from './trouble.ts';

export interface AccountHealth {
  readonly channel: string;
  readonly account: string;
  readonly medium: DigitalMedium;
  readonly title: { readonly zh: string; readonly en: string };
  /** Undefined: nothing came since the start. */
  readonly lastArrivalMs: number | undefined;
  /** Since when nothing comes although something should. */
  readonly silentSinceMs: number | undefined;
  readonly waitingOut: number;
  readonly broken: string | undefined;
  /** Nothing goes out until then: the platform says when to come again. */
  readonly pausedUntilMs: number | undefined;
  /** Asked or listened to by us; otherwise the platform delivers. */
  readonly pulled: boolean;
  /** The source that we ask does not answer as it should. */
  readonly trouble: Trouble | undefined;
  /** So long without anything, and it counts as silent. */
  readonly gapMs: number | undefined;
  readonly previousKeysUntilMs: number | undefined;
  readonly limits: AccountLimits;
}

/** Of what goes out. */
export interface AccountLimits {
  /** False: nobody can reply by it. */
  readonly sends: boolean;
  readonly sendPerSecond: number;
  readonly textChars: number;
  readonly tries: number;
  readonly waitingMax: number;
  /** From the citizen's last message, so often. */
  readonly replyWindow?: { readonly forMs: number; readonly messages: number };
}

const SETTLED_MS_MAX = 1_000;

/** Everything that all channels have in common, between their platforms, the database and the core: `receiver.ts`, `sender.ts` and `media/` under one roof. */
export class ChannelHost {
  readonly #options: HostOptions;
  readonly #backlog: Backlog;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #media: MediaFetcher;
  readonly #followers = new Set<() => void>();
  readonly #unfollow: () => void;

  constructor(given: HostOptions) {
    const options = { ...given, metrics: this.#heard(given.metrics) };
    this.#options = options;
    this.#backlog = new Backlog(options.logger);
    const sender = new Sender({ ...options, backlog: this.#backlog });
    this.#sender = sender;
    const context = (account: Account, signal: AbortSignal) => sender.outbox(account).context(signal);
    this.#media = new MediaFetcher({ ...options, context });
    this.#receiver = new Receiver({
      ...options,
      backlog: this.#backlog,
      context,
      onTaken: (taken) => void sender.taken(taken),
      onFiles: () => this.#media.wake(),
      onHealth: () => this.#changed(),
    });
    this.#unfollow = options.core.follow((entries) => {
      for (const { commands } of entries) sender.hear(commands);
    });
  }

  /** What was left at the last end goes on: messages to the core, replies to the platforms, files from them, receipts that nobody got. Retries by itself. */
  start(): void {
    void this.#backlog.untilDone(async () => {
      await this.#sender.resume();
      await this.#media.resume();
      await this.#receiver.lookForUntaken();
      await this.#sender.makeUpReceipts();
      await this.#sender.makeUpReminders();
      await this.#sender.makeUpClosingWords();
      await this.#receiver.listen();
    });
  }

  account(channel: string, account: string): Account | undefined {
    return this.#receiver.account(channel, account);
  }

  /** @see Receiver.deliver */
  deliver(account: Account, delivery: Delivery): Promise<DeliveryReply> {
    return this.#receiver.deliver(account, delivery);
  }

  /** @see Receiver.take */
  take(account: Account, inbound: readonly Inbound[]): Promise<StoreResult> {
    return this.#receiver.take(account, inbound);
  }

  /** @see Sender.typing */
  typing(contact: string, writing: boolean): Promise<void> {
    return this.#sender.typing(contact, writing);
  }

  /** Calls back, often, when `health` or what is amiss among the messages may be other than before. @returns what ends it. */
  follow(follower: () => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  health(): readonly AccountHealth[] {
    const nowMs = Date.now();
    return this.#options.accounts.map((account) => {
      const outbox = this.#sender.outbox(account);
      const gap = this.#receiver.gap(account);
      const { pull, watch } = account.channel;
      return {
        channel: account.channel.name,
        account: account.name,
        medium: mediumOf(account),
        title: account.channel.title,
        lastArrivalMs: gap.lastMs,
        silentSinceMs: gap.silentSinceMs,
        waitingOut: outbox.waiting,
        broken: outbox.broken,
        pausedUntilMs: outbox.pausedUntilMs > nowMs ? outbox.pausedUntilMs : undefined,
        pulled: pull !== undefined || watch !== undefined,
        trouble: this.#receiver.trouble(account),
        gapMs: account.gapMs,
        previousKeysUntilMs: account.previous?.untilMs,
        limits: limitsOf(account),
      };
    });
  }

  /** @see Receiver.backlog */
  backlog(): ReturnType<Receiver['backlog']> {
    return this.#receiver.backlog();
  }

  /** Resolves when the records hold all that was decided so far, or after a second. @returns whether they do. */
  async settled(): Promise<boolean> {
    return await Promise.race([
      this.#options.settled().then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, SETTLED_MS_MAX, false).unref()),
    ]);
  }

  /** @see Sender.budget */
  budget(contact: string): Promise<Budget | undefined> {
    return this.#sender.budget(contact);
  }

  /** @see Sender.takes */
  takes(contact: string): Promise<Takes> {
    return this.#sender.takes(contact);
  }

  /** @see Sender.upload */
  upload(upload: Upload): Promise<FileReference | UploadFault> {
    return this.#sender.upload(upload);
  }

  /** @see Sender.reply */
  reply(reply: Reply): Promise<number | ReplyFault> {
    return this.#sender.reply(reply);
  }

  /** @see MediaFetcher.again */
  fetchAgain(contact: string, file: string): Promise<boolean> {
    return this.#media.again(contact, file);
  }

  /** @see Sender.resend */
  async resend(id: number): Promise<boolean> {
    const done = await this.#sender.resend(id);
    this.#changed();
    return done;
  }

  /** @see Receiver.reread */
  async reread(id: number): Promise<RereadResult> {
    const result = await this.#receiver.reread(id);
    this.#changed();
    return result;
  }

  async close(): Promise<void> {
    this.#unfollow();
    this.#backlog.close();
    await this.#media.close();
    await this.#receiver.close();
    await this.#sender.close();
  }

  #changed(): void {
    for (const follower of this.#followers) follower();
  }

  /** Whatever is counted is a change. */
  #heard({ countDelivery, countSend, countFile }: HostOptions['metrics']): HostOptions['metrics'] {
    const then =
      <Told extends readonly unknown[]>(count: (...told: Told) => void) =>
      (...told: Told): void => {
        count(...told);
        this.#changed();
      };
    return { countDelivery: then(countDelivery), countSend: then(countSend), countFile: then(countFile) };
  }
}

function limitsOf({ channel }: Account): AccountLimits {
  const { limits = {}, capabilities = {} } = channel;
  const { replyWindow } = capabilities;
  return {
    sends: channel.send !== undefined,
    sendPerSecond: limits.sendPerSecond ?? RATE_USUAL,
    textChars: limits.textChars ?? TEXT_CHARS_USUAL,
    tries: limits.tries ?? TRIES_USUAL,
    waitingMax: WAITING_MAX,
    ...(replyWindow === undefined ? {} : { replyWindow: { forMs: replyWindow.forMs, messages: replyWindow.messages } }),
  };
}
