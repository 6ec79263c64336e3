import { isUtf8 } from 'node:buffer';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, BlockList } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { clientAddress, readNetworks } from '../../lib/client-address.ts';
import { networkOf } from '../../lib/network-of.ts';
import type { WebSocketOptions } from '../options.ts';
import { MESSAGE_BYTES_MAX } from '../sip/parse-message.ts';
import type { Flow } from '../sip/user-agent.ts';
import type { SipListener } from '../sip-sockets.ts';
import { followCertificate, readPair } from './certificate.ts';
import { isWelcome } from './origin.ts';
import { fullRate, type Rate, takeMessageToken } from './rate.ts';

export const WEB_SOCKETS_MAX = 2000;
/** Bytes that may wait for a peer that does not read. */
const OUTPUT_BYTES_MAX = 1024 * 1024;
/** Who connects must show within this time that it is a phone of ours. */
const STRANGER_MS_MAX = 30_000;
/**
 * A ping this often. A peer that was heard neither by message nor by pong for `QUIET_MS_MAX` has missed its keep-alive: its calls are told. After
 * `SILENT_MS_MAX` it is gone (asleep, or its network is).
 */
const PING_MS = 500;
const QUIET_MS_MAX = 1_000;
const SILENT_MS_MAX = 25_000;

/** RFC 6455 §7.4.1 and the project's own. */
const CLOSED = { goingAway: 1001, policy: 1008, full: 1013, stranger: 4001, slow: 4008, rate: 4029 } as const;

export interface WebSockets {
  readonly port: number;
  send(flow: Flow, data: Uint8Array): void;
  closeFlow(flow: Flow): void;
  /** A user registered or called over this connection: it may stay. */
  trust(flow: Flow): void;
  /** The address of ours that this peer connected to. */
  localIpOf(flow: Flow): string | undefined;
  close(): void;
}

export interface WebSocketLimits {
  readonly connectionsMax: number;
  readonly strangerMs: number;
  readonly pingMs: number;
  readonly quietMs: number;
  readonly silentMs: number;
}

const LIMITS: WebSocketLimits = {
  connectionsMax: WEB_SOCKETS_MAX,
  strangerMs: STRANGER_MS_MAX,
  pingMs: PING_MS,
  quietMs: QUIET_MS_MAX,
  silentMs: SILENT_MS_MAX,
};

interface Held {
  readonly socket: WebSocket;
  readonly flow: Flow;
  readonly localIp: string;
  readonly rate: Rate;
  heardAtMs: number;
  quiet: boolean;
  stranger: NodeJS.Timeout | undefined;
}

interface Table {
  readonly options: WebSocketOptions;
  readonly listener: SipListener;
  readonly nextConnection: () => number;
  readonly limits: WebSocketLimits;
  readonly log: Logger;
  readonly trusted: BlockList;
  readonly held: Map<number, Held>;
}

/** SIP over WebSocket (RFC 7118): `ws`, or `wss` when there is a certificate. */
export async function openWebSockets(
  options: WebSocketOptions,
  listener: SipListener,
  nextConnection: () => number,
  log: Logger,
  limits: Partial<WebSocketLimits> = {},
): Promise<WebSockets> {
  const table: Table = {
    ...{ options, listener, nextConnection, log, limits: { ...LIMITS, ...limits }, held: new Map() },
    trusted: readNetworks(options.trustedProxies ?? []),
  };
  const { server, unwatch } = createHttpServer(options, log);
  const upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    handleProtocols: () => 'sip',
  });
  server.on('request', (_, response) => {
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Length': 0 }).end();
  });
  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request, table);
    if (refusal !== undefined) return refuse(stream, refusal);
    upgrader.handleUpgrade(request, stream, head, (socket) => adopt(socket, request, table));
  });
  server.on('clientError', (_, stream) => stream.destroy());
  server.maxConnections = table.limits.connectionsMax + 100;
  await listening(server, options);
  const pinging = setInterval(() => pingAll(table), table.limits.pingMs);
  pinging.unref();
  return portsOf(server, table, () => {
    clearInterval(pinging);
    unwatch();
  });
}

function createHttpServer({ tls }: WebSocketOptions, log: Logger): { server: Server; unwatch: () => void } {
  const limits = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000 };
  if (tls === undefined) return { server: createServer(limits), unwatch: () => {} };
  const server = createTlsServer({ ...limits, ...readPair(tls) });
  return { server, unwatch: followCertificate(server, tls, log) };
}

