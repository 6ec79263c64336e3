import { expect, test } from 'vitest';
import { anythingAfter, encodeFrame } from '../../src/runtime/frame.ts';

const frame = encodeFrame([{ seq: 1, atMs: 1, event: { type: 'tick', atMs: 1 }, commands: [] }]);

test('behind the last frame there is nothing, a torn tail, or frames, wherever in the zeros they stand', () => {
  expect(anythingAfter(Buffer.alloc(300_000), 0)).toBe('nothing');
  expect(anythingAfter(Buffer.alloc(0), 0)).toBe('nothing');
  for (const at of [1, 65_535, 65_536, 65_537, 131_072, 200_001, 300_000 - frame.length]) {
    const bytes = Buffer.alloc(300_000);
    frame.copy(bytes, at);
    expect(anythingAfter(bytes, 0), `a frame at ${at}`).toBe('frames');
    expect(anythingAfter(bytes, at + frame.length), `behind ${at}`).toBe('nothing');
    bytes[at + frame.length - 1]! ^= 1;
    expect(anythingAfter(bytes, 0), `a broken frame at ${at}`).toBe('torn');
  }
});
