import { timingSafeEqual } from 'node:crypto';

/**
 * The contract of a channel: all that one file of `channels/` says about one platform. The host does the rest, once for all: routes, limits,
 * refusals, the inbox without repeats, acknowledgement after the commit, order, outbox, rates, retries, dead letters, alarms, metrics.
 * `channels/README.md` is the way from an empty file to a channel in operation; `minhu channel check FILE` plays a faulty platform against it.
 */
export interface Channel<Shapes extends SettingShapes = SettingShapes> {
  /** The file's name without its ending: lower-case letters, digits and `-`, at most 32. Part of the address that the platform delivers to. */
  readonly name: string;
  /** For people. */
  readonly title: { readonly zh: string; readonly en: string };
  /** Whose slots its contacts take: `mail` is answered in hours and never offered before a chat. Default `chat`. */
  readonly medium?: 'chat' | 'mail';
  /** What an account of this channel must be told. */
  readonly settings: Shapes;
  /**
   * What is wrong with an account's values, before anything is delivered or sent. Pure; called when an account is read, for the keys that are
   * being replaced, too. A fault leaves the account out; so does an error. Says nothing of a secret but its form.
   */
  check?(settings: Settings<Shapes>): SettingFault | undefined;
  readonly limits?: Limits;
  readonly capabilities?: Capabilities;
  /** Hosts that `fetch` may reach besides those of the settings. Over https, on public addresses only. */
  readonly hosts?: readonly string[];
  /** How the platform delivers. Default `['POST']`; with `GET` the platform's address check, or a call-back, reaches `receive`, too. */
  readonly methods?: readonly ('GET' | 'POST')[];
  /** What a delivery is answered with once it is stored, and what could not be read once it is set aside. Default: 200 without a body. */
  readonly acknowledgement?: Answer | ((settings: Settings<Shapes>) => Answer);

  /**
   * Whether this account's platform sent it. Pure; called with every pair of keys that is valid now, so that a channel knows of no rotation.
   * `false`, or any error: 403, nothing is stored, nothing logged, one counter rises.
   */
  verify?(delivery: Delivery, settings: Settings<Shapes>): boolean;
  /**
   * What the delivery says; empty: nothing that interests us. Pure; `settings` are those that verified it. Throwing
   * `ChannelError('refuse')` is as good as `verify` having said no; any other error sets the delivery aside, whole, for the operator.
   */
  receive?(delivery: Delivery, settings: Settings<Shapes>): readonly Inbound[] | Received;
  /**
   * Hands one message to the platform. Called one at a time in each conversation, again after `retry`: the platform may see it twice when its
   * answer is lost, so pass `message.id` as its idempotency key where there is one. Absent: nobody can reply.
   *
   * @throws ChannelError; any other error counts as `retry`.
   */
  send?(message: Outbound, context: Context<Shapes>): Promise<Sent>;
  /** Tells the citizen that an agent is writing, or no longer. Tried once. */
  typing?(conversation: string, writing: boolean, context: Context<Shapes>): Promise<void>;
  /**
   * Asks the platform for what is new since `cursor`; `undefined` at first. The cursor is stored in the transaction that stores the messages,
   * so that a page is asked for again, never missed.
   */
  pull?(cursor: string | undefined, context: Context<Shapes>): Promise<Pulled>;
  /** As `pull`, for a connection that tells by itself. Ends, or throws, when the connection is over: it is called again. */
  watch?(cursor: string | undefined, context: Context<Shapes>): AsyncIterable<Batch>;
  /**
   * Reads what it told as `unreadable`, once more and with more patience, because an operator says so.
   *
   * @throws ChannelError; any other error: it stays unreadable.
   */
  reread?(at: string, context: Context<Shapes>): Promise<readonly Inbound[]>;
  /** The bytes behind a reference that `receive` gave. Called once, soon after the message is stored. */
  fetchMedia?(media: MediaReference, context: Context<Shapes>): Promise<Response>;
  /** How the platform behaves: what the conformance kit plays. Never used in operation. */
  readonly rehearsal?: Rehearsal<Shapes>;
}

/** Checks nothing at run time: it is there for the types. The host checks every file it loads, as the kit does. */
export function defineChannel<const Shapes extends SettingShapes>(channel: Channel<Shapes>): Channel {
  return channel as Channel;
}

// ── Settings ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type SettingShapes = Readonly<Record<string, SettingShape>>;

/** A text alone describes a setting that must be given and is no secret. */
export type SettingShape =
  | string
  | {
      /** One line for the operator. */
      readonly about: string;
      /** Read from a file or the environment; never shown, never logged. A previous value may be valid beside it for a while. */
      readonly secret?: true;
      readonly optional?: true;
      readonly default?: string;
    };

