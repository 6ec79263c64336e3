import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { makeWav, measureWav, readWav } from '../../src/city/wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'minhu-wav-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function measured(bytes: Uint8Array) {
  const file = join(folder, 'sound.wav');
  writeFileSync(file, bytes);
  return measureWav(file);
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

const sound = makeWav(new Int16Array(4_000));
const format = sound.subarray(12, 36);
const data = sound.subarray(36);

function riff(...chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([sound.subarray(0, 12), ...chunks]);
}

test('a length is read from the headers alone, wherever they stand', () => {
  expect(measured(sound)).toEqual({ ok: true, durationMs: 500 });
  expect(measured(riff(chunk('LIST', Buffer.alloc(70_001)), format, data))).toEqual({ ok: true, durationMs: 500 });
  expect(measured(riff(data, chunk('LIST', Buffer.alloc(999)), format))).toEqual({ ok: true, durationMs: 500 });
  expect(measured(riff(format))).toMatchObject({ ok: false, why: 'notWav' });
  expect(measured(sound.subarray(0, 2_044))).toEqual({ ok: true, durationMs: 125 });
});

test('whatever the bytes, measuring and reading agree', () => {
  const pieces = fc.constantFrom(format, data, chunk('LIST', Buffer.alloc(301)), chunk('fact', Buffer.alloc(3)));
  const file = fc.tuple(fc.array(pieces, { maxLength: 6 }), fc.uint8Array({ maxLength: 40 }), fc.nat(9_000));
  fc.assert(
    fc.property(file, ([chunks, rubbish, length]) => {
      const bytes = Buffer.concat([riff(...chunks), rubbish]).subarray(0, length);
      const read = readWav(bytes);
      expect(measured(bytes)).toEqual(read.ok ? { ok: true, durationMs: read.durationMs } : read);
    }),
    { numRuns: 300, seed: 12345 },
  );
});
