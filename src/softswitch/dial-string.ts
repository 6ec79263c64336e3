import { isCause } from './causes.ts';

/** `{common}[own]endpoint,…|… &application(argument)` taken apart. */
export interface DialString {
  /** Tried one after another; the targets of a group ring together. */
  readonly groups: ReadonlyArray<readonly DialTarget[]>;
  /** Name and argument of what an answered leg does. */
  readonly application: { readonly name: string; readonly data: string };
}

export interface DialTarget {
  readonly variables: ReadonlyMap<string, string>;
  readonly endpoint: Endpoint;
}

export type Endpoint =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'sip'; readonly profile: 'internal' | 'external'; readonly uri: string; readonly user: string }
  /** Known to fail, with FreeSWITCH's cause. */
  | { readonly kind: 'impossible'; readonly cause: string };

export const TARGETS_MAX = 20;
export const DIAL_STRING_CHARACTERS_MAX = 32 * 1024;

export const USAGE =
  '-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n';

/** Undefined when it cannot be read. */
export function readDialString(text: string): DialString | undefined {
  if (text.length > DIAL_STRING_CHARACTERS_MAX) return undefined;
  const common = takeVariables(text.trim(), '{', '}');
  if (common === undefined) return undefined;
  const match = /^(\S.*?)\s+&([a-z_]+)\((.*)\)\s*$/is.exec(common.rest);
  const [, targets, name, data] = match ?? [];
  if (targets === undefined || name === undefined || data === undefined) return undefined;
  const groups: DialTarget[][] = [];
  for (const group of splitOutside(targets, '|')) {
    const read = splitOutside(group, ',').map((target) => readTarget(target, common.variables));
    if (read.some((target) => target === undefined)) return undefined;
    groups.push(read.filter((target) => target !== undefined));
  }
  if (groups.flat().length > TARGETS_MAX) return undefined;
  return { groups, application: { name: name.toLowerCase(), data } };
}

function readTarget(text: string, common: ReadonlyMap<string, string>): DialTarget | undefined {
  const own = takeVariables(text.trim(), '[', ']');
  if (own === undefined || own.rest === '') return undefined;
  return { variables: new Map([...common, ...own.variables]), endpoint: readEndpoint(own.rest) };
}

interface Taken {
  readonly variables: ReadonlyMap<string, string>;
  readonly rest: string;
}

/** Leading `{a=b,c=d}`; a value in single quotes, or with `\,`, may hold commas. Undefined when the bracket is never closed. */
function takeVariables(text: string, open: string, close: string): Taken | undefined {
  if (!text.startsWith(open)) return { variables: new Map(), rest: text };
  const variables = new Map<string, string>();
  let word = '';
  let quoted = false;
  for (let at = 1; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\\' && ",'\\".includes(text.charAt(at + 1))) {
      at += 1;
      word += text.charAt(at);
    } else if (letter === "'") quoted = !quoted;
    else if (!quoted && (letter === ',' || letter === close)) {
      keepVariable(variables, word);
      word = '';
      if (letter === close) return { variables, rest: text.slice(at + 1) };
    } else word += letter;
  }
  return undefined;
}

function keepVariable(variables: Map<string, string>, word: string): void {
  const equals = word.indexOf('=');
  if (equals > 0) variables.set(word.slice(0, equals).trim(), word.slice(equals + 1));
}

function splitOutside(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const letter of text) {
    if (letter === '[') depth += 1;
    if (letter === ']') depth -= 1;
    if (letter === separator && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

function readEndpoint(text: string): Endpoint {
  const slash = text.indexOf('/');
  const kind = text.slice(0, slash).toLowerCase();
  const rest = text.slice(slash + 1);
  if (kind === 'user') return { kind: 'user', user: rest.split('@')[0] ?? '' };
  if (kind === 'error') return { kind: 'impossible', cause: isCause(rest) ? rest : 'NORMAL_UNSPECIFIED' };
  if (kind !== 'sofia') return { kind: 'impossible', cause: 'CHAN_NOT_IMPLEMENTED' };
  const next = rest.indexOf('/');
  const profile = rest.slice(0, next);
  if (profile === 'gateway') return { kind: 'impossible', cause: 'INVALID_GATEWAY' };
  if (profile !== 'internal' && profile !== 'external') return { kind: 'impossible', cause: 'INVALID_PROFILE' };
  const uri = withScheme(rest.slice(next + 1));
  const user = /^sips?:(?:([^@;:]*)(?::[^@]*)?@)?[^@\s<>"]+$/i.exec(uri);
  if (user === null) return { kind: 'impossible', cause: 'INVALID_URL' };
  return { kind: 'sip', profile, uri, user: user[1] ?? '' };
}

function withScheme(uri: string): string {
  return /^sips?:/i.test(uri) ? uri : `sip:${uri}`;
}