/** An account's values: texts; of an optional setting without a default, perhaps none. */
export type Settings<Shapes extends SettingShapes = SettingShapes> = {
  readonly [Name in keyof Shapes]: Shapes[Name] extends { readonly optional: true } ? string | undefined : string;
};

/** One sentence in each language. */
export interface SettingFault {
  /** Its name. */
  readonly setting: string;
  readonly zh: string;
  readonly en: string;
}

/** For `check`: the fault of a shared key with fewer than 32 characters, since what can be guessed signs for everybody. */
export function shortKey(setting: string, key: string): SettingFault | undefined {
  const [zh, en] = ['密钥至少 32 个字符', 'a key has 32 characters at least, such as openssl rand -hex 32 prints'];
  return key.length >= 32 ? undefined : { setting, zh, en };
}

export interface Limits {
  /** Of one delivery; a larger one is answered 413 before any of it is looked at. 1..1,048,576, default 65,536. */
  readonly bodyBytes?: number;
  /** Characters (code points) of one text to the citizen. Default 2,000. */
  readonly textChars?: number;
  /** Messages an account may hand over per second. Default 10. */
  readonly sendPerSecond?: number;
  /** Until a `send` is given up and tried again. Default 10,000; 60,000 with files. */
  readonly sendMs?: number;
  /** Tries of one message before it becomes a dead letter. Default 8, over about four hours. */
  readonly tries?: number;
}

/** What the platform can do, as data: the host refuses the rest and the desk does not offer it. */
export interface Capabilities {
  /** Kinds that `send` takes. */
  readonly media?: readonly MediaKind[];
  /** What the platform tells of our messages later. */
  readonly receipts?: readonly ReceiptStatus[];
  /** How long, and how often, one may write after the citizen did. */
  readonly replyWindow?: ReplyWindow;
  /** The entry is told by an `entered` event alone: it holds for the messages of that conversation until the next one. */
  readonly entryByEvent?: true;
  /** Messages that the platform lets through at any time, by name. */
  readonly templates?: Readonly<Record<string, Template>>;
  /**
   * What `Person.id` proves, and so who is one person over several contacts. Default `account`: an account that the platform has logged in.
   * `address`: a mail address, the same at every account. `number`: one that the carrier tells, as with a call. `claim`: what somebody typed in, or a name for one form: nobody is known again by it.
   */
  readonly identity?: 'account' | 'address' | 'number' | 'claim';
}

export interface ReplyWindow {
  /** From the citizen's last message. */
  readonly forMs: number;
  readonly messages: number;
  /** From an event (as `InboundEvent.event`) that opens a window of its own. */
  readonly afterEvent?: Readonly<Record<string, { readonly forMs: number; readonly messages: number }>>;
}

export interface Template {
  readonly about: string;
  /** The optional setting without which an account has none of it. */
  readonly setting?: string;
  /** Field → most characters (code points). */
  readonly fields: Readonly<Record<string, number>>;
  /** Those of `fields` that an account sends, each as long as it may be, by what its `setting` says; absent: all. */
  readonly fieldsOf?: (setting: string) => Readonly<Record<string, number>>;
}

// ── In ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One request of the platform, as it came. */
export interface Delivery {
  readonly method: 'GET' | 'POST';
  /** Path and query to the letter. The host name is the account's own business: what a request says of it is not to be trusted. */
  readonly url: string;
  /** Scheme and host that were asked for, such as `https://12345.example.gov.cn`. Anybody may write any: good for the answer to whoever did, nothing else. */
  readonly origin?: string;
  readonly query: URLSearchParams;
  /** By lower-case name; a repeated one is joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Our clock. Unix time, ms. */
  readonly receivedAtMs: number;
}

export interface Answer {
  /** 200..299; default 200. With nothing inbound also 400..499: a form hears what is wrong with it. */
  readonly status?: number;
  /** Default `text/plain; charset=utf-8`. */
  readonly type?: string;
  readonly body?: string;
}

/** When the answer differs from delivery to delivery: an address check, an encrypted reply. */
export interface Received {
  readonly inbound: readonly Inbound[];
  readonly answer?: Answer;
  /** The answer instead, when all of it was taken before and then said something else: the body was another. */
  readonly conflict?: Answer;
  /** With nothing inbound: how matters stand that came before, for the answer. */
  readonly asks?: MatterQuestion;
}

/** About what came by this channel, by whichever of its accounts: messages that have a contact, the newest first. */
export interface MatterQuestion {
  /** At most 50. */
  readonly remoteIds?: readonly string[];
  /** Came at or after, and before. Unix time, ms. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Something happened to it after. Unix time, ms. */
  readonly changedAfterMs?: number;
  readonly status?: Matter['status'];
  /** One of these. At most 50. */
  readonly subjects?: readonly string[];
  readonly skip?: number;
  /** 1..1,000. */
  readonly limit: number;
  /** Pure. */
  readonly answer: (matters: readonly Matter[]) => Answer;
}

