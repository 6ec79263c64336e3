import { expect, test } from 'vitest';
import { createLeg, type Media, NOBODY } from '../../../src/softswitch/media/leg.ts';
import type { MediaReport, Remote } from '../../../src/softswitch/media/messages.ts';
import { createPortPool } from '../../../src/softswitch/media/ports.ts';
import { payloadTypesOf, receiveRtp } from '../../../src/softswitch/media/receive.ts';
import { createShelf } from '../../../src/softswitch/media/sounds.ts';
import { openLock } from '../../../src/softswitch/rtp/source-lock.ts';

const DATAGRAMS = 100_000;
const FAR: Remote = {
  ip: '127.0.0.1',
  port: 4000,
  codec: 'PCMA',
  digitsPayload: 101,
  sends: true,
  receives: true,
  signallingIp: '127.0.0.1',
};
const NEAR_TYPES = [0, 8, 13, 101, 0x88, 0xe5, 200, 201];

test('100,000 random datagrams from friend and stranger neither throw nor make anything grow', () => {
  let nowMs = 0;
  const reports: MediaReport[] = [];
  const media = createQuietMedia(reports, () => nowMs);
  const [leg, other] = ['a', 'b'].map((id) => {
    const made = createLeg(id, 0);
    made.remote = FAR;
    made.lock = openLock({ ...FAR, payloadTypes: payloadTypesOf(FAR) }, 0);
    media.legs.set(id, made);
    return made;
  });
  leg!.joined = { to: 'leg', other: other! };
  other!.joined = { to: 'leg', other: leg! };
  const chance = seeded(20_260_101);
  for (let n = 0; n < DATAGRAMS; n++) {
    nowMs = n;
    if (n === DATAGRAMS / 2) leg!.joined = NOBODY;
    const from = { address: chance(10) < 8 ? '127.0.0.1' : '127.0.0.9', port: chance(10) < 8 ? 4000 : chance(65_536) };
    receiveRtp(media, leg!, randomDatagram(chance, n), { ...from, family: 'IPv4', size: 0 });
  }
  expect(leg!.reception.packets).toBeGreaterThan(1000);
  expect(leg!.refused).toBeGreaterThan(10_000);
  expect(leg!.refused + leg!.reception.packets).toBeLessThanOrEqual(DATAGRAMS);
  expect(leg!.digitsIn.told.length).toBeLessThanOrEqual(8);
  expect(other!.digitsOut.waiting.length).toBeLessThanOrEqual(64);
  expect(reports.every(({ report }) => report === 'digit')).toBe(true);
  expect(media.legs.size + media.rooms.size).toBe(2);
});

function createQuietMedia(reports: MediaReport[], nowMs: () => number): Media {
  const options = {
    bindIp: '127.0.0.1',
    portMin: 1,
    portMax: 0,
    musicFile: '/nowhere',
    playFolders: [],
    recordFolder: '/nowhere',
  };
  return {
    options,
    report: (report) => reports.push(report),
    legs: new Map(),
    rooms: new Map(),
    ports: createPortPool(1, 0),
    spares: new Map(),
    shelf: createShelf(),
    music: undefined,
    nowMs,
    closing: false,
  };
}

/** Half of them nearly right, so that the deeper layers are reached. */
function randomDatagram(chance: (below: number) => number, n: number): Uint8Array {
  const datagram = Uint8Array.from({ length: chance(20) === 0 ? chance(1600) : chance(190) }, () => chance(256));
  if (datagram.length < 12 || chance(2) === 0) return datagram;
  datagram.set([chance(8) === 0 ? 0x80 | chance(64) : 0x80, NEAR_TYPES[chance(NEAR_TYPES.length)]!, n >> 8, n]);
  if (chance(4) > 0) datagram.set([0, 0, 0, 1], 8);
  return datagram;
}

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}
