import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Command, RecordFact } from '../core/command.ts';
import { contactId } from '../core/ids.ts';
import { unsentFiles } from '../store/message-files.ts';
import { lastMessageOf } from '../store/messages.ts';
import {
  addReceipt,
  addReply,
  CLOSING_KEY,
  findSaid,
  type NewReply,
  type ReceiptLimits,
  readUnparted,
  readUnreceipted,
  readWaiting,
  revive,
} from '../store/outbox.ts';
import { type Account, accountKey } from './account.ts';
import type { Backlog } from './backlog.ts';
import type { Context, InboundMessage } from './channel.ts';
import type { HostOptions } from './host-options.ts';
import { mediumOf, type TakenMessage } from './intake.ts';
import { FILE_BYTES_MAX } from './media/admit.ts';
import { FILES_OF_REPLY_MAX, type FileReference, keepUpload, type Upload, type UploadFault } from './media/upload.ts';
import { Outbox, WAITING_MAX } from './outbox.ts';
import { type Budget, budgetOf } from './reply-window.ts';
import { TAKES_NOTHING, type Takes, takesOf } from './takes.ts';

export interface Reply {
  readonly contact: string;
  readonly text: string;
  readonly subject?: string;
  readonly template?: { readonly name: string; readonly values: Readonly<Record<string, string>> };
  /** What the agent brought by `upload`, in order. */
  readonly files?: readonly string[];
  readonly byUser: string;
  /** The same key in the same contact is the same reply; with something else to say it is refused. */
  readonly key?: string;
}

/** Why a reply cannot be taken. */
export type ReplyFault =
  | 'noConversation'
  | 'noAccount'
  | 'cannotSend'
  | 'tooLong'
  | 'noTemplate'
  /** The template has no field of this name. */
  | 'noField'
  | 'windowClosed'
  /** One of the files was never brought, was sent already, or they are too much together. */
  | 'noFiles'
  /** Something else was said under this key. */
  | 'keyReused'
  | 'full';

export interface SenderOptions
  extends Pick<
    HostOptions,
    'db' | 'journal' | 'accounts' | 'logger' | 'metrics' | 'fileFolder' | 'onTold' | 'fetch' | 'core'
  > {
  readonly backlog: Backlog;
}

type IdleWords = 'reminder' | 'closingWords' | 'endedWords';

interface Way {
  readonly account: Account;
  readonly outbox: Outbox;
}

const RECEIPTS_SINCE_MS = 86_400_000;
const BY_MACHINE_MAX = 10_000;
/** Two machines that thank each other would never end: to one mail address once a day. RFC 3834 §2. */
const RECEIPTS_TO_ADDRESS = { most: 1, withinMs: 86_400_000 };
const RECEIPTS_IN_CONVERSATION = { most: 5, withinMs: 3_600_000 };
/** Later they help nobody. */
const CLOSING_WORDS_SINCE_MS = 3_600_000;
const TYPING_MAX_MS = 5_000;

