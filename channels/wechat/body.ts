import { XMLParser } from 'fast-xml-parser';
import { readJson } from '../../src/channel/channel.ts';

const [NESTED_MAX, TAGS_MAX] = [8, 500];
const CDATA = '<![CDATA[';

/** Texts stay texts: no number, date or entity is made of them. */
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  maxNestedTags: NESTED_MAX,
});

/** What a push says, by WeChat's own names; a value is a text, a number, or such a record again. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * A push in either format, told by its first byte: the console decides which, and may be changed meanwhile.
 *
 * @throws SyntaxError for what is neither, or declares a document type or an entity.
 */
export function readBody(body: Buffer): Fields {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body).trimStart();
  const value = text.startsWith('<') ? readXml(text) : readJson(text);
  if (!isFields(value)) throw new SyntaxError('a push is a record');
  return value;
}

function readXml(text: string): unknown {
  const markup = withoutCdata(text);
  if (/<!|<\?(?!xml\s)/i.test(markup)) throw new SyntaxError('XML declares a document type or an entity');
  if (markup.split('<').length > TAGS_MAX) throw new SyntaxError('XML of too many tags');
  return (parser.parse(text, true) as { readonly xml?: unknown }).xml;
}

/** What a citizen writes stands in CDATA, and may well be "<!DOCTYPE html>". */
function withoutCdata(text: string): string {
  let markup = '';
  for (let at = 0; ; ) {
    const start = text.indexOf(CDATA, at);
    if (start < 0) return markup + text.slice(at);
    const end = text.indexOf(']]>', start);
    if (end < 0) throw new SyntaxError('CDATA without an end');
    markup += text.slice(at, start);
    at = end + ']]>'.length;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field as a text; a long number is one already. Empty: absent. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A list of one comes without its list, in both formats. */
export function listOf(fields: Fields, name: string): readonly Fields[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return (Array.isArray(value) ? value : [value]).filter(isFields);
}
