import { createSocket, type Socket } from 'node:dgram';

/** The plain side of a peer: an RTP and an RTCP socket on this machine, connected to the media worker's so that nobody else is heard. */
export interface Relay {
  readonly port: number;
  sendRtp(packet: Uint8Array): void;
  sendRtcp(packet: Uint8Array): void;
  close(): void;
}

const BIND_TRIES_MAX = 20;
const SOCKET_BUFFER_BYTES = 131_072;

/** @throws Error when no neighbouring pair of ports is free. */
export async function openRelay(ip: string, mediaPort: number, heard: (packet: Buffer) => void): Promise<Relay> {
  for (let tries = 0; tries < BIND_TRIES_MAX; tries += 1) {
    const rtp = await bound(ip, 0);
    const { port } = rtp.address();
    const rtcp = port === 65_535 ? undefined : await bound(ip, port + 1).catch(() => undefined);
    if (rtcp === undefined) {
      rtp.close();
      continue;
    }
    connect(rtp, ip, mediaPort, heard);
    connect(rtcp, ip, mediaPort + 1, heard);
    return {
      port,
      sendRtp: (packet) => rtp.send(packet),
      sendRtcp: (packet) => rtcp.send(packet),
      close: () => {
        rtp.close();
        rtcp.close();
      },
    };
  }
  throw new Error('no free pair of relay ports');
}

/** 0: any free port. @throws Error when it is taken. */
export function bound(ip: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let isBound = false;
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: SOCKET_BUFFER_BYTES,
      // Addresses only, and at once: between bind and connect nobody else is to be heard.
      lookup: (host, _options, found) => found(null, host, 4),
    });
    socket.on('error', (error) => {
      // “Connection refused” by a leg that is gone already.
      if (isBound) return;
      socket.close();
      reject(error);
    });
    socket.bind({ address: ip, port, exclusive: true }, () => {
      isBound = true;
      resolve(socket);
    });
  });
}

function connect(socket: Socket, ip: string, port: number, heard: (packet: Buffer) => void): void {
  socket.connect(port, ip);
  socket.on('message', heard);
}
