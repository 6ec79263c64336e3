import type { EventFrame } from '../rtp/digits-out.ts';
import { decode, PAYLOAD_TYPE } from '../rtp/g711.ts';
import { HEADER_BYTES, writeRtp } from '../rtp/packet.ts';
import { countSent, type Numbering, numberOwn } from '../rtp/sender.ts';
import type { Source } from '../rtp/source-lock.ts';
import { place } from '../rtp/timeline.ts';
import type { Leg } from './leg.ts';
import type { Remote } from './messages.ts';
import { sendRtp } from './wire.ts';

const OWN_STREAM = 0;
const scratch = new Int16Array(1500);

/** Where this leg's media goes: the learnt source, until then only the negotiated address. */
export function targetOf(leg: Leg, remote: Remote): Source {
  return leg.lock?.source ?? remote;
}

/** A frame made here, in the leg's law. Nothing goes to a leg on hold. */
export function sendFrame(leg: Leg, remote: Remote, frame: Uint8Array, nowSample: number): void {
  sendSound(leg, remote, frame, numberOwn(leg.sender, nowSample, frame.length), nowSample);
}

/** Sound with its numbers; kept for the recordings as it is sent. */
export function sendSound(
  leg: Leg,
  remote: Remote,
  payload: Uint8Array,
  numbering: Numbering,
  nowSample: number,
): void {
  transmit(leg, remote, PAYLOAD_TYPE[remote.codec], payload, numbering);
  if (leg.recordings.size === 0) return;
  const samples = scratch.subarray(0, payload.length);
  decode(remote.codec, payload, samples);
  place(leg.hears, OWN_STREAM, numbering.timestamp, samples, nowSample);
}

/** One packet of a key pressed on this side. All packets of a key carry the timestamp of its start (RFC 4733 §2.5.1.1). */
export function sendEventFrame(leg: Leg, remote: Remote, frame: EventFrame, nowSample: number): void {
  if (!frame.payload || remote.digitsPayload === undefined) return;
  const { sender } = leg;
  if (frame.first) {
    const numbering = numberOwn(sender, nowSample, frame.spanSamples);
    transmit(leg, remote, remote.digitsPayload, frame.payload, { ...numbering, marker: true });
    return;
  }
  sender.sequence += 1;
  sender.span = frame.spanSamples;
  const { sequence, timestamp } = sender;
  transmit(leg, remote, remote.digitsPayload, frame.payload, { sequence, timestamp, marker: false });
}

export function transmit(
  leg: Leg,
  remote: Remote,
  payloadType: number,
  payload: Uint8Array,
  numbering: Numbering,
): void {
  if (!leg.wire) return;
  // Fresh memory for each packet: the kernel may take it later.
  const datagram = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  writeRtp(datagram, { ...numbering, payloadType, ssrc: leg.sender.ssrc }, payload);
  sendRtp(leg.wire, datagram, targetOf(leg, remote));
  countSent(leg.sender, payload.length);
}
