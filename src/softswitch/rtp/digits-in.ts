import { distance32, type RtpPacket, read16 } from './packet.ts';

/**
 * Keys pressed, out of telephone-event packets (RFC 4733 §2). Each key is told once, at its end or `SILENCE_MS` after its last packet,
 * however many of its packets are lost, repeated or late.
 */
export interface DigitReader {
  pressed: Pressed | undefined;
  /** Events already told, by SSRC and start, newest last. */
  readonly told: Told[];
}

export interface Digit {
  readonly digit: string;
  /** 8 kHz samples. */
  readonly durationSamples: number;
}

interface Pressed {
  readonly ssrc: number;
  readonly event: number;
  segmentStart: number;
  /** Samples of the segments before this one, and of wraps of the 16-bit duration. */
  earlierSamples: number;
  duration: number;
  atMs: number;
}

interface Told {
  readonly ssrc: number;
  readonly segmentStart: number;
}

export const EVENT_DIGITS = '0123456789*#ABCD';
const SILENCE_MS = 200;
const TOLD_MAX = 8;
const EVENT_BYTES = 4;
/** A segment this long is continued by one that starts where it ends (RFC 4733 §2.5.1.3). */
const SEGMENT_SAMPLES = 0xffff;

export function createDigitReader(): DigitReader {
  return { pressed: undefined, told: [] };
}

/** Takes one telephone-event packet. @returns keys that have ended: none, one, or two when the end of the former was lost. */
export function readDigits(reader: DigitReader, packet: RtpPacket, nowMs: number): Digit[] {
  const { payload, ssrc, timestamp } = packet;
  if (payload.length < EVENT_BYTES || payload[0]! >= EVENT_DIGITS.length) return [];
  if (reader.told.some((told) => told.ssrc === ssrc && told.segmentStart === timestamp)) return [];
  if (reader.pressed && isLate(reader.pressed, packet)) return [];
  const ended: Digit[] = [];
  const duration = read16(payload, 2);
  if (reader.pressed && !continues(reader.pressed, packet)) ended.push(...endPressed(reader));
  reader.pressed ??= press(packet, nowMs);
  const { pressed } = reader;
  lengthen(pressed, timestamp, duration);
  pressed.atMs = nowMs;
  if (payload[1]! & 0x80) ended.push(...endPressed(reader));
  return ended;
}

/** Tells a key whose end never came. Ask at least every 100 ms. */
export function overdueDigits(reader: DigitReader, nowMs: number): Digit[] {
  return reader.pressed && nowMs - reader.pressed.atMs >= SILENCE_MS ? endPressed(reader) : [];
}

/** When the leg ends: the key still held counts as pressed. */
export function endPressed(reader: DigitReader): Digit[] {
  const pressed = reader.pressed;
  if (!pressed) return [];
  reader.pressed = undefined;
  reader.told.push({ ssrc: pressed.ssrc, segmentStart: pressed.segmentStart });
  if (reader.told.length > TOLD_MAX) reader.told.shift();
  return [{ digit: EVENT_DIGITS[pressed.event]!, durationSamples: pressed.earlierSamples + pressed.duration }];
}

function press(packet: RtpPacket, nowMs: number): Pressed {
  return {
    ssrc: packet.ssrc,
    event: packet.payload[0]!,
    segmentStart: packet.timestamp,
    earlierSamples: 0,
    duration: 0,
    atMs: nowMs,
  };
}

function continues(pressed: Pressed, packet: RtpPacket): boolean {
  if (pressed.ssrc !== packet.ssrc || pressed.event !== packet.payload[0]) return false;
  const since = distance32(packet.timestamp, pressed.segmentStart);
  return since === 0 || (since === SEGMENT_SAMPLES && pressed.duration > SEGMENT_SAMPLES / 2);
}

/** Overtaken on the way by the next segment of the same key. */
function isLate(pressed: Pressed, packet: RtpPacket): boolean {
  if (pressed.ssrc !== packet.ssrc || pressed.event !== packet.payload[0]) return false;
  const before = distance32(pressed.segmentStart, packet.timestamp);
  return before > 0 && before <= pressed.earlierSamples;
}

function lengthen(pressed: Pressed, timestamp: number, duration: number): void {
  if (timestamp !== pressed.segmentStart) {
    pressed.earlierSamples += SEGMENT_SAMPLES;
    pressed.segmentStart = timestamp;
    pressed.duration = duration;
    return;
  }
  // Some phones let the 16 bits run over within one event.
  if (pressed.duration - duration > SEGMENT_SAMPLES / 2) {
    pressed.earlierSamples += SEGMENT_SAMPLES + 1;
    pressed.duration = duration;
  }
  pressed.duration = Math.max(pressed.duration, duration);
}
