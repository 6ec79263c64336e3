import { expect, test } from 'vitest';
import {
  createDigitReader,
  type Digit,
  type DigitReader,
  endPressed,
  overdueDigits,
  readDigits,
} from '../../../src/softswitch/rtp/digits-in.ts';
import {
  createDigitSender,
  DIGITS_OUT_MAX,
  nextEventFrame,
  queueDigits,
} from '../../../src/softswitch/rtp/digits-out.ts';
import { readRtp } from '../../../src/softswitch/rtp/packet.ts';

/** Key 5 for 100 ms as a phone sends it: the end three times. */
const KEY_5 = [
  '80e503e812345678deadbeef050a00a0',
  '806503e912345678deadbeef050a0140',
  '806503ea12345678deadbeef050a01e0',
  '806503eb12345678deadbeef050a0280',
  '806503ec12345678deadbeef058a0320',
  '806503ed12345678deadbeef058a0320',
  '806503ee12345678deadbeef058a0320',
];
const FIVE: Digit[] = [{ digit: '5', durationSamples: 800 }];

test('a key is told once, though its end comes three times', () => {
  expect(read(KEY_5)).toEqual(FIVE);
});

test.each([
  ['its start is lost', KEY_5.slice(4)],
  ['only one end arrives', KEY_5.slice(6)],
  ['every packet comes twice', KEY_5.flatMap((packet) => [packet, packet])],
  ['the packets come backwards', KEY_5.toReversed()],
])('a key is told once when %s', (_, packets) => {
  expect(read(packets)).toEqual(FIVE);
});

test('a key whose end is lost is told after 200 ms, and its late end does not repeat it', () => {
  const reader = createDigitReader();
  expect(read(KEY_5.slice(0, 4), reader)).toEqual([]);
  expect(overdueDigits(reader, 199)).toEqual([]);
  expect(overdueDigits(reader, 260)).toEqual([{ digit: '5', durationSamples: 640 }]);
  expect(read(KEY_5.slice(4), reader)).toEqual([]);
  expect(overdueDigits(reader, 9999)).toEqual([]);
});

test('a key whose end is lost is told when the next key begins', () => {
  expect(read([...KEY_5.slice(0, 4), event({ key: 1, timestamp: 9000, duration: 160, ends: true })])).toEqual([
    { digit: '5', durationSamples: 640 },
    { digit: '1', durationSamples: 160 },
  ]);
});

test('the same key twice is two keys, and so is the same timestamp from another stream', () => {
  const again = event({ key: 5, timestamp: 0x1234_6000, duration: 800, ends: true });
  const other = event({ key: 5, timestamp: 0x1234_5678, duration: 800, ends: true, ssrc: 7 });
  expect(read([...KEY_5, again, other]).map(({ digit }) => digit)).toEqual(['5', '5', '5']);
});

test('a key held through several segments is one key with the whole length', () => {
  const segments = [
    event({ key: 11, timestamp: 100, duration: 0xff_a0 }),
    event({ key: 11, timestamp: 100, duration: 0xff_ff }),
    event({ key: 11, timestamp: 100 + 0xffff, duration: 160 }),
    event({ key: 11, timestamp: 100, duration: 0xff_ff }),
    event({ key: 11, timestamp: 100 + 0xffff, duration: 800, ends: true }),
  ];
  expect(read(segments)).toEqual([{ digit: '#', durationSamples: 0xffff + 800 }]);
});

test('a phone that lets the duration run over tells one key with the whole length', () => {
  const durations = [0xff_00, 0xff_a0, 0x00_40, 0x00_e0];
  const packets = durations.map((duration) => event({ key: 10, timestamp: 100, duration }));
  const end = event({ key: 10, timestamp: 100, duration: 0x01_80, ends: true });
  expect(read([...packets, end])).toEqual([{ digit: '*', durationSamples: 0x1_01_80 }]);
});

test('a key still held at the end of the call counts', () => {
  const reader = createDigitReader();
  read(KEY_5.slice(0, 2), reader);
  expect(endPressed(reader)).toEqual([{ digit: '5', durationSamples: 320 }]);
  expect(endPressed(reader)).toEqual([]);
});

test('events that are no keys and cut payloads are left aside', () => {
  expect(read([event({ key: 16, timestamp: 1, duration: 1, ends: true }), '806503ec12345678deadbeef0580'])).toEqual([]);
});

test('what is sent is read back: every key once, 100 ms long, in order, and no more than the limit', () => {
  const sender = createDigitSender();
  queueDigits(sender, '19*#abcdx7');
  const reader = createDigitReader();
  const heard: Digit[] = [];
  let sequence = 0;
  let timestamp = 0;
  for (let frame = nextEventFrame(sender); frame; frame = nextEventFrame(sender)) {
    sequence += 1;
    if (frame.first) timestamp = sequence * 160;
    if (frame.payload) heard.push(...readDigits(reader, { ...HEADER, sequence, timestamp, payload: frame.payload }, 0));
  }
  expect(heard.map(({ digit }) => digit).join('')).toBe('19*#ABCD7');
  expect(new Set(heard.map(({ durationSamples }) => durationSamples))).toEqual(new Set([800]));
  queueDigits(sender, '1'.repeat(1000));
  expect(sender.waiting).toHaveLength(DIGITS_OUT_MAX);
});

test('a key is five packets of sound and two more ends, then a pause', () => {
  const sender = createDigitSender();
  queueDigits(sender, '5');
  const frames = Array.from({ length: 11 }, () => nextEventFrame(sender));
  const bytes = frames.map((frame) => (frame?.payload ? Buffer.from(frame.payload).toString('hex') : frame && 'pause'));
  const expected = ['050a00a0', '050a0140', '050a01e0', '050a0280', '058a0320', '058a0320', '058a0320'];
  expect(bytes).toEqual([...expected, 'pause', 'pause', 'pause', undefined]);
});

const HEADER = { payloadType: 101, marker: false, ssrc: 1 };

function read(packets: readonly string[], reader: DigitReader = createDigitReader()): Digit[] {
  return packets.flatMap((hex, n) => readDigits(reader, readRtp(Buffer.from(hex, 'hex'))!, n * 20));
}

function event(of: { key: number; timestamp: number; duration: number; ends?: boolean; ssrc?: number }): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0x80_65, 0);
  bytes.writeUInt32BE(of.timestamp, 4);
  bytes.writeUInt32BE(of.ssrc ?? 0xdead_beef, 8);
  bytes[12] = of.key;
  bytes[13] = of.ends ? 0x8a : 0x0a;
  bytes.writeUInt16BE(of.duration, 14);
  return bytes.toString('hex');
}
