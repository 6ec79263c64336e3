import { expect, test } from 'vitest';
import type { RtpPacket } from '../../../src/softswitch/rtp/packet.ts';
import { judge, openLock, type SourceLock } from '../../../src/softswitch/rtp/source-lock.ts';

const NEGOTIATED = { ip: '192.0.2.1', port: 4000 };
const BEHIND_NAT = { ip: '198.51.100.1', port: 5555 };
const STRANGER = { ip: '203.0.113.9', port: 4000 };
const TERMS = { ...NEGOTIATED, signallingIp: BEHIND_NAT.ip, payloadTypes: [8, 13, 101] };

test('the negotiated address is locked by its first packet, whenever that comes', () => {
  const lock = openLock(TERMS, 0);
  expect(judge(lock, packet(1), NEGOTIATED, 60_000)).toBe('locked');
  expect(judge(lock, packet(2), NEGOTIATED, 60_020)).toBe('taken');
});

test('a phone behind NAT is learnt by five packets that begin within half a second', () => {
  const lock = openLock(TERMS, 0);
  const verdicts = [1, 2, 3, 4, 5, 6].map((n) => judge(lock, packet(n), BEHIND_NAT, 480 + n * 20));
  expect(verdicts).toEqual(['learning', 'learning', 'learning', 'learning', 'locked', 'taken']);
  expect(lock.source).toEqual(BEHIND_NAT);
  expect(judge(lock, packet(7), NEGOTIATED, 700)).toBe('refused');
});

test('a source that begins later than half a second is not learnt', () => {
  const lock = openLock(TERMS, 0);
  expect(verdictsOver(lock, 100, BEHIND_NAT, 501)).toEqual(new Set(['refused']));
  expect(lock.source).toBeUndefined();
});

test('a stranger is refused before and after the lock, and never learnt', () => {
  const lock = openLock(TERMS, 0);
  expect(verdictsOver(lock, 500, STRANGER, 0)).toEqual(new Set(['refused']));
  expect(judge(lock, packet(1), NEGOTIATED, 100)).toBe('locked');
  expect(verdictsOver(lock, 500, STRANGER, 110)).toEqual(new Set(['refused']));
  expect(lock.source).toEqual(NEGOTIATED);
});

test('a second source does not take the place of the one being learnt', () => {
  const lock = openLock(TERMS, 0);
  expect(judge(lock, packet(1), BEHIND_NAT, 0)).toBe('learning');
  expect(judge(lock, packet(2), { ...BEHIND_NAT, port: 6666 }, 20)).toBe('refused');
  expect(judge(lock, packet(2, { ssrc: 9 }), BEHIND_NAT, 40)).toBe('refused');
});

test('another payload type than the negotiated ones is refused', () => {
  const lock = openLock(TERMS, 0);
  expect(judge(lock, packet(1, { payloadType: 0 }), NEGOTIATED, 0)).toBe('refused');
  expect(judge(lock, packet(1, { payloadType: 101 }), NEGOTIATED, 0)).toBe('locked');
});

test('a second stream from the locked source is refused while the first is alive, and taken after a gap', () => {
  const lock = openLock(TERMS, 0);
  judge(lock, packet(1), NEGOTIATED, 0);
  expect(judge(lock, packet(50, { ssrc: 9 }), NEGOTIATED, 199)).toBe('refused');
  expect(judge(lock, packet(51, { ssrc: 9 }), NEGOTIATED, 200)).toBe('taken');
  expect(judge(lock, packet(2), NEGOTIATED, 220)).toBe('refused');
});

test('sequence numbers are taken within a window of 1000, also across the wrap', () => {
  const lock = openLock(TERMS, 0);
  judge(lock, packet(65_500), NEGOTIATED, 0);
  expect(judge(lock, packet(964), NEGOTIATED, 20)).toBe('taken');
  expect(judge(lock, packet(1965), NEGOTIATED, 40)).toBe('refused');
  expect(judge(lock, packet(65_500), NEGOTIATED, 60)).toBe('taken');
  expect(judge(lock, packet(65_499), NEGOTIATED, 80)).toBe('refused');
});

function verdictsOver(lock: SourceLock, packets: number, from: typeof NEGOTIATED, fromMs: number): Set<string> {
  return new Set(Array.from({ length: packets }, (_, n) => judge(lock, packet(n), from, fromMs + n)));
}

function packet(sequence: number, other: Partial<RtpPacket> = {}): RtpPacket {
  return {
    payloadType: 8,
    marker: false,
    sequence,
    timestamp: sequence * 160,
    ssrc: 1,
    payload: new Uint8Array(160),
    ...other,
  };
}
