import { randomInt } from 'node:crypto';
import { bound } from './relay.ts';

/** A UDP port that is ours and at which nobody is heard yet. */
export interface IcePort {
  readonly port: number;
  /** Resolves when somebody else of this process may bind it. */
  free(): Promise<void>;
}

const BIND_TRIES_MAX = 200;

/** Any free port of the range. @throws Error when there is none among those looked at. */
export async function reserveIcePort(ip: string, portMin: number, portMax: number): Promise<IcePort> {
  for (let tries = 0; tries < BIND_TRIES_MAX; tries += 1) {
    const socket = await bound(ip, randomInt(portMin, portMax + 1)).catch(() => undefined);
    if (socket === undefined) continue;
    const freed = new Promise<void>((resolve) => socket.once('close', resolve));
    return {
      port: socket.address().port,
      free() {
        socket.close();
        return freed;
      },
    };
  }
  throw new Error(`no free port between ${portMin} and ${portMax}`);
}
