import { fromBytes, isDigits, isToken, readNumber, splitOutside } from './characters.ts';
import {
  canonicalName,
  type Essentials,
  type Header,
  headerOf,
  headersOf,
  type RequestIn,
  type ResponseIn,
} from './message.ts';
import { parseAddress } from './parse-address.ts';
import { parseUri } from './parse-uri.ts';
import { parseVia } from './parse-via.ts';

export const MESSAGE_BYTES_MAX = 65_536;
export const HEADERS_MAX = 64;
export const LINE_BYTES_MAX = 8_192;
/** Values in one list header: Via, Route, Contact… */
export const LIST_VALUES_MAX = 64;
const CSEQ_MAX = 2 ** 31 - 1;

export type Parsed =
  | { readonly ok: true; readonly message: RequestIn | ResponseIn }
  /** `headers` are those that a 400 needs, when the request had them all; without them the message is dropped. */
  | {
      readonly ok: false;
      readonly why: string;
      readonly status: number;
      readonly method: string | undefined;
      readonly headers: readonly Header[] | undefined;
    };

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string };

class Malformed {
  readonly why: string;
  readonly status: number;
  constructor(why: string, status = 400) {
    this.why = why;
    this.status = status;
  }
}

/** One whole message: a datagram, or what the stream framer cut out. Never throws. RFC 3261 §7, §25. */
export function parseMessage(data: Uint8Array): Parsed {
  if (data.length > MESSAGE_BYTES_MAX) return refuse('message too long', 513, undefined, undefined);
  const text = fromBytes(data);
  let start = 0;
  while (text.startsWith('\r\n', start)) start += 2;
  const end = text.indexOf('\r\n\r\n', start);
  const lines = unfold(end === -1 ? text.slice(start).trimEnd() : text.slice(start, end));
  if (lines instanceof Malformed) return refuse(lines.why, lines.status, undefined, undefined);
  const method = /^([^ ]+) .*SIP\/[0-9.]+\s*$/s.exec(lines[0]!)?.[1];
  const headers = parseHeaders(lines);
  if (headers instanceof Malformed) return refuse(headers.why, headers.status, undefined, undefined);
  const startLine = parseStartLine(lines[0]!);
  if (startLine instanceof Malformed) return refuse(startLine.why, startLine.status, method, headers);
  if (end === -1) return refuse('no end of headers', 400, method, headers);
  const essentials = readEssentials(headers, startLine);
  if (essentials instanceof Malformed) return refuse(essentials.why, essentials.status, method, headers);
  const body = cutBody(text, end + 4, headers);
  if (body instanceof Malformed) return refuse(body.why, body.status, method, headers);
  return { ok: true, message: { ...startLine, headers, body, ...essentials, size: data.length } };
}

const NEEDED = ['Via', 'From', 'To', 'Call-ID', 'CSeq'];

function refuse(
  why: string,
  status: number,
  method: string | undefined,
  headers: readonly Header[] | undefined,
): Parsed {
  const whole = headers !== undefined && NEEDED.every((name) => headers.some((header) => header.name === name));
  return { ok: false, why, status, method, headers: whole && method !== undefined ? headers : undefined };
}

/** RFC 3261 §7.3.1: a line that begins with white space continues the one before. */
function unfold(head: string): string[] | Malformed {
  const lines: string[] = [];
  for (const line of head.split('\r\n')) {
    const first = line[0];
    if ((first === ' ' || first === '\t') && lines.length > 0) {
      lines[lines.length - 1] = `${lines[lines.length - 1]!.trimEnd()} ${line.trim()}`;
    } else {
      lines.push(line);
    }
    if (lines[lines.length - 1]!.length > LINE_BYTES_MAX) return new Malformed('line too long', 400);
    if (lines.length > HEADERS_MAX + 1) return new Malformed('too many headers', 400);
  }
  return lines;
}

function parseStartLine(line: string): StartLine | Malformed {
  const response = /^SIP\/([0-9]+\.[0-9]+) ([0-9]{3})(?: (.*))?$/i.exec(line);
  if (response !== null) {
    const status = Number(response[2]);
    if (response[1] !== '2.0' || status < 100 || status > 699) return new Malformed('bad status line');
    return { kind: 'response', status, reason: response[3] ?? '' };
  }
  const [method, uri, version, ...surplus] = line.split(' ');
  if (method === undefined || uri === undefined || version === undefined || surplus.length > 0) {
    return new Malformed('bad request line');
  }
  if (/^SIP\/[0-9]+\.[0-9]+$/i.test(version) && version.toUpperCase() !== 'SIP/2.0')
    return new Malformed('version', 505);
  if (version.toUpperCase() !== 'SIP/2.0' || !isToken(method)) return new Malformed('bad request line');
  const parsed = parseUri(uri);
  if (parsed === undefined || parsed.headers !== '') return new Malformed('bad Request-URI');
  return { kind: 'request', method, uri };
}

