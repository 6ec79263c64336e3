import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface FetchEvent {
  readonly request: { readonly url: string; readonly mode: string; readonly method: string };
  respondWith(response: Promise<Response>): void;
  waitUntil(done: Promise<unknown>): void;
}

const WORKER = 'http://desk.example/away-worker.js';
let listener: (event: FetchEvent) => void;
let unregistered: number;
/** What the network answers, by address; undefined: nothing. */
let network: Record<string, Response | undefined>;

beforeEach(async () => {
  unregistered = 0;
  network = { [WORKER]: new Response('') };
  vi.stubGlobal('addEventListener', (type: string, heard: typeof listener) => {
    if (type === 'fetch') listener = heard;
  });
  vi.stubGlobal('location', { href: WORKER });
  vi.stubGlobal('registration', { unregister: async () => (unregistered += 1) });
  vi.stubGlobal('fetch', async (asked: string | { readonly url: string }) => {
    const answer = network[typeof asked === 'string' ? asked : asked.url];
    if (answer === undefined) throw new TypeError('Failed to fetch');
    return answer.clone();
  });
  vi.resetModules();
  await pageModule('away/away-worker.ts');
});
afterEach(() => void vi.unstubAllGlobals());

/** @returns what the worker answers; undefined: it leaves it to the browser. */
async function open(path: string, more: Partial<FetchEvent['request']> = {}): Promise<Response | undefined> {
  const waited: Promise<unknown>[] = [];
  let answer: Promise<Response> | undefined;
  listener({
    request: { url: `http://desk.example${path}`, mode: 'navigate', method: 'GET', ...more },
    respondWith: (response) => {
      answer = response;
    },
    waitUntil: (done) => void waited.push(done),
  });
  await Promise.all(waited);
  return await answer;
}

describe('a page that is loaded anew', () => {
  test('is what the server answers', async () => {
    network['http://desk.example/calls'] = new Response('the desk');
    expect(await (await open('/calls'))?.text()).toBe('the desk');
    expect(unregistered).toBe(0);
  });

  test.each([
    ['nothing at all', undefined],
    ['nothing but the proxy before it', new Response('Bad Gateway', { status: 502 })],
  ])('waits when the server answers %s', async (_name, answer) => {
    network['http://desk.example/'] = answer;
    const waiting = await open('/');
    expect(waiting?.status).toBe(503);
    expect(waiting?.headers.get('content-security-policy')).toMatch(/^default-src 'none'; connect-src 'self';/);
    const body = await waiting!.text();
    for (const text of ['正在等待服务器', 'Waiting for the server', 'location.reload()']) expect(body).toContain(text);
  });

  test('is left to the browser where it is no page of the desk', async () => {
    for (const path of ['/api/v1/me', '/call/', '/chat/', '/chat', '/assets/main.js', '/healthz', '/metrics'])
      expect([path, await open(path)]).toEqual([path, undefined]);
    expect(await open('/', { mode: 'cors' })).toBeUndefined();
    expect(await open('/', { method: 'POST' })).toBeUndefined();
  });

  test('is rid of the worker when the server has none', async () => {
    network['http://desk.example/'] = new Response('the desk, of before');
    network[WORKER] = undefined;
    await open('/');
    expect(unregistered).toBe(0);
    network[WORKER] = new Response('', { status: 404 });
    await open('/');
    expect(unregistered).toBe(1);
  });
});
