/** One command of an event-socket client: a line, headers, and a body when `Content-Length` says so. */
export interface ClientCommand {
  /** First word of the line, lower case. */
  readonly verb: string;
  /** The rest of the line, blanks at its ends removed. */
  readonly argument: string;
  /** Names in lower case. The last of several wins. */
  readonly headers: ReadonlyMap<string, string>;
  /** Headers as written, for `sendevent`. */
  readonly rawHeaders: ReadonlyArray<readonly [string, string]>;
  readonly body: string;
}

export type ReadResult =
  | { readonly kind: 'command'; readonly command: ClientCommand }
  /** Not enough bytes yet. */
  | { readonly kind: 'more' }
  /** A limit was broken: nothing that follows can be trusted. */
  | { readonly kind: 'broken'; readonly why: string };

/** Longest line with its headers; before `auth` far less is believed. */
export const HEAD_BYTES_MAX = 64 * 1024;
export const HEAD_BEFORE_AUTH_BYTES_MAX = 1024;
export const BODY_BYTES_MAX = 1024 * 1024;
export const HEADERS_MAX = 200;

const LINE_FEED = 10;

export interface CommandReader {
  push(data: Uint8Array): void;
  next(headBytesMax: number): ReadResult;
  bufferedBytes(): number;
}

/** Cuts a client's bytes, in whatever pieces they come, into commands. Never throws. */
export function createCommandReader(): CommandReader {
  let pending: Buffer = Buffer.alloc(0);
  let searchedTo = 0;
  return {
    push(data) {
      pending = pending.length === 0 ? Buffer.from(data) : Buffer.concat([pending, data]);
    },
    next(headBytesMax) {
      const skipped = leadingBlankBytes(pending);
      if (skipped > 0) {
        pending = pending.subarray(skipped);
        searchedTo = 0;
      }
      const end = endOfHead(pending, searchedTo);
      if (end === undefined) {
        searchedTo = Math.max(0, pending.length - 3);
        if (pending.length > headBytesMax) return { kind: 'broken', why: 'line too long' };
        return { kind: 'more' };
      }
      if (end.at > headBytesMax) return { kind: 'broken', why: 'line too long' };
      const head = readHead(pending.subarray(0, end.at).toString('utf8'));
      if (head === undefined) return { kind: 'broken', why: 'too many headers' };
      const bodyBytes = bodyLength(head.headers);
      if (bodyBytes === undefined) return { kind: 'broken', why: 'bad content length' };
      const start = end.at + end.width;
      if (pending.length < start + bodyBytes) return { kind: 'more' };
      const body = pending.subarray(start, start + bodyBytes).toString('utf8');
      pending = pending.subarray(start + bodyBytes);
      searchedTo = 0;
      return { kind: 'command', command: { ...head, body } };
    },
    bufferedBytes: () => pending.length,
  };
}

/** Clients may send spare line ends between commands; FreeSWITCH ignores them. */
function leadingBlankBytes(data: Buffer): number {
  let at = 0;
  while (at < data.length && (data[at] === LINE_FEED || data[at] === 13)) at += 1;
  return at;
}

/** Where the empty line begins, and how many bytes it takes with the line end before it. */
function endOfHead(data: Buffer, from: number): { readonly at: number; readonly width: number } | undefined {
  let at = data.indexOf(LINE_FEED, from);
  while (at !== -1) {
    if (data[at + 1] === LINE_FEED) return { at, width: 2 };
    if (data[at + 1] === 13 && data[at + 2] === LINE_FEED) return { at, width: 3 };
    at = data.indexOf(LINE_FEED, at + 1);
  }
  return undefined;
}

function readHead(text: string): Omit<ClientCommand, 'body'> | undefined {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.length > HEADERS_MAX) return undefined;
  const line = (lines[0] ?? '').trim();
  const blank = line.search(/\s/);
  const rawHeaders = lines.slice(1).flatMap(readHeader);
  return {
    verb: (blank === -1 ? line : line.slice(0, blank)).toLowerCase(),
    argument: blank === -1 ? '' : line.slice(blank + 1).trim(),
    headers: new Map(rawHeaders.map(([name, value]) => [name.toLowerCase(), value])),
    rawHeaders,
  };
}

function readHeader(line: string): Array<readonly [string, string]> {
  const colon = line.indexOf(':');
  return colon <= 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
}

/** Bytes of the body; undefined for a length that is no length or too much. */
function bodyLength(headers: ReadonlyMap<string, string>): number | undefined {
  const text = headers.get('content-length');
  if (text === undefined) return 0;
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const bytes = Number(text);
  return bytes > BODY_BYTES_MAX ? undefined : bytes;
}
