import { read16, read32, write16, write32 } from './packet.ts';
import type { ReceptionBlock } from './reception.ts';

/** RTCP compound packets: SR or RR, SDES with the CNAME, and BYE at the end (RFC 3550 §6). */

export interface SenderInfo {
  /** Unix time. */
  readonly unixMs: number;
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly octets: number;
}

export interface RtcpReport {
  readonly ssrc: number;
  /** ASCII, 1..255 characters. */
  readonly cname: string;
  /** undefined: nothing was sent since the last report, a receiver report goes out. */
  readonly sent: SenderInfo | undefined;
  readonly received: (ReceptionBlock & LastSenderReport) | undefined;
  readonly bye: boolean;
}

export interface LastSenderReport {
  /** Middle 32 bits of the NTP time of the last SR from there; 0 if none. */
  readonly lastReport: number;
  /** Since that SR, in 1/65536 s; 0 if none. */
  readonly delay: number;
}

export interface RtcpHeard {
  /** Middle 32 bits of the NTP time, when a sender report was among them. */
  readonly lastReport: number | undefined;
  readonly bye: boolean;
}

const SR = 200;
const RR = 201;
const SDES = 202;
const BYE = 203;
/** Seconds from 1900 to 1970. */
const NTP_OFFSET_S = 2_208_988_800;

export function writeRtcp(report: RtcpReport): Uint8Array {
  const reportBytes = 8 + (report.sent ? 20 : 0) + (report.received ? 24 : 0);
  // At least one zero ends the list of items, then on to the next word.
  const sdesBytes = 8 + Math.ceil((2 + report.cname.length + 1) / 4) * 4;
  const bytes = new Uint8Array(reportBytes + sdesBytes + (report.bye ? 8 : 0));
  writeHead(bytes, 0, report.received ? 1 : 0, report.sent ? SR : RR, reportBytes, report.ssrc);
  let at = 8;
  if (report.sent) at = writeSenderInfo(bytes, at, report.sent);
  if (report.received) writeBlock(bytes, at, report.received);
  writeHead(bytes, reportBytes, 1, SDES, sdesBytes, report.ssrc);
  bytes[reportBytes + 8] = 1;
  bytes[reportBytes + 9] = report.cname.length;
  for (let i = 0; i < report.cname.length; i++) bytes[reportBytes + 10 + i] = report.cname.charCodeAt(i);
  if (report.bye) writeHead(bytes, reportBytes + sdesBytes, 1, BYE, 8, report.ssrc);
  return bytes;
}

/** @returns undefined when the compound is not valid (RFC 3550 A.2). */
export function readRtcp(datagram: Uint8Array): RtcpHeard | undefined {
  let lastReport: number | undefined;
  let bye = false;
  let at = 0;
  while (at < datagram.length) {
    if (at + 4 > datagram.length || datagram[at]! >> 6 !== 2) return undefined;
    const type = datagram[at + 1]!;
    const bytes = (read16(datagram, at + 2) + 1) * 4;
    if (at + bytes > datagram.length) return undefined;
    if (at === 0 && type !== SR && type !== RR) return undefined;
    if (type === SR) {
      if (bytes < 28) return undefined;
      lastReport = read32(datagram, at + 10);
    }
    bye ||= type === BYE;
    at += bytes;
  }
  return at === 0 ? undefined : { lastReport, bye };
}

function writeHead(bytes: Uint8Array, at: number, count: number, type: number, length: number, ssrc: number): void {
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  write16(bytes, at + 2, length / 4 - 1);
  write32(bytes, at + 4, ssrc);
}

function writeSenderInfo(bytes: Uint8Array, at: number, sent: SenderInfo): number {
  write32(bytes, at, Math.floor(sent.unixMs / 1000) + NTP_OFFSET_S);
  write32(bytes, at + 4, Math.floor(((sent.unixMs % 1000) / 1000) * 0x1_0000_0000));
  write32(bytes, at + 8, sent.rtpTimestamp);
  write32(bytes, at + 12, sent.packets);
  write32(bytes, at + 16, sent.octets);
  return at + 20;
}

function writeBlock(bytes: Uint8Array, at: number, block: ReceptionBlock & LastSenderReport): void {
  write32(bytes, at, block.ssrc);
  write32(bytes, at + 4, block.fractionLost * 0x100_0000 + block.lost);
  write32(bytes, at + 8, block.highest);
  write32(bytes, at + 12, block.jitter);
  write32(bytes, at + 16, block.lastReport);
  write32(bytes, at + 20, block.delay);
}
