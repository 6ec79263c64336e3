import { connect, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { decodeText } from './decode.ts';
import { decodeEvent, type EslEvent } from './event.ts';
import { createFramer, type Frame } from './framing.ts';

/** Where a switch listens for event-socket clients. */
export interface EslEndpoint {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

export interface EslClientOptions extends EslEndpoint {
  /** Sent after `auth` on every connection: `event plain …`. */
  readonly subscribe: string;
  readonly logger: Logger;
  /** 0 ≤ x < 1; spreads the reconnections of many clients. */
  readonly random: () => number;
}

/** The answer to one command. */
export interface Reply {
  /** False for `-ERR`, `-USAGE`, and when the link was lost before the answer. */
  readonly ok: boolean;
  /** `Reply-Text`, or the body of an `api` answer, blanks at its ends removed. */
  readonly text: string;
  /** The link was lost before the answer: whether the command was carried out is not known. */
  readonly lost?: true;
}

export interface EslClientListener {
  /** Authorised and subscribed: commands may be sent. */
  up(): void;
  event(event: EslEvent): void;
  /** Once for each `up`. */
  down(reason: string): void;
  /** Nobody has listened at this address for a while: the switch's process is gone, and its legs with it. Once, until it listens again. */
  gone(): void;
}

export interface EslClient {
  start(listener: EslClientListener): void;
  /**
   * Sends one command (no final line ends). `onReply` is called exactly once, in the order of the commands; with `lost` when the link
   * breaks first. False: not sent (link down, or a limit reached) and `onReply` is never called.
   */
  send(command: string, onReply: (reply: Reply) => void): boolean;
  /** Like `send`, for those who wait. Not sent counts as lost. */
  ask(command: string): Promise<Reply>;
  /** Gives this connection up and makes a new one. */
  reconnect(reason: string): void;
  /** Closes for good. */
  close(): Promise<void>;
}

/** Commands that may wait for their answer. */
export const COMMANDS_MAX = 20_000;
/** Bytes that may wait for a switch that does not read. */
export const WRITE_BYTES_MAX = 4 * 1024 * 1024;
/** The switch answers in order, so one late answer means that the link is dead. */
export const REPLY_MS_MAX = 5_000;
/** From the connection's start to the answered subscription. */
export const LOGIN_MS_MAX = 3_000;
/** A link on which nothing is heard for this long is dead; longer while the switch's heartbeats are further apart. With a beat a second it is noticed within 3 s. */
export const SILENCE_MS_MIN = 2_500;
const HEARTBEATS_SILENT_MAX = 2.5;
/** FreeSWITCH's default, until two beats have shown the real interval. */
const HEARTBEAT_MS_ASSUMED = 20_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 1_000;
const WATCH_MS = 250;
/** A switch that restarts, or loads its event socket anew, listens again sooner. */
export const GONE_AFTER_MS = 1_500;

interface Waiting {
  readonly sentAtMs: number;
  readonly onReply: (reply: Reply) => void;
}

interface Link {
  readonly socket: Socket;
  readonly waiting: Waiting[];
  readonly openedAtMs: number;
  up: boolean;
  heardAtMs: number;
  beatAtMs: number | undefined;
  beatEveryMs: number;
}

interface State {
  readonly options: EslClientOptions;
  listener: EslClientListener;
  link: Link | undefined;
  failures: number;
  /** Since when every attempt has been refused. Unix time, ms. */
  refusedSinceMs: number | undefined;
  goneTold: boolean;
  retry: NodeJS.Timeout | undefined;
  closed: boolean;
}

/** One connection to one switch, kept up for ever. */
export function createEslClient(options: EslClientOptions): EslClient {
  const state: State = {
    options,
    listener: { up: () => {}, event: () => {}, down: () => {}, gone: () => {} },
    link: undefined,
    failures: 0,
    refusedSinceMs: undefined,
    goneTold: false,
    retry: undefined,
    closed: false,
  };
  const send: EslClient['send'] = (command, onReply) => {
    const { link } = state;
    return link?.up === true && write(link, command, onReply);
  };
  return {
    start(listener) {
      state.listener = listener;
      open(state);
    },
    send,
    ask: (command) =>
      new Promise((resolve) => {
        if (!send(command, resolve)) resolve(LOST);
      }),
    reconnect: (reason) => void state.link?.socket.destroy(new Error(reason)),
    close: () => close(state),
  };
}

const LOST: Reply = { ok: false, text: '-ERR link lost', lost: true };

function open(state: State): void {
  const { host, port } = state.options;
  const nowMs = Date.now();
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 5_000 });
  const link: Link = {
    socket,
    waiting: [],
    openedAtMs: nowMs,
    up: false,
    heardAtMs: nowMs,
    beatAtMs: undefined,
    beatEveryMs: HEARTBEAT_MS_ASSUMED,
  };
  state.link = link;
  const framer = createFramer();
  let reason = 'closed by the switch';
  let refused = false;
  socket.on('data', (piece) => {
    link.heardAtMs = Date.now();
    const { frames, broken } = framer.push(piece);
    for (const frame of frames) if (!socket.destroyed) receive(state, link, frame);
    if (broken !== undefined) socket.destroy(new Error(broken));
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    reason = error.message;
    refused = error.code === 'ECONNREFUSED';
  });
  const look = (): void => {
    const late = overdue(link, Date.now());
    if (late !== undefined) socket.destroy(new Error(late));
  };
  // After what has come meanwhile: when it was we who stood still, nobody else is to blame.
  const watch = setInterval(() => setImmediate(look), WATCH_MS);
  socket.on('close', () => {
    clearInterval(watch);
    lose(state, link, reason);
    if (!state.closed) noteRefusal(state, refused);
  });
}

