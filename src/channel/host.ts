import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ChannelEvent, ConversationEvent } from '../core/event.ts';
import type { DigitalMedium } from '../core/medium.ts';
import { type InboxRow, readUntaken } from '../store/inbox.ts';
import { lastMessageOf } from '../store/messages.ts';
import { addReply, type NewReply, type OutboxRow, readUnreceipted, readWaiting, revive } from '../store/outbox.ts';
import type { Db } from '../store/store.ts';
import { type Account, accountKey } from './account.ts';
import { arrivalOf } from './arrival.ts';
import type { Answer, Context, Delivery, Inbound, InboundMessage } from './channel.ts';
import { cleanInbound } from './clean-inbound.ts';
import { GapWatch } from './gap-watch.ts';
import { hear } from './hear.ts';
import { createInbox, type Inbox, type StoreResult } from './inbox.ts';
import { type Decided, HELD_MAX, Intake, mediumOf, referenceOf, type TakenMessage } from './intake.ts';
import { Outbox, WAITING_MAX } from './outbox.ts';
import { Puller } from './puller.ts';
import { type Budget, budgetOf } from './reply-window.ts';

/** What came of a delivery, for the counter. */
export type DeliveryResult = 'stored' | 'repeated' | 'nothing' | 'refused' | 'unreadable' | 'full' | 'away';

export interface HostOptions {
  readonly db: Db;
  /** Id of the journal: what this hotline took, and no other. */
  readonly journal: string;
  readonly accounts: readonly Account[];
  readonly logger: Logger;
  readonly core: {
    submit(event: ChannelEvent | ConversationEvent): Promise<Decided>;
    /** Hears what was decided, after it is written down. @returns what ends it. */
    follow(listener: (entries: readonly Decided[]) => void): () => void;
    /** The open digital contact of that name. */
    conversation(medium: DigitalMedium, reference: string): string | undefined;
  };
  /** Resolves when everything written down so far is in the database. */
  readonly settled: () => Promise<void>;
  readonly metrics: {
    countDelivery(channel: string, account: string, result: DeliveryResult): void;
    countSend(channel: string, account: string, outcome: 'sent' | 'again' | 'dead' | 'broken'): void;
  };
  /** In tests: what channels reach the world by. */
  readonly fetch?: Context['fetch'];
}

export interface DeliveryReply {
  readonly result: DeliveryResult;
  /** Undefined when there is nothing to acknowledge. */
  readonly answer: Answer | undefined;
}

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

export interface Reply {
  readonly contact: string;
  readonly text: string;
  readonly subject?: string;
  readonly template?: { readonly name: string; readonly values: Readonly<Record<string, string>> };
  readonly byUser: string;
  /** The same key in the same contact is the same reply. */
  readonly key?: string;
}

/** Why a reply cannot be taken. */
export type ReplyFault =
  | 'noConversation'
  | 'noAccount'
  | 'cannotSend'
  | 'tooLong'
  | 'noTemplate'
  | 'windowClosed'
  | 'full';

const PAGE_ROWS = 500;
const RECEIPTS_SINCE_MS = 86_400_000;
const AGAIN_MS = 1_000;
const SETTLED_MS_MAX = 1_000;
const TYPING_MAX_MS = 5_000;

interface Work {
  readonly account: Account;
  readonly outbox: Outbox;
  readonly gap: GapWatch;
  readonly puller: Puller | undefined;
}

/** Everything that all channels have in common, between their platforms, the database and the core. */
export class ChannelHost {
  readonly #options: HostOptions;
  readonly #inbox: Inbox;
  readonly #intake: Intake;
  readonly #work = new Map<string, Work>();
  readonly #unfollow: () => void;
  #unsure = false;
  #looking: Promise<void> | undefined;
  #closed = false;

