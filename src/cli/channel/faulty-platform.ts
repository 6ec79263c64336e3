import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createCache } from '../../channel/cached.ts';
import type { Context, Rehearsal } from '../../channel/channel.ts';

/** How the platform behaves at the nth request of a check (from 1): as it should, or what it answers instead. */
export type Behaviour = (
  number: number,
) => 'well' | 'hangs' | 'tears' | 'cuts' | { readonly status: number; readonly headers?: Record<string, string> };

export interface FaultyPlatform {
  /** A channel's surroundings in which every request ends at this platform. */
  context(behaviour: Behaviour, signal?: AbortSignal): Context;
  /** Requests of the last context. */
  requests(): number;
  close(): Promise<void>;
}

/** A real server on the loopback: what is torn or cut is so on a real socket. */
export async function openFaultyPlatform(rehearsal: Rehearsal): Promise<FaultyPlatform> {
  let behaviour: Behaviour = () => 'well';
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    void serve(request, response, behaviour(count), count, rehearsal);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    context(next, signal = AbortSignal.timeout(5_000)) {
      behaviour = next;
      count = 0;
      return {
        settings: rehearsal.settings,
        fetch: (url, init) => {
          const { origin, pathname, search } = new URL(url);
          const headers = new Headers(init?.headers);
          headers.set('x-rehearsed-origin', origin);
          return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { ...init, headers, redirect: 'manual' });
        },
        signal,
        now: Date.now,
        ...createCache(Date.now),
      };
    },
    requests: () => count,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  how: ReturnType<Behaviour>,
  number: number,
  rehearsal: Rehearsal,
): Promise<void> {
  const body = await text(request).catch(() => undefined);
  // A channel that gives up in the midst of asking does nothing wrong.
  if (body === undefined || how === 'hangs') return;
  if (how === 'cuts') return void request.socket.destroy();
  if (typeof how === 'object')
    return void response.writeHead(how.status, { 'content-type': 'application/json', ...how.headers }).end('{}');
  const url = `${String(request.headers['x-rehearsed-origin'])}${request.url ?? ''}`;
  const asked = { method: request.method ?? '', url, body, number };
  const { status = 200, type = 'application/json', body: answer } = rehearsal.answer!(asked);
  const bytes = Buffer.from(answer);
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
  if (how === 'well') return void response.end(bytes);
  response.write(bytes.subarray(0, Math.trunc(bytes.length / 2)));
  setImmediate(() => request.socket.destroy());
}
