import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket as TcpSocket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createUserAgent } from '../../src/softswitch/sip/create-user-agent.ts';
import type { Flow, SipHappening } from '../../src/softswitch/sip/user-agent.ts';
import { driveUserAgent } from '../../src/softswitch/sip-port.ts';
import { inNetwork, openSipSockets, type SipSockets } from '../../src/softswitch/sip-sockets.ts';
import { optionsOf, SDP, seeded } from './sip/virtual-wire.ts';

const HOST = '127.0.0.1';
let told: SipHappening[];
let sockets: SipSockets;
let sip: ReturnType<typeof driveUserAgent>;
let phone: Socket;

beforeEach(async () => {
  told = [];
  const localAddress = () => ({ ip: HOST, port: sockets.port });
  const agent = createUserAgent({ ...optionsOf(HOST, 5060, seeded(3)), localAddress });
  sip = driveUserAgent(
    agent,
    () => sockets,
    localAddress,
    (happening) => told.push(happening),
  );
  sockets = await openSipSockets({ host: HOST, port: 0 }, sip, pino({ level: 'silent' }));
  phone = createSocket('udp4');
  phone.bind(0, HOST);
  await once(phone, 'listening');
});

afterEach(() => {
  sip.stop();
  sockets.close();
  phone.close();
});

async function until(what: string, satisfied: () => boolean): Promise<void> {
  const endMs = Date.now() + 5_000;
  while (!satisfied()) {
    if (Date.now() > endMs) throw new Error(`${what}; told: ${JSON.stringify(told)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function ring(call: string, port: number, transport: Flow['transport'] = 'udp'): void {
  sip.invite({
    ...{ call, target: `sip:1001@${HOST}:${port};transport=${transport}`, flow: undefined },
    ...{ fromUser: '12345', fromName: '', sdp: SDP, headers: [] },
  });
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

const ended = (call: string) => told.find((happening) => happening.kind === 'ended' && happening.call === call);

describe('a phone that is gone', () => {
  test.each(['udp', 'tcp'] as const)('ends its ring over %s at once', async (transport) => {
    const startedMs = Date.now();
    ring('gone', await closedPort(), transport);
    await until('no end of the ring', () => ended('gone') !== undefined);
    expect(ended('gone')).toMatchObject({ by: 'timeout', status: 503 });
    // Timer B alone would take 32 s.
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });

  test('that answered before it went is not asked again by the call that rings elsewhere', async () => {
    const { port } = phone.address();
    ring('there', port);
    ring('gone', await closedPort());
    await until('no end of the ring', () => ended('gone') !== undefined);
    expect(ended('there')).toBeUndefined();
  });
});

test('what a ringing phone says is heard, whichever way it was reached, and others are heard meanwhile', async () => {
  const stranger = createSocket('udp4');
  const answers: string[] = [];
  stranger.on('message', (data) => answers.push(data.toString('latin1')));
  phone.on('message', (data, from) => {
    const text = data.toString('latin1');
    if (!text.startsWith('INVITE')) return;
    const kept = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    const head = kept.map((line) => (line.startsWith('To:') ? `${line};tag=p` : line)).join('\r\n');
    phone.send(`SIP/2.0 180 Ringing\r\n${head}\r\nContent-Length: 0\r\n\r\n`, from.port, from.address);
    expect(from.port).toBe(sockets.port);
  });
  ring('out', phone.address().port);
  await until('it does not ring', () => told.some(({ kind }) => kind === 'ringing'));
  const head = 'To: <sip:x@127.0.0.1>\r\nFrom: <sip:y@127.0.0.1>;tag=1\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n';
  const options = `OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP ${HOST};rport;branch=z9hG4bKo\r\n${head}Content-Length: 0\r\n\r\n`;
  stranger.send(options, sockets.port, HOST);
  await until('no answer to OPTIONS', () => answers.some((text) => text.startsWith('SIP/2.0 200')));
  stranger.close();
});

test('a port that another program has is not shared', async () => {
  const { port } = phone.address();
  await expect(openSipSockets({ host: HOST, port }, sip, pino({ level: 'silent' }))).rejects.toThrow('EADDRINUSE');
  await expect(openSipSockets({ host: HOST, port: sockets.port }, sip, pino({ level: 'silent' }))).rejects.toThrow(
    'EADDRINUSE',
  );
});

test('once stopped, no timer is set again', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  ring('out', phone.address().port);
  const running = timers();
  sip.stop();
  expect(timers()).toBe(running - 1);
  sip.connectionClosed(1);
  sip.end('out', undefined);
  expect(timers()).toBe(running - 1);
});

test('who opens connections and says nothing loses the quietest of them, and keeps nobody else out', async () => {
  const heard: string[] = [];
  const listener = {
    received: (_flow: Flow, data: Uint8Array) => void heard.push(Buffer.from(data).toString()),
    connectionClosed: () => {},
    unreachable: () => {},
  };
  const few = await openSipSockets({ host: HOST, port: 0 }, listener, pino({ level: 'silent' }), 4);
  const opened: TcpSocket[] = [];
  const open = async (localAddress: string, says?: string) => {
    const socket = connect({ host: HOST, port: few.port, localAddress }).on('error', () => undefined);
    opened.push(socket);
    await once(socket, 'connect');
    if (says === undefined) return socket;
    socket.write(says);
    await until(`${says} is not heard`, () => heard.includes(says));
    return socket;
  };
  try {
    const phone = await open('127.0.0.2', 'first');
    const silent = [await open('127.0.0.3'), await open('127.0.0.3'), await open('127.0.0.3')];
    const ends = silent.map((socket) => once(socket, 'close'));
    await open('127.0.0.4', 'second');
    await open('127.0.0.5', 'third');
    await Promise.all(ends.slice(0, 2));
    phone.write('still there');
    await until('the first is gone', () => heard.includes('still there'));
    expect(silent[2]?.destroyed).toBe(false);
  } finally {
    for (const socket of opened) socket.destroy();
    few.close();
  }
});

test('a network of IPv6 admits no address of IPv4', () => {
  expect(
    ['::/0', '::1/128', '::ffff:0:0/96', '2001:db8::/32'].filter((cidr) => inNetwork('203.0.113.9', cidr)),
  ).toEqual([]);
  expect(inNetwork('203.0.113.9', '203.0.113.0/28')).toBe(true);
});
