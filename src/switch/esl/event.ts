import { decodeHeaders, decodeText, parseJson } from './decode.ts';
import type { Frame } from './framing.ts';

/** One event, decoded. `headers` hold readable text. */
export interface EslEvent {
  readonly name: string;
  /** Only for `CUSTOM`. */
  readonly subclass: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | undefined;
}

/** The event in a `text/event-plain` or `text/event-json` frame; undefined for any other frame or one that holds no event. */
export function decodeEvent(frame: Frame): EslEvent | undefined {
  if (frame.body === undefined) return undefined;
  switch (frame.headers.get('Content-Type')) {
    case 'text/event-plain':
      return decodePlain(frame.body);
    case 'text/event-json':
      return decodeJson(decodeText(frame.body));
    default:
      return undefined;
  }
}

function decodePlain(bytes: Buffer): EslEvent | undefined {
  const end = bytes.indexOf('\n\n');
  const head = end === -1 ? bytes : bytes.subarray(0, end);
  const headers = decodeHeaders(decodeText(head));
  const body = end === -1 || !headers.has('Content-Length') ? undefined : decodeText(bytes.subarray(end + 2));
  return asEvent(headers, body);
}

function decodeJson(text: string): EslEvent | undefined {
  const parsed = parseJson(text);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value === 'string') headers.set(name, value);
    else if (Array.isArray(value)) headers.set(name, value.join('|:'));
  }
  return asEvent(headers, headers.get('_body'));
}

function asEvent(headers: ReadonlyMap<string, string>, body: string | undefined): EslEvent | undefined {
  const name = headers.get('Event-Name');
  return name === undefined ? undefined : { name, subclass: headers.get('Event-Subclass'), headers, body };
}