  constructor(options: HostOptions) {
    const { db, journal, logger, core } = options;
    this.#options = options;
    this.#intake = new Intake({ submit: core.submit, onTaken: (taken) => void this.#taken(taken), logger });
    this.#inbox = createInbox({
      db,
      journal,
      logger,
      onStored: (rows, ids) => this.#stored(rows, ids),
      onUnsure: () => {
        this.#unsure = true;
      },
    });
    for (const account of options.accounts) this.#work.set(keyOf(account), this.#workOf(account));
    this.#unfollow = core.follow((entries) => {
      for (const { commands } of entries) this.#intake.hear(commands);
    });
  }

  /** What was left at the last end goes on: messages to the core, replies to the platforms, receipts that nobody got. Retries by itself. */
  start(): void {
    void this.#untilDone(() => this.#resume());
  }

  account(channel: string, account: string): Account | undefined {
    return this.#work.get(accountKey(channel, account))?.account;
  }

  /** Stores what a platform delivers; the answer is its acknowledgement, after the commit. */
  async deliver(account: Account, delivery: Delivery): Promise<DeliveryReply> {
    const heard = hear(account, delivery);
    const counted = (result: DeliveryResult, answer?: Answer): DeliveryReply => {
      this.#options.metrics.countDelivery(account.channel.name, account.name, result);
      return { result, answer };
    };
    if (heard.is === 'refused') return counted('refused');
    if (heard.is === 'unreadable')
      this.#options.logger.warn(
        { account: keyOf(account), reason: heard.reason },
        'a delivery cannot be read; it is set aside',
      );
    if (heard.is === 'heard' && heard.inbound.length === 0) return counted('nothing', heard.answer);
    if (this.#intake.held + this.#intake.pending >= HELD_MAX) return counted('full');
    const stored = await this.#inbox.store(arrivalOf(account, heard, delivery));
    if (typeof stored === 'string') return counted(stored);
    if (heard.is === 'unreadable') return counted('unreadable', heard.answer);
    return counted(stored.ids.size === 0 && stored.repeated > 0 ? 'repeated' : 'stored', heard.answer);
  }

  /** Stores what came by a channel of the program itself. `full`, `away`: nothing is stored. @throws TypeError for what is none of the contract's. */
  async take(account: Account, inbound: readonly Inbound[]): Promise<StoreResult> {
    if (this.#intake.held + this.#intake.pending >= HELD_MAX) return 'full';
    const heard = { is: 'heard', inbound: inbound.map(cleanInbound), answer: {} } as const;
    const stored = await this.#inbox.store(
      arrivalOf(account, heard, { receivedAtMs: Date.now(), body: Buffer.alloc(0) }),
    );
    const { metrics } = this.#options;
    const results: readonly DeliveryResult[] =
      typeof stored === 'string'
        ? [stored]
        : [...Array(stored.ids.size).fill('stored'), ...Array(stored.repeated).fill('repeated')];
    for (const result of results) metrics.countDelivery(account.channel.name, account.name, result);
    return stored;
  }

  /** Tells the citizen of a contact that its agent writes, or no longer; where the channel cannot, nothing happens. */
  async typing(contact: string, writing: boolean): Promise<void> {
    const last = await lastMessageOf(this.#options.db, contact);
    const work = last && this.#work.get(accountKey(last.channel, last.account));
    const { typing } = work?.account.channel ?? {};
    if (last === undefined || work === undefined || typing === undefined) return;
    const tell = () =>
      typing.call(
        work.account.channel,
        last.conversation,
        writing,
        work.outbox.context(AbortSignal.timeout(TYPING_MAX_MS)),
      );
    await tell().catch((error: unknown) => this.#options.logger.debug({ err: error }, 'typing was not told'));
  }

  health(): readonly AccountHealth[] {
    return [...this.#work.values()].map(({ account, outbox, gap }) => ({
      channel: account.channel.name,
      account: account.name,
      medium: mediumOf(account),
      title: account.channel.title,
      lastArrivalMs: gap.lastMs,
      silentSinceMs: gap.silentSinceMs,
      waitingOut: outbox.waiting,
      broken: outbox.broken,
      previousKeysUntilMs: account.previous?.untilMs,
    }));
  }

  /** Messages that wait: to be stored, to be decided on, and for room in the core. */
  backlog(): { readonly storing: number; readonly deciding: number; readonly held: number } {
    return { storing: this.#inbox.waiting(), deciding: this.#intake.pending, held: this.#intake.held };
  }

  /** Resolves when the records hold all that was decided so far, or after a second. */
  async settled(): Promise<void> {
    await Promise.race([
      this.#options.settled(),
      new Promise((resolve) => setTimeout(resolve, SETTLED_MS_MAX).unref()),
    ]);
  }

  /** How often, and until when, one may still write in the contact's conversation; undefined: as often as one likes, or there is none. */
  async budget(contact: string): Promise<Budget | undefined> {
    const last = await lastMessageOf(this.#options.db, contact);
    const work = last && this.#work.get(accountKey(last.channel, last.account));
    if (last === undefined || work === undefined) return undefined;
    return await budgetOf(this.#options.db, work.account, last.conversation, Date.now());
  }

  /** Stores a reply; it goes out by itself. @returns its number, or why it cannot be taken. */
  async reply({ contact, text, subject, template, byUser, key }: Reply): Promise<number | ReplyFault> {
    const { db, journal } = this.#options;
    const last = await lastMessageOf(db, contact);
    if (last === undefined) return 'noConversation';
    const work = this.#work.get(accountKey(last.channel, last.account));
    if (work === undefined) return 'noAccount';
    const { account, outbox } = work;
    const fault = faultOf(account, text, template) ?? (outbox.waiting >= WAITING_MAX ? 'full' : undefined);
    if (fault !== undefined) return fault;
    const budget = template === undefined ? await budgetOf(db, account, last.conversation, Date.now()) : undefined;
    if (budget !== undefined && budget.messages === 0) return 'windowClosed';
    const content = {
      to: toOf(last.content),
      text,
      ...(subject === undefined ? {} : { subject }),
      ...(template === undefined ? {} : { template }),
      ...(last.external_id === null ? {} : { inReplyTo: last.external_id }),
    };
    const { channel, account: name, conversation } = last;
    const place = { journal, channel, account: name, conversation, contact };
    return await this.#enqueue({
      ...place,
      kind: 'reply',
      content: JSON.stringify(content),
      byUser,
      sendKey: key ?? randomUUID(),
      atMs: Date.now(),
    });
  }

  /** Sends a dead letter again. @returns false when it is none. */
  async resend(id: number): Promise<boolean> {
    const row = await revive(this.#options.db, this.#options.journal, id, Date.now());
    if (row === undefined) return false;
    this.#work.get(accountKey(row.channel, row.account))?.outbox.add(row);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unfollow();
    this.#intake.close();
    await Promise.all([...this.#work.values()].map(({ puller }) => puller?.close()));
    await this.#inbox.close();
    for (const { gap } of this.#work.values()) gap.close();
    await Promise.all([...this.#work.values()].map(({ outbox }) => outbox.close()));
  }

  #workOf(account: Account): Work {
    const { db, logger, metrics, fetch } = this.#options;
    const name = account.channel.name;
    const outbox = new Outbox({
      db,
      account,
      logger,
      onOutcome: (outcome) => metrics.countSend(name, account.name, outcome),
      ...(fetch === undefined ? {} : { fetch }),
    });
    const { pull, watch } = account.channel;
    const store = (inbound: readonly Inbound[], cursor: string) => this.#storePage(account, inbound, cursor);
    const context = (signal: AbortSignal) => outbox.context(signal);
    const isPulled = pull !== undefined || watch !== undefined;
    return {
      account,
      outbox,
      gap: new GapWatch({ db, account, logger }),
      puller: isPulled ? new Puller({ db, account, logger, context, store }) : undefined,
    };
  }

  async #storePage(account: Account, inbound: readonly Inbound[], cursor: string): Promise<boolean> {
    const nowMs = Date.now();
    const page = arrivalOf(
      account,
      { is: 'heard', inbound, answer: {} },
      { receivedAtMs: nowMs, body: Buffer.alloc(0) },
    );
    const { name } = account.channel;
    const stored = await this.#inbox.store({
      ...page,
      cursor: { channel: name, account: account.name, cursor, atMs: nowMs },
    });
    const { metrics } = this.#options;
    if (typeof stored === 'string') metrics.countDelivery(name, account.name, stored);
    else for (let at = 0; at < stored.ids.size; at += 1) metrics.countDelivery(name, account.name, 'stored');
    return typeof stored !== 'string';
  }

  /** Committed, and not acknowledged yet. */
  #stored(rows: readonly InboxRow[], ids: ReadonlyMap<number, number>): void {
    for (const [index, id] of ids) {
      const row = rows[index]!;
      const work = this.#work.get(accountKey(row.channel, row.account));
      if (work === undefined) continue;
      work.gap.arrived(row.atMs);
      if (row.kind === 'message') this.#take(work.account, { ...row, id, content: JSON.parse(row.content) });
      else if (row.kind === 'event') this.#happened(work.account, row);
    }
    if (!this.#unsure) return;
    this.#unsure = false;
    void this.#untilDone(() => this.#lookForUntaken());
  }

  #take(
    account: Account,
    row: { readonly id: number; readonly conversation: string; readonly content: unknown },
  ): void {
    this.#intake.take({ id: row.id, account, conversation: row.conversation, message: row.content as InboundMessage });
  }

  /** The citizen has left: nobody writes any more. What becomes of it after a kill is the agent's word. */
  #happened(account: Account, { conversation, content }: InboxRow): void {
    const { core, logger } = this.#options;
    if ((JSON.parse(content) as { event?: string }).event !== 'left') return;
    const contact = core.conversation(mediumOf(account), referenceOf({ account, conversation }));
    if (contact === undefined) return;
    const event = {
      type: 'conversationEnded',
      contact,
      by: 'citizen',
      who: keyOf(account).slice(0, 64),
    } as ConversationEvent;
    core
      .submit(event)
      .catch((error: unknown) => logger.warn({ err: error }, 'the end of a conversation was not written down'));
  }

  async #taken({ account, contact, opened, conversation, message }: TakenMessage): Promise<void> {
    if (!opened || message.automatic === true) return;
    await this.#receipt(account, { contact, conversation, content: message }).catch((error: unknown) => {
      this.#options.logger.warn({ err: error, contact }, 'a receipt waits for the next start');
    });
  }

  async #receipt(account: Account, of: { contact: string; conversation: string; content: unknown }): Promise<void> {
    if (account.receipt === undefined) return;
    const content = {
      to: toOf(of.content),
      text: account.receipt.replaceAll('{contact}', of.contact),
      automatic: true,
    };
    await this.#enqueue({
      journal: this.#options.journal,
      channel: account.channel.name,
      account: account.name,
      conversation: of.conversation,
      contact: of.contact,
      kind: 'receipt',
      content: JSON.stringify(content),
      byUser: null,
      sendKey: 'receipt',
      atMs: Date.now(),
    });
  }

  async #enqueue(reply: NewReply): Promise<number> {
    const { row, isNew } = await addReply(this.#options.db, reply);
    if (isNew) this.#work.get(accountKey(row.channel, row.account))?.outbox.add(row);
    return row.id;
  }

  async #resume(): Promise<void> {
    const { db, journal } = this.#options;
    await this.#eachPage(
      (afterId) => readWaiting(db, journal, afterId, PAGE_ROWS),
      async (row: OutboxRow) => this.#work.get(accountKey(row.channel, row.account))?.outbox.add(row),
    );
    await this.#lookForUntaken();
    for (const row of await readUnreceipted(db, journal, Date.now() - RECEIPTS_SINCE_MS, PAGE_ROWS)) {
      const account = this.account(row.channel, row.account);
      if (account !== undefined && (row.content as InboundMessage).automatic !== true)
        await this.#receipt(account, row);
    }
    for (const { gap, puller } of this.#work.values()) {
      gap.start();
      puller?.start();
    }
  }

  /** What is stored and never reached the core: rows without a contact, once the database holds all that the core has decided. */
  async #lookForUntaken(): Promise<void> {
    const { db, journal, settled } = this.#options;
    await settled();
    await this.#eachPage(
      (afterId) => readUntaken(db, journal, afterId, PAGE_ROWS),
      async (row) => {
        const account = this.account(row.channel, row.account);
        if (account !== undefined) this.#take(account, row);
      },
    );
  }

  async #eachPage<Row extends { readonly id: number }>(
    read: (afterId: number) => Promise<readonly Row[]>,
    each: (row: Row) => Promise<unknown>,
  ): Promise<void> {
    for (let afterId = 0; !this.#closed; ) {
      const rows = await read(afterId);
      for (const row of rows) await each(row);
      if (rows.length < PAGE_ROWS) return;
      afterId = rows.at(-1)!.id;
    }
  }

  /** One look at a time; the database may be away for a while. */
  #untilDone(work: () => Promise<void>): Promise<void> {
    const before = this.#looking ?? Promise.resolve();
    this.#looking = before.then(async () => {
      while (!this.#closed) {
        try {
          return await work();
        } catch (error) {
          this.#options.logger.debug({ err: error }, 'messages left from before cannot be read yet');
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    });
    return this.#looking;
  }
}

function keyOf({ channel, name }: Account): string {
  return accountKey(channel.name, name);
}

function toOf(content: unknown): string {
  return (content as Partial<InboundMessage>).from?.id ?? '';
}

function faultOf({ channel }: Account, text: string, template: Reply['template'] | undefined): ReplyFault | undefined {
  const { limits = {}, capabilities = {} } = channel;
  if (channel.send === undefined) return 'cannotSend';
  if ([...text].length > (limits.textChars ?? 2_000)) return 'tooLong';
  if (template === undefined) return undefined;
  const known = capabilities.templates?.[template.name];
  if (known === undefined) return 'noTemplate';
  const fits = Object.entries(template.values).every(
    ([name, value]) => [...value].length <= (known.fields[name] ?? -1),
  );
  return fits ? undefined : 'tooLong';
}
