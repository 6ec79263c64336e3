/** RTP packets on the wire (RFC 3550 §5.1). */

export interface RtpHeader {
  /** 0..127. */
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits, 8 kHz. */
  readonly timestamp: number;
  /** 32 bits. */
  readonly ssrc: number;
}

export interface RtpPacket extends RtpHeader {
  /** A view into the datagram: copy what is to be kept. */
  readonly payload: Uint8Array;
}

/** Bytes. Larger datagrams are refused: G.711 at 20 ms needs 172. */
export const DATAGRAM_MAX = 1500;
export const HEADER_BYTES = 12;
/** 20 ms at 8 kHz. */
export const FRAME_SAMPLES = 160;
export const FRAME_MS = 20;

/** @returns undefined when the datagram is not version 2, too long, or its lengths do not add up. */
export function readRtp(datagram: Uint8Array): RtpPacket | undefined {
  const length = datagram.length;
  if (length < HEADER_BYTES || length > DATAGRAM_MAX) return undefined;
  const first = datagram[0]!;
  if (first >> 6 !== 2) return undefined;
  let start = HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (start + 4 > length) return undefined;
    start += 4 + read16(datagram, start + 2) * 4;
  }
  const padding = first & 0x20 ? datagram[length - 1]! : 0;
  if ((first & 0x20 && padding === 0) || start + padding > length) return undefined;
  const second = datagram[1]!;
  return {
    payloadType: second & 0x7f,
    marker: second > 0x7f,
    sequence: read16(datagram, 2),
    timestamp: read32(datagram, 4),
    ssrc: read32(datagram, 8),
    payload: datagram.subarray(start, length - padding),
  };
}

/** Writes header and payload at the start of `into`, which must hold `HEADER_BYTES + payload.length`. */
export function writeRtp(into: Uint8Array, header: RtpHeader, payload: Uint8Array): void {
  into[0] = 0x80;
  into[1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  write16(into, 2, header.sequence);
  write32(into, 4, header.timestamp);
  write32(into, 8, header.ssrc);
  into.set(payload, HEADER_BYTES);
}

/** Both kinds may share the RTP port; the second byte tells them apart (RFC 5761 §4). */
export function looksLikeRtcp(datagram: Uint8Array): boolean {
  const second = datagram[1] ?? 0;
  return second >= 192 && second <= 223;
}

/** `a - b` on 16-bit sequence numbers, -32768..32767. */
export function distance16(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** `a - b` on 32-bit timestamps, signed. */
export function distance32(a: number, b: number): number {
  return (a - b) | 0;
}

export function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** `value` may be any safe integer; its low 32 bits are written. */
export function write32(bytes: Uint8Array, at: number, value: number): void {
  const low = (value % 0x1_0000_0000) | 0;
  bytes[at] = low >>> 24;
  bytes[at + 1] = low >>> 16;
  bytes[at + 2] = low >>> 8;
  bytes[at + 3] = low;
}
