/** One event of the switch, as every client may see it. */
export interface SwitchEvent {
  /** `CHANNEL_CREATE`, `DTMF`, `CUSTOM`, … */
  readonly name: string;
  /** Only with `CUSTOM`: `sofia::register`, … */
  readonly subclass?: string;
  /** In order, values as they are; the writers encode them. */
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly body?: string;
  /** Events of one lane are never reordered: the leg id, or the job, room or user that the event is about. */
  readonly lane: string;
}

export type EventFormat = 'plain' | 'json';

/** A whole frame: outer headers and the event. */
export function writeEvent(event: SwitchEvent, format: EventFormat): Buffer {
  return format === 'plain' ? writePlain(event) : writeJson(event);
}

function writePlain(event: SwitchEvent): Buffer {
  const lines = event.headers.map(([name, value]) => `${name}: ${urlEncode(value)}\n`);
  const text = event.body === undefined ? `${lines.join('')}\n` : `${lines.join('')}${bodyPart(event.body)}`;
  return frame('text/event-plain', text);
}

function bodyPart(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
}

/** A name that comes twice (`Hangup-Cause` in HANGUP_COMPLETE) is written once: a JSON object has no second place for it. */
function writeJson(event: SwitchEvent): Buffer {
  const fields = new Map<string, string>(event.headers);
  if (event.body !== undefined) {
    fields.set('Content-Length', String(Buffer.byteLength(event.body)));
    fields.set('_body', event.body);
  }
  return frame('text/event-json', JSON.stringify(Object.fromEntries(fields)));
}

function frame(contentType: string, text: string): Buffer {
  const body = Buffer.from(text, 'utf8');
  return Buffer.concat([
    Buffer.from(`Content-Length: ${body.length}\nContent-Type: ${contentType}\n\n`, 'latin1'),
    body,
  ]);
}

const UNSAFE = new Set([...'\r\n "#%&+:;<=>?@[\\]^`{|}'].map((letter) => letter.charCodeAt(0)));
const NEEDS_ENCODING = /[^!$'()*,\-./0-9A-Z_a-z~]/;
const HEX = '0123456789ABCDEF';

/** FreeSWITCH's own set: `,` `/` `(` `)` `!` `$` `*` stay, everything outside printable ASCII goes. */
export function urlEncode(text: string): string {
  if (!NEEDS_ENCODING.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    if (byte < 32 || byte > 126 || UNSAFE.has(byte)) encoded += `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
    else encoded += String.fromCharCode(byte);
  }
  return encoded;
}

/** The headers of an event as text with encoded values, as `uuid_dump` answers. */
export function writeHeaders(headers: ReadonlyArray<readonly [string, string]>): string {
  return `${headers.map(([name, value]) => `${name}: ${urlEncode(value)}\n`).join('')}\n`;
}
