import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Logger } from 'pino';
import { networkOf } from '../lib/network-of.ts';
import type { Endpoint } from './options.ts';
import type { Flow } from './sip/user-agent.ts';
import { openPeerWatch, type PeerWatch } from './sip-watch.ts';

export const CONNECTIONS_MAX = 2000;
/** Bytes that may wait for a peer that does not read. */
const OUTPUT_BYTES_MAX = 1024 * 1024;
const IDLE_MS_MAX = 3_600_000;
const BIND_TRIES_MAX = 20;

export interface SipSockets {
  readonly port: number;
  send(flow: Flow, data: Uint8Array): void;
  closeFlow(flow: Flow): void;
  close(): void;
}

export interface SipListener {
  received(flow: Flow, data: Uint8Array): void;
  connectionClosed(connection: number): void;
  /** A WebSocket has missed its keep-alive, or answers again. */
  connectionQuiet?(connection: number, quiet: boolean): void;
  /** What was sent to this address cannot arrive. */
  unreachable(flow: Flow): void;
}

/** Numbers for `Flow.connection`, each given once. Sockets that speak to one user agent share them. */
export function countConnections(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}

/** UDP and TCP on one port. Port 0: one that is free for both. */
export async function openSipSockets(
  endpoint: Endpoint,
  listener: SipListener,
  log: Logger,
  connectionsMax = CONNECTIONS_MAX,
  nextConnection = countConnections(),
): Promise<SipSockets> {
  for (let attempt = 1; ; attempt += 1) {
    let udp: UdpSocket | undefined;
    try {
      udp = await bindUdp(endpoint);
      const port = udp.address().port;
      const table: Table = { held: new Map(), connectionsMax, nextConnection };
      const server = await bindTcp({ host: endpoint.host, port }, (socket) => adopt(socket, table, listener));
      return serve(udp, server, { host: endpoint.host, port }, table, listener, log);
    } catch (error) {
      udp?.close();
      if (endpoint.port !== 0 || attempt === BIND_TRIES_MAX) throw error;
    }
  }
}

/** Shared with the sockets of `sip-watch.ts` alone: a first try without sharing finds the port taken when another program has it. */
async function bindUdp(endpoint: Endpoint): Promise<UdpSocket> {
  const alone = await bound(endpoint, false);
  const { port } = alone.address();
  await new Promise<void>((resolve) => alone.close(() => resolve()));
  return bound({ host: endpoint.host, port }, true);
}

