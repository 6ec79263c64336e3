import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Endpoint } from '../config.ts';

/** @returns undefined when the port can be listened at now, else the system's error code. */
export function probeTcp(endpoint: Endpoint): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(endpoint.port, endpoint.host, () => server.close(() => resolve(undefined)));
  });
}

/** @returns as `probeTcp`. */
export function probeUdp(endpoint: Endpoint): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(endpoint.host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.bind({ port: endpoint.port, address: endpoint.host, exclusive: true }, () =>
      socket.close(() => resolve(undefined)),
    );
  });
}
