import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Source } from '../rtp/source-lock.ts';

/** The two sockets of a leg. */
export interface Wire {
  readonly port: number;
  readonly rtp: Socket;
  readonly rtcp: Socket;
  /** Set while the kernel itself drops what other sources send, which is also the faster way to send. */
  bound: Source | undefined;
}

export type OnDatagram = (datagram: Buffer, from: RemoteInfo) => void;

/** Bytes; half a second of a burst for one leg, and no more than the kernel's usual limit. */
const SOCKET_BUFFER_BYTES = 131_072;

/** @returns undefined when either port is taken. */
export async function openWire(
  ip: string,
  port: number,
  onRtp: OnDatagram,
  onRtcp: OnDatagram,
): Promise<Wire | undefined> {
  const rtp = await bindSocket(ip, port, onRtp);
  if (!rtp) return undefined;
  const rtcp = await bindSocket(ip, port + 1, onRtcp);
  if (!rtcp) {
    rtp.close();
    return undefined;
  }
  return { port, rtp, rtcp, bound: undefined };
}

/** Takes packets of this source only, from now on. */
export function bindToSource(wire: Wire, source: Source): void {
  unbindFromSource(wire);
  try {
    wire.rtp.connect(source.port, source.ip, () => {});
    wire.rtp.remoteAddress();
    wire.bound = source;
  } catch {
    // An address without a route: the lock above the socket still holds.
    wire.bound = undefined;
  }
}

export function unbindFromSource(wire: Wire): void {
  if (!wire.bound) return;
  wire.rtp.disconnect();
  wire.bound = undefined;
}

/** What cannot be sent is lost, as on any network. `datagram` must not be written to afterwards. */
export function sendRtp(wire: Wire, datagram: Buffer, to: Source): void {
  if (wire.bound) wire.rtp.send(datagram);
  else if (isPort(to.port)) wire.rtp.send(datagram, to.port, to.ip, ignoreLoss);
}

export function sendRtcp(wire: Wire, datagram: Uint8Array, to: Source): void {
  if (isPort(to.port)) wire.rtcp.send(datagram, to.port, to.ip, ignoreLoss);
}

export function closeWire(wire: Wire): void {
  wire.rtp.close();
  wire.rtcp.close();
}

function bindSocket(ip: string, port: number, onDatagram: OnDatagram): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    // All peers are numeric addresses: no look-up, so that sending stays within the tick.
    const socket = createSocket({
      type: ip.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: SOCKET_BUFFER_BYTES,
      lookup: (hostname, _options, callback) => callback(null, hostname, hostname.includes(':') ? 6 : 4),
    });
    // Before: the port is taken. After: "connection refused" by a phone that is gone; the silence report covers it.
    let isBound = false;
    socket.on('error', () => {
      if (!isBound) socket.close();
      resolve(undefined);
    });
    socket.on('message', onDatagram);
    socket.once('listening', () => {
      isBound = true;
      resolve(socket);
    });
    socket.bind({ address: ip, port, exclusive: true });
  });
}

/** A far end may negotiate port 0, or 65535, whose RTCP neighbour does not exist. */
function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

function ignoreLoss(): void {}
