import type { Answer } from '../../src/channel/channel.ts';

export type Format = 'json' | 'xml';

/** What GeoReport answers with: a list or one thing, whose names and texts are the same in both formats. */
export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

/** Names of the XML elements: of the whole, and of each thing in the list. */
export interface Elements {
  readonly whole: string;
  readonly each: string;
}

export function answerIn(format: Format, value: Value, elements: Elements, status = 200): Answer {
  return format === 'json'
    ? { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) }
    : { status, type: 'text/xml; charset=utf-8', body: xmlOf(value, elements) };
}

/** One entry for each thing that is wrong; GeoReport v2, “Errors”. */
export function errorsIn(format: Format, status: number, descriptions: readonly string[]): Answer {
  const errors = descriptions.map((description) => ({ code: status, description }));
  return answerIn(format, errors, { whole: 'errors', each: 'error' }, status);
}

function xmlOf(value: Value, { whole, each }: Elements): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n${element(whole, value, each)}`;
}

function element(name: string, value: Value, each: string): string {
  return `<${name}>${contentOf(value, each)}</${name}>`;
}

function contentOf(value: Value, each: string): string {
  if (typeof value !== 'object') return escaped(String(value));
  if (Array.isArray(value)) return value.map((one: Value) => element(each, one, each)).join('');
  // A list within is named in the plural: `formats` of `format`, `endpoints` of `endpoint`.
  return Object.entries(value)
    .map(([name, inner]) => element(name, inner, name.replace(/s$/, '')))
    .join('');
}

/** What XML 1.0 §2.2 has no room for is left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
