import type { IncomingMessage } from 'node:http';
import { neighbourhoodOf } from '../lib/network-of.ts';
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

/** This machine, or a proxy on it that speaks for everybody. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/** Who asks is on this machine: a proxy here has its address, but names the host that was asked for, or says that it is one. */
function isOnThisMachine({ socket, headers }: Asked): boolean {
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    LOCAL_HOST.test(headers.host ?? '') &&
    PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}

/** By the neighbourhood of an address: who has one address has often those beside it, too. */
export function limitNetworks(pace: Parameters<typeof limitEach>[0]): Limiter {
  const limiter = limitEach(pace);
  return {
    take: (address, nowMs, weight) => limiter.take(neighbourhoodOf(address), nowMs, weight),
    look: (address, nowMs) => limiter.look(neighbourhoodOf(address), nowMs),
  };
}
