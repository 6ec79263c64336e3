import { randomInt } from 'node:crypto';

/** Even RTP ports of the range, in random order; a released one rests, so that late packets of one call never reach another. */
export interface PortPool {
  readonly free: number[];
  /** Oldest first. */
  readonly resting: { readonly port: number; readonly untilMs: number }[];
}

export const QUARANTINE_MS = 5000;

/** Each even port whose odd neighbour is also within `portMin..portMax`. */
export function createPortPool(portMin: number, portMax: number): PortPool {
  const free: number[] = [];
  for (let port = portMin + (portMin & 1); port + 1 <= portMax; port += 2) free.push(port);
  return { free, resting: [] };
}

/** @returns undefined when the range is used up. */
export function takePort(pool: PortPool, nowMs: number): number | undefined {
  while (pool.resting[0] && pool.resting[0].untilMs <= nowMs) pool.free.push(pool.resting.shift()!.port);
  if (pool.free.length === 0) return undefined;
  const index = randomInt(pool.free.length);
  const port = pool.free[index]!;
  pool.free[index] = pool.free[pool.free.length - 1]!;
  pool.free.pop();
  return port;
}

/** Also for a port that another program holds: it is tried again later. */
export function restPort(pool: PortPool, port: number, nowMs: number): void {
  pool.resting.push({ port, untilMs: nowMs + QUARANTINE_MS });
}
