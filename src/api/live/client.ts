import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { LIVE_CLOSE } from './messages.ts';
import type { Stream } from './stream.ts';
import type { Admission } from './tickets.ts';

/** Written and not yet taken by the network: more, and the client reads too slowly. */
export const BUFFERED_MAX = 1024 * 1024;
export const PING_EVERY_MS = 3_000;
/** A ping unanswered for so long: with `PING_EVERY_MS` a dead or unread socket is gone within 10 s. */
export const SILENT_MAX_MS = 6_500;
/** Messages that a client may send at once, and how many more each second. */
const MESSAGES_BURST = 20;
const MESSAGES_PER_S = 2;
/** Who does not read does not read the close frame either. */
const CLOSE_MAX_MS = 1_000;

/** One socket that has said hello: what it has been sent of each stream. */
export class Client {
  readonly socket: WebSocket;
  readonly #wire: Duplex;
  readonly admission: Admission;
  /** Our own reason, whether or not the client ever reads it. */
  cutWith: number | undefined;
  readonly cursors = new Map<Stream, number>();
  #heardMs: number;
  #pingAtMs: number;
  /** Of a snapshot under way, which may be larger than what a slow reader may leave. */
  #snapshotBytes = 0;
  #messages = 0;
  #messagesAtMs: number;

  /** `wire`: what the socket is written to. */
  constructor(socket: WebSocket, wire: Duplex, admission: Admission, nowMs: number) {
    this.socket = socket;
    this.#wire = wire;
    this.admission = admission;
    this.#heardMs = nowMs;
    this.#pingAtMs = nowMs + PING_EVERY_MS;
    this.#messagesAtMs = nowMs;
    socket.on('pong', () => this.heard(Date.now()));
  }

  get open(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Whether what was sent so far has arrived: a socket answers in order. Waits for so long at most. */
  async arrived(withinMs: number): Promise<boolean> {
    if (!this.open) return false;
    const { socket } = this;
    const mark = randomBytes(8);
    return await new Promise((resolve) => {
      const done = (there: boolean): void => {
        clearTimeout(late);
        socket.off('pong', look);
        socket.off('close', gone);
        resolve(there);
      };
      const look = (data: Buffer): void => void (data.equals(mark) && done(true));
      const gone = (): void => done(false);
      const late = setTimeout(gone, withinMs);
      late.unref();
      socket.on('pong', look);
      socket.once('close', gone);
      socket.ping(mark);
    });
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** @returns false when the client says too much. */
  mayTalk(nowMs: number): boolean {
    const earned = ((nowMs - this.#messagesAtMs) / 1_000) * MESSAGES_PER_S;
    this.#messages = Math.max(0, this.#messages - earned) + 1;
    this.#messagesAtMs = nowMs;
    return this.#messages <= MESSAGES_BURST;
  }

  send(frame: Buffer): void {
    if (!this.open) return;
    if (this.socket.bufferedAmount - this.#snapshotBytes + frame.length > BUFFERED_MAX) return this.cut('tooSlow');
    this.socket.send(frame, { binary: false });
  }

  /** Brings the client up to date in one stream. */
  catchUp(stream: Stream): void {
    const from = this.cursors.get(stream);
    if (from === stream.seq || !this.open) return;
    const missed = from === undefined ? undefined : stream.framesAfter(from);
    this.cursors.set(stream, stream.seq);
    if (missed !== undefined) for (const frame of missed) this.send(frame);
    else this.#sendWhole(stream);
  }

  /** Brings the client up to date in those streams that it reads: all that is new in one write. */
  catchUpAll(streams: readonly Stream[]): void {
    this.#wire.cork();
    for (const stream of streams) if (this.cursors.has(stream)) this.catchUp(stream);
    this.#wire.uncork();
  }

  #sendWhole(stream: Stream): void {
    for (const frame of stream.whole()) {
      this.#snapshotBytes += frame.length;
      this.socket.send(frame, { binary: false }, () => {
        this.#snapshotBytes -= frame.length;
      });
    }
  }

  /** Pings when it is time; cuts who has not answered. `beat`: sent along. */
  keepAlive(nowMs: number, beat: () => Buffer): void {
    if (nowMs - this.#heardMs > SILENT_MAX_MS) return this.cut('tooSlow');
    if (nowMs < this.#pingAtMs) return;
    this.#pingAtMs = nowMs + PING_EVERY_MS;
    this.socket.ping();
    this.send(beat());
  }

  cut(why: keyof typeof LIVE_CLOSE): void {
    this.cutWith ??= LIVE_CLOSE[why];
    closeSocket(this.socket, why);
  }
}

/** Politely first; a peer that does not answer is ended. */
export function closeSocket(socket: WebSocket, why: keyof typeof LIVE_CLOSE): void {
  if (socket.readyState >= socket.CLOSING) return;
  socket.close(LIVE_CLOSE[why], why);
  const timer = setTimeout(() => socket.terminate(), CLOSE_MAX_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Undefined: no JSON object. */
export function readMessage(data: RawData, isBinary: boolean): unknown {
  if (isBinary) return undefined;
  try {
    return JSON.parse(String(data));
  } catch {
    return undefined;
  }
}