function bound(endpoint: Endpoint, reuseAddr: boolean): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      ...{ type: 'udp4', reuseAddr },
      ...{ recvBufferSize: 1024 * 1024, sendBufferSize: 1024 * 1024 },
    });
    socket.once('error', reject);
    socket.bind(endpoint.port, endpoint.host, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function bindTcp(endpoint: Endpoint, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept);
    server.once('error', reject);
    server.listen(endpoint.port, endpoint.host, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** The TCP connections, the one that has been quiet longest first. */
interface Table {
  readonly held: Map<number, Held>;
  readonly connectionsMax: number;
  readonly nextConnection: () => number;
}

interface Held {
  readonly socket: Socket;
  readonly network: string;
}

function adopt(socket: Socket, table: Table, listener: SipListener, to?: Flow): number {
  if (table.held.size >= table.connectionsMax) makeRoom(table);
  const connection = table.nextConnection();
  const remoteIp = to?.remoteIp ?? (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const remotePort = to?.remotePort ?? socket.remotePort ?? 0;
  const flow: Flow = { transport: 'tcp', remoteIp, remotePort, connection };
  const held = { socket, network: networkOf(remoteIp) };
  table.held.set(connection, held);
  socket.setNoDelay(true);
  socket.setTimeout(IDLE_MS_MAX, () => socket.destroy());
  socket.on('data', (data) => {
    if (!table.held.delete(connection)) return;
    table.held.set(connection, held);
    listener.received(flow, data);
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    table.held.delete(connection);
    listener.connectionClosed(connection);
  });
  return connection;
}

/** Whoever holds most gives up what it used least: nobody can keep the others out by opening connections and saying nothing. */
function makeRoom({ held }: Table): void {
  const counts = new Map<string, number>();
  for (const { network } of held.values()) counts.set(network, (counts.get(network) ?? 0) + 1);
  const most = Math.max(...counts.values());
  for (const [connection, { socket, network }] of held) {
    if (counts.get(network) !== most) continue;
    held.delete(connection);
    socket.destroy();
    return;
  }
}

function serve(
  udp: UdpSocket,
  server: Server,
  local: Endpoint,
  table: Table,
  listener: SipListener,
  log: Logger,
): SipSockets {
  const heard = (data: Uint8Array, from: { readonly address: string; readonly port: number }): void =>
    listener.received({ transport: 'udp', remoteIp: from.address, remotePort: from.port }, data);
  const sendAlone = (to: Pick<Flow, 'remoteIp' | 'remotePort'>, data: Uint8Array): void =>
    udp.send(data, to.remotePort, to.remoteIp, (error) => {
      if (error !== null) log.debug({ error: error.message, to: to.remoteIp }, 'SIP datagram not sent');
    });
  udp.on('message', heard);
  udp.on('error', (error) => log.warn({ error: error.message }, 'SIP socket'));
  const watch = openPeerWatch(local, {
    received: heard,
    refused: (peer) => listener.unreachable({ transport: 'udp', ...peer }),
    unwatched: sendAlone,
  });
  const connectionTo = dialler(table, listener);
  return {
    port: local.port,
    send(flow, data) {
      if (flow.transport === 'udp') return sendDatagram(watch, sendAlone, flow, data);
      const socket = connectionTo(flow);
      if (socket.writableLength > OUTPUT_BYTES_MAX) socket.destroy();
      else socket.write(data);
    },
    closeFlow: (flow) => table.held.get(flow.connection ?? -1)?.socket.destroy(),
    close() {
      watch.close();
      udp.close();
      server.close();
      for (const { socket } of table.held.values()) socket.destroy();
    },
  };
}

/** A phone that is gone should not seem to ring: whether anybody listens there is asked with each INVITE. */
function sendDatagram(
  watch: PeerWatch,
  sendAlone: (flow: Flow, data: Uint8Array) => void,
  flow: Flow,
  data: Uint8Array,
): void {
  const isInvite = Buffer.from(data.buffer, data.byteOffset, Math.min(7, data.length)).toString('latin1') === 'INVITE ';
  if (!isInvite || !watch.send(flow, data)) sendAlone(flow, data);
}

/** The connection of a flow: its own, the one dialled earlier to that address, or a new one. */
function dialler(table: Table, listener: SipListener): (flow: Flow) => Socket {
  const dialled = new Map<string, number>();
  return (flow) => {
    const given = table.held.get(flow.connection ?? -1);
    if (given !== undefined) return given.socket;
    const address = `${flow.remoteIp}:${flow.remotePort}`;
    const earlier = table.held.get(dialled.get(address) ?? -1);
    if (earlier !== undefined) return earlier.socket;
    const socket = connect({ host: flow.remoteIp, port: flow.remotePort });
    dialled.set(address, adopt(socket, table, listener, flow));
    let isOpen = false;
    socket.once('connect', () => {
      isOpen = true;
    });
    socket.once('close', () => {
      dialled.delete(address);
      if (!isOpen) listener.unreachable({ transport: 'tcp', remoteIp: flow.remoteIp, remotePort: flow.remotePort });
    });
    return socket;
  };
}

/** The address of ours that a peer sees: on its network if we are, else the first that is not loopback. */
export function localIpFor(remoteIp: string, bound: string, published: string | undefined): string {
  if (remoteIp.startsWith('127.')) return bound === '0.0.0.0' ? '127.0.0.1' : bound;
  if (published !== undefined) return published;
  if (bound !== '0.0.0.0') return bound;
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal);
  const near = addresses.find((address) => sameNetwork(address.address, remoteIp, address.netmask));
  return (near ?? addresses[0])?.address ?? '127.0.0.1';
}

export function sameNetwork(a: string, b: string, netmask: string): boolean {
  const mask = ipNumber(netmask);
  return (ipNumber(a) & mask) === (ipNumber(b) & mask);
}

function ipNumber(ip: string): number {
  return ip.split('.').reduce((number, part) => (number << 8) | Number(part), 0);
}

/** Whether an IPv4 address lies in `ADDRESS/BITS` (or is that address). None lies in a network of IPv6, be it `::/0`. */
export function inNetwork(ip: string, cidr: string): boolean {
  if (cidr.includes(':')) return false;
  const [network = '', bits = '32'] = cidr.split('/');
  const mask = Number(bits) === 0 ? 0 : -1 << (32 - Number(bits));
  return (ipNumber(ip) & mask) === (ipNumber(network) & mask);
}
