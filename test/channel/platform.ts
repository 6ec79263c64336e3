import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Context, Delivery, Settings } from '../../src/channel/channel.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Says nothing at all. */
  readonly silent?: true;
}

/** @returns undefined when whoever asked has gone in the midst of it. */
export function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return text(request).catch(() => undefined);
}

/** A platform on a port of this machine: answers by `script` and remembers what it was asked. */
export async function startPlatform(script: (asked: Asked) => Reply): Promise<{
  readonly url: string;
  readonly asked: Asked[];
  stop(): Promise<void>;
}> {
  const asked: Asked[] = [];
  const server: Server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === undefined) return;
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    asked.push(one);
    const reply = script(one);
    if (reply.silent === true) return;
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.body ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the host lends, with a real `fetch` and tokens kept as the contract says: made once for all who ask at the same time. */
export function lent<Given extends Settings>(settings: Given, more: { readonly timeoutMs?: number } = {}) {
  const kept = new Map<string, Promise<{ readonly value: string; readonly untilMs: number }>>();
  const context = {
    settings,
    fetch: (url, init) => fetch(url, init),
    signal: AbortSignal.timeout(more.timeoutMs ?? 5_000),
    now: () => Date.now(),
    async cached(name, make) {
      const old = kept.get(name);
      if (old !== undefined && (await old).untilMs > Date.now()) return (await old).value;
      const made = make();
      kept.set(name, made);
      made.catch(() => kept.delete(name));
      return (await made).value;
    },
    forget: (name) => void kept.delete(name),
  } satisfies Context as Context;
  return { context, kept };
}

export function delivery(given: Partial<Delivery> & { readonly url: string }): Delivery {
  const [, query = ''] = given.url.split('?');
  return {
    method: 'POST',
    query: new URLSearchParams(query),
    headers: {},
    body: Buffer.alloc(0),
    receivedAtMs: 1_767_225_600_000,
    ...given,
  };
}

/** Every text that differs from `text` in one bit of one character, and stays printable. */
export function oneBitOff(text: string): readonly string[] {
  return [...text].map((letter, index) => {
    const other = String.fromCharCode(letter.charCodeAt(0) ^ 1);
    return text.slice(0, index) + other + text.slice(index + 1);
  });
}
