import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';

/** Between a browser and the program: pages pass, frames of sockets come twice, out of order, and with their connection cut. */
export interface FaultyProxy {
  readonly host: string;
  readonly repeated: number;
  readonly swapped: number;
  /** Ends every socket in the midst of it, without a closing word. */
  cut(): void;
  close(): Promise<void>;
}

/** A frame kept back goes when the next has gone, or nothing follows for so long. */
const HELD_MS = 30;

/** @param chance 0 ≤ number < 1. */
export async function startFaultyProxy(target: string, chance: () => number): Promise<FaultyProxy> {
  const [targetHost = '', targetPort = ''] = target.split(':');
  const counts = { repeated: 0, swapped: 0 };
  const open = new Set<WebSocket>();
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = request({ host: targetHost, port: targetPort, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (protocols) => [...protocols][0] ?? false });

  /** The first frame goes as it came: before it there is nothing to disturb. */
  function faulty(send: (frame: string) => void): (data: RawData) => void {
    let first = true;
    let held: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    const release = (): void => {
      clearTimeout(timer);
      if (held !== undefined) send(held);
      held = undefined;
    };
    return (data) => {
      const frame = String(data);
      if (first) {
        first = false;
        return send(frame);
      }
      if (held === undefined && chance() < 0.3) {
        counts.swapped += 1;
        held = frame;
        timer = setTimeout(release, HELD_MS);
        return;
      }
      send(frame);
      if (chance() < 0.3) {
        counts.repeated += 1;
        send(frame);
      }
      release();
    };
  }

  server.on('upgrade', (incoming, socket, head) => {
    const { host, origin, 'sec-websocket-protocol': protocol } = incoming.headers;
    const onward = new WebSocket(`ws://${target}${incoming.url}`, String(protocol ?? '').split(/, */), {
      headers: { host: host ?? '', ...(origin === undefined ? {} : { origin }) },
    });
    onward.once('unexpected-response', () => socket.destroy());
    onward.on('error', () => socket.destroy());
    onward.once('open', () =>
      sockets.handleUpgrade(incoming, socket, head, (page) => {
        const send = (to: WebSocket) => (frame: string) => {
          if (to.readyState === to.OPEN) to.send(frame);
        };
        for (const [from, to] of [
          [page, onward],
          [onward, page],
        ] as const) {
          open.add(from);
          from.on('message', faulty(send(to)));
          from.on('error', () => undefined);
          from.once('close', (code) => {
            open.delete(from);
            if (code >= 4_000 || code === 1012) to.close(code);
            else to.terminate();
          });
        }
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get repeated() {
      return counts.repeated;
    },
    get swapped() {
      return counts.swapped;
    },
    cut() {
      for (const socket of open) socket.terminate();
    },
    async close() {
      for (const socket of open) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
