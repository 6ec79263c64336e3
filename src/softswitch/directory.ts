import { createHmac } from 'node:crypto';
import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Logger } from 'pino';
import { pageHa1, seatOfPageLogin } from '../lib/page-login.ts';
import { readWebCallTicket, webCallHa1 } from '../lib/web-call-ticket.ts';
import type { Credential } from './sip/user-agent.ts';

export const USERS_MAX = 20_000;

/** Who calls from a page without a seat; written by the core while it is allowed. */
export interface WebCallRules {
  /** Proves that a ticket is the core's. */
  readonly key: string;
  readonly numbers: readonly string[];
  /** Calls at once: all together, and from one address. */
  readonly atOnce: { readonly all: number; readonly each: number };
}

export interface Directory {
  has(user: string): boolean;
  credentialOf(user: string): Credential | undefined;
  /** Undefined: no page without a seat may call. */
  webCalls(): WebCallRules | undefined;
  /** The algorithm that a user of this name would have if there were one: among strangers each is as common as among the seats. */
  guiseOf(user: string): Credential['algorithm'];
  /** Hears every new version that could be read. */
  onChange(listener: () => void): void;
  close(): void;
}

/**
 * The seats' credentials, read again whenever the core replaces the file. A file that cannot be read leaves the last good one in force.
 * `secret` is the same over restarts.
 */
export function openDirectory(file: string, secret: string, realm: string, log: Logger): Directory {
  let users = new Map<string, Credential>();
  let webCalls: WebCallRules | undefined;
  let sha256Share = 0;
  let changed: () => void = () => {};
  const load = (): void => {
    const read = readDirectory(file);
    if (typeof read === 'string') log.warn({ file, why: read }, 'seats directory not read');
    else ({ users, webCalls } = read);
    sha256Share =
      [...users.values()].filter(({ algorithm }) => algorithm === 'sha256').length / Math.max(1, users.size);
  };
  load();
  const pageCredential = (username: string): Credential | undefined => {
    const seat = seatOfPageLogin(username, Date.now());
    const ha1 = seat === undefined ? undefined : users.get(seat)?.ha1;
    if (seat === undefined || ha1 === undefined) return undefined;
    return { algorithm: 'md5', ha1: pageHa1(username, realm, ha1), seat };
  };
  const guestCredential = (username: string): Credential | undefined => {
    const grant = webCalls && readWebCallTicket(username, Date.now());
    if (webCalls === undefined || grant === undefined || !webCalls.numbers.includes(grant.number)) return undefined;
    return { algorithm: 'md5', ha1: webCallHa1(username, realm, webCalls.key), calls: grant.number };
  };
  // The folder, not the file: each new version is another file under the same name.
  const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
    if (name !== basename(file)) return;
    load();
    changed();
  });
  return {
    has: (user) => users.has(user),
    credentialOf: (user) => users.get(user) ?? pageCredential(user) ?? guestCredential(user),
    webCalls: () => webCalls,
    guiseOf: (user) => {
      const drawn = createHmac('sha256', secret).update(user).digest().readUInt32BE(0) / 2 ** 32;
      return drawn < sha256Share ? 'sha256' : 'md5';
    },
    onChange: (listener) => {
      changed = listener;
    },
    close: () => watcher.close(),
  };
}

interface Read {
  readonly users: Map<string, Credential>;
  readonly webCalls: WebCallRules | undefined;
}

/** What the file says, or why it cannot be read. */
function readDirectory(file: string): Read | string {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const { users: list, webCalls } = (read ?? {}) as { users?: unknown; webCalls?: unknown };
    if (!Array.isArray(list)) return 'no list of users';
    if (list.length > USERS_MAX) return `more than ${USERS_MAX} users`;
    return { users: new Map(list.flatMap(readUser)), webCalls: readWebCalls(webCalls) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readWebCalls(given: unknown): WebCallRules | undefined {
  const { key, numbers, atOnce } = (given ?? {}) as { [Name in keyof WebCallRules]?: unknown };
  const { all, each } = (atOnce ?? {}) as { all?: unknown; each?: unknown };
  if (typeof key !== 'string' || key === '' || !Array.isArray(numbers)) return undefined;
  if (typeof all !== 'number' || typeof each !== 'number') return undefined;
  return { key, numbers: numbers.filter((number) => typeof number === 'string'), atOnce: { all, each } };
}

function readUser(entry: unknown): Array<[string, Credential]> {
  const { user, algorithm, ha1 } = (entry ?? {}) as Record<string, unknown>;
  if (typeof user !== 'string' || typeof ha1 !== 'string') return [];
  return algorithm === 'md5' || algorithm === 'sha256' ? [[user, { algorithm, ha1 }]] : [];
}
