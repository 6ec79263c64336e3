import type { Device } from '../../core/event.ts';
import { type LegId, legId } from '../../core/ids.ts';
import { seatOfName } from '../../lib/page-login.ts';
import { callingNumber, isSameNumber, numberOf } from '../../lib/phone-number.ts';

/** What the adapter reads out of the headers of events and of `uuid_dump`. */
export type Headers = ReadonlyMap<string, string>;

export function variable(headers: Headers, name: string): string | undefined {
  const value = headers.get(`variable_${name}`);
  return value === '' ? undefined : value;
}

export function legOf(headers: Headers): LegId | undefined {
  const id = headers.get('Unique-ID');
  return id === undefined || id === '' ? undefined : legId(id);
}

export function sequenceOf(headers: Headers): number {
  return Number(headers.get('Event-Sequence') ?? '0') || 0;
}

export function isInbound(headers: Headers): boolean {
  return headers.get('Call-Direction') === 'inbound';
}

export interface Caller {
  readonly from: string;
  readonly fromName?: string;
  readonly dialled: string;
  readonly diversion?: string;
  readonly trunk?: string;
  /** Of a call from a page. */
  readonly ticket?: string;
}

/** Who calls whom. Taken from the caller profile, which a later bridge may rewrite for outbound legs only. */
export function callerOf(headers: Headers): Caller {
  const told = headers.get('Caller-Caller-ID-Number') || headers.get('Caller-ANI');
  const from = callingNumber(told || variable(headers, 'sip_from_user') || '');
  const fromName = readable(headers.get('Caller-Caller-ID-Name') ?? '', 64);
  const dialled = numberOf(headers.get('Caller-Destination-Number') || variable(headers, 'sip_req_user') || '');
  const diversion = diversionOf(headers, dialled);
  const trunk =
    variable(headers, 'minhu_trunk') ?? variable(headers, 'sip_network_ip') ?? headers.get('Caller-Network-Addr');
  const ticket = variable(headers, 'minhu_ticket');
  return {
    from: readable(from, 32),
    ...(fromName === '' || fromName === from ? {} : { fromName }),
    dialled: readable(dialled, 32),
    ...(diversion === undefined ? {} : { diversion }),
    ...(trunk === undefined ? {} : { trunk: readable(trunk, 64) }),
    ...(ticket === undefined ? {} : { ticket: readable(ticket, 64) }),
  };
}

/**
 * RFC 5806 `Diversion`: the topmost is the latest, the last the first to divert. RFC 7044 `History-Info`: the first entry is the number
 * first dialled; entries of the number dialled now tell of proxies, not of a diversion.
 */
function diversionOf(headers: Headers, dialled: string): string | undefined {
  const diversion = userOf(variable(headers, 'sip_h_Diversion')?.split(',').at(-1) ?? '');
  if (diversion !== undefined) return diversion;
  const history = variable(headers, 'sip_history_info') ?? variable(headers, 'sip_h_History-Info') ?? '';
  return history
    .split(',')
    .map(userOf)
    .find((user) => user !== undefined && /\d/.test(user) && !isSameNumber(user, dialled));
}

function userOf(nameAddress: string): string | undefined {
  const user = /(?:sips?|tel):([^@>;?\s]{1,64})/i.exec(nameAddress)?.[1];
  return user === undefined ? undefined : readable(user, 32);
}

function readable(text: string, lengthMax: number): string {
  return [...text.replace(/\p{C}/gu, '').trim()].slice(0, lengthMax).join('');
}

/** Final SIP status of a call that failed; undefined when there was none or the call was answered. */
export function sipStatusOf(headers: Headers): number | undefined {
  const text = variable(headers, 'sip_invite_failure_status') ?? variable(headers, 'sip_term_status');
  const status = Number(text);
  return Number.isInteger(status) && status >= 300 && status < 700 ? status : undefined;
}

/** `"Name" <sip:1001@…>` or a bare URI → the URI, in the form that a dial string takes. */
export function uriOf(contact: string): string {
  return withPathEncoded(/<([^>]*)>/.exec(contact)?.[1] ?? contact.trim());
}

const PATH = ';fs_path=';

/**
 * The way back to a phone whose contact is no address, as a browser's: FreeSWITCH appends it to the contact, percent-encoded, but in events
 * does not encode again what looks encoded, so that it comes out bare and its `;transport=ws` would end it. The characters are those
 * of FreeSWITCH's own encoding (`SWITCH_URL_UNSAFE`): events and lists of registrations give one phone one name.
 */
function withPathEncoded(uri: string): string {
  const at = uri.indexOf(PATH);
  if (at === -1) return uri;
  const from = at + PATH.length;
  return uri.slice(0, from) + uri.slice(from).replace(/[ #&+:;<=>?@[\\\]^`{|}"]/g, encodeURIComponent);
}

/** The device in a `sofia::register` event. */
export function deviceOf(headers: Headers): Device | undefined {
  const sipUser = userOfRegistration(headers);
  const uri = uriOf(headers.get('contact') ?? '');
  const seconds = Number(headers.get('expires'));
  if (sipUser === undefined || uri === '' || !Number.isFinite(seconds)) return undefined;
  const userAgent = headers.get('user-agent');
  const registeredAtMs = Math.floor(Number(headers.get('Event-Date-Timestamp') ?? '0') / 1000);
  return {
    sipUser,
    uri,
    expiresAtMs: registeredAtMs + seconds * 1000,
    ...(userAgent === undefined || userAgent === 'unknown' ? {} : { userAgent: readable(userAgent, 128) }),
  };
}

/** The seat. At FreeSWITCH a page's telephone registers under the name of its login, because it takes no other name with that digest. */
export function userOfRegistration(headers: Headers): string | undefined {
  const name = headers.get('user_name') || headers.get('from-user') || headers.get('user');
  return name ? seatOfName(name) : undefined;
}
