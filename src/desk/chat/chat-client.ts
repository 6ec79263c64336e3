import {
  CHAT_CLOSE,
  CHAT_PROTOCOL,
  type ChatLineSaid,
  type ChatRefusal,
  type ChatState,
  type FromCitizen,
  type ToCitizen,
} from '../../api/chat/messages.ts';

/** A message of this page that has no line yet. */
export interface Pending {
  cid: string;
  readonly body: string;
  readonly files: readonly string[];
  readonly atMs: number;
  /** Its line, once it is acknowledged and not shown yet. */
  seq?: number;
  /** It will never be stored. */
  refused?: ChatRefusal;
}

/** `ended`: this page may not go on with the conversation; the next message begins another one. */
export type Connection = 'connecting' | 'open' | 'away' | 'replaced' | 'ended' | 'over';

/** What the page shows. */
export interface ChatView {
  readonly connection: Connection;
  /** Dense, from 1. */
  readonly lines: readonly ChatLineSaid[];
  readonly pending: readonly Pending[];
  readonly state: ChatState;
  readonly agentTypes: boolean;
  /** Lines of the citizen up to here are on the agent's screen, and were seen. */
  readonly delivered: number;
  readonly read: number;
}

export interface ChatClientOptions {
  readonly url: string;
  /** Undefined: begin a conversation first. May be asked for again when the token is over. */
  token(): Promise<string>;
  /** The token is not good any more. */
  forget(): void;
  /** Messages that an earlier page did not get through. */
  readonly pending?: readonly Pending[];
  onChange(view: ChatView): void;
}

type CloseReason = keyof typeof CHAT_CLOSE | '';

const WINDOW = 20;
const AWAY_MIN_MS = 500;
const AWAY_MAX_MS = 8_000;
const RESTART_MAX_MS = 10_000;
const FAST_WAIT_MS = 5_000;
const PING_EVERY_MS = 15_000;
/** Nothing heard for so long means that the connection is dead: a pong comes more often. */
const SILENT_MAX_MS = 35_000;
const TYPING_SHOWN_MS = 8_000;

/** Holds one conversation over sockets that come and go: every message becomes one line, lines are shown in order and once. */
export class ChatClient {
  readonly #options: ChatClientOptions;
  readonly #lines: ChatLineSaid[] = [];
  readonly #held = new Map<number, ChatLineSaid>();
  readonly #flying = new Set<string>();
  #pending: Pending[];
  #socket: WebSocket | undefined;
  #connection: Connection = 'connecting';
  #asking = false;
  #ready = false;
  #state: ChatState = { is: 'none' };
  #typing = false;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #againTimer: ReturnType<typeof setTimeout> | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #awayMs = AWAY_MIN_MS;
  #heardMs = 0;
  #marks = { delivered: 0, read: 0 };
  #told = { delivered: 0, read: 0 };
  #seen = false;
  /** After which line this page has asked for what it lacks. */
  #asked = -1;

