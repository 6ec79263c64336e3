/**
 * Inside this folder a message is a "binary string": one character per byte (Latin-1), so that what is echoed goes back byte for
 * byte and lengths are bytes. Text that people read is decoded at the edge by `readable` and encoded by `toBinary`.
 */

const UTF8 = new TextDecoder('utf-8');
const GB18030 = new TextDecoder('gb18030');
const READABLE_MAX = 256;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
export const HIGH_BYTE = /[\u0080-\u00ff]/;

/** RFC 3261 §25.1 `token`. */
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isDigits(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

/** A decimal number of at most `max`, leading zeros allowed; undefined for anything else. */
export function readNumber(text: string, max: number): number | undefined {
  if (text.length > 15 || !isDigits(text)) return undefined;
  const number = Number(text);
  return number <= max ? number : undefined;
}

export function fromBytes(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
}

export function toBytes(binary: string): Uint8Array {
  return Buffer.from(binary, 'latin1');
}

export function toBinary(text: string): string {
  return HIGH_BYTE.test(text) || [...text].some((character) => character > '\u00ff')
    ? Buffer.from(text, 'utf8').toString('latin1')
    : text;
}

export function isUtf8(binary: string): boolean {
  return !HIGH_BYTE.test(binary) || !UTF8.decode(toBytes(binary)).includes('\ufffd');
}

/** UTF-8 as RFC 3261 §7.3.1 wants it, GB18030 as many exchanges in China send it. */
export function decodeText(binary: string): string {
  if (!HIGH_BYTE.test(binary)) return binary;
  const utf8 = UTF8.decode(toBytes(binary));
  return utf8.includes('\ufffd') ? GB18030.decode(toBytes(binary)) : utf8;
}

/** For people's eyes: decoded, without control characters, at most `READABLE_MAX` characters. */
export function readable(binary: string): string {
  return decodeText(binary).replace(CONTROLS, '').trim().slice(0, READABLE_MAX);
}

/** A header value that cannot break out of its line, as bytes. */
export function headerSafe(text: string): string {
  return toBinary(text.replace(CONTROLS, ' '));
}

export function quote(text: string): string {
  return `"${headerSafe(text).replace(/[\\"]/g, '\\$&')}"`;
}

/** Index just past the closing quote of the quoted string that starts at `start`, or -1. */
export function endOfQuoted(text: string, start: number): number {
  const plain = scanQuoted(text, start, false);
  return plain === -1 && HIGH_BYTE.test(text) ? scanQuoted(text, start, true) : plain;
}

/** With `pairs`, a byte after a lead byte is its second half: in GB18030 that may look like a backslash. */
function scanQuoted(text: string, start: number, pairs: boolean): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return at + 1;
    if (character === '\\' || (pairs && character >= '\u0081')) at++;
  }
  return -1;
}

/** What stands between the quotes, escapes undone. */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return isUtf8(inner) ? inner.replace(/\\(.)/gs, '$1') : inner;
}

/** Splits at `separator` outside quotes and angle brackets. Undefined when a quote or bracket is left open. */
export function splitOutside(text: string, separator: ',' | ';'): string[] | undefined {
  if (!text.includes(separator) && !text.includes('"') && !text.includes('<')) return [text.trim()];
  const parts: string[] = [];
  let from = 0;
  let bracket = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' && !bracket) {
      const end = endOfQuoted(text, at);
      if (end === -1) return undefined;
      at = end - 1;
    } else if (character === '<') {
      bracket = true;
    } else if (character === '>') {
      bracket = false;
    } else if (character === separator && !bracket) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return bracket ? undefined : parts;
}

export type Parameters = ReadonlyMap<string, string>;

/** `;a;b=c;d="e"`: names in lower case, quoted values with their quotes. Undefined when malformed. RFC 3261 §25.1 generic-param. */
export function parseParameters(text: string): Parameters | undefined {
  const parameters = new Map<string, string>();
  const rest = text.trim();
  if (rest === '') return parameters;
  if (!rest.startsWith(';')) return undefined;
  const parts = splitOutside(rest.slice(1), ';');
  if (parts === undefined) return undefined;
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
    const value = equals === -1 ? '' : part.slice(equals + 1).trim();
    if (!isToken(name) || !isParameterValue(value) || (equals !== -1 && value === '')) return undefined;
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

function isParameterValue(value: string): boolean {
  if (value.startsWith('"')) return endOfQuoted(value, 0) === value.length;
  return /^[^\s",;<>]*$/.test(value);
}
