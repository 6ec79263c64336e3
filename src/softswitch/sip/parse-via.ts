import { type Parameters, parseParameters } from './characters.ts';
import { parseHostPort } from './parse-uri.ts';

/** One Via value, RFC 3261 §20.42. */
export interface Via {
  /** Upper case: UDP, TCP, TLS, WS… */
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  /** Empty when absent (RFC 2543 peers). */
  readonly branch: string;
  readonly parameters: Parameters;
}

export const BRANCH_COOKIE = 'z9hG4bK';

export function parseVia(value: string): Via | undefined {
  const semicolon = value.indexOf(';');
  const head = (semicolon === -1 ? value : value.slice(0, semicolon)).trim();
  const parts = head.split('/');
  if (parts.length !== 3 || parts[0]!.trim().toUpperCase() !== 'SIP' || parts[1]!.trim() !== '2.0') return undefined;
  const [transport, sentBy, ...surplus] = parts[2]!.trim().split(/[ \t]+/);
  if (transport === undefined || sentBy === undefined || !/^[A-Za-z0-9\-.!%*_+`'~]+$/.test(transport)) return undefined;
  const address = parseHostPort(sentBy + surplus.join(''));
  const parameters = parseParameters(semicolon === -1 ? '' : value.slice(semicolon));
  if (address === undefined || parameters === undefined) return undefined;
  return { transport: transport.toUpperCase(), ...address, branch: parameters.get('branch') ?? '', parameters };
}
