import { expect, test } from 'vitest';
import { type Codec, decode, encode, SILENCE, transcode } from '../../../src/softswitch/rtp/g711.ts';

const SAMPLES = Int16Array.from([0, 1, -1, 8, -8, 100, -100, 1000, -1000, 8031, -8031, 32_767, -32_768]);
const BYTES: Readonly<Record<Codec, string>> = {
  PCMA: 'd5d555d555d353fa7a8a0aaa2a',
  PCMU: 'ffff7ffe7ef272ce4ea0208000',
};
const CODECS: readonly Codec[] = ['PCMA', 'PCMU'];
const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test.each(CODECS)('%s codes the reference samples', (codec) => {
  expect(Buffer.from(encode(codec, SAMPLES)).toString('hex')).toBe(BYTES[codec]);
});

test.each(CODECS)('every %s byte comes back after decoding and coding', (codec) => {
  const back = encode(codec, decoded(codec, ALL_BYTES));
  // µ-law has two zeros (G.711 table 2): both sound alike and are coded as the positive one.
  const expected = ALL_BYTES.map((byte) => (codec === 'PCMU' && byte === 0x7f ? 0xff : byte));
  expect([...back]).toEqual([...expected]);
});

test.each(CODECS)('every 16-bit sample survives %s within the step of its segment', (codec) => {
  const samples = Int16Array.from({ length: 65_536 }, (_, n) => n - 32_768);
  const back = decoded(codec, encode(codec, samples));
  const wrong = samples.filter((sample, n) => {
    const limit = Math.max(16, Math.abs(sample) / 16, codec === 'PCMU' ? Math.abs(sample) - 32_124 : 0);
    return Math.abs(sample - back[n]!) > limit;
  });
  expect([...wrong]).toEqual([]);
});

test('silence is silent in both laws', () => {
  for (const codec of CODECS) {
    expect(Math.abs(decoded(codec, Uint8Array.of(SILENCE[codec]))[0]!)).toBeLessThanOrEqual(8);
  }
});

test('the way from law to law is the way through linear samples, and the same law is left untouched', () => {
  expect([...transcode('PCMA', 'PCMU', ALL_BYTES)]).toEqual([...encode('PCMU', decoded('PCMA', ALL_BYTES))]);
  expect([...transcode('PCMU', 'PCMA', ALL_BYTES)]).toEqual([...encode('PCMA', decoded('PCMU', ALL_BYTES))]);
  expect(transcode('PCMA', 'PCMA', ALL_BYTES)).toBe(ALL_BYTES);
});

function decoded(codec: Codec, bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  decode(codec, bytes, samples);
  return samples;
}
