import { decodeText, readHeaders } from './decode.ts';

/** One message of the event socket as it came: a header block and, when `Content-Length` says so, a body. */
export interface Frame {
  /** Names as written; of several equal names the last wins. Values are not decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer | undefined;
}

export interface Framer {
  /**
   * Takes any piece of the stream and returns the frames that it completes, in order. Never throws.
   * `broken` means that a limit was passed or a length is no length: nothing that follows can be trusted, so close the connection.
   */
  push(piece: Uint8Array): { readonly frames: readonly Frame[]; readonly broken?: string };
}

/** An outbound socket's `connect` answer is 6-8 KB of headers; nothing known comes near this. */
export const HEAD_BYTES_MAX = 256 * 1024;
/** `show channels as json` of 10,000 legs is about 9 MB. */
export const BODY_BYTES_MAX = 32 * 1024 * 1024;

const LINE_FEED = 10;
const START_BYTES = 4 * 1024;

/** Bytes received and not yet taken. Grows by doubling, so that a large body in small pieces costs linear time. */
interface Store {
  bytes: Buffer;
  start: number;
  end: number;
  /** No header block ends before this position. */
  searchedTo: number;
  broken: string | undefined;
}

/** Cuts the byte stream of one connection into frames, whatever the pieces it comes in. */
export function createFramer(): Framer {
  const store: Store = { bytes: Buffer.alloc(START_BYTES), start: 0, end: 0, searchedTo: 0, broken: undefined };
  return {
    push(piece) {
      if (store.broken !== undefined) return { frames: [], broken: store.broken };
      append(store, piece);
      const frames: Frame[] = [];
      for (let frame = takeFrame(store); frame !== undefined; frame = takeFrame(store)) frames.push(frame);
      return store.broken === undefined ? { frames } : { frames, broken: store.broken };
    },
  };
}

function append(store: Store, piece: Uint8Array): void {
  const held = store.end - store.start;
  if (store.end + piece.length > store.bytes.length) {
    const room =
      held + piece.length > store.bytes.length ? grown(store.bytes.length, held + piece.length) : store.bytes;
    store.bytes.copy(room, 0, store.start, store.end);
    store.searchedTo -= store.start;
    store.bytes = room;
    store.start = 0;
    store.end = held;
  }
  store.bytes.set(piece, store.end);
  store.end += piece.length;
}

function grown(size: number, needed: number): Buffer {
  let next = size;
  while (next < needed) next *= 2;
  return Buffer.alloc(next);
}

function takeFrame(store: Store): Frame | undefined {
  skipBlankLines(store);
  const headEnd = endOfHead(store);
  if (headEnd === undefined) {
    if (store.end - store.start > HEAD_BYTES_MAX) store.broken = 'header block too long';
    return undefined;
  }
  if (headEnd - store.start > HEAD_BYTES_MAX) {
    store.broken = 'header block too long';
    return undefined;
  }
  const headers = readHeaders(decodeText(store.bytes.subarray(store.start, headEnd)));
  const length = bodyLength(headers.get('Content-Length'));
  if (length === undefined) {
    store.broken = 'bad Content-Length';
    return undefined;
  }
  const bodyStart = headEnd + 2;
  if (store.end - bodyStart < length) return undefined;
  const body = headers.has('Content-Length')
    ? Buffer.from(store.bytes.subarray(bodyStart, bodyStart + length))
    : undefined;
  store.start = bodyStart + length;
  store.searchedTo = store.start;
  return { headers, body };
}

function skipBlankLines(store: Store): void {
  while (store.start < store.end && store.bytes[store.start] === LINE_FEED) store.start += 1;
  if (store.searchedTo < store.start) store.searchedTo = store.start;
}

/** Position of the first of the two line feeds that end the header block. */
function endOfHead(store: Store): number | undefined {
  const held = store.bytes.subarray(0, store.end);
  let at = held.indexOf(LINE_FEED, store.searchedTo);
  while (at !== -1 && at + 1 < store.end) {
    if (held[at + 1] === LINE_FEED) {
      store.searchedTo = at;
      return at;
    }
    at = held.indexOf(LINE_FEED, at + 1);
  }
  store.searchedTo = Math.max(store.start, store.end - 1);
  return undefined;
}

/** Undefined for a length that is no length or too much; 0 when there is no body. */
function bodyLength(text: string | undefined): number | undefined {
  if (text === undefined) return 0;
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const length = Number(text);
  return length <= BODY_BYTES_MAX ? length : undefined;
}