export interface Matter {
  /** As it was told when it came. Whoever asks may be anybody: what of it is shown is the channel's to decide. */
  readonly message: InboundMessage;
  /** By which it came. */
  readonly account: string;
  /** `closed`: its contact is, and nobody else was given it to do. */
  readonly status: 'open' | 'closed';
  /** `waiting`, `taken`, `ended`, or what came of it: the code of a disposition. */
  readonly stage: string;
  readonly cameAtMs: number;
  readonly changedAtMs: number;
}

export type Inbound = InboundMessage | InboundEvent | InboundReceipt | InboundUnreadable;

interface Told {
  /**
   * The platform's own name of it, the same at every re-delivery, another for everything else: with channel and account it is taken once.
   * Always a text: platforms count beyond 2^53 (`readJson` keeps their digits). 1..256 characters; longer ones are replaced by their SHA-256.
   */
  readonly remoteId: string;
  /** Who writes to us there: what is kept in order, and one open contact. 1..256 characters. */
  readonly conversation: string;
  /** By the platform's clock; where it tells no time, the delivery's `receivedAtMs`. Unix time, ms. */
  readonly sentAtMs: number;
}

/** The citizen wrote, or sent a form. */
export interface InboundMessage extends Told {
  readonly kind?: 'message';
  readonly from: Person;
  /** Default empty. Cut at 65,536 characters; the delivery keeps the rest. */
  readonly text?: string;
  /** Of a mail or a form. At most 500 characters. */
  readonly subject?: string;
  /** At most 20. */
  readonly media?: readonly MediaReference[];
  readonly place?: Place;
  /** Through which entry, where the platform has both: decides the queue. */
  readonly entry?: Entry;
  /** Ours that it answers. */
  readonly inReplyTo?: string;
  /** An earlier one of theirs that it replaces: the same form, edited. */
  readonly replaces?: string;
  /** Whatever else the form said, for the agent to read: name → value. At most 50, of 4,000 characters. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Came from a machine (a mail with `Auto-Submitted`, a bounce): never answered by one. */
  readonly automatic?: true;
}

export type Entry = 'personal' | 'enterprise';

/** Something happened there. It opens no contact. */
export interface InboundEvent extends Told {
  readonly kind: 'event';
  /** `left` ends the conversation; whatever else is kept, and may open a reply window. */
  readonly event: 'entered' | 'left' | 'subscribed' | 'unsubscribed' | (string & {});
  readonly from: Person;
  readonly entry?: Entry;
}

/** What became of a message of ours. Only ever moves forward, so that order and repeats do not matter. */
export interface InboundReceipt {
  readonly kind: 'receipt';
  /** The `remoteId` that `send` returned. */
  readonly of: string;
  readonly status: ReceiptStatus;
  readonly atMs: number;
  /** Why it failed. */
  readonly reason?: string;
}

/** There is something, and it could not be read: set aside for the operator, who may have it read again (`reread`). Of pulled sources only. */
export interface InboundUnreadable {
  readonly kind: 'unreadable';
  /** As of a message. */
  readonly remoteId: string;
  /** Unix time, ms. */
  readonly sentAtMs: number;
  /** For the operator: without what the citizen wrote. At most 500 characters. */
  readonly reason: string;
  /** Where it is found again. 1..256 characters. */
  readonly at: string;
}

export type ReceiptStatus = 'delivered' | 'read' | 'failed';

export interface Person {
  /** What the platform knows them by: openid, address, number. 1..256 characters. */
  readonly id: string;
  /** At most 64 characters. Never trusted. */
  readonly name?: string;
  /** As they say. */
  readonly phone?: string;
  /** The platform has proved that the number is theirs. */
  readonly phoneVerified?: true;
  /** The same person at another account of the platform (WeChat's unionid). */
  readonly unionId?: string;
}

export type MediaKind = 'image' | 'audio' | 'video' | 'file';

export interface MediaReference {
  readonly kind: MediaKind;
  /** What `fetchMedia` needs: the platform's id, or an address. At most 2,048 characters. */
  readonly id: string;
  readonly name?: string;
  /** MIME type as claimed. */
  readonly type?: string;
  readonly bytes?: number;
}

/** Degrees. Maps of mainland China use GCJ-02; mistaken for WGS-84 a place is up to 600 m off. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
  readonly datum: 'wgs84' | 'gcj02';
  readonly accuracyM?: number;
  readonly address?: string;
}

export interface Batch {
  readonly inbound: readonly Inbound[];
  /** Where to go on. At most 4,096 characters. */
  readonly cursor: string;
}

