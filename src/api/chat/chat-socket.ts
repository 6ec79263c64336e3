import type { WebSocket } from 'ws';
import type { Inbound, InboundMessage } from '../../channel/channel.ts';
import type { Stored } from '../../channel/inbox.ts';
import {
  type ChatLine,
  findFiles,
  raiseWatermark,
  readLines,
  readOwnLines,
  repliesBetween,
} from '../../store/chat-sessions.ts';
import type { ChatHub } from './chat-hub.ts';
import { inboundOf, isWhatWasSaid, lineSaid, refusalOf, replyId } from './lines.ts';
import { CHAT_CLOSE, type FromCitizen, type ToCitizen } from './messages.ts';

type Frame<T extends FromCitizen['t']> = Extract<FromCitizen, { t: T }>;

/** Written and not yet taken by the network: more, and the page reads too slowly. */
export const BUFFERED_MAX = 1024 * 1024;
const AUTH_MAX_MS = 5_000;
const LINES_AT_ONCE = 200;
const MESSAGES_AT_ONCE = 50;
/** That wait for the database; past it, the page is told to come again with them. */
const WAITING_MAX = 200;
/** Frames that may wait for the answer to `auth`. */
const EARLY_MAX = 100;
/** When a message that could not be stored may be sent again. */
const AGAIN_MS = 2_000;
/** Who does not read does not read the close frame either. */
const CLOSE_MAX_MS = 1_000;

/** What the hub knows of a conversation while its page is there. */
export interface Seated {
  readonly session: string;
  readonly entry: 'personal' | 'enterprise';
  readonly name: string;
}

/** One page of a citizen: what it says is stored and then acknowledged, what is stored is shown to it in order. */
export class ChatSocket {
  readonly #hub: ChatHub;
  readonly #socket: WebSocket;
  readonly #early: FromCitizen[] = [];
  readonly #waiting: Frame<'msg'>[] = [];
  readonly #tooLate: NodeJS.Timeout;
  #authenticating = false;
  #storing = false;
  #showing = false;
  #more = false;
  #sent = 0;
  #state = '';
  /** The conversation whose token this page has shown; whether it is good may still be looked up. */
  shown: string | undefined;
  seated: Seated | undefined;

