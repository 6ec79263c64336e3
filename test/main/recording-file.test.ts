import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { measureRecording } from '../../src/main/recording-file.ts';
import { writeWavHeader } from '../../src/softswitch/rtp/wav.ts';

const folder = mkdtempSync(join(tmpdir(), 'minhu-recording-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SECONDS = 5;
const SOUND = Buffer.alloc(SECONDS * 8_000 * 4);
const WRITTEN_MS = 1_700_000_000_000;
let files = 0;

function fileOf(...parts: readonly Uint8Array[]): string {
  const path = join(folder, `${files++}.wav`);
  writeFileSync(path, Buffer.concat(parts));
  utimesSync(path, WRITTEN_MS / 1_000, WRITTEN_MS / 1_000);
  return path;
}

function chunk(name: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

function saying(length: number): Buffer {
  const header = Buffer.from(writeWavHeader(2, 0));
  header.writeUInt32LE(length, 40);
  return header;
}

const whole = () => fileOf(writeWavHeader(2, SECONDS * 8_000), SOUND);

test('a whole file is as long as its header says, a trailer aside', async () => {
  expect(await measureRecording(whole())).toEqual({ durationMs: 5_000, bytes: 44 + SOUND.length });
  const path = fileOf(writeWavHeader(2, SECONDS * 8_000), SOUND, chunk('LIST', Buffer.alloc(100)));
  expect(await measureRecording(path)).toEqual({ durationMs: 5_000, bytes: 44 + SOUND.length + 108 });
});

test('chunks before the sound are passed over', async () => {
  const header = Buffer.from(writeWavHeader(2, SECONDS * 8_000));
  const path = fileOf(header.subarray(0, 36), chunk('LIST', Buffer.alloc(333)), header.subarray(36), SOUND);
  expect(await measureRecording(path)).toMatchObject({ durationMs: 5_000 });
});

test('a file that was never closed, or is cut off, is as long as what is there', async () => {
  for (const length of [0, 0xffff_ffff, SOUND.length * 2])
    expect(await measureRecording(fileOf(saying(length), SOUND, Buffer.alloc(3)))).toEqual({
      durationMs: 5_000,
      bytes: 44 + SOUND.length + 3,
    });
  expect(await measureRecording(fileOf(saying(0)))).toEqual({ durationMs: 0, bytes: 44 });
});

test('of a file that somebody wrote to just now nothing is known yet', async () => {
  const path = whole();
  expect(await measureRecording(path, WRITTEN_MS + 2_999)).toBeUndefined();
  expect(await measureRecording(path, WRITTEN_MS - 1)).toBeUndefined();
  expect(await measureRecording(path, WRITTEN_MS + 3_000)).toMatchObject({ durationMs: 5_000 });
});

test('what is no such file has no length, and keeps nobody waiting', async () => {
  const pipe = join(folder, 'pipe.wav');
  execFileSync('mkfifo', [pipe]);
  const short = whole();
  truncateSync(short, 30);
  utimesSync(short, 1, 1);
  const compressed = Buffer.from(writeWavHeader(2, SECONDS * 8_000));
  compressed.writeUInt16LE(49, 20);
  const noFrames = Buffer.from(writeWavHeader(2, SECONDS * 8_000));
  noFrames.writeUInt16LE(0, 32);
  const strange = [join(folder, 'none.wav'), folder, pipe, short, fileOf(), fileOf(SOUND)];
  for (const path of [...strange, fileOf(compressed, SOUND), fileOf(noFrames, SOUND)])
    expect(await measureRecording(path), path).toBeUndefined();
});
