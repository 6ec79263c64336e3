import type { DigitalMedium } from '../core/medium.ts';
import type { Account } from './account.ts';
import { Backlog } from './backlog.ts';
import type { Delivery, Inbound, MediaKind } from './channel.ts';
import type { HostOptions } from './host-options.ts';
import type { StoreResult } from './inbox.ts';
import { mediumOf } from './intake.ts';
import { MediaFetcher } from './media/fetcher.ts';
import type { FileReference, Upload, UploadFault } from './media/upload.ts';
import { type DeliveryReply, Receiver, type RereadResult } from './receiver.ts';
import type { Budget } from './reply-window.ts';
import { type Reply, type ReplyFault, Sender } from './sender.ts';

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
  readonly previousKeysUntilMs: number | undefined;
}

const SETTLED_MS_MAX = 1_000;

/** Everything that all channels have in common, between their platforms, the database and the core: `receiver.ts`, `sender.ts` and `media/` under one roof. */
export class ChannelHost {
  readonly #options: HostOptions;
  readonly #backlog: Backlog;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #media: MediaFetcher;

  constructor(options: HostOptions) {
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
    });
  }

  /** What was left at the last end goes on: messages to the core, replies to the platforms, files from them, receipts that nobody got. Retries by itself. */
  start(): void {
    void this.#backlog.untilDone(async () => {
      await this.#sender.resume();
      await this.#media.resume();
      await this.#receiver.lookForUntaken();
      await this.#sender.makeUpReceipts();
      this.#receiver.listen();
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

  health(): readonly AccountHealth[] {
    return this.#options.accounts.map((account) => {
      const outbox = this.#sender.outbox(account);
      const gap = this.#receiver.gap(account);
      return {
        channel: account.channel.name,
        account: account.name,
        medium: mediumOf(account),
        title: account.channel.title,
        lastArrivalMs: gap.lastMs,
        silentSinceMs: gap.silentSinceMs,
        waitingOut: outbox.waiting,
        broken: outbox.broken,
        previousKeysUntilMs: account.previous?.untilMs,
      };
    });
  }

  /** @see Receiver.backlog */
  backlog(): ReturnType<Receiver['backlog']> {
    return this.#receiver.backlog();
  }

  /** Resolves when the records hold all that was decided so far, or after a second. */
  async settled(): Promise<void> {
    await Promise.race([
      this.#options.settled(),
      new Promise((resolve) => setTimeout(resolve, SETTLED_MS_MAX).unref()),
    ]);
  }

  /** @see Sender.budget */
  budget(contact: string): Promise<Budget | undefined> {
    return this.#sender.budget(contact);
  }

  /** @see Sender.kinds */
  kinds(contact: string): Promise<readonly MediaKind[]> {
    return this.#sender.kinds(contact);
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
  resend(id: number): Promise<boolean> {
    return this.#sender.resend(id);
  }

  /** @see Receiver.reread */
  reread(id: number): Promise<RereadResult> {
    return this.#receiver.reread(id);
  }

  async close(): Promise<void> {
    this.#backlog.close();
    await this.#media.close();
    await this.#receiver.close();
    await this.#sender.close();
  }
}