/** What goes out to citizens: replies of agents, and receipts. Everything is stored before it goes. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #ways: ReadonlyMap<string, Way>;
  /** Where a platform counts, the last reply of each conversation that is being stored: the next is counted after it. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Contacts in which nobody but a machine wrote so far, the oldest first. */
  readonly #byMachine = new Set<string>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#ways = new Map(
      options.accounts.map((account) => [accountKey(account.channel.name, account.name), this.#wayOf(account)]),
    );
  }

  outbox({ channel, name }: Account): Outbox {
    return this.#ways.get(accountKey(channel.name, name))!.outbox;
  }

  /** Tells the citizen of a contact that its agent writes, or no longer; where the channel cannot, nothing happens. */
  async typing(contact: string, writing: boolean): Promise<void> {
    const { last, way } = await this.#place(contact);
    const { typing } = way?.account.channel ?? {};
    if (last === undefined || way === undefined || typing === undefined) return;
    const { channel } = way.account;
    const tell = async (context: Context) => await typing.call(channel, last.conversation, writing, context);
    await way.outbox
      .talk(TYPING_MAX_MS, tell)
      .catch((error: unknown) => this.#options.logger.debug({ err: error }, 'typing was not told'));
  }

  /** How often, and until when, one may still write in the contact's conversation; undefined: as often as one likes, or there is none. */
  async budget(contact: string): Promise<Budget | undefined> {
    const { last, way } = await this.#place(contact);
    if (last === undefined || way === undefined) return undefined;
    return await budgetOf(this.#options.db, way.account, last.conversation, Date.now());
  }

  /** What may be written in the contact's conversation; without one nothing but text. */
  async takes(contact: string): Promise<Takes> {
    const { way } = await this.#place(contact);
    return way === undefined ? TAKES_NOTHING : takesOf(way.account);
  }

  /** Keeps a file that is to go with a reply. */
  async upload(upload: Upload): Promise<FileReference | UploadFault> {
    const { way } = await this.#place(upload.contact);
    return way === undefined ? 'kind' : await keepUpload(this.#options, way.account, upload);
  }

  /** Stores a reply; it goes out by itself. @returns its number, or why it cannot be taken. */
  async reply(reply: Reply): Promise<number | ReplyFault> {
    const before = await this.#saidBefore(reply);
    if (before !== undefined) return before;
    const done = await this.#say(reply);
    // The same request twice at once: the other one has taken the files, or the last message that the platform allows.
    return typeof done === 'string' ? ((await this.#saidBefore(reply)) ?? done) : done;
  }

  /** Undefined: nothing was said under this key yet. */
  async #saidBefore(reply: Reply): Promise<number | ReplyFault | undefined> {
    if (reply.key === undefined) return undefined;
    const said = await findSaid(this.#options.db, reply.contact, reply.key);
    if (said === undefined) return undefined;
    return said.kind === 'reply' && isWhatWasSaid(reply, said.content) ? said.id : 'keyReused';
  }

  async #say(reply: Reply): Promise<number | ReplyFault> {
    const { contact, text, template } = reply;
    const { last, way } = await this.#place(contact);
    if (last === undefined) return 'noConversation';
    if (way === undefined) return 'noAccount';
    const { account, outbox } = way;
    const fault = faultOf(account, text, template) ?? (outbox.waiting >= WAITING_MAX ? 'full' : undefined);
    if (fault !== undefined) return fault;
    const store = () => this.#store(reply, last, account);
    if (account.channel.capabilities?.replyWindow === undefined) return await store();
    return await this.#inTurn(`${last.channel}/${last.account}/${last.conversation}`, store);
  }

  async #store(
    reply: Reply,
    last: NonNullable<Awaited<ReturnType<typeof lastMessageOf>>>,
    account: Account,
  ): Promise<number | ReplyFault> {
    const { contact, text, subject = subjectOf(account, last.content), template, byUser, key, files = [] } = reply;
    const { db, journal } = this.#options;
    const budget = template === undefined ? await budgetOf(db, account, last.conversation, Date.now()) : undefined;
    const parts = Math.max(1, files.length + (text === '' ? 0 : 1));
    if (budget !== undefined && budget.messages < parts) return 'windowClosed';
    const media = await this.#mediaOf(reply);
    if (media === undefined) return 'noFiles';
    const content = {
      to: toOf(last.content),
      text,
      ...(subject === undefined ? {} : { subject }),
      ...(template === undefined ? {} : { template }),
      ...(media.length === 0 ? {} : { media }),
      ...(last.external_id === null ? {} : { inReplyTo: last.external_id }),
    };
    const { channel, account: name, conversation } = last;
    const place = { journal, channel, account: name, conversation, contact };
    const { row, isNew } = await this.#enqueue({
      ...place,
      kind: 'reply',
      content: JSON.stringify(content),
      byUser,
      sendKey: key ?? randomUUID(),
      atMs: Date.now(),
      files,
    });
    this.#replied(contact, row.id);
    return isNew || isWhatWasSaid(reply, row.content) ? row.id : 'keyReused';
  }

  async #inTurn<Result>(conversation: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(conversation) ?? Promise.resolve()).then(work, work);
    this.#turns.set(conversation, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(conversation) === turn) this.#turns.delete(conversation);
    }
  }

  /** Sends a dead letter again. @returns false when it is none. */
  async resend(id: number): Promise<boolean> {
    const row = await revive(this.#options.db, this.#options.journal, id, Date.now());
    if (row === undefined) return false;
    this.#ways.get(accountKey(row.channel, row.account))?.outbox.add(row);
    return true;
  }

  /** Who opened a contact hears its number; where a machine did, as a telephone system that reached nobody, whoever first writes in it. */
  async taken({ account, contact, opened, conversation, message }: TakenMessage): Promise<void> {
    if (account.receipt === undefined) return;
    if (message.automatic === true) {
      if (opened) this.#openedByMachine(contact);
      return;
    }
    if (!this.#byMachine.delete(contact) && !opened) return;
    await this.#receipt(account, { contact, conversation, content: message, at_ms: Date.now() }).catch(
      (error: unknown) => {
        this.#options.logger.warn({ err: error, contact }, 'a receipt waits for the next start');
      },
    );
  }

  #openedByMachine(contact: string): void {
    this.#byMachine.add(contact);
    if (this.#byMachine.size <= BY_MACHINE_MAX) return;
    for (const oldest of this.#byMachine) {
      this.#byMachine.delete(oldest);
      return;
    }
  }

  /** Hears what the core decided: who is to be told that nothing came for long. */
  hear(commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.do !== 'record-fact') continue;
      if (command.fact === 'citizenReminded')
        this.#tellIdle(command.contact, 'reminder', `reminder-${command.message}`);
      else if (command.fact === 'talkEnded' && command.endedBy === 'idle')
        this.#tellIdle(command.contact, 'closingWords', CLOSING_KEY);
      else if (isEndedByHotline(command)) this.#tellIdle(command.contact, 'endedWords', CLOSING_KEY);
    }
  }

  /** Reminders that a kill kept from being stored. @throws while the database is away. */
  async makeUpReminders(): Promise<void> {
    for (const { contact, message } of this.#options.core.reminders?.() ?? [])
      await this.#idleWords(contact, 'reminder', `reminder-${message}`);
  }

  /** Closing words that a kill kept from being stored: the journal, and so the records, know of each talk that ended so. @throws while the database is away. */
  async makeUpClosingWords(): Promise<void> {
    const { db, journal, backlog } = this.#options;
    const sinceMs = Date.now() - CLOSING_WORDS_SINCE_MS;
    await backlog.each(
      (afterSeq, rowsMax) => readUnparted(db, journal, sinceMs, afterSeq, rowsMax),
      ({ contact }) => this.#idleWords(contact, 'closingWords', CLOSING_KEY),
    );
  }

  /** What was still to go at the last end. @throws while the database is away. */
  async resume(): Promise<void> {
    const { db, journal, backlog } = this.#options;
    await backlog.each(
      (afterId, rowsMax) => readWaiting(db, journal, afterId, rowsMax),
      (row) => this.#ways.get(accountKey(row.channel, row.account))?.outbox.add(row),
    );
  }

  /** Receipts that nobody got. @throws while the database is away. */
  async makeUpReceipts(): Promise<void> {
    const { db, journal, backlog } = this.#options;
    const sinceMs = Date.now() - RECEIPTS_SINCE_MS;
    await backlog.each(
      (afterId, rowsMax) => readUnreceipted(db, journal, sinceMs, afterId, rowsMax),
      async (row) => {
        const account = this.#ways.get(accountKey(row.channel, row.account))?.account;
        if (row.content === null) this.#openedByMachine(row.contact);
        else if (account !== undefined) await this.#receipt(account, row);
      },
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#ways.values()].map(({ outbox }) => outbox.close()));
  }

  /** W16 and U6 of the core: it hears of no reply before the reply is stored. One that it does not hear of makes nobody wait for the citizen. */
  #replied(contact: string, message: number): void {
    this.#options.core
      .submit({ type: 'messageReplied', contact: contactId(contact), message })
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error, message }, 'the core did not hear of a reply'),
      );
  }

  #tellIdle(contact: string, which: IdleWords, sendKey: string): void {
    this.#idleWords(contact, which, sendKey).catch((error: unknown) =>
      this.#options.logger.warn(
        { err: error, contact },
        'a citizen was not told that the conversation waits or is over',
      ),
    );
  }

  /** Once for each key; nothing where the platform lets us write no more, and no reminder that would be the last message it lets us write. */
  async #idleWords(contact: string, which: IdleWords, sendKey: string): Promise<void> {
    const { db, journal } = this.#options;
    const { last, way } = await this.#place(contact);
    const text = way?.account[which]?.replaceAll('{contact}', contact);
    if (last === undefined || way === undefined || text === undefined || way.outbox.waiting >= WAITING_MAX) return;
    const { channel, account, conversation } = last;
    const atMs = Date.now();
    const budget = await budgetOf(db, way.account, conversation, atMs);
    if (budget !== undefined && budget.messages < (which === 'reminder' ? 2 : 1)) return;
    const content = JSON.stringify({ to: toOf(last.content), text, automatic: true });
    const place = { journal, channel, account, conversation, contact };
    await this.#enqueue({ ...place, kind: 'receipt', content, byUser: null, sendKey, atMs });
  }

  #wayOf(account: Account): Way {
    const { db, logger, metrics, fileFolder, onTold, fetch } = this.#options;
    const outbox = new Outbox({
      db,
      account,
      fileFolder,
      logger,
      onOutcome: (outcome, contact) => {
        metrics.countSend(account.channel.name, account.name, outcome);
        if (contact !== null && (outcome === 'sent' || outcome === 'dead')) onTold(contact);
      },
      ...(fetch === undefined ? {} : { fetch }),
    });
    return { account, outbox };
  }

  async #place(contact: string) {
    const last = await lastMessageOf(this.#options.db, contact);
    return { last, way: last && this.#ways.get(accountKey(last.channel, last.account)) };
  }

  /** Undefined: not all of them may go. */
  async #mediaOf({ contact, byUser, files = [] }: Reply): Promise<readonly FileReference[] | undefined> {
    if (files.length === 0) return [];
    const { db } = this.#options;
    const found = await unsentFiles(db, { contact, byUser, ids: files });
    const media = found.map(({ id, kind, name, type, bytes }) => ({
      id,
      kind,
      name,
      type: type ?? '',
      bytes: bytes ?? 0,
    }));
    const bytes = media.reduce((sum, file) => sum + file.bytes, 0);
    const all = media.length === files.length && media.length <= FILES_OF_REPLY_MAX && bytes <= FILE_BYTES_MAX;
    return all ? media : undefined;
  }

  async #receipt(
    account: Account,
    of: { readonly contact: string; readonly conversation: string; readonly content: unknown; readonly at_ms: number },
  ): Promise<void> {
    if (account.receipt === undefined || (of.content as InboundMessage).automatic === true) return;
    const to = toOf(of.content);
    const subject = subjectOf(account, of.content);
    const content = {
      to,
      text: account.receipt.replaceAll('{contact}', of.contact),
      ...(subject === undefined ? {} : { subject }),
      automatic: true,
    };
    const receipt = {
      journal: this.#options.journal,
      channel: account.channel.name,
      account: account.name,
      conversation: of.conversation,
      contact: of.contact,
      kind: 'receipt',
      content: JSON.stringify(content),
      byUser: null,
      sendKey: 'receipt',
      atMs: of.at_ms,
    } as const;
    const row = await addReceipt(this.#options.db, receipt, limitsOf(account, to));
    if (row !== undefined) this.outbox(account).add(row);
  }

  async #enqueue(reply: NewReply): ReturnType<typeof addReply> {
    const { row, isNew } = await addReply(this.#options.db, reply);
    if (isNew) this.#ways.get(accountKey(row.channel, row.account))?.outbox.add(row);
    return { row, isNew };
  }
}

