import { isUtf8 } from 'node:buffer';

/**
 * Where the parts of a mail stand, found in one pass over its bytes and before any of them is decoded. What a parser would choke on is refused
 * here: it costs milliseconds, whatever the mail says. RFC 2045, RFC 2046 §5.1.
 */
export interface Part {
  /** Lower case, such as `text/plain`. */
  readonly type: string;
  /** Of the part's head, unfolded: lower-case name → values in their order. */
  readonly head: ReadonlyMap<string, readonly string[]>;
  readonly headFrom: number;
  readonly bodyFrom: number;
  readonly bodyTo: number;
}

/** Why a mail is not read, in words for the agent who finds it instead. */
export class MailRefused extends Error {}

export const PARTS_MAX = 50;
const DEPTH_MAX = 8;
/** Of the mail's own head; it holds every address field, each of which costs time to read. */
const HEAD_BYTES_MAX = 128 * 1024;
const DELIMITER_BYTES_MAX = 200;
const [CR, LF] = [13, 10];

interface Open {
  readonly boundary: string;
  readonly depth: number;
}

/** @throws MailRefused for more than 50 parts, 8 levels or 128 KiB of head. */
export function readStructure(raw: Buffer): readonly Part[] {
  const parts: { -readonly [Name in keyof Part]: Part[Name] }[] = [];
  const open: Open[] = [];

  /** @returns where the search for delimiters goes on. */
  function enter(from: number, depth: number): number {
    if (depth > DEPTH_MAX) throw new MailRefused(`nests deeper than ${DEPTH_MAX} levels`);
    if (parts.length >= PARTS_MAX) throw new MailRefused(`has more than ${PARTS_MAX} parts`);
    const part = readHead(raw, from);
    parts.push(part);
    const boundary = part.type.startsWith('multipart/') ? parameter(part, 'boundary') : undefined;
    if (boundary !== undefined) open.push({ boundary, depth });
    return part.type === 'message/rfc822' ? enter(part.bodyFrom, depth + 1) : part.bodyFrom;
  }

  let at = enter(0, 0);
  for (;;) {
    const delimiter = nextDelimiter(raw, at, open);
    if (delimiter === undefined) break;
    for (const part of parts) if (part.bodyTo > delimiter.from) part.bodyTo = delimiter.from;
    open.length = delimiter.level + (delimiter.closes ? 0 : 1);
    at = delimiter.closes ? delimiter.to : enter(delimiter.to, (open.at(-1)?.depth ?? 0) + 1);
  }
  return parts;
}

function readHead(raw: Buffer, from: number): Part {
  const bodyFrom = endOfHead(raw, from);
  if (bodyFrom - from > HEAD_BYTES_MAX) throw new MailRefused(`has a head of more than ${HEAD_BYTES_MAX} bytes`);
  const head = readFields(raw.toString('latin1', from, bodyFrom));
  const type = /^[^;\s]+/.exec(head.get('content-type')?.[0] ?? '')?.[0]?.toLowerCase() ?? 'text/plain';
  return { type, head, headFrom: from, bodyFrom, bodyTo: raw.length };
}

function endOfHead(raw: Buffer, from: number): number {
  if (raw[from] === LF) return from + 1;
  if (raw[from] === CR && raw[from + 1] === LF) return from + 2;
  for (let at = raw.indexOf(LF, from); at !== -1; at = raw.indexOf(LF, at + 1)) {
    if (raw[at + 1] === LF) return at + 2;
    if (raw[at + 1] === CR && raw[at + 2] === LF) return at + 3;
    if (at - from > HEAD_BYTES_MAX) return at;
  }
  return raw.length;
}

/** Unfolded; names in lower case. RFC 5322 §2.2. */
export function readFields(head: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of head.replace(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trimEnd().toLowerCase();
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [line.slice(colon + 1).trim()]);
    else values.push(line.slice(colon + 1).trim());
  }
  return fields;
}

/** Of `Content-Type`. */
export function parameter(part: Pick<Part, 'head'>, name: string): string | undefined {
  const value = part.head.get('content-type')?.[0] ?? '';
  for (const piece of value.split(';').slice(1)) {
    const equals = piece.indexOf('=');
    if (piece.slice(0, equals).trim().toLowerCase() !== name) continue;
    const text = piece.slice(equals + 1).trim();
    return text.startsWith('"') ? text.slice(1).replace(/".*$/, '') : text;
  }
  return undefined;
}

interface Delimiter {
  readonly from: number;
  readonly to: number;
  readonly level: number;
  readonly closes: boolean;
}

function nextDelimiter(raw: Buffer, from: number, open: readonly Open[]): Delimiter | undefined {
  if (open.length === 0) return undefined;
  // The line break before a delimiter belongs to it, and the head's last one may be that.
  for (let at = raw.indexOf('\n--', Math.max(0, from - 1)); at !== -1; at = raw.indexOf('\n--', at + 1)) {
    const end = raw.indexOf(LF, at + 1);
    const to = end === -1 ? raw.length : end + 1;
    if (to - at > DELIMITER_BYTES_MAX) continue;
    const line = raw.toString('latin1', at + 3, to).trimEnd();
    const level = open.findLastIndex(({ boundary }) => line === boundary || line === `${boundary}--`);
    if (level === -1) continue;
    return { from: raw[at - 1] === CR ? at - 1 : at, to, level, closes: line !== open[level]!.boundary };
  }
  return undefined;
}

/**
 * The same mail with its unsaid encodings said. Old programs send GBK as it is: in fields (RFC 5322 allows ASCII there), and in texts that
 * name no charset. What is no UTF-8 is read as GB18030, which holds GBK and GB 2312, and failing that as Latin-1.
 */
export function nameCharsets(raw: Buffer, parts: readonly Part[]): Buffer {
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const part of parts) {
    const charset = unsaidCharset(raw, part);
    const head = raw.subarray(part.headFrom, part.bodyFrom);
    if (charset === undefined && isUtf8(head)) continue;
    pieces.push(raw.subarray(copied, part.headFrom), Buffer.from(withCharset(decode(head), part, charset)));
    copied = part.bodyFrom;
  }
  return copied === 0 ? raw : Buffer.concat([...pieces, raw.subarray(copied)]);
}

function unsaidCharset(raw: Buffer, part: Part): string | undefined {
  const { type, head, bodyFrom, bodyTo } = part;
  if (!type.startsWith('text/') || parameter(part, 'charset') !== undefined) return undefined;
  const encoding = head.get('content-transfer-encoding')?.[0]?.toLowerCase() ?? '7bit';
  if (!['7bit', '8bit', 'binary'].includes(encoding)) return undefined;
  const body = raw.subarray(bodyFrom, bodyTo);
  if (isUtf8(body)) return undefined;
  return asGb18030(body) === undefined ? 'latin1' : 'gb18030';
}

function withCharset(head: string, part: Part, charset: string | undefined): string {
  if (charset === undefined) return head;
  return part.head.has('content-type')
    ? head.replace(/^(content-type[ \t]*:(?:[^\r\n]|\r?\n[ \t])*)/im, `$1; charset=${charset}`)
    : `Content-Type: text/plain; charset=${charset}\r\n${head}`;
}

function decode(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : (asGb18030(bytes) ?? bytes.toString('latin1'));
}

function asGb18030(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
