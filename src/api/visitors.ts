import type { IncomingMessage } from 'node:http';

/** Networks remembered at once. When full, the one that asked longest ago is forgotten. */
const NETWORKS_MAX = 10_000;
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;
/** Whoever adds one of these speaks for somebody elsewhere. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

type Asked = Pick<IncomingMessage, 'socket' | 'headers'>;

/** Whether a page of citizens is there for this browser. `local`: browsers on this machine alone. */
export function isOpenFor({ open }: { readonly open: 'local' | 'public' }, request: Asked): boolean {
  return open === 'public' || isOnThisMachine(request);
}

/** Who asks is on this machine: a proxy here has its address, but names the host that was asked for, or says that it is one. */
function isOnThisMachine({ socket, headers }: Asked): boolean {
  return (
    LOOPBACK.test(socket.remoteAddress ?? '') &&
    LOCAL_HOST.test(headers.host ?? '') &&
    PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}

export interface NetworkLimiter {
  /** @returns 0 when this address may once more (it is then counted), else how many seconds to wait. */
  take(address: string, nowMs: number): number;
}

/** So many times from one network in any stretch of this time. */
export function limitNetworks({ times, withinMs }: { times: number; withinMs: number }): NetworkLimiter {
  const atMsOf = new Map<string, readonly number[]>();
  return {
    take(address, nowMs) {
      const network = networkOf(address);
      const recent = (atMsOf.get(network) ?? []).filter((atMs) => atMs > nowMs - withinMs);
      const waits = recent.length >= times;
      atMsOf.delete(network);
      atMsOf.set(network, waits ? recent : [...recent, nowMs]);
      if (atMsOf.size > NETWORKS_MAX) atMsOf.delete(atMsOf.keys().next().value ?? network);
      return waits ? Math.max(1, Math.ceil((recent[0]! + withinMs - nowMs) / 1_000)) : 0;
    },
  };
}

/** An IPv6 subscriber has a whole /64 (RFC 6177). */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const gap = plain.includes('::') ? Array(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return [...left, ...gap, ...right].slice(0, 4).join(':');
}
