import type { Address } from './parse-address.ts';
import type { Via } from './parse-via.ts';

export interface Header {
  /** The long name as RFC 3261 writes it when known, else as it came. */
  readonly name: string;
  readonly value: string;
}

/** A request to be sent. `body` is a binary string, see characters.ts. */
export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly Header[];
  readonly body: string;
}

export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: string;
}

/** What every message that was taken in has, checked. */
export interface Essentials {
  readonly via: Via;
  readonly viaCount: number;
  readonly from: Address;
  readonly to: Address;
  /** Tags, empty when absent. */
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly cseq: number;
  readonly cseqMethod: string;
  /** Bytes as received. */
  readonly size: number;
}

export interface RequestIn extends SipRequest, Essentials {}
export interface ResponseIn extends SipResponse, Essentials {}

const NAMES = [
  'Via From To Call-ID CSeq Max-Forwards Content-Length Content-Type Contact Route Record-Route Expires Min-Expires Allow',
  'Supported Require Proxy-Require Unsupported Accept Accept-Encoding Accept-Language Content-Encoding Content-Disposition',
  'Authorization WWW-Authenticate Proxy-Authorization Proxy-Authenticate User-Agent Server Subject Session-Expires Min-SE',
  'RSeq RAck Reason Retry-After P-Asserted-Identity Privacy Diversion History-Info Warning Date Timestamp Refer-To',
  'Referred-By Event Allow-Events Subscription-State Path Service-Route Replaces Organization Priority MIME-Version',
]
  .join(' ')
  .split(' ');

/** RFC 3261 §7.3.3 and the extensions that registered a letter. */
const COMPACT: ReadonlyArray<readonly [string, string]> = [
  ['v', 'Via'],
  ['f', 'From'],
  ['t', 'To'],
  ['i', 'Call-ID'],
  ['l', 'Content-Length'],
  ['c', 'Content-Type'],
  ['m', 'Contact'],
  ['k', 'Supported'],
  ['e', 'Content-Encoding'],
  ['s', 'Subject'],
  ['x', 'Session-Expires'],
  ['r', 'Refer-To'],
  ['b', 'Referred-By'],
  ['o', 'Event'],
  ['u', 'Allow-Events'],
];

const CANONICAL = new Map<string, string>([...NAMES.map((name) => [name.toLowerCase(), name] as const), ...COMPACT]);

export function canonicalName(name: string): string {
  return CANONICAL.get(name.toLowerCase()) ?? name;
}

type WithHeaders = { readonly headers: readonly Header[] };

/** First value of a header, by its canonical name. */
export function headerOf(message: WithHeaders, name: string): string | undefined {
  for (const header of message.headers) if (header.name === name) return header.value;
  return undefined;
}

/** Every value in order; a line with several values is one entry. */
export function headersOf(message: WithHeaders, name: string): string[] {
  return message.headers.filter((header) => header.name === name).map((header) => header.value);
}

/** Comma-separated tokens of all lines of this name, in lower case (`Supported`, `Require`, `Allow`…). */
export function tokensOf(message: WithHeaders, name: string): string[] {
  return headersOf(message, name)
    .flatMap((value) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}

export function header(name: string, value: string | number): Header {
  return { name, value: String(value) };
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  422: 'Session Interval Too Small',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? 'Unknown';
}
