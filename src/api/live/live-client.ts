import {
  type FromClient,
  type FromServer,
  type Item,
  LIVE_CLOSE,
  LIVE_SILENCE_MAX_MS,
  type Rights,
  type StreamName,
} from './messages.ts';

/** The part of a WebSocket that is needed; a browser's is one. */
export interface LiveSocket {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
}

export interface LiveClientOptions {
  /** Opens a socket to `LIVE_PATH`. */
  readonly connect: () => LiveSocket;
  /** Draws a ticket at `LIVE_TICKET_PATH`. Undefined: the session is over. Rejects: to be tried again. */
  readonly drawTicket: () => Promise<string | undefined>;
  /** Whose page it is: when somebody else signed in meanwhile in the same browser, the session is over for it. Absent: anybody's. */
  readonly user?: string;
  /** What is other than before. `whole`: all that was known of the stream is replaced. */
  readonly onItems: (change: LiveChange) => void;
  readonly onStatus?: (status: LiveStatus) => void;
  /**
   * What this person may do from here on, at each connection: they may have become others while there was none, or the word that they have
   * was lost with the one before.
   */
  readonly onRights?: (rights: Rights) => void;
  /** 0 ≤ number < 1. */
  readonly random?: () => number;
}

export interface LiveChange {
  readonly stream: StreamName;
  readonly seq: number;
  readonly items: readonly Item[];
  readonly gone: readonly string[];
  readonly whole: boolean;
}

/** `loginRequired` and `refused` are final. */
export type LiveStatus = 'connecting' | 'open' | 'away' | 'loginRequired' | 'refused' | 'stopped';

export const RETRY_FIRST_MS = 1_000;
/** After a restart of the core everybody is back so long after it, and no two halls in the same moment. */
export const RETRY_LAST_MS = 5_000;
const ACTIVE_EVERY_MS = 60_000;
const FINAL: ReadonlySet<number> = new Set([LIVE_CLOSE.badMessage, LIVE_CLOSE.replaced]);

/**
 * Keeps a live socket open: after a cut it comes back by itself, each time after a random part of a growing pause, so that a whole hall does
 * not come at once, and goes on from the last change it saw.
 */
export class LiveClient {
  readonly #options: LiveClientOptions;
  readonly #known = new Map<StreamName, Map<string, Item>>();
  readonly #seq = new Map<StreamName, number>();
  #epoch: string | undefined;
  #skewMs = 0;
  #heardAtMs: number | undefined;
  #attempts = 0;
  #over = false;
  #socket: LiveSocket | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #activeAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: LiveClientOptions) {
    this.#options = options;
    void this.#open();
  }

  /** What is known now, by key. */
  items(stream: StreamName): ReadonlyMap<string, Item> {
    return this.#known.get(stream) ?? new Map();
  }

  /** The server's clock less ours, ms. */
  skewMs(): number {
    return this.#skewMs;
  }

  /** When the server was last heard, by its clock; undefined: never yet. */
  heardAtMs(): number | undefined {
    return this.#heardAtMs;
  }

  /** The person did something in the page. Told at most once a minute. */
  active(): void {
    if (this.#epoch === undefined || this.#socket === undefined || Date.now() - this.#activeAtMs < ACTIVE_EVERY_MS)
      return;
    this.#activeAtMs = Date.now();
    this.#say({ type: 'active' });
  }

  stop(): void {
    this.#leave('stopped');
  }

  #leave(status: LiveStatus): void {
    this.#finish(status);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #finish(status: LiveStatus): void {
    this.#over = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#pause);
    this.#options.onStatus?.(status);
  }

  #again(): void {
    this.#socket = undefined;
    clearTimeout(this.#silence);
    if (this.#over) return;
    this.#options.onStatus?.('away');
    const random = (this.#options.random ?? Math.random)();
    const pauseMs = random * Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** this.#attempts);
    this.#pause = setTimeout(() => void this.#open(), pauseMs);
    this.#attempts += 1;
  }

  async #open(): Promise<void> {
    this.#options.onStatus?.('connecting');
    let ticket: string | undefined;
    try {
      ticket = await this.#options.drawTicket();
    } catch {
      return this.#again();
    }
    if (this.#over) return;
    if (ticket === undefined) return this.#finish('loginRequired');
    this.#listen(this.#options.connect(), ticket);
  }

  #listen(socket: LiveSocket, ticket: string): void {
    this.#socket = socket;
    this.#expectWord(socket);
    socket.addEventListener('open', () => {
      const epoch = this.#epoch;
      const resume = epoch === undefined ? {} : { resume: { epoch, seq: Object.fromEntries(this.#seq) } };
      this.#say({ type: 'hello', ticket, ...resume });
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#expectWord(socket);
      this.#hear(JSON.parse(String(data)) as FromServer);
      this.#heardAtMs = Date.now() + this.#skewMs;
    });
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code }) => {
      if (socket !== this.#socket) return;
      if (FINAL.has(code)) this.#finish('refused');
      else this.#again();
    });
  }

  /** A connection that says nothing for so long is dead, whatever the system says. */
  #expectWord(socket: LiveSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (socket !== this.#socket) return;
      this.#again();
      socket.close();
    }, LIVE_SILENCE_MAX_MS);
  }

  #hear(message: FromServer): void {
    switch (message.type) {
      case 'welcome':
        if (message.user !== (this.#options.user ?? message.user)) return this.#leave('loginRequired');
        if (this.#epoch !== message.epoch) this.#seq.clear();
        this.#epoch = message.epoch;
        this.#skewMs = message.nowMs - Date.now();
        this.#attempts = 0;
        this.#options.onRights?.(message.rights);
        for (const name of [...this.#known.keys()]) if (!message.streams.includes(name)) this.#takeAway(name);
        return this.#options.onStatus?.('open');
      case 'beat':
        this.#skewMs = message.nowMs - Date.now();
        return;
      case 'snapshot':
        this.#known.set(message.stream, new Map(message.items.map((item) => [item.key, item])));
        this.#seq.set(message.stream, message.seq);
        return this.#options.onItems({ ...message, gone: [], whole: true });
      case 'changes':
        return this.#change(message);
    }
  }

  #change(message: Extract<FromServer, { type: 'changes' }>): void {
    const { stream, seq } = message;
    // Cannot be, on one connection; if it is, what we know is worth nothing.
    if (seq !== (this.#seq.get(stream) ?? 0) + 1) {
      this.#forget(stream);
      return this.#socket?.close();
    }
    this.#seq.set(stream, seq);
    const items = this.#known.get(stream) ?? new Map<string, Item>();
    this.#known.set(stream, items);
    for (const key of message.gone) items.delete(key);
    for (const item of message.items) items.set(item.key, item);
    this.#options.onItems({ ...message, whole: false });
  }

  /** It is not for this person any more. */
  #takeAway(stream: StreamName): void {
    this.#forget(stream);
    this.#options.onItems({ stream, seq: 0, items: [], gone: [], whole: true });
  }

  #forget(stream: StreamName): void {
    this.#known.delete(stream);
    this.#seq.delete(stream);
  }

  #say(message: FromClient): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
