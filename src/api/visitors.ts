import type { IncomingMessage } from 'node:http';
import { type Limiter, limitEach } from './limiter.ts';

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

/** By the network of an address. */
export function limitNetworks(pace: Parameters<typeof limitEach>[0]): Limiter {
  const limiter = limitEach(pace);
  return { take: (address, nowMs, weight) => limiter.take(networkOf(address), nowMs, weight) };
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
