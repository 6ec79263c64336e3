import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import type { Inbound } from '../../channel/channel.ts';
import type { StoreResult } from '../../channel/inbox.ts';
import { type ChatSession, endChatTokens, findChat, raiseWatermark } from '../../store/chat-sessions.ts';
import type { Db } from '../../store/store.ts';
import { Bucket } from './bucket.ts';
import { ChatSocket, type Seated } from './chat-socket.ts';
import { readFrame } from './frames.ts';
import type { ChatState } from './messages.ts';
import { readChatToken } from './resume-token.ts';

export const CHAT_SOCKETS_MAX = 5_000;
const SOCKETS_OF_ADDRESS_MAX = 50;
/** Of one conversation, over all its sockets. */
const MESSAGES = { burst: 100, perS: 20 };
/** Of one socket, messages and all else: past it, it is cut. */
const FRAMES = { burst: 400, perS: 60 };
/** Conversations whose allowance is remembered. */
const BUCKETS_MAX = 20_000;
const PING_EVERY_MS = 10_000;
/** Whoever waits is told of another place at most so often: thousands may wait behind every one who is taken. */
const STATES_EVERY_MS = 200;
/** A socket that answered no ping for so long is gone. */
const SILENT_MAX_MS = 25_000;

export interface ChatHubOptions {
  readonly db: Db;
  /** What conversations' tokens are made with. */
  readonly key: Buffer;
  readonly logger: Logger;
  /** Stores what a citizen said, and hands it on. */
  take(inbound: readonly Inbound[]): Promise<StoreResult>;
  /** How the conversation stands, by the core. */
  stateOf(session: string): ChatState;
  /** The citizen of a conversation writes, or no longer. */
  onTyping(session: string, on: boolean): void;
  /** The citizen's page has more of our messages, or the citizen has read more. */
  onReceipts(session: string): void;
}

interface Seat {
  readonly socket: ChatSocket;
  readonly address: string;
  heardMs: number;
  /** Left unread at the last look. */
  unreadBytes: number;
}

/** All pages of citizens that are open now. */
export class ChatHub {
  readonly db: Db;
  readonly key: Buffer;
  readonly #options: ChatHubOptions;
  readonly #seats = new Set<Seat>();
  readonly #atAddress = new Map<string, number>();
  readonly #socketOf = new Map<string, ChatSocket>();
  readonly #messagesOf = new Map<string, Bucket>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;
  #statesChanged = false;

  constructor(options: ChatHubOptions) {
    this.#options = options;
    this.db = options.db;
    this.key = options.key;
    this.#timer = setInterval(() => this.#keepAlive(Date.now()), PING_EVERY_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#seats.size;
  }

