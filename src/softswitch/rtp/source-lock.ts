import { distance16, type RtpPacket } from './packet.ts';

/**
 * Decides whose packets are taken. Media goes to the negotiated address alone until a source is learnt, so that a stranger who
 * knows our port gets nothing back (RTP bleed), and what a stranger sends is refused (injection).
 *
 * - A packet from exactly the negotiated address locks at once, whenever it comes.
 * - Another port (a phone behind NAT) is learnt only when its address is the negotiated or the signalling one, its first packet
 *   comes within `LEARN_MS` of the connect, and `LEARN_PACKETS` of one SSRC have come.
 * - Once locked: one source, one SSRC, the negotiated payload types, a sequence window. After `GAP_MS` in which nothing was accepted the
 *   locked source may start a new stream.
 */
export interface SourceLock {
  readonly terms: LockTerms;
  readonly openedAtMs: number;
  source: Source | undefined;
  candidate: Candidate | undefined;
  stream: LockedStream | undefined;
}

export interface LockTerms {
  readonly ip: string;
  readonly port: number;
  readonly signallingIp: string;
  /** Negotiated RTP payload types. */
  readonly payloadTypes: readonly number[];
}

export interface Source {
  readonly ip: string;
  readonly port: number;
}

interface Candidate extends Source {
  readonly ssrc: number;
  packets: number;
}

interface LockedStream {
  readonly ssrc: number;
  highest: number;
  atMs: number;
}

/** `learning`: not taken, not refused yet. `locked`: taken, and the first from this source: send there from now on. */
export type Verdict = 'taken' | 'locked' | 'learning' | 'refused';

export const LEARN_MS = 500;
export const LEARN_PACKETS = 5;
/** A candidate that began within `LEARN_MS` may complete its packets until then. */
const LEARN_END_MS = 700;
export const SEQUENCE_WINDOW = 1000;
export const GAP_MS = 200;

export function openLock(terms: LockTerms, nowMs: number): SourceLock {
  return { terms, openedAtMs: nowMs, source: undefined, candidate: undefined, stream: undefined };
}

export function judge(lock: SourceLock, packet: RtpPacket, from: Source, nowMs: number): Verdict {
  if (!lock.terms.payloadTypes.includes(packet.payloadType)) return 'refused';
  if (lock.source) return isSame(lock.source, from) && fits(lock, packet, nowMs) ? 'taken' : 'refused';
  if (isSame(lock.terms, from)) return lockTo(lock, packet, from, nowMs);
  return learn(lock, packet, from, nowMs);
}

function learn(lock: SourceLock, packet: RtpPacket, from: Source, nowMs: number): Verdict {
  const ageMs = nowMs - lock.openedAtMs;
  if (from.ip !== lock.terms.ip && from.ip !== lock.terms.signallingIp) return 'refused';
  if (ageMs > LEARN_END_MS) return 'refused';
  const known = lock.candidate;
  if (!known) {
    if (ageMs > LEARN_MS) return 'refused';
    lock.candidate = { ip: from.ip, port: from.port, ssrc: packet.ssrc, packets: 1 };
    return 'learning';
  }
  if (!isSame(known, from) || known.ssrc !== packet.ssrc) return 'refused';
  known.packets += 1;
  return known.packets < LEARN_PACKETS ? 'learning' : lockTo(lock, packet, from, nowMs);
}

function lockTo(lock: SourceLock, packet: RtpPacket, from: Source, nowMs: number): Verdict {
  lock.source = { ip: from.ip, port: from.port };
  lock.candidate = undefined;
  lock.stream = { ssrc: packet.ssrc, highest: packet.sequence, atMs: nowMs };
  return 'locked';
}

function fits(lock: SourceLock, packet: RtpPacket, nowMs: number): boolean {
  const stream = lock.stream;
  if (!stream || nowMs - stream.atMs >= GAP_MS) {
    lock.stream = { ssrc: packet.ssrc, highest: packet.sequence, atMs: nowMs };
    return true;
  }
  const step = distance16(packet.sequence, stream.highest);
  if (packet.ssrc !== stream.ssrc || Math.abs(step) > SEQUENCE_WINDOW) return false;
  if (step > 0) stream.highest = packet.sequence;
  stream.atMs = nowMs;
  return true;
}

function isSame(a: Source, b: Source): boolean {
  return a.port === b.port && a.ip === b.ip;
}
