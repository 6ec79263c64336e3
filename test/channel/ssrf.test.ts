import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { guardedFetch } from '../../src/channel/guarded-fetch.ts';

interface Corpus {
  /** `PORT`: of a listener on this machine. */
  readonly refused: readonly string[];
  readonly privateAnswers: readonly string[];
  readonly redirects: readonly string[];
}

type Found = { readonly address: string; readonly family: number }[];
type Done = (error: Error | null, addresses: Found) => void;

/** What names lead to, one answer after the other; the last one stays. Every other name leads to this machine. */
const answers = new Map<string, string[][]>();
let asked: string[] = [];

/** In place of the machine's own while these tests run. */
function look(name: string, _options: object, done: Done): void {
  asked.push(name);
  const left = answers.get(name) ?? [['127.0.0.1']];
  const answer = left.length > 1 ? left.shift()! : left[0]!;
  const found = answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  setImmediate(() => done(null, found));
}
const { lookup } = dns;
function lookBy(how: unknown): void {
  Object.assign(dns, { lookup: how });
  syncBuiltinESMExports();
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/ssrf.json'), 'utf8')) as Corpus;
const HOSTS = [
  ...['files.example', '*.media.example', 'localhost', '127.0.0.1', '0.0.0.0', '[::1]', '[::]', '[::ffff:7f00:1]'],
  ...['169.254.169.254', '[fd00:ec2::254]', '100.100.100.200', 'rebound.example', 'mixed.example', 'inner.example'],
];
const fetch = guardedFetch({ hosts: HOSTS }, { token: 'x', api: 'https://api.example' });

let port = 0;
let connects = 0;
const listeners = ['127.0.0.1', '::1'].map((host) => {
  const server = createServer((socket) => {
    connects += 1;
    socket.destroy();
  });
  return { host, server };
});
let outer: Server;

beforeAll(async () => {
  for (const { host, server } of listeners) {
    await new Promise<void>((resolve) => server.listen({ host, port }, resolve));
    ({ port } = server.address() as AddressInfo);
  }
  outer = createHttpServer((request, response) => {
    const location = corpus.redirects[Number(request.url?.slice(1))]!.replaceAll('PORT', String(port));
    response.writeHead(302, { location }).end();
  });
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve));
  // A server that begins to listen looks its own name up, too.
  lookBy(look);
});
afterAll(async () => {
  lookBy(lookup);
  for (const { server } of listeners) await new Promise((resolve) => server.close(resolve));
  await new Promise((resolve) => outer.close(resolve));
});
beforeEach(() => {
  asked = [];
  connects = 0;
});
afterEach(() => void vi.restoreAllMocks());

/** Addresses that sockets were about to call; none of them is. */
function watchCalls(): string[] {
  const called: string[] = [];
  const emit = Socket.prototype.emit;
  const watched = function (this: Socket, ...said: unknown[]): boolean {
    const [event, , address] = said;
    if (event === 'lookup' && typeof address === 'string') {
      called.push(address);
      this.destroy(new Error('far enough'));
    }
    return Reflect.apply(emit, this, said) as boolean;
  };
  vi.spyOn(Socket.prototype, 'emit').mockImplementation(watched as typeof emit);
  return called;
}

test.each(corpus.refused.map((url) => ({ url })))('“$url” is refused, and nothing is connected to', async ({ url }) => {
  await expect(fetch(url.replaceAll('PORT', String(port)))).rejects.toMatchObject({ kind: 'refuse' });
  expect([asked, connects]).toEqual([[], 0]);
});

test('a name of the channel that leads to this machine, beside it or to nobody is not called', async () => {
  for (const address of corpus.privateAnswers) {
    answers.set('inner.example', [[address]]);
    await expect(fetch(`https://inner.example:${port}/`), address).rejects.toThrow(/no public address/);
  }
  expect(connects).toBe(0);
});

test('a name that leads elsewhere when it is asked again is asked once, and the address that was looked at is called', async () => {
  answers.set('rebound.example', [['1.1.1.1'], ['127.0.0.1']]);
  const called = watchCalls();
  await expect(fetch(`https://rebound.example:${port}/`)).rejects.toThrow();
  expect([asked, called]).toEqual([['rebound.example'], ['1.1.1.1']]);
  await expect(fetch(`https://rebound.example:${port}/`)).rejects.toThrow(/no public address/);
  expect([called, connects]).toEqual([['1.1.1.1'], 0]);
});

test('of the addresses of a name only the public ones are called, wherever they stand', async () => {
  answers.set('mixed.example', [['127.0.0.1', '::1', '10.0.0.1', '1.1.1.1']]);
  const called = watchCalls();
  await expect(fetch(`https://mixed.example:${port}/`)).rejects.toThrow();
  expect([called, connects]).toEqual([['1.1.1.1'], 0]);
});

test('a redirect is told and never followed; where it leads to is refused like any other address', async () => {
  const { port: own } = outer.address() as AddressInfo;
  const ofOperator = guardedFetch({ hosts: HOSTS }, { url: `http://127.0.0.1:${own}/hook` });
  for (const [index, redirect] of corpus.redirects.entries()) {
    const answer = await ofOperator(`http://127.0.0.1:${own}/${index}`);
    const location = answer.headers.get('location')!;
    expect([answer.status, location]).toEqual([302, redirect.replaceAll('PORT', String(port))]);
    await expect(ofOperator(location), location).rejects.toMatchObject({ kind: 'refuse' });
  }
  expect(connects).toBe(0);
});
