import { createHmac } from 'node:crypto';
import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Logger } from 'pino';
import { pageHa1, seatOfPageLogin } from '../lib/page-login.ts';
import type { Credential } from './sip/user-agent.ts';

export const USERS_MAX = 20_000;

export interface Directory {
  has(user: string): boolean;
  credentialOf(user: string): Credential | undefined;
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
  let sha256Share = 0;
  let changed: () => void = () => {};
  const load = (): void => {
    const read = readUsers(file);
    if (typeof read === 'string') log.warn({ file, why: read }, 'seats directory not read');
    else users = read;
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
  // The folder, not the file: each new version is another file under the same name.
  const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
    if (name !== basename(file)) return;
    load();
    changed();
  });
  return {
    has: (user) => users.has(user),
    credentialOf: (user) => users.get(user) ?? pageCredential(user),
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

/** The users, or why they cannot be read. */
function readUsers(file: string): Map<string, Credential> | string {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const list = (read as { users?: unknown } | null)?.users;
    if (!Array.isArray(list)) return 'no list of users';
    if (list.length > USERS_MAX) return `more than ${USERS_MAX} users`;
    return new Map(list.flatMap(readUser));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readUser(entry: unknown): Array<[string, Credential]> {
  const { user, algorithm, ha1 } = (entry ?? {}) as Record<string, unknown>;
  if (typeof user !== 'string' || typeof ha1 !== 'string') return [];
  return algorithm === 'md5' || algorithm === 'sha256' ? [[user, { algorithm, ha1 }]] : [];
}