  constructor(options: ChatClientOptions) {
    this.#options = options;
    this.#pending = [...(options.pending ?? [])];
    setInterval(() => this.#keepAlive(), PING_EVERY_MS);
  }

  get view(): ChatView {
    const { delivered, read } = this.#marks;
    return {
      connection: this.#connection,
      lines: this.#lines,
      pending: this.#pending,
      state: this.#state,
      agentTypes: this.#typing,
      delivered,
      read,
    };
  }

  /** Connects, now, if it is not connected. */
  async connect(): Promise<void> {
    clearTimeout(this.#againTimer);
    if (this.#socket !== undefined || this.#asking) return;
    this.#asking = true;
    this.#set('connecting');
    try {
      this.#open(await this.#options.token());
    } catch {
      this.#away(this.#nextAwayMs());
    } finally {
      this.#asking = false;
    }
  }

  write(body: string, files: readonly string[] = []): void {
    this.#pending.push({ cid: newCid(), body, files, atMs: Date.now() });
    this.#changed();
    this.#flush();
    if (this.#connection !== 'replaced') void this.connect();
  }

  typing(on: boolean): void {
    this.#say({ t: 'typing', on });
  }

  leave(): void {
    this.#say({ t: 'leave' });
  }

  /** Whether the citizen looks at the page: what is shown then is read. */
  look(seen: boolean): void {
    this.#seen = seen;
    this.#tellMarks();
  }

  #open(token: string): void {
    const socket = new WebSocket(this.#options.url, CHAT_PROTOCOL);
    this.#socket = socket;
    this.#asked = -1;
    this.#heardMs = Date.now();
    socket.onopen = () => socket.send(JSON.stringify({ t: 'auth', token, last_seq: String(this.#lines.length) }));
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#heardMs = Date.now();
      this.#hear(JSON.parse(String(data)) as ToCitizen);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#closed(code, reason as CloseReason);
    };
  }

  #hear(said: ToCitizen): void {
    switch (said.t) {
      case 'resume':
        return this.#resumed(Number(said.from_seq));
      case 'msg':
        return this.#line(said);
      case 'ack':
        return this.#acknowledged(said.cid, Number(said.seq));
      case 'refused':
        return this.#refused(said.cid, said.code, said.retry_ms);
      case 'delivered':
      case 'read':
        return this.#marked(said.t, said.by, Number(said.upto));
      case 'typing':
        return this.#agentTypes(said.on);
      case 'state': {
        const { t: _, ...state } = said;
        this.#state = state;
        return this.#changed();
      }
      case 'pong':
      case 'bye':
    }
  }

  #resumed(from: number): void {
    // The server has fewer lines than this page: it was set back, and what it has now counts.
    if (from < this.#lines.length && !this.#ready) this.#lines.length = from;
    this.#ready = true;
    this.#awayMs = AWAY_MIN_MS;
    this.#told = { delivered: 0, read: 0 };
    this.#set('open');
    this.#flush();
    this.#tellMarks();
  }

  #line(line: ChatLineSaid): void {
    const seq = Number(line.seq);
    if (seq <= this.#lines.length) return;
    this.#held.set(seq, line);
    const lacks = !this.#held.has(this.#lines.length + 1);
    for (let next = this.#held.get(this.#lines.length + 1); next !== undefined; ) {
      this.#lines.push(next);
      this.#held.delete(this.#lines.length);
      next = this.#held.get(this.#lines.length + 1);
    }
    if (lacks) return this.#askForMore();
    const shown = new Set(this.#lines.slice(-this.#pending.length - WINDOW).map(({ cid }) => cid));
    for (const { cid } of this.#pending) if (shown.has(cid)) this.#flying.delete(cid);
    this.#pending = this.#pending.filter(({ cid, seq: own }) => !shown.has(cid) && !(own && own <= this.#lines.length));
    this.#typing = line.from === 'agent' ? false : this.#typing;
    this.#changed();
    this.#flush();
    this.#tellMarks();
  }

  #askForMore(): void {
    if (this.#asked === this.#lines.length) return;
    this.#asked = this.#lines.length;
    this.#say({ t: 'resume', from_seq: String(this.#lines.length) });
  }

  #acknowledged(cid: string, seq: number): void {
    this.#flying.delete(cid);
    const one = this.#pending.find((each) => each.cid === cid);
    if (one !== undefined) one.seq = seq;
    if (one !== undefined && seq <= this.#lines.length) this.#pending = this.#pending.filter((each) => each !== one);
    this.#changed();
    this.#flush();
  }

  #refused(cid: string, code: ChatRefusal, retryMs: number | undefined): void {
    this.#flying.delete(cid);
    const one = this.#pending.find((each) => each.cid === cid);
    if (one === undefined) return;
    if (code === 'reused') {
      // Nothing that the citizen wrote is dropped for a number.
      one.cid = newCid();
      return this.#flush();
    }
    if (retryMs === undefined) one.refused = code;
    else {
      clearTimeout(this.#flushTimer);
      this.#flushTimer = setTimeout(() => {
        this.#flushTimer = undefined;
        this.#flush();
      }, retryMs);
    }
    this.#changed();
  }

  /** In their order, so many at once. */
  #flush(): void {
    if (!this.#ready || this.#flushTimer !== undefined) return;
    for (const { cid, body, files, seq, refused } of this.#pending) {
      if (this.#flying.size >= WINDOW) return;
      if (seq !== undefined || refused !== undefined || this.#flying.has(cid)) continue;
      this.#flying.add(cid);
      this.#say({ t: 'msg', cid, body, ...(files.length === 0 ? {} : { files }) });
    }
  }

  #marked(what: 'delivered' | 'read', by: 'agent' | 'citizen', upto: number): void {
    if (by !== 'agent') return;
    this.#marks[what] = Math.max(this.#marks[what], upto);
    this.#changed();
  }

  #agentTypes(on: boolean): void {
    this.#typing = on;
    clearTimeout(this.#typingTimer);
    if (on) this.#typingTimer = setTimeout(() => this.#agentTypes(false), TYPING_SHOWN_MS);
    this.#changed();
  }

  #tellMarks(): void {
    const upto = this.#lines.length;
    if (!this.#ready || upto === 0) return;
    const what = this.#seen ? 'read' : 'delivered';
    if (this.#told[what] >= upto || this.#told.read >= upto) return;
    this.#told[what] = upto;
    this.#say({ t: what, upto: String(upto) });
  }

  #say(frame: FromCitizen): void {
    if (this.#ready && this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #closed(code: number, reason?: CloseReason): void {
    this.#socket = undefined;
    this.#ready = false;
    this.#flying.clear();
    this.#typing = false;
    if (code === CHAT_CLOSE.replaced) return this.#set('replaced');
    if (code === CHAT_CLOSE.badMessage) return this.#set('over');
    if (code === CHAT_CLOSE.auth && reason !== 'late') {
      // The conversation is over for this page; what was not stored begins another one.
      this.#options.forget();
      this.#lines.length = 0;
      this.#held.clear();
      this.#marks = { delivered: 0, read: 0 };
      this.#state = { is: 'none' };
      const goesOn = this.#pending.some(({ refused }) => refused === undefined);
      return goesOn ? this.#away(this.#nextAwayMs()) : this.#set('ended');
    }
    if (code === CHAT_CLOSE.restarting) return this.#away(Math.random() * RESTART_MAX_MS);
    if (code === CHAT_CLOSE.tooFast || code === CHAT_CLOSE.full) return this.#away(FAST_WAIT_MS * (1 + Math.random()));
    this.#away(this.#nextAwayMs());
  }

  /** Full jitter, doubling. */
  #nextAwayMs(): number {
    const ms = this.#awayMs;
    this.#awayMs = Math.min(AWAY_MAX_MS, ms * 2);
    return Math.random() * ms;
  }

  #away(afterMs: number): void {
    this.#set('away');
    clearTimeout(this.#againTimer);
    this.#againTimer = setTimeout(() => void this.connect(), afterMs);
  }

  #keepAlive(): void {
    if (this.#socket === undefined) return;
    if (Date.now() - this.#heardMs > SILENT_MAX_MS) {
      const dead = this.#socket;
      this.#closed(1006);
      return dead.close();
    }
    this.#say({ t: 'ping' });
  }

  #set(connection: Connection): void {
    this.#connection = connection;
    this.#changed();
  }

  #changed(): void {
    this.#options.onChange(this.view);
  }
}

/** A UUID of version 7 (RFC 9562 §5.7): time first, then chance. */
function newCid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const atMs = Date.now();
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(atMs / 2 ** (8 * (5 - index))) & 0xff;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