  constructor(hub: ChatHub, socket: WebSocket) {
    this.#hub = hub;
    this.#socket = socket;
    // What takes long once a token is shown is the database: whoever forgot the token for it would lose a conversation.
    this.#tooLate = setTimeout(() => this.cut(this.#authenticating ? 'restarting' : 'late'), AUTH_MAX_MS);
    socket.once('close', () => clearTimeout(this.#tooLate));
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  say(said: ToCitizen): void {
    if (!this.open) return;
    if (this.#socket.bufferedAmount > BUFFERED_MAX) return this.cut('tooSlow');
    this.#socket.send(JSON.stringify(said));
  }

  ping(): void {
    if (this.open) this.#socket.ping();
  }

  cut(why: keyof typeof CHAT_CLOSE): void {
    if (this.#socket.readyState >= this.#socket.CLOSING) return;
    this.#socket.close(CHAT_CLOSE[why], why);
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MAX_MS);
    timer.unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }

  hear(frame: FromCitizen): void {
    // Who is sent away may go on sending until the other side has closed, too.
    if (!this.open) return;
    if (frame.t === 'ping') return this.say({ t: 'pong', now: Date.now() });
    if (this.seated !== undefined) return this.#obey(frame, this.seated);
    if (frame.t === 'auth' && !this.#authenticating) {
      this.#authenticating = true;
      return this.#tried(this.#seat(frame));
    }
    if (!this.#authenticating || this.#early.length >= EARLY_MAX) return this.cut('auth');
    this.#early.push(frame);
  }

  async #seat({ token, last_seq = '0' }: Frame<'auth'>): Promise<void> {
    this.shown = this.#hub.namedBy(token);
    const chat = await this.#hub.chatOf(token);
    if (chat === undefined) return this.cut('auth');
    if (!this.open) return;
    clearTimeout(this.#tooLate);
    const { id: session, entry, name } = chat;
    this.seated = { session, entry, name };
    this.#hub.enter(session, this);
    this.#goOnAfter(Math.min(Number(last_seq), chat.last_seq));
    for (const [by, delivered, read] of [
      ['agent', chat.agent_delivered, chat.agent_read],
      ['citizen', chat.citizen_delivered, chat.citizen_read],
    ] as const) {
      if (delivered > 0) this.say({ t: 'delivered', upto: String(delivered), by });
      if (read > 0) this.say({ t: 'read', upto: String(read), by });
    }
    this.showState();
    for (const frame of this.#early.splice(0)) this.#obey(frame, this.seated);
  }

  #obey(frame: FromCitizen, seated: Seated): void {
    switch (frame.t) {
      case 'msg':
        return this.#write(frame);
      case 'typing':
        return this.#hub.citizenTypes(seated.session, frame.on !== false);
      case 'delivered':
      case 'read':
        return this.#tried(this.#seen(frame, seated));
      case 'resume':
        return this.#goOnAfter(Number(frame.from_seq));
      case 'leave':
        return this.#tried(this.#hub.citizenLeaves(seated));
      case 'auth':
      case 'ping':
    }
  }

  #goOnAfter(seq: number): void {
    this.#sent = seq;
    this.say({ t: 'resume', from_seq: String(seq), gap: false, now: Date.now() });
    this.show();
  }

  /** Shows what is stored and was not shown yet. Asked for while it runs, it looks once more. */
  show(): void {
    this.#more = true;
    if (!this.#showing) this.#tried(this.#showAll());
  }

  async #showAll(): Promise<void> {
    const session = this.seated?.session;
    if (session === undefined) return;
    this.#showing = true;
    try {
      while (this.#more && this.open) {
        this.#more = false;
        const after = this.#sent;
        const lines = await readLines(this.#hub.db, session, after, LINES_AT_ONCE);
        // Asked meanwhile to go on from elsewhere.
        if (this.#sent !== after) continue;
        this.#say(lines);
        if (lines.length === LINES_AT_ONCE) this.#more = true;
      }
    } finally {
      this.#showing = false;
    }
  }

  #say(lines: readonly ChatLine[]): void {
    for (const line of lines) {
      this.say(lineSaid(line));
      this.#sent = line.seq;
    }
  }

  showState(): void {
    if (this.seated === undefined) return;
    const state = this.#hub.stateOf(this.seated.session);
    const text = JSON.stringify(state);
    if (text === this.#state) return;
    this.#state = text;
    this.say({ t: 'state', ...state });
  }

  #write(frame: Frame<'msg'>): void {
    if (this.#waiting.length >= WAITING_MAX) return this.#later([frame], 'busy');
    this.#waiting.push(frame);
    if (!this.#storing) this.#tried(this.#storeAll());
  }

  async #storeAll(): Promise<void> {
    this.#storing = true;
    try {
      while (this.#waiting.length > 0) await this.#store(this.#waiting.splice(0, MESSAGES_AT_ONCE));
    } finally {
      this.#storing = false;
    }
  }

  /** Acknowledges what is committed, and nothing else. */
  async #store(frames: readonly Frame<'msg'>[]): Promise<void> {
    const seated = this.seated;
    if (seated === undefined) return;
    try {
      const files = new Map(
        (await findFiles(this.#hub.db, [...new Set(frames.flatMap(({ files = [] }) => files))])).map((file) => [
          file.id,
          file,
        ]),
      );
      const good = frames.filter((frame) => {
        const code = refusalOf(frame, files, seated.session);
        if (code !== undefined) this.say({ t: 'refused', cid: frame.cid, code });
        return code === undefined;
      });
      if (good.length === 0) return;
      const inbound = good.map((frame) => inboundOf(frame, files, seated, Date.now()));
      const stored = await this.#hub.take(inbound);
      if (typeof stored === 'string') return this.#later(good, stored === 'full' ? 'busy' : 'away');
      await this.#acknowledge(good, inbound, stored, seated.session);
    } catch (error) {
      this.#hub.warn(error);
      this.#later(frames, 'away');
    }
  }

  /** What is stored under a name is what was said first: whoever says something else under it is told so. */
  async #acknowledge(
    frames: readonly Frame<'msg'>[],
    inbound: readonly InboundMessage[],
    { ids }: Stored,
    session: string,
  ): Promise<void> {
    const lines = await readOwnLines(
      this.#hub.db,
      inbound.map(({ remoteId }) => remoteId),
    );
    for (const [at, { cid }] of frames.entries()) {
      const said = inbound[at]!;
      const line = lines.get(said.remoteId);
      if (line === undefined) continue;
      if (ids.has(at) || isWhatWasSaid(said, line.content)) this.say({ t: 'ack', cid, seq: String(line.seq) });
      else this.say({ t: 'refused', cid, code: 'reused' });
    }
    this.#hub.show(session);
  }

  #later(frames: readonly Frame<'msg'>[], code: 'busy' | 'away'): void {
    for (const { cid } of frames) this.say({ t: 'refused', cid, code, retry_ms: AGAIN_MS });
  }

  async #seen({ t, upto }: Frame<'delivered' | 'read'>, { session }: Seated): Promise<void> {
    const { db } = this.#hub;
    const mark = t === 'read' ? 'citizen_read' : 'citizen_delivered';
    const risen = await raiseWatermark(db, session, mark, Number(upto));
    if (risen === undefined) return;
    const replies = await repliesBetween(db, session, risen.from, risen.to);
    const atMs = Date.now();
    if (replies.length > 0)
      await this.#hub.take(replies.map((id): Inbound => ({ kind: 'receipt', of: replyId(id), status: t, atMs })));
    if (replies.length > 0) this.#hub.receiptsCame(session);
    this.say({ t, upto: String(risen.to), by: 'citizen' });
  }

  /** What cannot be read now is asked for again over another socket. */
  #tried(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#hub.warn(error);
      this.cut('restarting');
    });
  }
}
