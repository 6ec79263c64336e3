import {
  contactsOf,
  type InboxRow,
  type ReceiptRow,
  readCursors,
  readRaw,
  readSetAside,
  readUntaken,
} from '../store/inbox.ts';
import { isDone, type MatterRow, readMatters } from '../store/matters.ts';
import { type Account, accountKey, providerOf } from './account.ts';
import { arrivalOf } from './arrival.ts';
import type { Backlog } from './backlog.ts';
import type {
  Answer,
  Context,
  Delivery,
  Inbound,
  InboundEvent,
  InboundMessage,
  Matter,
  MatterQuestion,
} from './channel.ts';
import { cleanInbound } from './clean-inbound.ts';
import { GapWatch } from './gap-watch.ts';
import { hear, hearAgain } from './hear.ts';
import type { DeliveryResult, HostOptions } from './host-options.ts';
import { createInbox, type Inbox, type StoreResult } from './inbox.ts';
import { HELD_MAX, Intake, type TakenMessage } from './intake.ts';
import { Provider } from './provider.ts';
import { Puller, type PullGates } from './puller.ts';
import { deliveryAgain, placeAgain } from './set-aside.ts';
import type { Trouble } from './trouble.ts';
import { Turnstile } from './turnstile.ts';
import { within } from './within.ts';

export interface DeliveryReply {
  readonly result: DeliveryResult;
  /** Undefined when there is nothing to acknowledge. */
  readonly answer: Answer | undefined;
}

export interface ReceiverOptions extends HostOptions {
  readonly backlog: Backlog;
  /** What a channel that is pulled reaches its platform by. */
  readonly context: (account: Account, signal: AbortSignal) => Context;
  /** Hears of each message that the core took. Must not throw. */
  readonly onTaken: (taken: TakenMessage) => void;
  /** There may be files to fetch. Must not throw. */
  readonly onFiles: () => void;
  /** `gap` or `trouble` of an account is another one. Must not throw. */
  readonly onHealth: () => void;
}

interface Source {
  readonly account: Account;
  readonly gap: GapWatch;
  readonly puller: Puller | undefined;
}

/** What came of reading something again that was set aside. */
export type RereadResult = 'read' | 'unknown' | 'full' | 'away' | { readonly stillUnreadable: string };

const SET_ASIDE = 'something that came cannot be read; it is set aside';
/** Sources asked at once; about half of them of one provider, while others have none. */
const PULLS_MAX = 32;
const TROUBLED_PULLS_MAX = 8;
const REREAD_MAX_MS = 120_000;

