import { distance16, distance32 } from './packet.ts';

/** What came in, by sequence number and arrival time (RFC 3550 §6.4.1, A.1, A.3, A.8). */
export interface Reception {
  /** Packets accepted, all streams. */
  packets: number;
  /** Lost in streams that ended by a change of SSRC. */
  lostBefore: number;
  stream: Stream | undefined;
}

interface Stream {
  readonly ssrc: number;
  readonly first: number;
  /** Grows without wrapping. */
  highest: number;
  received: number;
  /** Samples, smoothed. */
  jitter: number;
  transit: number | undefined;
  expectedPrior: number;
  receivedPrior: number;
}

export interface ReceptionBlock {
  readonly ssrc: number;
  /** Share lost since the last block, 0..255. */
  readonly fractionLost: number;
  readonly lost: number;
  readonly highest: number;
  readonly jitter: number;
}

/** A larger step is a sender that started anew, not a loss (RFC 3550 A.1 MAX_DROPOUT is of this order). */
const SEQUENCE_JUMP_MAX = 1000;

export function createReception(): Reception {
  return { packets: 0, lostBefore: 0, stream: undefined };
}

/** `timed` is false for packets whose timestamp does not follow the clock (telephone-event repeats its start). */
export function noteReceived(
  reception: Reception,
  packet: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number },
  nowSample: number,
  timed: boolean,
): void {
  reception.packets += 1;
  const known = reception.stream;
  const jump = known ? Math.abs(distance16(packet.sequence, known.highest & 0xffff)) : 0;
  const stream = known?.ssrc === packet.ssrc && jump <= SEQUENCE_JUMP_MAX ? known : startStream(reception, packet);
  const step = distance16(packet.sequence, stream.highest & 0xffff);
  if (step > 0) stream.highest += step;
  stream.received += 1;
  if (timed) noteTransit(stream, packet.timestamp, nowSample);
}

/** By sequence number; duplicates may hide losses, never make them negative. */
export function lostPackets(reception: Reception): number {
  return reception.lostBefore + (reception.stream ? lostInStream(reception.stream) : 0);
}

export function jitterMs(reception: Reception): number {
  return (reception.stream?.jitter ?? 0) / 8;
}

/** The reception block of the next RTCP report; each call starts a new interval for `fractionLost`. */
export function nextBlock(reception: Reception): ReceptionBlock | undefined {
  const stream = reception.stream;
  if (!stream) return undefined;
  const expected = stream.highest - stream.first + 1;
  const expectedNow = expected - stream.expectedPrior;
  const lostNow = expectedNow - (stream.received - stream.receivedPrior);
  stream.expectedPrior = expected;
  stream.receivedPrior = stream.received;
  return {
    ssrc: stream.ssrc,
    fractionLost: expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0,
    lost: Math.min(lostInStream(stream), 0x7f_ffff),
    highest: stream.highest,
    jitter: Math.floor(stream.jitter),
  };
}

function startStream(reception: Reception, packet: { readonly ssrc: number; readonly sequence: number }): Stream {
  if (reception.stream) reception.lostBefore += lostInStream(reception.stream);
  reception.stream = {
    ssrc: packet.ssrc,
    first: packet.sequence,
    highest: packet.sequence,
    received: 0,
    jitter: 0,
    transit: undefined,
    expectedPrior: 0,
    receivedPrior: 0,
  };
  return reception.stream;
}

function noteTransit(stream: Stream, timestamp: number, nowSample: number): void {
  const transit = distance32(nowSample, timestamp);
  if (stream.transit !== undefined) {
    const difference = Math.abs(distance32(transit, stream.transit));
    // More than a second is a new start of the sender's clock, not jitter.
    if (difference < 8000) stream.jitter += (difference - stream.jitter) / 16;
  }
  stream.transit = transit;
}

function lostInStream(stream: Stream): number {
  return Math.max(0, stream.highest - stream.first + 1 - stream.received);
}