/** By its agent, or before one had it; calls end so, too, and have no conversation in which anybody could be told. */
function isEndedByHotline(fact: RecordFact): fact is Extract<RecordFact, { fact: 'talkEnded' | 'waitEnded' }> {
  return (
    (fact.fact === 'talkEnded' && fact.endedBy === 'agent') || (fact.fact === 'waitEnded' && fact.result === 'ended')
  );
}

function limitsOf({ channel }: Account, to: string): ReceiptLimits {
  const sender = channel.medium === 'mail' ? { to, ...RECEIPTS_TO_ADDRESS } : undefined;
  return { sender, conversation: RECEIPTS_IN_CONVERSATION };
}

/** All that an agent can say; the rest of what is stored, the program adds, a mail's subject too where none was given. */
function isWhatWasSaid(reply: Reply, content: unknown): boolean {
  const said = content as Pick<Reply, 'text' | 'subject' | 'template'> & { readonly media?: readonly FileReference[] };
  const { text, subject = said.subject, template, files = [] } = reply;
  const before = { text: said.text, subject: said.subject, template: said.template };
  const named = (said.media ?? []).map(({ id }) => id);
  return isDeepStrictEqual({ text, subject, template, files: [...files] }, { ...before, files: named });
}

function toOf(content: unknown): string {
  return (content as Partial<InboundMessage>).from?.id ?? '';
}

/** A mail is answered under its own subject. */
function subjectOf(account: Account, content: unknown): string | undefined {
  return mediumOf(account) === 'mail' ? (content as Partial<InboundMessage>).subject : undefined;
}

function faultOf(account: Account, text: string, template: Reply['template'] | undefined): ReplyFault | undefined {
  const { textChars, templates } = takesOf(account);
  if (account.channel.send === undefined) return 'cannotSend';
  if ([...text].length > textChars) return 'tooLong';
  if (template === undefined) return undefined;
  const known = Object.hasOwn(templates, template.name) ? templates[template.name] : undefined;
  if (known === undefined) return 'noTemplate';
  const values = Object.entries(template.values);
  if (!values.every(([name]) => Object.hasOwn(known.fields, name))) return 'noField';
  return values.every(([name, value]) => [...value].length <= known.fields[name]!) ? undefined : 'tooLong';
}