/** Why this link must be given up, if it must. */
function overdue(link: Link, nowMs: number): string | undefined {
  if (!link.up) return nowMs - link.openedAtMs > LOGIN_MS_MAX ? 'no login in time' : undefined;
  const oldest = link.waiting[0];
  if (oldest !== undefined && nowMs - oldest.sentAtMs > REPLY_MS_MAX) return 'no answer in time';
  const silenceMsMax = Math.max(SILENCE_MS_MIN, HEARTBEATS_SILENT_MAX * link.beatEveryMs);
  return nowMs - link.heardAtMs > silenceMsMax ? 'no heartbeat' : undefined;
}

function lose(state: State, link: Link, reason: string): void {
  state.link = undefined;
  const { logger, host, port } = state.options;
  if (state.closed) {
    link.up = false;
  } else if (link.up) {
    logger.warn({ host, port, reason }, 'event socket lost');
    state.listener.down(reason);
  } else {
    state.failures += 1;
    logger.debug({ host, port, reason }, 'event socket not reached');
  }
  for (const { onReply } of link.waiting.splice(0)) onReply(LOST);
  if (!state.closed) state.retry = setTimeout(() => open(state), retryMs(state.failures, state.options.random));
}

/** Whatever else breaks a link, the machine of a living switch goes on listening for it. */
function noteRefusal(state: State, refused: boolean): void {
  if (!refused) {
    state.refusedSinceMs = undefined;
    state.goneTold = false;
    return;
  }
  const nowMs = Date.now();
  state.refusedSinceMs ??= nowMs;
  if (state.goneTold || nowMs - state.refusedSinceMs < GONE_AFTER_MS) return;
  state.goneTold = true;
  const { host, port } = state.options;
  state.options.logger.error({ host, port }, 'nobody listens at the event socket: the switch is gone');
  state.listener.gone();
}

/** 0.1 s, doubling to 1 s, each between half of that and all of it. */
export function retryMs(failures: number, random: () => number): number {
  const fullMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(failures, 10));
  return fullMs * (0.5 + random() / 2);
}

function receive(state: State, link: Link, frame: Frame): void {
  switch (frame.headers.get('Content-Type')) {
    case 'text/event-plain':
    case 'text/event-json':
      return receiveEvent(state, link, frame);
    case 'command/reply':
      return answer(link, frame.headers.get('Reply-Text') ?? '');
    case 'api/response':
      return answer(link, frame.body === undefined ? '' : decodeText(frame.body));
    case 'auth/request':
      return logIn(state, link);
    case 'text/rude-rejection':
      link.socket.destroy(new Error('refused by the access list of the switch'));
      return;
    default:
      // `text/disconnect-notice` may come before the last events: only the end of the stream ends the link.
      return;
  }
}

function receiveEvent(state: State, link: Link, frame: Frame): void {
  const event = decodeEvent(frame);
  if (event === undefined) return;
  if (event.name === 'HEARTBEAT') noteHeartbeat(link);
  if (link.up) state.listener.event(event);
}

function noteHeartbeat(link: Link): void {
  if (link.beatAtMs !== undefined) link.beatEveryMs = Math.max(1, link.heardAtMs - link.beatAtMs);
  link.beatAtMs = link.heardAtMs;
}

function answer(link: Link, text: string): void {
  const waiting = link.waiting.shift();
  const trimmed = text.trim();
  waiting?.onReply({ ok: !trimmed.startsWith('-'), text: trimmed });
}

function logIn(state: State, link: Link): void {
  const { password, subscribe, logger, host, port } = state.options;
  write(link, `auth ${password.replace(/[\r\n]/g, '')}`, (reply) => {
    if (reply.ok || reply.lost === true) return;
    logger.error({ host, port }, 'event socket refuses the password');
    link.socket.destroy(new Error('password refused'));
  });
  write(link, subscribe, (reply) => {
    if (!reply.ok) {
      if (reply.lost !== true) link.socket.destroy(new Error(`subscription refused: ${reply.text}`));
      return;
    }
    link.up = true;
    state.failures = 0;
    logger.info({ host, port }, 'event socket up');
    state.listener.up();
  });
}

function write(link: Link, command: string, onReply: (reply: Reply) => void): boolean {
  if (!link.socket.writable) return false;
  if (link.waiting.length >= COMMANDS_MAX || link.socket.writableLength > WRITE_BYTES_MAX) return false;
  link.waiting.push({ sentAtMs: Date.now(), onReply });
  link.socket.write(`${command}\n\n`);
  return true;
}

function close(state: State): Promise<void> {
  state.closed = true;
  clearTimeout(state.retry);
  const { link } = state;
  if (link === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    link.socket.once('close', () => resolve());
    link.socket.destroy();
  });
}