  /** Whether one more page at this address may come in. */
  admits(address: string): boolean {
    if (this.#closed || this.#seats.size >= CHAT_SOCKETS_MAX) return false;
    return (this.#atAddress.get(address) ?? 0) < SOCKETS_OF_ADDRESS_MAX;
  }

  welcome(webSocket: WebSocket, address: string): void {
    const socket = new ChatSocket(this, webSocket);
    const seat: Seat = { socket, address, heardMs: Date.now(), unreadBytes: 0 };
    const frames = new Bucket(FRAMES);
    this.#seats.add(seat);
    this.#atAddress.set(address, (this.#atAddress.get(address) ?? 0) + 1);
    webSocket.on('pong', () => {
      seat.heardMs = Date.now();
    });
    webSocket.on('error', () => undefined);
    webSocket.on('message', (data: RawData, isBinary: boolean) => {
      seat.heardMs = Date.now();
      if (frames.take(seat.heardMs) > 0) return socket.cut('tooFast');
      this.#hear(socket, data, isBinary);
    });
    webSocket.once('close', () => this.#leave(seat));
    if (this.#closed) socket.cut('restarting');
  }

  #hear(socket: ChatSocket, data: RawData, isBinary: boolean): void {
    const frame = readFrame(data, isBinary);
    if (frame === undefined) return socket.cut('badMessage');
    if (frame.t === 'msg' && socket.seated !== undefined) {
      const waitMs = this.#bucketOf(socket.seated.session).take(Date.now());
      if (waitMs > 0) return socket.say({ t: 'refused', cid: frame.cid, code: 'tooFast', retry_ms: waitMs });
    }
    socket.hear(frame);
  }

  #bucketOf(session: string): Bucket {
    const bucket = this.#messagesOf.get(session) ?? new Bucket(MESSAGES);
    this.#messagesOf.delete(session);
    this.#messagesOf.set(session, bucket);
    if (this.#messagesOf.size > BUCKETS_MAX) this.#messagesOf.delete(this.#messagesOf.keys().next().value ?? session);
    return bucket;
  }

  #leave(seat: Seat): void {
    this.#seats.delete(seat);
    const others = (this.#atAddress.get(seat.address) ?? 1) - 1;
    if (others === 0) this.#atAddress.delete(seat.address);
    else this.#atAddress.set(seat.address, others);
    const session = seat.socket.seated?.session;
    if (session === undefined || this.#socketOf.get(session) !== seat.socket) return;
    this.#socketOf.delete(session);
    this.#options.onTyping(session, false);
  }

  /** The conversation is open at this socket, and nowhere else. */
  enter(session: string, socket: ChatSocket): void {
    this.#socketOf.get(session)?.cut('replaced');
    this.#socketOf.set(session, socket);
  }

  /** The conversation that a token names, good or not any more. */
  namedBy(token: string): string | undefined {
    return readChatToken(this.key, token, Date.now())?.session;
  }

  /** The conversation that a token is good for now. */
  async chatOf(token: string): Promise<ChatSession | undefined> {
    const shown = readChatToken(this.key, token, Date.now());
    const chat = shown && (await findChat(this.db, shown.session, shown.generation));
    return chat !== undefined && chat.expires_at_ms > Date.now() ? chat : undefined;
  }

  /** Whoever has a token of this conversation is its citizen no longer: a phone was lost. Nothing that was said is. */
  async endTokens(session: string): Promise<void> {
    await endChatTokens(this.db, session);
    // Whoever showed a token meanwhile may have been looked up before it ended, and come in only after.
    for (const { socket } of this.#seats) if (socket.shown === session) socket.cut('auth');
  }

  take(inbound: readonly Inbound[]): Promise<StoreResult> {
    return this.#options.take(inbound);
  }

  stateOf(session: string): ChatState {
    return this.#options.stateOf(session);
  }

  receiptsCame(session: string): void {
    this.#options.onReceipts(session);
  }

  citizenTypes(session: string, on: boolean): void {
    this.#options.onTyping(session, on);
  }

  async citizenLeaves({ session, name }: Seated): Promise<void> {
    const atMs = Date.now();
    await this.take([
      {
        kind: 'event',
        event: 'left',
        remoteId: `${session}:left:${randomUUID()}`,
        conversation: session,
        sentAtMs: atMs,
        from: { id: session, ...(name === '' ? {} : { name }) },
      },
    ]);
  }

  /** There are new lines. */
  show(session: string): void {
    this.#socketOf.get(session)?.show();
  }

  agentTypes(session: string, on: boolean): void {
    this.#socketOf.get(session)?.say({ t: 'typing', on });
  }

  /** The agent has the citizen's lines up to here, or has seen them. */
  async agentSaw(session: string, what: 'delivered' | 'read', upto: number): Promise<void> {
    const mark = what === 'read' ? 'agent_read' : 'agent_delivered';
    const risen = await raiseWatermark(this.db, session, mark, upto);
    if (risen !== undefined) this.#socketOf.get(session)?.say({ t: what, upto: String(risen.to), by: 'agent' });
  }

  /** Conversations may stand otherwise: looked at once for all that happens in a moment. */
  statesChanged(): void {
    if (this.#statesChanged || this.#socketOf.size === 0) return;
    this.#statesChanged = true;
    setTimeout(() => {
      this.#statesChanged = false;
      for (const socket of this.#socketOf.values()) socket.showState();
    }, STATES_EVERY_MS).unref();
  }

  warn(error: unknown): void {
    this.#options.logger.debug({ err: error }, 'a conversation cannot be read or stored now');
  }

  #keepAlive(nowMs: number): void {
    for (const seat of this.#seats) {
      const { socket } = seat;
      const unread = socket.bufferedBytes;
      if (nowMs - seat.heardMs > SILENT_MAX_MS || (unread > 0 && unread >= seat.unreadBytes && seat.unreadBytes > 0))
        socket.cut('tooSlow');
      seat.unreadBytes = unread;
      socket.ping();
    }
  }

  /** Sends everybody away, to come again. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { socket } of this.#seats) socket.cut('restarting');
  }
}
