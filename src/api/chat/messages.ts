/**
 * All that passes over a citizen's chat socket, `ws(s)://HOST/api/v1/chat` with the subprotocol `hotline.v1`: JSON text frames of at most
 * 64 KiB. This file imports nothing, so that a page in a browser can take it. Instants are Unix time in ms by the server's clock.
 *
 * A conversation has lines, numbered 1, 2, 3… by the server in the transaction that stores them. A page shows them by number, holds what comes
 * too early, and asks for what it lacks. What a citizen writes has a `cid` of the page's own: sent again, it is the same line.
 */

export const CHAT_PATH = '/api/v1/chat';
export const CHAT_SESSIONS_PATH = '/api/v1/chat/sessions';
export const CHAT_FILES_PATH = '/api/v1/chat/files';
export const CHAT_PROTOCOL = 'hotline.v1';

/** Why the server closes a socket (RFC 6455 §7.4.2: 4000 to 4999 are ours). */
export const CHAT_CLOSE = {
  /** The token is not ours, or over: begin a new conversation. */
  auth: 4001,
  /** No token was shown for 5 s: come again. Told from the other by its reason, the name here. */
  late: 4001,
  /** Refused for its origin. Said as HTTP 403 before the upgrade; kept for pages that ask why. */
  origin: 4003,
  /** No message of ours. */
  badMessage: 4400,
  /** Read too slowly: come again. */
  tooSlow: 4008,
  /** The same conversation is open in a newer page. Do not come again. */
  replaced: 4009,
  /** Too much at once: come again in a while. */
  tooFast: 4029,
  /** RFC 6455: the server stops or restarts: come again within 10 s, at random. */
  restarting: 1012,
  /** No room: come again later. */
  full: 1013,
} as const;

export const CHAT_FRAME_BYTES_MAX = 64 * 1024;
/** Code points of one message. */
export const CHAT_TEXT_CHARS_MAX = 4_000;
export const CHAT_FILES_OF_MESSAGE_MAX = 9;
export const CHAT_FILE_BYTES_MAX = 20 * 1024 * 1024;
/** What may be sent, by content: names and claims do not count. */
export const CHAT_FILE_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/heic',
  'video/mp4',
  'audio/amr',
  'audio/mpeg',
  'audio/wav',
  'application/pdf',
] as const;
export type ChatFileType = (typeof CHAT_FILE_TYPES)[number];

/** `POST` of `CHAT_SESSIONS_PATH`. */
export interface ChatBegun {
  readonly session: string;
  /** Who has it is the citizen: shown in the first frame and with files, never in an address. */
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Numbers of lines are decimal texts on the wire. */
export type FromCitizen =
  /** The first frame, within 5 s. `last_seq`: up to which line the page has them. */
  | { readonly t: 'auth'; readonly token: string; readonly last_seq?: string }
  /** `cid`: a UUID; the same again is the same line, and with other words it is refused. `files`: of `CHAT_FILES_PATH`. */
  | { readonly t: 'msg'; readonly cid: string; readonly body: string; readonly files?: readonly string[] }
  | { readonly t: 'typing'; readonly on?: boolean }
  /** The page has all lines up to here; the citizen has seen them. */
  | { readonly t: 'delivered' | 'read'; readonly upto: string }
  /** The page lacks what comes after this line. */
  | { readonly t: 'resume'; readonly from_seq: string }
  /** The citizen ends the conversation. */
  | { readonly t: 'leave' }
  | { readonly t: 'ping' };

export type ToCitizen =
  /** After `auth` and `resume`: the lines after this one follow. */
  | { readonly t: 'resume'; readonly from_seq: string; readonly gap: false; readonly now: number }
  | ChatLineSaid
  /** It is stored, as this line. */
  | { readonly t: 'ack'; readonly cid: string; readonly seq: string }
  /** It is not stored. With `retry_ms` it may be sent again then, else never. */
  | { readonly t: 'refused'; readonly cid: string; readonly code: ChatRefusal; readonly retry_ms?: number }
  /** Of the citizen's lines: on the agent's screen, seen by the agent. Of lines of the hotline: what this citizen's pages said. */
  | { readonly t: 'delivered' | 'read'; readonly upto: string; readonly by: 'agent' | 'citizen' }
  | { readonly t: 'typing'; readonly on: boolean }
  | ({ readonly t: 'state' } & ChatState)
  | { readonly t: 'pong'; readonly now: number }
  | { readonly t: 'bye'; readonly code: number };

/** `reused`: something else was said under this `cid`. */
export type ChatRefusal = 'empty' | 'tooLong' | 'badFile' | 'reused' | 'tooFast' | 'busy' | 'away';

export interface ChatLineSaid {
  readonly t: 'msg';
  readonly seq: string;
  /** Of the citizen's own. */
  readonly cid?: string;
  /** `system`: written by no person. */
  readonly from: 'citizen' | 'agent' | 'system';
  readonly at: number;
  readonly body: string;
  readonly files?: readonly ChatFileSaid[];
}

export interface ChatFileSaid {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
}

/** How the conversation stands. */
export interface ChatState {
  /** `none`: nobody has written yet, or it is over: the next message begins a new contact. */
  readonly is: 'none' | 'waiting' | 'talking';
  /** Place in the queue, from 1. */
  readonly queue_pos?: number;
  /** 工号 of who answers. */
  readonly agent?: string;
}
