import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { replaceFileNow } from '../lib/replace-file.ts';
import type { Board } from './board.ts';
import type { Registration } from './sip/user-agent.ts';

/** Bindings that the file kept; none when it is missing or not ours. */
export function loadRegistrations(file: string): readonly Registration[] {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(read) ? read.filter(isRegistration) : [];
  } catch {
    return [];
  }
}

function isRegistration(value: unknown): value is Registration {
  if (typeof value !== 'object' || value === null) return false;
  const { user, contact, flow, expiresAtMs } = value as Partial<Registration>;
  return (
    typeof user === 'string' &&
    typeof contact === 'string' &&
    typeof expiresAtMs === 'number' &&
    typeof flow === 'object' &&
    flow !== null &&
    typeof flow.remoteIp === 'string'
  );
}

/** A connection's number means nothing to the next process: it is left out, and a reply connects anew. */
export function saveRegistrations(file: string, registrations: readonly Registration[]): void {
  const kept = registrations.map(({ flow, ...rest }) => {
    const { transport, remoteIp, remotePort } = flow;
    return { ...rest, flow: { transport, remoteIp, remotePort } };
  });
  mkdirSync(dirname(file), { recursive: true });
  replaceFileNow(file, JSON.stringify(kept), 'crash');
}

/** A storm of phones that register at once is written so often at most. */
const WRITE_EVERY_MS = 500;

export interface KeptRegistrations {
  /** The file is to be as the registrar is now: at once, or with what else changes meanwhile. */
  changed(): void;
  /** The last change is in the file. */
  close(): void;
}

/**
 * The file follows the registrar. Each write takes all bindings, so that one for each of many phones would keep the switch from its calls;
 * what a crash takes is half a second of news, which the phones tell again.
 */
export function keepRegistrations(write: () => void): KeptRegistrations {
  let timer: NodeJS.Timeout | undefined;
  let stale = false;
  const rest = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (stale) writeNow();
    }, WRITE_EVERY_MS).unref();
  };
  const writeNow = (): void => {
    stale = false;
    write();
    rest();
  };
  return {
    changed() {
      if (timer === undefined) writeNow();
      else stale = true;
    },
    close() {
      clearTimeout(timer);
      if (stale) write();
    },
  };
}

export function saidRegistered(board: Board, registration: Registration): void {
  const seconds = Math.max(0, Math.round((registration.expiresAtMs - Date.now()) / 1000));
  publish(board, 'sofia::register', registration, [
    ['status', `Registered(${registration.flow.transport.toUpperCase()})`],
    ['expires', String(seconds)],
  ]);
}

export function saidUnregistered(board: Board, registration: Registration, expired: boolean): void {
  const headers = expired
    ? ([
        ['user', registration.user],
        ['host', board.options.realm],
        ['expires', String(Math.floor(registration.expiresAtMs / 1000))],
      ] as const)
    : ([['expires', '0']] as const);
  publish(board, expired ? 'sofia::expire' : 'sofia::unregister', registration, headers);
}

function publish(
  board: Board,
  subclass: string,
  registration: Registration,
  own: ReadonlyArray<readonly [string, string]>,
): void {
  const { realm } = board.options;
  const { user, contact, flow, callId, userAgent } = registration;
  const headers: ReadonlyArray<readonly [string, string]> = [
    ['profile-name', 'internal'],
    ['from-user', user],
    ['from-host', realm],
    ['contact', `"" <${contact}>`],
    ['call-id', callId],
    ['rpid', 'unknown'],
    ...own,
    ['to-user', user],
    ['to-host', realm],
    ['network-ip', flow.remoteIp],
    ['network-port', String(flow.remotePort)],
    ['username', user],
    ['realm', realm],
    ['user-agent', userAgent ?? 'unknown'],
    ['sip_auth_username', user],
    ['sip_auth_realm', realm],
    ['user_name', user],
    ['domain_name', realm],
  ];
  board.events.publish('CUSTOM', headers, { lane: `user ${user}`, subclass });
}
