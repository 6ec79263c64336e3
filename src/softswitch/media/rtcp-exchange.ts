import type { RemoteInfo } from 'node:dgram';
import { nextBlock } from '../rtp/reception.ts';
import { readRtcp, writeRtcp } from '../rtp/rtcp.ts';
import { type Leg, type Media, sampleAt } from './leg.ts';
import { targetOf } from './send.ts';
import { sendRtcp } from './wire.ts';

export interface RtcpState {
  nextMs: number;
  /** Packets sent up to the last report. */
  packetsTold: number;
  /** Valid RTCP datagrams from the far end. */
  heard: number;
  /** Middle 32 bits of the NTP time of the last sender report heard; 0: none. */
  lastReport: number;
  lastReportAtMs: number;
}

/** RFC 3550 §6.2 recommends five seconds as the least interval. */
const INTERVAL_MS = 5000;

/** Sends a report when one is due: the first as soon as there is a far end. */
export function tickRtcp(media: Media, leg: Leg, nowMs: number): void {
  if (!leg.remote || nowMs < leg.rtcp.nextMs) return;
  leg.rtcp.nextMs = nowMs + INTERVAL_MS;
  report(media, leg, false);
}

export function sayBye(media: Media, leg: Leg): void {
  report(media, leg, true);
}

/** Counts reports of the far end; from anyone else they are refused. */
export function hearRtcp(media: Media, leg: Leg, datagram: Uint8Array, from: RemoteInfo): void {
  const { remote, rtcp } = leg;
  const heard = remote && from.address === targetOf(leg, remote).ip ? readRtcp(datagram) : undefined;
  if (!heard) {
    leg.refused += 1;
    return;
  }
  rtcp.heard += 1;
  if (heard.lastReport === undefined) return;
  rtcp.lastReport = heard.lastReport;
  rtcp.lastReportAtMs = media.nowMs();
}

function report(media: Media, leg: Leg, bye: boolean): void {
  const { remote, wire, sender, rtcp } = leg;
  if (!remote || !wire) return;
  const nowMs = media.nowMs();
  const isSender = sender.packets > rtcp.packetsTold;
  rtcp.packetsTold = sender.packets;
  const block = nextBlock(leg.reception);
  const delay = rtcp.lastReport === 0 ? 0 : Math.floor(((nowMs - rtcp.lastReportAtMs) * 65_536) / 1000);
  const rtpTimestamp = sender.base + sampleAt(nowMs);
  const sent = { unixMs: Date.now(), rtpTimestamp, packets: sender.packets, octets: sender.octets };
  const target = targetOf(leg, remote);
  const datagram = writeRtcp({
    ssrc: sender.ssrc,
    cname: `${leg.wire?.port}@${media.options.bindIp}`,
    sent: isSender ? sent : undefined,
    received: block && { ...block, lastReport: rtcp.lastReport, delay },
    bye,
  });
  sendRtcp(wire, datagram, { ip: target.ip, port: target.port + 1 });
}
