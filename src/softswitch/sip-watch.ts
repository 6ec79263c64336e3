import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

/** Peers watched at once; what goes to one more is sent without a watch. */
export const WATCHED_MAX = 500;
/** The refusal of a datagram comes within a round trip; each repetition begins the time anew. */
const WATCH_MS = 2_000;
const REFUSALS: readonly (string | undefined)[] = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'];

export interface PeerWatch {
  /** False when it could not be taken: to be sent as any other datagram. */
  send(peer: Peer, data: Uint8Array): boolean;
  close(): void;
}

interface Peer {
  readonly remoteIp: string;
  readonly remotePort: number;
}

export interface WatchNews {
  received(data: Uint8Array, from: RemoteInfo): void;
  /** Nobody listens there: the peer's machine said so (ICMP), or no route leads to it. */
  refused(peer: Peer): void;
  /** No watch could be opened on our port. */
  unwatched(peer: Peer, data: Uint8Array): void;
}

/**
 * A datagram to a closed port is refused by ICMP, and only a connected socket is told. So what must not wait in vain leaves by a socket of
 * its own, connected to that one peer, on the same port as everything else: the peer and a NAT between see no difference. For that port
 * the shared socket must have been bound with `reuseAddr`. What the peer sends meanwhile comes in here.
 */
export function openPeerWatch(local: { readonly host: string; readonly port: number }, news: WatchNews): PeerWatch {
  const watched = new Map<string, { readonly socket: Socket; readonly send: (data: Uint8Array) => void }>();

  function watch(peer: Peer, key: string): { readonly send: (data: Uint8Array) => void } {
    const socket = createSocket({ type: 'udp4', reuseAddr: true, lookup: literal });
    const waiting: Uint8Array[] = [];
    let connected = false;
    const ended = (): boolean => watched.get(key)?.socket !== socket;
    const end = (): void => {
      if (ended()) return;
      watched.delete(key);
      clearTimeout(timer);
      socket.close();
    };
    const timer = setTimeout(end, WATCH_MS).unref();
    const fail = (error: NodeJS.ErrnoException): void => {
      if (ended()) return;
      end();
      if (REFUSALS.includes(error.code)) news.refused(peer);
      else for (const data of waiting.splice(0)) news.unwatched(peer, data);
    };
    const put = (data: Uint8Array): void => socket.send(data, (error) => error !== null && fail(error));
    const send = (data: Uint8Array): void => {
      timer.refresh();
      if (connected) put(data);
      else waiting.push(data);
    };
    watched.set(key, { socket, send });
    socket.on('message', (data, from) => news.received(data, from));
    socket.on('error', fail);
    socket.once('connect', () => {
      if (ended()) return;
      connected = true;
      for (const data of waiting.splice(0)) put(data);
    });
    socket.bind(local.port, local.host, () => {
      if (!ended()) socket.connect(peer.remotePort, peer.remoteIp);
    });
    return { send };
  }

  return {
    send({ remoteIp, remotePort }, data) {
      const key = `${remoteIp}:${remotePort}`;
      const known = watched.get(key);
      if (known === undefined && watched.size >= WATCHED_MAX) return false;
      (known ?? watch({ remoteIp, remotePort }, key)).send(data);
      return true;
    },
    close() {
      for (const [key, { socket }] of watched) {
        watched.delete(key);
        socket.close();
      }
    },
  };
}

/** Addresses only, and at once: between bind and connect nothing else may come to pass. */
const literal = (
  host: string,
  _options: unknown,
  found: (error: null, address: string, family: number) => void,
): void => found(null, host, 4);
