const utf8 = new TextDecoder('utf-8', { fatal: true });
const gb18030 = new TextDecoder('gb18030');

/** Bytes → text. What is no UTF-8 is taken for GB18030 (display names of older exchanges), which decodes anything. Never throws. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return gb18030.decode(bytes);
  }
}

/** Percent-decoding that never throws: a `%` that begins no escape stays as it is. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  const source = Buffer.from(text, 'utf8');
  const bytes = Buffer.alloc(source.length);
  let length = 0;
  for (let at = 0; at < source.length; at += 1) {
    const high = source[at] === 0x25 ? hexDigit(source[at + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(source[at + 2]);
    if (low === -1) {
      bytes[length] = source[at]!;
    } else {
      bytes[length] = high * 16 + low;
      at += 2;
    }
    length += 1;
  }
  return decodeText(bytes.subarray(0, length));
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/** `Name: value` lines. Lines without a colon are ignored. */
export function readHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}

/** Header lines with encoded values, as events and `uuid_dump` have them. */
export function decodeHeaders(text: string): Map<string, string> {
  const headers = readHeaders(text);
  for (const [name, value] of headers) if (value.includes('%')) headers.set(name, percentDecode(value));
  return headers;
}

/** JSON of the other side, which may be none at all. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
