import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';

/** A way to a database that can be shut (connections end, new ones too) or gone silent (nothing passes either way, nothing ends). */
export interface Gate {
  /** The address behind the gate as it is before it. */
  through(url: string): string;
  open(): void;
  shut(): void;
  silence(): void;
  close(): Promise<void>;
}

export async function openGate(): Promise<Gate> {
  let target: NetConnectOpts | undefined;
  let state: 'open' | 'shut' | 'silent' = 'open';
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (state === 'shut' || target === undefined) return void near.destroy();
    if (state === 'silent') return;
    const far = connect(target);
    keep(far);
    near.on('data', (data) => state === 'open' && far.write(data));
    far.on('data', (data) => state === 'open' && near.write(data));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    through(url) {
      const address = new URL(url);
      const folder = address.searchParams.get('host');
      address.searchParams.delete('host');
      const { hostname: host, port } = address;
      target = folder === null ? { host, port: Number(port) } : { path: join(folder, `.s.PGSQL.${port}`) };
      address.hostname = '127.0.0.1';
      address.port = String((server.address() as AddressInfo).port);
      return address.href;
    },
    open() {
      state = 'open';
    },
    shut() {
      state = 'shut';
      end();
    },
    silence() {
      state = 'silent';
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      end();
      await closed;
    },
  };
}
