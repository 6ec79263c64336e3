import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { type AddressObject, type AttachmentStream, MailParser, type MessageText } from 'mailparser';
import { MailRefused, nameCharsets, type Part, readFields, readStructure } from './structure.ts';

/** A mail as it can be shown. */
export interface Letter {
  /** Of the mail's head: lower-case name → values, as they stand in the mail. */
  readonly head: ReadonlyMap<string, readonly string[]>;
  readonly from: Address | undefined;
  readonly replyTo: Address | undefined;
  /** Of `To`, `Cc` and what a server notes of the delivery. */
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly raw: Buffer;
  readonly parts: readonly Part[];
  /** Why only the head was read. */
  readonly refused: string | undefined;
}

export interface Address {
  /** Lower case. */
  readonly address: string;
  readonly name: string;
}

export interface Attachment {
  readonly name: string | undefined;
  readonly type: string;
  readonly bytes: number;
}

const CHUNK_BYTES = 64 * 1024;
const TEXT_CHARS_MAX = 1024 * 1024;
const HTML_CHARS_MAX = 256 * 1024;
const ATTACHMENTS_MAX = 20;
/** Of a head that is too long, what is still read of it: who wrote, and about what. */
const REFUSED_HEAD_BYTES = 16 * 1024;

const OPTIONS = {
  keepDeliveryStatus: true,
  skipImageLinks: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  checksumAlgo: false,
  maxHtmlLengthToParse: HTML_CHARS_MAX,
} as const;

/**
 * Reads a mail piece by piece, giving way to everything else between two pieces. A mail that is not to be read comes as its head, with the
 * reason: somebody wrote, and must not be lost.
 *
 * @param cutAt undefined: `raw` is the whole mail; else how many bytes the whole has.
 */
export async function readLetter(raw: Buffer, cutAt?: number): Promise<Letter> {
  if (cutAt !== undefined) return readHeadOnly(raw, `has ${cutAt} bytes`);
  try {
    const parts = readStructure(raw);
    const named = nameCharsets(raw, parts);
    const read = await parse(named, () => undefined);
    if (read.attachments.length > ATTACHMENTS_MAX)
      throw new MailRefused(`has more than ${ATTACHMENTS_MAX} attachments`);
    return { ...read, raw, parts, refused: undefined };
  } catch (error) {
    return readHeadOnly(raw, error instanceof Error ? error.message : String(error));
  }
}

/** The bytes of each attachment, in the order of `Letter.attachments`. */
export async function readAttachments(raw: Buffer): Promise<readonly (Attachment & { readonly content: Buffer })[]> {
  const contents: Buffer[] = [];
  const { attachments } = await parse(nameCharsets(raw, readStructure(raw)), (content) => contents.push(content));
  return attachments.map((attachment, at) => ({ ...attachment, content: contents[at] ?? Buffer.alloc(0) }));
}

async function readHeadOnly(raw: Buffer, refused: string): Promise<Letter> {
  const start = raw.subarray(0, REFUSED_HEAD_BYTES);
  const blank = /\r?\n\r?\n/.exec(start.toString('latin1'))?.index;
  // A field that is cut off would read as another than it is.
  const whole = blank ?? Math.max(0, start.lastIndexOf('\n'));
  const bare = start
    .toString('latin1', 0, whole)
    .replace(/\r?\n(?=[ \t])/g, ' ')
    .split(/\r?\n/)
    .filter((line) => !/^(content-|mime-version)/i.test(line));
  const head = Buffer.from(`${bare.join('\r\n')}\r\n\r\n`, 'latin1');
  const read = await parse(nameCharsets(head, readStructure(head)), () => undefined);
  return { ...read, head: readFields(start.toString('latin1', 0, whole)), raw, parts: [], refused };
}

type Read = Omit<Letter, 'raw' | 'parts' | 'refused'>;

async function parse(raw: Buffer, keep: (content: Buffer) => void): Promise<Read> {
  const parser = new MailParser(OPTIONS);
  const attachments: Attachment[] = [];
  let text = '';
  parser.on('data', (data: AttachmentStream | MessageText) => {
    if (data.type === 'text') text = (data.text || '').slice(0, TEXT_CHARS_MAX);
    else take(data, attachments, keep);
  });
  const ended = once(parser, 'end');
  // Heard at the next piece; until then it must not count as unheard.
  ended.catch(() => undefined);
  for (let at = 0; at < raw.length; at += CHUNK_BYTES) {
    if (!parser.write(raw.subarray(at, at + CHUNK_BYTES))) await Promise.race([once(parser, 'drain'), ended]);
    else await Promise.race([setImmediate(), ended]);
  }
  parser.end();
  await ended;
  const { headerLines, subject = '' } = parser;
  const head = new Map<string, string[]>();
  for (const { key, line } of headerLines || []) {
    const value = line.slice(line.indexOf(':') + 1).replace(/\r?\n(?=[ \t])/g, '');
    head.set(key, [...(head.get(key) ?? []), value.trim()]);
  }
  const recipients = [parser.to, parser.cc].flatMap((field) => addressesOf(field).map(({ address }) => address));
  const [from, replyTo] = [addressesOf(parser.from)[0], addressesOf(parser.replyTo)[0]];
  return { head, from, replyTo, recipients: [...recipients, ...deliveredTo(head)], subject, text, attachments };
}

function take(stream: AttachmentStream, attachments: Attachment[], keep: (content: Buffer) => void): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const at = attachments.push({ name: stream.filename, type: stream.contentType, bytes }) - 1;
  stream.content.on('data', (piece: Buffer) => {
    bytes += piece.length;
    pieces.push(piece);
  });
  stream.content.on('end', () => {
    attachments[at] = { ...attachments[at]!, bytes };
    keep(Buffer.concat(pieces));
    stream.release?.();
  });
}

function deliveredTo(head: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return ['delivered-to', 'x-original-to'].flatMap((name) => head.get(name) ?? []).map((text) => text.toLowerCase());
}

function addressesOf(field: AddressObject | AddressObject[] | undefined): readonly Address[] {
  if (field === undefined) return [];
  return [field]
    .flat()
    .flatMap(({ value }) => value)
    .flatMap(({ address = '', name }) => (address === '' ? [] : { address: address.toLowerCase(), name }));
}
