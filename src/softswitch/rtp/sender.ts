import { distance16, distance32, FRAME_SAMPLES } from './packet.ts';

/**
 * The one outgoing RTP stream of a leg. Whatever it carries (prompt, music, another leg's packets, digits), the far end sees one SSRC
 * with sequence numbers without holes of our making and timestamps that follow the clock. Numbers grow without wrapping here;
 * the packet writer cuts them to 16 and 32 bits.
 */
export interface Sender {
  readonly ssrc: number;
  /** Highest sent. */
  sequence: number;
  /** Highest sent. */
  timestamp: number;
  /** Samples that the packet with `timestamp` covered. */
  span: number;
  /** Timestamp of the clock's sample 0. */
  readonly base: number;
  packets: number;
  octets: number;
  /** Set while another leg's packets pass through. */
  passing: Passing | undefined;
}

interface Passing {
  readonly ssrc: number;
  /** Of the newest packet passed, as it came and as it went. */
  sequenceIn: number;
  sequenceOut: number;
  timestampIn: number;
  timestampOut: number;
  /** Packets older than the first one passed would collide with what was sent before it. */
  readonly sequenceOutMin: number;
}

export interface Numbering {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
}

/** Beyond this distance between a passed timestamp and the clock, its sender has started anew. Samples. */
const DRIFT_MAX = 16_000;
/** All packets of a key repeat the timestamp of its start, so a key held for a minute is no drift. */
const DRIFT_OF_KEY_MAX = 480_000;
const SEQUENCE_JUMP_MAX = 1000;

/** `ssrc`, `sequence` and `base` are drawn by chance by the caller (RFC 3550 §5.1). `nowSample` is the clock in samples. */
export function createSender(ssrc: number, sequence: number, base: number, nowSample: number): Sender {
  const timestamp = base + nowSample - FRAME_SAMPLES;
  // One cycle ahead: the extended number of a reordered packet never becomes negative.
  return { ssrc, sequence: 0x1_0000 + sequence, timestamp, span: 0, base, packets: 0, octets: 0, passing: undefined };
}

/** Numbers for a packet made here, covering `span` samples from `nowSample` on. The marker tells a new talk spurt (RFC 3551 §4.1). */
export function numberOwn(sender: Sender, nowSample: number, span: number): Numbering {
  const expected = sender.timestamp + sender.span;
  const timestamp = Math.max(expected, sender.base + nowSample);
  const marker = sender.passing !== undefined || sender.packets === 0 || timestamp !== expected;
  sender.passing = undefined;
  sender.sequence += 1;
  sender.timestamp = timestamp;
  sender.span = span;
  return { sequence: sender.sequence, timestamp, marker };
}

/** Numbers for a packet that comes from elsewhere: its gaps and its order are kept. `timed` is false for telephone-events. @returns undefined when it is too old to be sent. */
export function numberPassed(
  sender: Sender,
  packet: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number; readonly marker: boolean },
  nowSample: number,
  span: number,
  timed: boolean,
): Numbering | undefined {
  const known = sender.passing;
  const step = known ? distance16(packet.sequence, known.sequenceIn) : 0;
  const timestamp = known ? known.timestampOut + distance32(packet.timestamp, known.timestampIn) : 0;
  const strange =
    !known ||
    known.ssrc !== packet.ssrc ||
    Math.abs(step) > SEQUENCE_JUMP_MAX ||
    Math.abs(timestamp - sender.base - nowSample) > (timed ? DRIFT_MAX : DRIFT_OF_KEY_MAX);
  if (strange) return startPassing(sender, packet, nowSample, span);
  const sequence = known.sequenceOut + step;
  if (sequence < known.sequenceOutMin) return undefined;
  if (step > 0) {
    known.sequenceIn = packet.sequence;
    known.sequenceOut = sequence;
    known.timestampIn = packet.timestamp;
    known.timestampOut = timestamp;
    sender.sequence = sequence;
  }
  if (timestamp >= sender.timestamp) {
    sender.timestamp = timestamp;
    sender.span = span;
  }
  return { sequence, timestamp, marker: packet.marker };
}

/** Counts for the sender reports (RFC 3550 §6.4.1). */
export function countSent(sender: Sender, payloadBytes: number): void {
  sender.packets += 1;
  sender.octets += payloadBytes;
}

function startPassing(
  sender: Sender,
  packet: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number },
  nowSample: number,
  span: number,
): Numbering {
  const sequence = sender.sequence + 1;
  const timestamp = Math.max(sender.timestamp + sender.span, sender.base + nowSample);
  sender.sequence = sequence;
  sender.timestamp = timestamp;
  sender.span = span;
  sender.passing = {
    ssrc: packet.ssrc,
    sequenceIn: packet.sequence,
    sequenceOut: sequence,
    timestampIn: packet.timestamp,
    timestampOut: timestamp,
    sequenceOutMin: sequence,
  };
  return { sequence, timestamp, marker: true };
}
