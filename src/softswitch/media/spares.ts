import type { Leg, Media } from './leg.ts';
import { restPort, takePort } from './ports.ts';
import { receiveRtp } from './receive.ts';
import { hearRtcp } from './rtcp-exchange.ts';
import { closeWire, openWire, type Wire } from './wire.ts';

/** A wire and the leg that it is for; undefined: nobody's yet. */
export interface Bound {
  readonly wire: Wire;
  leg: Leg | undefined;
}

/** Ports tried for one wire when other programs hold some of the range. */
const BIND_TRIES_MAX = 20;

/** @returns undefined when the range is used up. */
export async function bindPorts(media: Media): Promise<Bound | undefined> {
  const owner: { leg: Leg | undefined } = { leg: undefined };
  for (let tries = 0; tries < BIND_TRIES_MAX; tries++) {
    const port = takePort(media.ports, media.nowMs());
    if (port === undefined) return undefined;
    const wire = await openWire(
      media.options.bindIp,
      port,
      (datagram, from) => owner.leg && receiveRtp(media, owner.leg, datagram, from),
      (datagram, from) => owner.leg && hearRtcp(media, owner.leg, datagram, from),
    );
    if (wire) return Object.assign(owner, { wire });
    restPort(media.ports, port, media.nowMs());
  }
  return undefined;
}

/** Binds one more beforehand and tells of it, so that a call that takes it need not wait for this thread. */
export async function addSpare(media: Media): Promise<void> {
  const bound = await bindPorts(media);
  if (!bound) return;
  if (media.closing) return closeWire(bound.wire);
  media.spares.set(bound.wire.port, bound);
  media.report({ report: 'spare', port: bound.wire.port });
}

/** @returns undefined when there is no such spare. */
export function takeSpare(media: Media, port: number): Bound | undefined {
  const bound = media.spares.get(port);
  if (media.spares.delete(port)) void addSpare(media);
  return bound;
}

export function closeSpares(media: Media): void {
  for (const { wire } of media.spares.values()) closeWire(wire);
  media.spares.clear();
}
