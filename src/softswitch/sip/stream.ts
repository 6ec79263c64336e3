import { fromBytes, readNumber, toBytes } from './characters.ts';
import { HEADERS_MAX, LINE_BYTES_MAX, MESSAGE_BYTES_MAX } from './parse-message.ts';

const HEAD_BYTES_MAX = Math.min(MESSAGE_BYTES_MAX, (HEADERS_MAX + 1) * LINE_BYTES_MAX);

/** What a TCP connection holds between reads. */
export interface StreamBuffer {
  chunks: Uint8Array[];
  bytes: number;
  /** Bytes that the message at the head needs before it is whole; 0 while unknown. */
  needed: number;
}

export type Framed = { readonly messages: readonly Uint8Array[]; readonly pings: number; readonly broken: boolean };

export function emptyStream(): StreamBuffer {
  return { chunks: [], bytes: 0, needed: 0 };
}

/**
 * Adds what was read and cuts out the messages that are whole, by Content-Length (RFC 3261 §18.3). `pings` counts CRLFCRLF
 * (RFC 5626 §3.5.1; each wants one CRLF back). `broken`: close the connection, nothing more can be framed.
 */
export function frame(buffer: StreamBuffer, data: Uint8Array): Framed {
  buffer.chunks.push(data);
  buffer.bytes += data.length;
  if (buffer.bytes < buffer.needed) return { messages: [], pings: 0, broken: false };
  const text = buffer.chunks.map(fromBytes).join('');
  const messages: Uint8Array[] = [];
  let pings = 0;
  let at = 0;
  for (;;) {
    if (text.startsWith('\r\n\r\n', at)) {
      pings++;
      at += 4;
      continue;
    }
    // A lone CRLF before a message is a pong or padding; at the very end it may be half a ping.
    if (text.startsWith('\r\n', at) && text.length > at + 2 && !'\r\n'.startsWith(text.slice(at + 2, at + 4))) at += 2;
    const length = messageLength(text, at);
    if (length === 'bad') return { messages, pings, broken: true };
    if (typeof length !== 'number' || at + length > text.length) {
      keep(buffer, text, at, typeof length === 'number' ? length : 0);
      return { messages, pings, broken: false };
    }
    messages.push(toBytes(text.slice(at, at + length)));
    at += length;
  }
}

function keep(buffer: StreamBuffer, text: string, at: number, needed: number): void {
  buffer.chunks = at === text.length ? [] : [toBytes(text.slice(at))];
  buffer.bytes = text.length - at;
  buffer.needed = needed;
}

function messageLength(text: string, at: number): number | 'more' | 'bad' {
  const end = text.indexOf('\r\n\r\n', at);
  if (end === -1) return text.length - at > HEAD_BYTES_MAX ? 'bad' : 'more';
  if (end - at > HEAD_BYTES_MAX) return 'bad';
  const lengths = [...text.slice(at, end + 2).matchAll(/\r\n(?:content-length|l)[ \t]*:([^\r]*)(?=\r\n)/gi)];
  if (lengths.length !== 1) return 'bad';
  const body = readNumber(lengths[0]![1]!.trim(), MESSAGE_BYTES_MAX);
  if (body === undefined) return 'bad';
  const length = end + 4 - at + body;
  return length > MESSAGE_BYTES_MAX ? 'bad' : length;
}