function listening(server: Server, { host, port }: WebSocketOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portsOf(server: Server, table: Table, rest: () => void): WebSockets {
  const heldBy = (flow: Flow): Held | undefined => table.held.get(flow.connection ?? -1);
  return {
    port: (server.address() as AddressInfo).port,
    send(flow, data) {
      const held = heldBy(flow);
      // Not at once: whoever sends is in the middle of its work.
      if (held === undefined) setImmediate(() => table.listener.unreachable(flow));
      else if (held.socket.bufferedAmount > OUTPUT_BYTES_MAX) cut(table, held, CLOSED.slow, 'does not read');
      // A browser ends the connection over text that is not UTF-8.
      else held.socket.send(data, { binary: !isUtf8(data) });
    },
    closeFlow(flow) {
      const held = heldBy(flow);
      if (held !== undefined) cut(table, held, CLOSED.policy, 'broke the protocol');
    },
    trust(flow) {
      clearTimeout(heldBy(flow)?.stranger);
    },
    localIpOf: (flow) => heldBy(flow)?.localIp,
    close() {
      rest();
      for (const { socket } of table.held.values()) socket.close(CLOSED.goingAway);
      server.close();
      server.closeAllConnections();
      for (const { socket } of table.held.values()) socket.terminate();
    },
  };
}

/** Why the upgrade is refused, or undefined. RFC 7118 §4.1: the client must ask for the subprotocol `sip`. */
function refusalOf(request: IncomingMessage, table: Table): string | undefined {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const { origin, host } = request.headers;
  if (!isWelcome(origin, host, table.options.origins)) {
    table.log.warn({ origin: origin?.slice(0, 200) }, 'page of a foreign origin refused');
    return '403 Forbidden';
  }
  if (!protocols.includes('sip')) return '400 Bad Request';
  return undefined;
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function adopt(socket: WebSocket, request: IncomingMessage, table: Table): void {
  if (table.held.size >= table.limits.connectionsMax) makeRoom(table);
  const connection = table.nextConnection();
  const { remotePort, localAddress } = request.socket;
  const flow: Flow = {
    transport: table.options.tls === undefined ? 'ws' : 'wss',
    // Limits, bans and what a phone proves go by who is behind the proxy; where it is reached, by its connection alone.
    remoteIp: clientAddress(request, table.trusted),
    remotePort: remotePort ?? 0,
    connection,
  };
  const nowMs = performance.now();
  const held: Held = {
    ...{ socket, flow, localIp: plainIp(localAddress), rate: fullRate(nowMs), heardAtMs: nowMs, quiet: false },
    stranger: setTimeout(() => cut(table, held, CLOSED.stranger, 'registered nobody'), table.limits.strangerMs),
  };
  table.held.set(connection, held);
  socket.on('message', (data: Buffer) => heard(table, held, data));
  socket.on('pong', () => wasHeard(table, held, performance.now()));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearTimeout(held.stranger);
    table.held.delete(connection);
    table.listener.connectionClosed(connection);
  });
}

function plainIp(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

function heard(table: Table, held: Held, data: Buffer): void {
  const nowMs = performance.now();
  wasHeard(table, held, nowMs);
  if (!takeMessageToken(held.rate, nowMs)) return cut(table, held, CLOSED.rate, 'sends too much');
  // The one that has been quiet longest stands first.
  const { connection } = held.flow;
  if (connection === undefined || !table.held.delete(connection)) return;
  table.held.set(connection, held);
  table.listener.received(held.flow, data);
}

function wasHeard(table: Table, held: Held, nowMs: number): void {
  held.heardAtMs = nowMs;
  if (held.quiet) tellQuiet(table, held, false);
}

function tellQuiet(table: Table, held: Held, quiet: boolean): void {
  held.quiet = quiet;
  if (held.flow.connection !== undefined) table.listener.connectionQuiet?.(held.flow.connection, quiet);
}

function cut(table: Table, held: Held, code: number, why: string): void {
  table.log.warn({ why, from: held.flow.remoteIp }, 'WebSocket closed');
  held.socket.close(code, why);
  // Who does not take part in the closing is not waited for.
  setTimeout(() => held.socket.terminate(), 1000).unref();
}

/** Whoever holds most gives up what it used least: nobody can keep the others out by opening connections and saying nothing. */
function makeRoom(table: Table): void {
  const counts = new Map<string, number>();
  const networks = [...table.held.values()].map((held) => ({ held, network: networkOf(held.flow.remoteIp) }));
  for (const { network } of networks) counts.set(network, (counts.get(network) ?? 0) + 1);
  const most = Math.max(...counts.values());
  for (const { held, network } of networks) {
    if (counts.get(network) !== most) continue;
    table.held.delete(held.flow.connection ?? -1);
    cut(table, held, CLOSED.full, 'too many connections');
    return;
  }
}

/** RFC 7118 §6: the connection is kept alive by pings; who does not answer them has lost it without a word. */
function pingAll(table: Table): void {
  const nowMs = performance.now();
  for (const held of table.held.values()) {
    const silentMs = nowMs - held.heardAtMs;
    if (silentMs > table.limits.silentMs) held.socket.terminate();
    else held.socket.ping();
    if (silentMs > table.limits.quietMs && !held.quiet) tellQuiet(table, held, true);
  }
}
