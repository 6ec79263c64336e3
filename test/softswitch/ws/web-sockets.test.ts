import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketOptions } from '../../../src/softswitch/options.ts';
import { MESSAGE_BYTES_MAX } from '../../../src/softswitch/sip/parse-message.ts';
import type { Flow } from '../../../src/softswitch/sip/user-agent.ts';
import { countConnections } from '../../../src/softswitch/sip-sockets.ts';
import { MESSAGES_BURST } from '../../../src/softswitch/ws/rate.ts';
import { openWebSockets, type WebSocketLimits, type WebSockets } from '../../../src/softswitch/ws/web-sockets.ts';

const logged: string[] = [];
const log = pino(
  { level: 'error' },
  {
    write: (line: string) => {
      logged.push(line);
      wake();
    },
  },
);
let sockets: WebSockets;
let received: { flow: Flow; text: string }[];
let closed: number[];
let quiet: boolean[];
let unreachable: Flow[];
let wake: () => void;

async function open(
  limits: Partial<WebSocketLimits> = {},
  origins: readonly string[] = [],
  tls?: WebSocketOptions['tls'],
  trustedProxies: readonly string[] = [],
): Promise<void> {
  // What a former socket still tells is not for this test.
  const told = {
    received: [] as typeof received,
    closed: [] as number[],
    quiet: [] as boolean[],
    unreachable: [] as Flow[],
  };
  ({ received, closed, quiet, unreachable } = told);
  wake = () => {};
  sockets = await openWebSockets(
    { host: '127.0.0.1', port: 0, origins, trustedProxies, ...(tls && { tls }) },
    {
      received: (flow, data) => {
        told.received.push({ flow, text: Buffer.from(data).toString() });
        wake();
      },
      connectionClosed: (connection) => {
        told.closed.push(connection);
        wake();
      },
      connectionQuiet: (_connection, isQuiet) => {
        told.quiet.push(isQuiet);
        wake();
      },
      unreachable: (flow) => {
        told.unreachable.push(flow);
        wake();
      },
    },
    countConnections(),
    log,
    limits,
  );
}

beforeEach(() => open());
afterEach(() => sockets.close());

async function reopen(...given: Parameters<typeof open>): Promise<void> {
  sockets.close();
  await open(...given);
}

async function until(satisfied: () => boolean): Promise<void> {
  while (!satisfied()) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

const dial = (options: object = {}, protocols: string | readonly string[] = 'sip'): WebSocket => {
  const client = new WebSocket(`ws://127.0.0.1:${sockets.port}/`, protocols as string, options);
  client.on('error', () => {});
  return client;
};

async function connected(options: object = {}): Promise<WebSocket> {
  const client = dial(options);
  await once(client, 'open');
  return client;
}

/** The status that an upgrade is refused with. */
async function refusal(options: object, protocols?: string | readonly string[]): Promise<number> {
  const client = dial(options, protocols);
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, { statusCode: number }];
  client.terminate();
  return response.statusCode;
}

const closeCode = (client: WebSocket): Promise<number> =>
  new Promise((resolve) => client.once('close', (code) => resolve(code)));

describe('an upgrade', () => {
  test('is answered with the subprotocol “sip”, which must be asked for (RFC 7118 §4.1)', async () => {
    const client = dial({}, ['other', 'sip']);
    await once(client, 'open');
    expect(client.protocol).toBe('sip');
    expect(await refusal({}, ['other'])).toBe(400);
    expect(await refusal({}, [])).toBe(400);
  });

  test('comes from a page of this host or of a listed origin, or from no page', async () => {
    await reopen({}, ['https://desk.example']);
    for (const origin of ['http://127.0.0.1:8080', 'https://127.0.0.1', 'https://desk.example']) {
      await connected({ headers: { origin } });
    }
    await connected();
    for (const origin of ['http://evil.example', 'http://desk.example', 'https://desk.example:81', 'null', 'file://']) {
      expect(await refusal({ headers: { origin } }), origin).toBe(403);
    }
  });

  test('is all that is served: any other request is told so', async () => {
    const asked = request({ host: '127.0.0.1', port: sockets.port, path: '/' });
    asked.end();
    const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(426);
  });
});

