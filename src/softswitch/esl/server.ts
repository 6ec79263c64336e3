import { createServer, type Server } from 'node:net';
import type { Connection, ConnectionOptions, EventMore } from './connection.ts';
import { serveConnection } from './connection.ts';
import { ACCESS_DENIED, GOODBYE } from './dialect.ts';
import type { SwitchEvent } from './event.ts';
import type { Pace } from './pace.ts';
import { wantsName } from './subscription.ts';
import type { SwitchCommands } from './switch-commands.ts';

export const CLIENTS_MAX = 32;

export interface EventSocketOptions {
  readonly password: string;
  readonly commands: SwitchCommands;
  readonly pace: Pace;
  readonly publish: ConnectionOptions['publish'];
  readonly complain: (why: string) => void;
}

export interface EventSocket {
  /** @returns the real port. */
  listen(host: string, port: number): Promise<number>;
  /** True when some client may want such an event: else it need not be built. */
  wants(name: string, subclass: string | undefined): boolean;
  deliver(event: SwitchEvent): void;
  /** Says goodbye to every client and stops listening. */
  close(notice: string): Promise<void>;
}

export type { EventMore };

/** The event socket: inbound mode, loopback only. */
export function createEventSocket(options: EventSocketOptions): EventSocket {
  const connections = new Map<number, Connection>();
  const jobs = { running: 0 };
  let serial = 0;
  const server = createServer((socket) => {
    if (!isLoopback(socket.remoteAddress) || connections.size >= CLIENTS_MAX) {
      const notice = (type: string, text: string): string =>
        `Content-Type: ${type}\nContent-Length: ${Buffer.byteLength(text)}\n\n${text}`;
      socket.on('error', () => socket.destroy());
      socket.end(notice('text/rude-rejection', ACCESS_DENIED) + notice('text/disconnect-notice', GOODBYE));
      return;
    }
    serial += 1;
    const id = serial;
    socket.on('close', () => connections.delete(id));
    connections.set(id, serveConnection(socket, { id, jobs, ...options }));
  });
  return {
    listen: (host, port) => listen(server, host, port),
    wants: (name, subclass) => {
      for (const { subscription } of connections.values()) if (wantsName(subscription, name, subclass)) return true;
      return false;
    },
    deliver: (event) => {
      for (const connection of connections.values()) connection.deliver(event);
    },
    close: (notice) =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections.values()) connection.close(notice);
        options.pace.flush();
      }),
  };
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
