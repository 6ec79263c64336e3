import type { RemoteInfo } from 'node:dgram';
import { type Digit, readDigits } from '../rtp/digits-in.ts';
import { queueDigits } from '../rtp/digits-out.ts';
import { COMFORT_NOISE_PAYLOAD, decode, PAYLOAD_TYPE, transcode } from '../rtp/g711.ts';
import { looksLikeRtcp, type RtpPacket, read16, readRtp } from '../rtp/packet.ts';
import { noteReceived } from '../rtp/reception.ts';
import { numberPassed } from '../rtp/sender.ts';
import { judge } from '../rtp/source-lock.ts';
import { place } from '../rtp/timeline.ts';
import { hearsPartner } from './hear.ts';
import { type Leg, type Media, sampleAt } from './leg.ts';
import type { Remote } from './messages.ts';
import { isRead } from './overhear.ts';
import { hearRtcp } from './rtcp-exchange.ts';
import { sendSound, transmit } from './send.ts';
import { bindToSource } from './wire.ts';

const scratch = new Int16Array(1500);

/** Everything that arrives on a leg's RTP port, from anyone. */
export function receiveRtp(media: Media, leg: Leg, datagram: Uint8Array, from: RemoteInfo): void {
  if (looksLikeRtcp(datagram)) {
    hearRtcp(media, leg, datagram, from);
    return;
  }
  const packet = readRtp(datagram);
  const { lock, remote } = leg;
  if (!packet || !lock || !remote) {
    leg.refused += 1;
    return;
  }
  const nowMs = media.nowMs();
  const verdict = judge(lock, packet, { ip: from.address, port: from.port }, nowMs);
  switch (verdict) {
    case 'refused':
      leg.refused += 1;
      return;
    case 'learning':
      return;
    case 'locked':
      if (leg.wire) bindToSource(leg.wire, { ip: from.address, port: from.port });
      accept(media, leg, remote, packet, nowMs);
      return;
    case 'taken':
      accept(media, leg, remote, packet, nowMs);
  }
}

/** Each key goes to the switch, and to a partner whose stream its packets could not join. */
export function tellDigits(media: Media, leg: Leg, digits: readonly Digit[]): void {
  for (const { digit, durationSamples } of digits) {
    media.report({ report: 'digit', leg: leg.id, digit, durationSamples });
    if (leg.joined.to === 'leg' && !passesTo(leg.joined.other)) queueDigits(leg.joined.other.digitsOut, digit);
  }
}

function accept(media: Media, leg: Leg, remote: Remote, packet: RtpPacket, nowMs: number): void {
  const nowSample = sampleAt(nowMs);
  const isEvent = packet.payloadType === remote.digitsPayload;
  noteReceived(leg.reception, packet, nowSample, !isEvent);
  leg.heardAtMs = nowMs;
  leg.silencesTold = 0;
  if (!remote.receives || packet.payload.length === 0) return;
  if (isEvent) {
    passEvent(leg, packet, nowSample);
    tellDigits(media, leg, readDigits(leg.digitsIn, packet, nowMs));
    return;
  }
  if (packet.payloadType === COMFORT_NOISE_PAYLOAD) return;
  if (leg.recordings.size > 0 || leg.joined.to === 'room' || isRead(leg)) {
    const samples = scratch.subarray(0, packet.payload.length);
    decode(remote.codec, packet.payload, samples);
    place(leg.says, packet.ssrc, packet.timestamp, samples, nowSample);
  }
  passSound(leg, remote, packet, nowSample);
}

function passSound(leg: Leg, remote: Remote, packet: RtpPacket, nowSample: number): void {
  if (leg.joined.to !== 'leg') return;
  const { other } = leg.joined;
  if (!other.remote || !passesTo(other)) return;
  const numbering = numberPassed(other.sender, packet, nowSample, packet.payload.length, true);
  if (!numbering) return;
  sendSound(other, other.remote, transcode(remote.codec, other.remote.codec, packet.payload), numbering, nowSample);
}

function passEvent(leg: Leg, packet: RtpPacket, nowSample: number): void {
  if (leg.joined.to !== 'leg') return;
  const { other } = leg.joined;
  if (other.remote?.digitsPayload === undefined || !passesTo(other) || packet.payload.length < 4) return;
  const numbering = numberPassed(other.sender, packet, nowSample, read16(packet.payload, 2), false);
  if (numbering) transmit(other, other.remote, other.remote.digitsPayload, packet.payload, numbering);
}

function passesTo(other: Leg): boolean {
  return other.remote?.sends === true && hearsPartner(other);
}

/** What may come from this far end. */
export function payloadTypesOf(remote: Remote): number[] {
  const types = [PAYLOAD_TYPE[remote.codec], COMFORT_NOISE_PAYLOAD];
  return remote.digitsPayload === undefined ? types : [...types, remote.digitsPayload];
}