describe('a connection', () => {
  test('hands on each message whole, text or binary, and answers on the same flow', async () => {
    const client = await connected();
    client.send('OPTIONS one');
    client.send(Buffer.from('OPTIONS two'));
    await until(() => received.length === 2);
    expect(received.map(({ text }) => text)).toEqual(['OPTIONS one', 'OPTIONS two']);
    const { flow } = received[0]!;
    expect(flow).toMatchObject({ transport: 'ws', remoteIp: '127.0.0.1' });
    expect(sockets.localIpOf(flow)).toBe('127.0.0.1');
    sockets.send(flow, Buffer.from('SIP/2.0 200 好'));
    expect(await once(client, 'message')).toEqual([Buffer.from('SIP/2.0 200 好'), false]);
    sockets.send(flow, Buffer.from([0x53, 0xff]));
    expect(await once(client, 'message')).toEqual([Buffer.from([0x53, 0xff]), true]);
  });

  test('is closed over a message that is too long, or too many of them', async () => {
    const long = await connected();
    long.send('x'.repeat(MESSAGE_BYTES_MAX + 1));
    expect(await closeCode(long)).toBe(1009);
    const many = await connected();
    for (let n = 0; n < MESSAGES_BURST + 60; n += 1) many.send('x');
    expect(await closeCode(many)).toBe(4029);
    expect(received.length).toBeLessThan(MESSAGES_BURST + 20);
    await until(() => closed.length === 2);
  });

  test('of which nobody registers is closed; a trusted one stays', async () => {
    await reopen({ strangerMs: 150 });
    const stranger = await connected();
    const seat = await connected();
    seat.send('REGISTER');
    await until(() => received.length === 1);
    sockets.trust(received[0]!.flow);
    expect(await closeCode(stranger)).toBe(4001);
    seat.send('OPTIONS');
    await until(() => received.length === 2);
  });

  test('that misses its keep-alive is told, and told again once it is heard; it is not ended for that', async () => {
    await reopen({ pingMs: 20, quietMs: 60 });
    const deaf = await connected({ autoPong: false });
    await until(() => quiet.length === 1);
    deaf.send('OPTIONS');
    await until(() => quiet.length >= 2);
    expect(quiet.slice(0, 2)).toEqual([true, false]);
    expect(closed).toEqual([]);
  });

  test('that answers no ping is ended, and its owner learns it; one that answers stays', async () => {
    await reopen({ pingMs: 40, silentMs: 100 });
    const deaf = await connected({ autoPong: false });
    const well = await connected();
    expect(await closeCode(deaf)).toBe(1006);
    await until(() => closed.length === 1);
    well.send('OPTIONS');
    await until(() => received.length === 1);
  });

  test('that does not read is ended before it costs more than a megabyte', async () => {
    const client = await connected();
    client.send('OPTIONS');
    await until(() => received.length === 1);
    client.pause();
    const data = Buffer.alloc(64 * 1024, 'x');
    for (let n = 0; n < 200 && closed.length === 0; n += 1) {
      sockets.send(received[0]!.flow, data);
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => closed.length === 1);
  });

  test('that is gone cannot be sent to: the sender is told', async () => {
    const client = await connected();
    client.send('OPTIONS');
    await until(() => received.length === 1);
    client.terminate();
    await until(() => closed.length === 1);
    sockets.send(received[0]!.flow, Buffer.from('x'));
    await until(() => unreachable.length === 1);
    expect(unreachable[0]).toEqual(received[0]!.flow);
  });

  test('beyond the limit costs whoever holds most its quietest one', async () => {
    await reopen({ connectionsMax: 3 });
    const [first, second, third] = [await connected(), await connected(), await connected()];
    first.send('I live');
    await until(() => received.length === 1);
    await connected();
    expect(await closeCode(second)).toBe(1013);
    third.send('I too');
    await until(() => received.length === 2);
  });
});

describe('behind a proxy', () => {
  const behind = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  async function heardFrom(client: WebSocket): Promise<Flow> {
    const before = received.length;
    client.send('OPTIONS');
    await until(() => received.length > before);
    return received.at(-1)!.flow;
  }

  test('that is trusted, a peer is who it says; behind any other, and by its own word, the one that connects', async () => {
    const named = await connected(behind('203.0.113.9'));
    expect((await heardFrom(named)).remoteIp).toBe('127.0.0.1');
    await reopen({}, [], undefined, ['127.0.0.1']);
    const citizen = await connected(behind('198.51.100.1, 203.0.113.9'));
    const flow = await heardFrom(citizen);
    expect(flow.remoteIp).toBe('203.0.113.9');
    expect(sockets.localIpOf(flow)).toBe('127.0.0.1');
    sockets.send(flow, Buffer.from('SIP/2.0 200 OK'));
    expect(await once(citizen, 'message')).toEqual([Buffer.from('SIP/2.0 200 OK'), false]);
  });

  test('room is made by whoever of those behind it holds most, all addresses of an IPv6 subscriber together', async () => {
    await reopen({ connectionsMax: 4 }, [], undefined, ['127.0.0.1']);
    const office = await connected(behind('203.0.113.9'));
    const first = await connected(behind('2001:db8::1'));
    await connected(behind('2001:db8::2'));
    await connected(behind('203.0.113.10'));
    await connected(behind('198.51.100.1'));
    expect(await closeCode(first)).toBe(1013);
    expect((await heardFrom(office)).remoteIp).toBe('203.0.113.9');
  });
});

describe('with a certificate', () => {
  let folder: string;
  const tls = () => ({ certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') });

  function makePair(): Buffer {
    const { certFile, keyFile } = tls();
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '10', '-subj', '/CN=hotline'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile],
    ]);
    expect(made.status, String(made.stderr)).toBe(0);
    return readFileSync(certFile);
  }

  /** Undefined when this authority does not vouch for what is served. */
  async function secure(ca: Buffer): Promise<WebSocket | undefined> {
    const client = new WebSocket(`wss://127.0.0.1:${sockets.port}/`, 'sip', { ca });
    return once(client, 'open').then(
      () => client,
      () => undefined,
    );
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'minhu-wss-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('it speaks wss and nothing else', async () => {
    const ca = makePair();
    await reopen({}, [], tls());
    const client = await secure(ca);
    client?.send('OPTIONS');
    await until(() => received.length === 1);
    expect(received[0]!.flow.transport).toBe('wss');
    expect(await closeCode(dial())).toBe(1006);
  });

  test('a renewed pair is in force for new connections, and the old ones stay; rubbish changes nothing', async () => {
    const former = makePair();
    await reopen({}, [], tls());
    const old = await secure(former);
    const renewed = makePair();
    while ((await secure(renewed)) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await secure(former)).toBeUndefined();
    old?.send('I live');
    await until(() => received.length === 1);
    writeFileSync(tls().keyFile, 'rubbish');
    await until(() => logged.some((line) => line.includes('renewed certificate not used')));
    expect(await secure(renewed)).toBeDefined();
  });
});
