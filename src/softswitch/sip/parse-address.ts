import { endOfQuoted, HIGH_BYTE, type Parameters, parseParameters, readable, unquote } from './characters.ts';
import { parseUri, type SipUri } from './parse-uri.ts';

/** `"name" <uri>;params` or `uri;params` (RFC 3261 §20.10): From, To, Contact, Route, PAI, Diversion. */
export interface Address {
  /** Readable text; empty when there is none. */
  readonly displayName: string;
  readonly uri: SipUri;
  /** The URI as written. */
  readonly uriText: string;
  readonly parameters: Parameters;
}

export function parseAddress(value: string): Address | undefined {
  const text = value.trim();
  if (text.startsWith('"')) return parseQuotedName(text);
  const open = text.indexOf('<');
  if (open === -1) return parseBare(text);
  const name = text.slice(0, open).trim();
  return isUnquotedName(name) ? parseBracketed(text, open, readable(name)) : undefined;
}

function parseQuotedName(text: string): Address | undefined {
  const end = endOfQuoted(text, 0);
  if (end === -1) return undefined;
  const open = text.indexOf('<', end);
  if (open === -1 || text.slice(end, open).trim() !== '') return undefined;
  return parseBracketed(text, open, readable(unquote(text.slice(0, end))));
}

function parseBracketed(text: string, open: number, displayName: string): Address | undefined {
  const close = text.indexOf('>', open);
  if (close === -1) return undefined;
  return build(displayName, text.slice(open + 1, close), text.slice(close + 1));
}

/** Without brackets, `;` begins parameters of the header, and `,` and `?` must not stand in the URI (RFC 3261 §20). */
function parseBare(text: string): Address | undefined {
  const semicolon = text.indexOf(';');
  const uriText = (semicolon === -1 ? text : text.slice(0, semicolon)).trim();
  if (/[,?]/.test(uriText)) return undefined;
  return build('', uriText, semicolon === -1 ? '' : text.slice(semicolon));
}

function build(displayName: string, uriText: string, parameterText: string): Address | undefined {
  const uri = parseUri(uriText);
  const parameters = parseParameters(parameterText);
  if (uri === undefined || parameters === undefined) return undefined;
  return { displayName, uri, uriText, parameters };
}

/** Tokens and spaces; also any byte above 0x7F with its neighbour, since names in Chinese often come without quotes. */
function isUnquotedName(name: string): boolean {
  return name === '' || /^[A-Za-z0-9\-.!%*_+`'~ \t]+$/.test(name) || (HIGH_BYTE.test(name) && !/[",;:<>]/.test(name));
}
