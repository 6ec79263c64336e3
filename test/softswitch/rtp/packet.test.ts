import { expect, test } from 'vitest';
import { distance16, distance32, looksLikeRtcp, readRtp, writeRtp } from '../../../src/softswitch/rtp/packet.ts';
import { createReception, jitterMs, lostPackets, noteReceived } from '../../../src/softswitch/rtp/reception.ts';
import { createSender, numberOwn, numberPassed } from '../../../src/softswitch/rtp/sender.ts';
import { readWav, writeWavHeader } from '../../../src/softswitch/rtp/wav.ts';

/** Four packets across the wrap of sequence number and timestamp. */
const WRAP = [
  '8008fffe009ffec000000001',
  '8008ffff009fff6000000001',
  '800800000000000000000001',
  '80080001000000a000000001',
];

test('a header is read as it was written', () => {
  const header = { payloadType: 101, marker: true, sequence: 65_535, timestamp: 0xffff_ffff, ssrc: 0xdead_beef };
  const datagram = new Uint8Array(15);
  writeRtp(datagram, header, Uint8Array.of(1, 2, 3));
  expect(readRtp(datagram)).toEqual({ ...header, payload: Uint8Array.of(1, 2, 3) });
});

test('numbers that have grown past 16 and 32 bits wrap on the wire', () => {
  const datagram = new Uint8Array(12);
  const grown = { payloadType: 8, marker: false, sequence: 0x1_0003, timestamp: 0x2_0000_0004, ssrc: 1 };
  writeRtp(datagram, grown, new Uint8Array(0));
  expect(readRtp(datagram)).toMatchObject({ sequence: 3, timestamp: 4 });
});

test('contributing sources, extension and padding are not sound', () => {
  const head = '80080001000000a000000001';
  expect(payloadOf(`82${head.slice(2)}${'00'.repeat(8)}d5`)).toBe('d5');
  expect(payloadOf(`90${head.slice(2)}bede000101020304d5`)).toBe('d5');
  expect(payloadOf(`a0${head.slice(2)}d5000003`)).toBe('d5');
});

test.each([
  ['version 1', '40080001000000a000000001d5'],
  ['eleven bytes', '80080001000000a0000000'],
  ['missing contributing sources', '8f080001000000a000000001d5'],
  ['an extension longer than the packet', '90080001000000a000000001bede00ff'],
  ['a cut extension', '90080001000000a000000001be'],
  ['padding of nothing', 'a0080001000000a000000001d500'],
  ['more padding than there is', 'a0080001000000a000000001d5ff'],
  ['more than 1500 bytes', `80080001000000a000000001${'d5'.repeat(1489)}`],
])('a datagram with %s is refused', (_, hex) => {
  expect(readRtp(Buffer.from(hex, 'hex'))).toBeUndefined();
});

test('RTCP on the RTP port is told apart', () => {
  expect(looksLikeRtcp(Buffer.from('80c80001', 'hex'))).toBe(true);
  expect(looksLikeRtcp(Buffer.from('80880001', 'hex'))).toBe(false);
  expect(looksLikeRtcp(Buffer.alloc(0))).toBe(false);
});

test('distances go round the wrap', () => {
  expect([distance16(2, 65_534), distance16(65_534, 2)]).toEqual([4, -4]);
  expect([distance32(160, 0xffff_ff60), distance32(0xffff_ff60, 160)]).toEqual([320, -320]);
});

test('nothing is lost across the wrap of the sequence number, and holes are counted', () => {
  const whole = receive(WRAP);
  expect([whole.packets, lostPackets(whole)]).toEqual([4, 0]);
  expect(lostPackets(receive([WRAP[0]!, WRAP[3]!]))).toBe(2);
  expect(lostPackets(receive([WRAP[0]!, WRAP[2]!, WRAP[1]!, WRAP[3]!, WRAP[3]!]))).toBe(0);
  const steady = receive(WRAP.slice(2));
  expect(jitterMs(steady)).toBe(0);
});

test('what is passed keeps its holes and its order, after what was made here', () => {
  const sender = createSender(1, 100, 5000, 0);
  const own = numberOwn(sender, 0, 160);
  const out = [10, 12, 11].map((sequence) =>
    numberPassed(sender, { ssrc: 9, sequence, timestamp: sequence * 160, marker: false }, 160, 160, true),
  );
  expect(out.map((numbering) => numbering!.sequence - own.sequence)).toEqual([1, 3, 2]);
  expect(out.map((numbering) => numbering!.timestamp - own.timestamp)).toEqual([160, 480, 320]);
  expect(
    numberPassed(sender, { ssrc: 9, sequence: 9, timestamp: 1440, marker: false }, 160, 160, true),
  ).toBeUndefined();
  const next = numberOwn(sender, 640, 160);
  expect([next.sequence - own.sequence, next.timestamp - own.timestamp, next.marker]).toEqual([4, 640, true]);
});

test('a key held for six seconds is passed with one timestamp', () => {
  const sender = createSender(1, 100, 5000, 0);
  const timestamps = Array.from(
    { length: 300 },
    (_, n) =>
      numberPassed(
        sender,
        { ssrc: 9, sequence: n, timestamp: 77, marker: n === 0 },
        n * 160,
        Math.min(n * 160, 65_535),
        false,
      )?.timestamp,
  );
  expect(new Set(timestamps).size).toBe(1);
});

test('a WAV header is that of a two-channel 16-bit file at 8 kHz and is read back', () => {
  const header = Buffer.from(writeWavHeader(2, 3));
  expect(header.toString('hex')).toBe(
    '524946463000000057415645666d74201000000001000200401f0000007d000004001000646174610c000000',
  );
  const samples = Int16Array.of(1, -1, 300, -300, 32_767, -32_768);
  expect(readWav(Buffer.concat([header, Buffer.from(samples.buffer)]))).toEqual({ channels: 2, samples });
});

test('a file that is no usable WAV is told in words', () => {
  const header = Buffer.from(writeWavHeader(1, 0));
  const altered = (at: number, value: number): Buffer => {
    const copy = Buffer.from(header);
    copy.writeUInt16LE(value, at);
    return copy;
  };
  const files = [Buffer.from('MP3'), altered(20, 85), altered(22, 3), altered(24, 16_000), altered(34, 8)];
  expect(files.map(readWav)).toEqual([
    'not a WAV file',
    'neither PCM nor A-law nor µ-law',
    '3 channels',
    '16000 Hz instead of 8000 Hz',
    '8 bits a sample',
  ]);
  expect(readWav(header.subarray(0, 36))).toBe('no sound in the file');
});

function payloadOf(hex: string): string {
  return Buffer.from(readRtp(Buffer.from(hex, 'hex'))!.payload).toString('hex');
}

function receive(packets: readonly string[]): ReturnType<typeof createReception> {
  const reception = createReception();
  packets.forEach((hex, n) => {
    noteReceived(reception, readRtp(Buffer.from(hex, 'hex'))!, n * 160, true);
  });
  return reception;
}
