import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ApiOptions, WebCallSource } from './options.ts';

/** Addresses remembered at once. When full, the one that asked longest ago is forgotten. */
const ADDRESSES_MAX = 10_000;
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;
const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;
/** Whoever adds one of these speaks for somebody elsewhere. */
const PROXY_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

/** Whether this browser may call from the page: not when it is off, or not on this machine, or the switch has no telephone for pages. */
export function isWebCallOpen({ webCall, desk }: ApiOptions, request: FastifyRequest): boolean {
  if (webCall === undefined || desk?.ws() === undefined) return false;
  return webCall.open === 'public' || isOnThisMachine(request.socket.remoteAddress ?? '', request.headers);
}

/** A proxy on this machine has its address, but names the host that was asked for, or says that it is one. */
function isOnThisMachine(address: string, headers: IncomingHttpHeaders): boolean {
  return (
    LOOPBACK.test(address) &&
    LOCAL_HOST.test(headers.host ?? '') &&
    PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}

export interface WebCallLimiter {
  /** @returns 0 when this address may call now (it is then counted), else how many seconds to wait. */
  take(address: string, nowMs: number): number;
}

/** So many calls of one address in any stretch of this time. */
export function limitWebCalls({ calls, withinMs }: WebCallSource['perAddress']): WebCallLimiter {
  const callsOf = new Map<string, readonly number[]>();
  return {
    take(address, nowMs) {
      const network = networkOf(address);
      const recent = (callsOf.get(network) ?? []).filter((atMs) => atMs > nowMs - withinMs);
      const waits = recent.length >= calls;
      callsOf.delete(network);
      callsOf.set(network, waits ? recent : [...recent, nowMs]);
      if (callsOf.size > ADDRESSES_MAX) callsOf.delete(callsOf.keys().next().value ?? network);
      return waits ? Math.max(1, Math.ceil((recent[0]! + withinMs - nowMs) / 1_000)) : 0;
    },
  };
}

/** An IPv6 subscriber has a whole /64 (RFC 6177). */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const gap = plain.includes('::') ? Array(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return [...left, ...gap, ...right].slice(0, 4).join(':');
}