/** What comes in from platforms: stored, acknowledged, brought to the core. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #inbox: Inbox;
  readonly #intake: Intake;
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #gates: PullGates = { well: new Turnstile(PULLS_MAX), troubled: new Turnstile(TROUBLED_PULLS_MAX) };
  readonly #providers = new Map<string, Provider>();
  readonly #unfollow: () => void;
  readonly #stopping = new AbortController();
  #unsure = false;

  constructor(options: ReceiverOptions) {
    const { db, journal, logger, core, onTaken } = options;
    this.#options = options;
    this.#intake = new Intake({ submit: core.submit, onTaken, logger });
    this.#inbox = createInbox({
      db,
      journal,
      logger,
      onStored: (rows, ids) => this.#stored(rows, ids),
      onReceipts: (receipts) => void this.#tellOf(receipts),
      onUnsure: () => {
        this.#unsure = true;
      },
    });
    this.#sources = new Map(options.accounts.map((account) => [keyOf(account), this.#sourceOf(account)]));
    this.#unfollow = core.follow((entries) => {
      for (const { commands } of entries) this.#intake.hear(commands);
    });
  }

  account(channel: string, account: string): Account | undefined {
    return this.#sources.get(accountKey(channel, account))?.account;
  }

  gap(account: Account): GapWatch {
    return this.#sources.get(keyOf(account))!.gap;
  }

  /** Of a source that is asked or listened to. */
  trouble(account: Account): Trouble | undefined {
    return this.#sources.get(keyOf(account))!.puller?.trouble;
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
      this.#options.logger.warn({ account: keyOf(account), reason: heard.reason }, SET_ASIDE);
    if (heard.is === 'heard' && heard.inbound.length === 0) {
      const answer = heard.asks === undefined ? heard.answer : await this.#answerTo(account, heard.asks);
      return counted(answer === undefined ? 'away' : 'nothing', answer);
    }
    if (this.#full) return counted('full');
    const arrival = arrivalOf(account, heard, delivery);
    const stored = await this.#inbox.store(arrival);
    if (typeof stored === 'string') return counted(stored);
    if (heard.is === 'unreadable') return counted('unreadable', heard.answer);
    if (stored.ids.size > 0 || stored.repeated === 0) return counted('stored', heard.answer);
    const { conflict } = heard;
    const isOther = conflict !== undefined && (await this.#saidOther(arrival.rows[0]!));
    if (isOther === 'unknown') return counted('away');
    return counted('repeated', isOther ? conflict : heard.answer);
  }

  /** Undefined: the database is away. */
  async #answerTo({ channel }: Account, question: MatterQuestion): Promise<Answer | undefined> {
    const { db, journal, accounts, logger } = this.#options;
    const own = accounts.filter((account) => account.channel.name === channel.name).map(({ name }) => name);
    try {
      const { answer, ...asked } = question;
      const rows = await readMatters(db, { journal, channel: channel.name, accounts: own, ...asked });
      return answer(rows.map(matterOf));
    } catch (error) {
      logger.warn({ err: error, channel: channel.name }, 'a question about the records cannot be answered');
      return undefined;
    }
  }

  /** `unknown`: the database is away. */
  async #saidOther({ channel, account, externalId, raw }: InboxRow): Promise<boolean | 'unknown'> {
    try {
      const before = await readRaw(this.#options.db, channel, account, externalId);
      return before !== undefined && before !== null && raw !== null && !before.equals(raw);
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'what came before under a key cannot be read now');
      return 'unknown';
    }
  }

  /** Stores what came by a channel of the program itself. `full`, `away`: nothing is stored. @throws TypeError for what is none of the contract's. */
  async take(account: Account, inbound: readonly Inbound[]): Promise<StoreResult> {
    if (this.#full) return 'full';
    const heard = { is: 'heard', inbound: inbound.map(cleanInbound), answer: {} } as const;
    const stored = await this.#inbox.store(arrivalOf(account, heard, { receivedAtMs: Date.now() }));
    const { metrics } = this.#options;
    const results: readonly DeliveryResult[] =
      typeof stored === 'string'
        ? [stored]
        : [...Array(stored.ids.size).fill('stored'), ...Array(stored.repeated).fill('repeated')];
    for (const result of results) metrics.countDelivery(account.channel.name, account.name, result);
    return stored;
  }

  /** Reads what was set aside once more; what it says is stored as if it came now. */
  async reread(id: number): Promise<RereadResult> {
    const { db, journal } = this.#options;
    const row = await readSetAside(db, journal, id);
    const account = row && this.account(row.channel, row.account);
    if (row === undefined || account === undefined) return 'unknown';
    if (this.#full) return 'full';
    let inbound: readonly Inbound[];
    try {
      inbound = (await this.#readAgain(account, row)).map(cleanInbound);
    } catch (error) {
      return { stillUnreadable: error instanceof Error ? error.message : String(error) };
    }
    const again = inbound.find((told) => told.kind === 'unreadable');
    if (again !== undefined) return { stillUnreadable: again.reason };
    const heard = { is: 'heard', inbound, answer: {} } as const;
    const stored = await this.#inbox.store({ ...arrivalOf(account, heard, { receivedAtMs: Date.now() }), settles: id });
    return typeof stored === 'string' ? stored : 'read';
  }

  async #readAgain(
    account: Account,
    row: { readonly content: unknown; readonly raw: Buffer | null; readonly at_ms: number },
  ): Promise<readonly Inbound[]> {
    const delivery = deliveryAgain(row.content, row.raw, row.at_ms);
    if (delivery !== undefined) return hearAgain(account, delivery, Date.now());
    const at = placeAgain(row.content);
    if (at === undefined || account.channel.reread === undefined) throw new Error('it was not kept whole');
    const { reread } = account.channel;
    return await within({ ms: REREAD_MAX_MS, stopping: this.#stopping.signal }, async (signal) =>
      reread.call(account.channel, at, this.#options.context(account, signal)),
    );
  }

  /** Messages that wait: to be stored, to be decided on, and for room in the core. */
  backlog(): { readonly storing: number; readonly deciding: number; readonly held: number } {
    return { storing: this.#inbox.waiting(), deciding: this.#intake.pending, held: this.#intake.held };
  }

  /** What is stored and never reached the core: rows without a contact, once the database holds all that the core has decided. @throws while the database is away. */
  async lookForUntaken(): Promise<void> {
    const { db, journal, settled, backlog } = this.#options;
    await settled();
    await backlog.each(
      (afterId, rowsMax) => readUntaken(db, journal, afterId, rowsMax),
      (row) => {
        const account = this.account(row.channel, row.account);
        if (account !== undefined) this.#take(account, row);
      },
    );
  }

  /** Asks the sources that do not come by themselves. @throws while the database is away. */
  async listen(): Promise<void> {
    const sources = [...this.#sources.values()];
    const channels = sources.flatMap(({ account, puller }) => (puller === undefined ? [] : account.channel.name));
    const cursors = await readCursors(this.#options.db, [...new Set(channels)]);
    const placeOf = new Map(cursors.map(({ channel, account, cursor }) => [accountKey(channel, account), cursor]));
    for (const { account, gap, puller } of sources) {
      gap.start();
      puller?.start(placeOf.get(keyOf(account)));
    }
  }

  async close(): Promise<void> {
    this.#unfollow();
    this.#stopping.abort();
    this.#intake.close();
    const sources = [...this.#sources.values()];
    await Promise.all(sources.map(({ puller }) => puller?.close()));
    await this.#inbox.close();
    for (const { gap } of sources) gap.close();
  }

  get #full(): boolean {
    return this.#intake.held + this.#intake.pending >= HELD_MAX;
  }

  #sourceOf(account: Account): Source {
    const { db, logger, context, onHealth } = this.#options;
    const { pull, watch } = account.channel;
    const store = (inbound: readonly Inbound[], cursor: string) => this.#storePage(account, inbound, cursor);
    const isPulled = pull !== undefined || watch !== undefined;
    const puller = isPulled
      ? new Puller({
          ...{ account, logger, store, gates: this.#gates, provider: this.#providerOf(account), onTrouble: onHealth },
          context: (signal) => context(account, signal),
        })
      : undefined;
    const isExplained = () => puller?.trouble !== undefined;
    return { account, gap: new GapWatch({ db, account, logger, isExplained, onSilent: onHealth }), puller };
  }

  #providerOf(account: Account): Provider {
    const name = providerOf(account);
    const { logger, onHealth } = this.#options;
    const provider = this.#providers.get(name) ?? new Provider(name, logger, onHealth);
    this.#providers.set(name, provider);
    return provider;
  }

  /** @returns how many are new; undefined: nothing is stored. */
  async #storePage(account: Account, inbound: readonly Inbound[], cursor: string): Promise<number | undefined> {
    const nowMs = Date.now();
    const page = arrivalOf(account, { is: 'heard', inbound, answer: {} }, { receivedAtMs: nowMs });
    const { name } = account.channel;
    const stored = await this.#inbox.store({
      ...page,
      cursor: { channel: name, account: account.name, cursor, atMs: nowMs },
    });
    const { metrics, logger } = this.#options;
    if (typeof stored === 'string') metrics.countDelivery(name, account.name, stored);
    else
      for (const at of stored.ids.keys()) {
        const { kind, error: reason } = page.rows[at]!;
        const result = kind === 'unreadable' ? 'unreadable' : 'stored';
        metrics.countDelivery(name, account.name, result);
        if (result === 'unreadable') logger.warn({ account: keyOf(account), reason }, SET_ASIDE);
      }
    return typeof stored === 'string' ? undefined : stored.ids.size;
  }

  /** Committed, and not acknowledged yet. */
  #stored(rows: readonly InboxRow[], ids: ReadonlyMap<number, number>): void {
    for (const [index, id] of ids) {
      const row = rows[index]!;
      const source = this.#sources.get(accountKey(row.channel, row.account));
      if (source === undefined) continue;
      source.gap.arrived(row.atMs);
      if (row.kind === 'message' || (row.kind === 'event' && hasLeft(row)))
        this.#take(source.account, { ...row, id, content: JSON.parse(row.content) });
    }
    if (this.#unsure || rows.some(({ files }) => files !== undefined)) this.#options.onFiles();
    if (!this.#unsure) return;
    this.#unsure = false;
    void this.#options.backlog.untilDone(() => this.lookForUntaken());
  }

  /** A page that is open shows what became of its words; one that is not asks for them all. */
  async #tellOf(receipts: readonly ReceiptRow[]): Promise<void> {
    const { db, logger, onTold } = this.#options;
    try {
      for (const contact of await contactsOf(db, receipts)) onTold(contact);
    } catch (error) {
      logger.debug({ err: error }, 'whose messages receipts were for cannot be read now');
    }
  }

  #take(
    account: Account,
    row: { readonly id: number; readonly conversation: string; readonly content: unknown },
  ): void {
    const message = row.content as InboundMessage | InboundEvent;
    this.#intake.take({ id: row.id, account, conversation: row.conversation, message });
  }
}

/** Nobody writes any more: a word in the conversation's order, brought to the core as messages are. */
function hasLeft({ content }: InboxRow): boolean {
  return (JSON.parse(content) as { event?: string }).event === 'left';
}

function matterOf(row: MatterRow): Matter {
  const { content, account, closed_at_ms, answered_at_ms, disposition } = row;
  const ended = closed_at_ms === null ? undefined : 'ended';
  return {
    message: content as InboundMessage,
    account,
    status: isDone(row) ? 'closed' : 'open',
    stage: disposition ?? ended ?? (answered_at_ms === null ? 'waiting' : 'taken'),
    cameAtMs: row.at_ms,
    changedAtMs: row.changed_at_ms,
  };
}

function keyOf({ channel, name }: Account): string {
  return accountKey(channel.name, name);
}