export interface Pulled extends Batch {
  /** There is more: asked again at once. The cursor has to be another one then, and in 200 pages something new; else it is trouble. */
  readonly more?: boolean;
  /** Otherwise after so long; default 60,000, 1,000..3,600,000. */
  readonly againAfterMs?: number;
}

// ── Out ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Outbound {
  /** Ours; the same at every try. Letters, digits and `-`, at most 64. */
  readonly id: string;
  readonly conversation: string;
  /** `Person.id` of who wrote last. */
  readonly to: string;
  /** Empty for a template. */
  readonly text: string;
  readonly subject?: string;
  readonly template?: { readonly name: string; readonly values: Readonly<Record<string, string>> };
  readonly media?: readonly OutboundMedia[];
  /** `remoteId` of theirs that is answered, where it is known. */
  readonly inReplyTo?: string;
  /** Written by us, not by a person: an automatic receipt. */
  readonly automatic?: true;
}

export interface OutboundMedia {
  readonly kind: MediaKind;
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

export interface Sent {
  /** What receipts and answers will call it. Absent: the platform gives it no name. */
  readonly remoteId?: string;
}

/** What the host lends to whatever talks to the platform. */
export interface Context<Shapes extends SettingShapes = SettingShapes> {
  readonly settings: Settings<Shapes>;
  /** As the global one, but only to `hosts` and to the hosts of the settings' addresses; never follows a redirect elsewhere. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Aborted when time is up or the program stops. */
  readonly signal: AbortSignal;
  /** Unix time, ms. */
  readonly now: () => number;
  /**
   * A value that costs a request, such as an access token: made once for all who ask at the same time, kept in memory, made anew when less than
   * a tenth of its life is left.
   */
  readonly cached: (
    name: string,
    make: () => Promise<{ readonly value: string; readonly untilMs: number }>,
  ) => Promise<string>;
  /** The platform refuses what `cached` gave. */
  readonly forget: (name: string) => void;
}

/**
 * Why a message did not go. `retry`: not now; after `retryAfterMs`, or by the usual steps. `refuse`: never (this message): a dead letter that an
 * operator sees. `shut`: as `refuse`, and by the platform's count the reply window is shut, whatever ours says. `broken`: nothing of this account will go (a token revoked, a wrong key): the account pauses and says so.
 */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  readonly kind: 'retry' | 'refuse' | 'shut' | 'broken';
  readonly retryAfterMs: number | undefined;

  /** @param text for the operator and the log: without secrets, without what the citizen wrote. */
  constructor(kind: ChannelError['kind'], text: string, retryAfterMs?: number) {
    super(text);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

// ── Rehearsal ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Rehearsal<Shapes extends SettingShapes = SettingShapes> {
  /** Of a made-up account; with `watch`, of a server that is away. */
  readonly settings: Settings<Shapes>;
  /** A delivery as the platform sends and signs it under these settings: the nth message of a citizen. Needed with `receive`. */
  deliver?(sample: Sample, settings: Settings<Shapes>): Parcel;
  /** What the platform answers to a request that it likes, of `send`, `pull` or for a token. Needed with `send` and `pull`, unless all goes over a connection that `watch` keeps. */
  answer?(request: RehearsedRequest): { readonly status?: number; readonly type?: string; readonly body: string };
  /** A file that `answer` gives. Without it `fetchMedia` is not tried. */
  readonly media?: MediaReference;
}

export interface Sample {
  /** Counts from 1; above 2^53 when the kit tries how long numbers are read. */
  readonly number: bigint;
  readonly conversation: number;
  readonly text: string;
  readonly atMs: number;
}

/** Default: `POST` without a query. */
export interface Parcel {
  readonly method?: 'GET' | 'POST';
  /** Without `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface RehearsedRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  /** Counts the requests of a run, from 1. */
  readonly number: number;
}

// ── Tools, the same for all ─────────────────────────────────────────────────────────────────────────────────────────────

/** Compares in constant time. An absent or empty `given` equals nothing. */
export function sameSecret(given: string | undefined, wanted: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b);
}

/** HTTP statuses as most platforms mean them: 401, 403 `broken`; 408, 425, 429 and 5xx `retry`, after what `Retry-After` says; the rest `refuse`. */
export function throwUnlessOk(response: Response, platform: string): void {
  const { ok, status, headers } = response;
  if (ok) return;
  const text = `${platform} answered ${status}`;
  if (status === 401 || status === 403) throw new ChannelError('broken', text);
  if (status < 500 && ![408, 425, 429].includes(status)) throw new ChannelError('refuse', text);
  throw new ChannelError('retry', text, retryAfterMs(headers.get('retry-after')));
}

/** RFC 9110 §10.2.3, seconds or a date; undefined when it is neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,7}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

export { readJson } from './stranger-json.ts';
