const JSON_DEPTH_MAX = 32;
/** A text without an end goes to the end: looked for again from each of its quotes, it would take seconds. */
const TEXTS_AND_LONG_NUMBERS = /"(?:[^"\\]|\\.?)*(?:"|$)|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * JSON of a stranger. Whole numbers of 16 digits and more come as texts, so that ids keep every digit.
 *
 * @throws SyntaxError for what is not UTF-8 or not JSON, nests deeper than 32, or names `__proto__`, `constructor` or `prototype`.
 */
export function readJson(body: Buffer | string): unknown {
  const text =
    typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(body);
  const exact = text.replace(TEXTS_AND_LONG_NUMBERS, (found) => (found.startsWith('"') ? found : `"${found}"`));
  const value = parsed(exact);
  refuseTricks(value, 0);
  return value;
}

/** Its own word for what is no JSON would quote it, and logs tell the reason. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [place = ''] = / at position \d+/.exec(String(error)) ?? [];
    throw new SyntaxError(`not JSON${place}`);
  }
}

function refuseTricks(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= JSON_DEPTH_MAX) throw new SyntaxError(`JSON nests deeper than ${JSON_DEPTH_MAX}`);
  for (const [name, inner] of Object.entries(value)) {
    if (name === '__proto__' || name === 'constructor' || name === 'prototype')
      throw new SyntaxError(`JSON names ${name}`);
    refuseTricks(inner, depth + 1);
  }
}