const LINE_BREAKS = /[\r\n]/;

function parseHeaders(lines: readonly string[]): Header[] | Malformed {
  const headers: Header[] = [];
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (!isToken(name)) return new Malformed('bad header name');
    // What is a line end to some parsers must not travel on in a header that is echoed.
    if (LINE_BREAKS.test(line)) return new Malformed('bare line break');
    headers.push({ name: canonicalName(name), value: line.slice(colon + 1).trim() });
  }
  return headers;
}

const SINGLE = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Type', 'Expires'];

function readEssentials(headers: readonly Header[], start: StartLine): Omit<Essentials, 'size'> | Malformed {
  const message = { headers };
  for (const name of SINGLE) if (headersOf(message, name).length > 1) return new Malformed(`several ${name}`);
  const vias = listValues(headersOf(message, 'Via'));
  const from = parseAddress(headerOf(message, 'From') ?? '');
  const to = parseAddress(headerOf(message, 'To') ?? '');
  const callId = headerOf(message, 'Call-ID') ?? '';
  const cseq = /^([0-9]{1,15})[ \t]+([^ \t]+)$/.exec(headerOf(message, 'CSeq') ?? '');
  if (vias === undefined || vias.length === 0) return new Malformed('bad Via');
  const parsedVias = vias.map(parseVia);
  const via = parsedVias[0];
  if (via === undefined || parsedVias.includes(undefined)) return new Malformed('bad Via');
  if (from === undefined) return new Malformed('bad From');
  if (to === undefined) return new Malformed('bad To');
  if (callId === '' || /\s/.test(callId)) return new Malformed('bad Call-ID');
  const number = readNumber(cseq?.[1] ?? '', CSEQ_MAX);
  const cseqMethod = cseq?.[2] ?? '';
  if (number === undefined || !isToken(cseqMethod)) return new Malformed('bad CSeq');
  if (start.kind === 'request' && cseqMethod !== start.method) return new Malformed('CSeq method');
  const why = checkLists(message) ?? checkNumbers(message);
  if (why !== undefined) return new Malformed(why);
  const fromTag = from.parameters.get('tag') ?? '';
  const toTag = to.parameters.get('tag') ?? '';
  return { via, viaCount: vias.length, from, to, fromTag, toTag, callId, cseq: number, cseqMethod };
}

const ADDRESS_LISTS = ['Contact', 'Route', 'Record-Route'];

function checkLists(message: { readonly headers: readonly Header[] }): string | undefined {
  for (const name of ADDRESS_LISTS) {
    const values = listValues(headersOf(message, name));
    const starred = name === 'Contact' && values?.length === 1 && values[0] === '*';
    if (values === undefined || (!starred && values.some((value) => parseAddress(value) === undefined))) {
      return `bad ${name}`;
    }
  }
  return undefined;
}

function checkNumbers(message: { readonly headers: readonly Header[] }): string | undefined {
  const maxForwards = headerOf(message, 'Max-Forwards');
  if (maxForwards !== undefined && readNumber(maxForwards, 255) === undefined) return 'bad Max-Forwards';
  const expires = headerOf(message, 'Expires');
  if (expires !== undefined && readNumber(expires, 2 ** 32 - 1) === undefined) return 'bad Expires';
  return undefined;
}

/** All values of a list header, over several lines or one. Undefined when one is empty, open-ended, or there are too many. */
export function listValues(lines: readonly string[]): string[] | undefined {
  const values: string[] = [];
  for (const line of lines) {
    const parts = splitOutside(line, ',');
    if (parts === undefined || parts.includes('')) return undefined;
    values.push(...parts);
    if (values.length > LIST_VALUES_MAX) return undefined;
  }
  return values;
}

/** RFC 3261 §18.3: what goes beyond Content-Length is ignored, what is missing is an error. */
function cutBody(text: string, start: number, headers: readonly Header[]): string | Malformed {
  const values = headersOf({ headers }, 'Content-Length');
  const available = text.length - start;
  if (values.length === 0) return text.slice(start);
  if (values.some((value) => !isDigits(value) || value !== values[0])) return new Malformed('bad Content-Length');
  const length = readNumber(values[0]!, MESSAGE_BYTES_MAX);
  if (length === undefined || length > available) return new Malformed('bad Content-Length');
  return text.slice(start, start + length);
}
