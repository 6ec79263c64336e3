import type { Parameters } from './characters.ts';

/** RFC 3261 §19.1. Everything as written, except the scheme (lower case). `host` keeps no brackets around IPv6. */
export interface SipUri {
  readonly scheme: string;
  /** Unescaped. Empty when there is none. */
  readonly user: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly parameters: Parameters;
  /** The part behind `?`, raw; empty when there is none. */
  readonly headers: string;
  /** Neither sip, sips nor tel: only `scheme` means something. */
  readonly foreign: boolean;
}

const URI_PARAMETERS_MAX = 32;
const USER = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#:]|%[0-9A-Fa-f]{2})*$/;
const PARAMETER = /^(?:[A-Za-z0-9\-_.!~*'()[\]/:&+$]|%[0-9A-Fa-f]{2})+$/;
const HEADERS = /^(?:[A-Za-z0-9\-_.!~*'()[\]/:&+$?=]|%[0-9A-Fa-f]{2})*$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*$/;

/** Undefined when malformed; a well-formed URI of another scheme is `foreign`. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  if (colon <= 0) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (!SCHEME.test(scheme) || !/^[!-~]*$/.test(text) || /[<>"]/.test(text)) return undefined;
  const rest = text.slice(colon + 1);
  if (scheme === 'tel') return parseTel(rest);
  if (scheme === 'sip' || scheme === 'sips') return parseSip(scheme, rest);
  return { scheme, user: '', host: '', port: undefined, parameters: new Map(), headers: '', foreign: true };
}

function parseSip(scheme: string, rest: string): SipUri | undefined {
  const at = rest.indexOf('@');
  const userInfo = at === -1 ? '' : rest.slice(0, at);
  if (!USER.test(userInfo) || at === 0) return undefined;
  const behind = rest.slice(at + 1);
  const question = behind.indexOf('?');
  const headers = question === -1 ? '' : behind.slice(question + 1);
  const [hostPort, ...parts] = (question === -1 ? behind : behind.slice(0, question)).split(';');
  const address = parseHostPort(hostPort!);
  const parameters = parseUriParameters(parts);
  if (address === undefined || parameters === undefined || !HEADERS.test(headers)) return undefined;
  return { scheme, user: unescapeUser(userInfo.split(':')[0]!), ...address, parameters, headers, foreign: false };
}

function parseTel(rest: string): SipUri | undefined {
  const [number, ...parts] = rest.split(';');
  const parameters = parseUriParameters(parts);
  if (parameters === undefined || !/^\+?[0-9A-Fa-f*#().-]+$/.test(number!)) return undefined;
  const user = number!.replace(/[().-]/g, '');
  return { scheme: 'tel', user, host: '', port: undefined, parameters, headers: '', foreign: false };
}

function parseUriParameters(parts: readonly string[]): Parameters | undefined {
  const parameters = new Map<string, string>();
  if (parts.length > URI_PARAMETERS_MAX) return undefined;
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    const value = equals === -1 ? '' : part.slice(equals + 1);
    if (!PARAMETER.test(name) || (equals !== -1 && !PARAMETER.test(value))) return undefined;
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number | undefined } | undefined {
  const close = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', close + 1);
  const host = colon === -1 ? text : text.slice(0, colon);
  const port = colon === -1 ? undefined : parsePort(text.slice(colon + 1));
  if (colon !== -1 && port === undefined) return undefined;
  if (close !== -1) return /^\[[0-9A-Fa-f:.]{2,45}\]$/.test(host) ? { host: host.slice(1, -1), port } : undefined;
  return /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,254})$/.test(host) ? { host, port } : undefined;
}

function parsePort(text: string): number | undefined {
  if (!/^[0-9]{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function unescapeUser(user: string): string {
  return user.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** For a host inside a URI or Via. */
export function hostText(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

export function isIpLiteral(host: string): boolean {
  if (host.includes(':')) return /^[0-9A-Fa-f:.]+$/.test(host);
  const parts = host.split('.');
  return parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) <= 255);
}

/** A user part that can stand in a URI as it is; others are escaped. */
export function escapeUser(user: string): string {
  if (/^[A-Za-z0-9\-_.!~*'()&=+$,/]*$/.test(user)) return user;
  return [...Buffer.from(user, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-_.!~*'()+]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}
