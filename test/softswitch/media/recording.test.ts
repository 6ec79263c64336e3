import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readWav } from '../../../src/softswitch/rtp/wav.ts';
import { channelOf, toneShare, toneTimeline } from '../../e2e/tone.ts';
import { type Bench, eventually, listen, loudness, openBench, reported, reportsOf, sharesHeard } from './bench.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

test('left is what the leg says, right what it is sent, as long as the clock says', async () => {
  const [a, b] = [await bench.leg('a', 'PCMU'), await bench.leg('b')];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  [a.says, b.says] = [500, 900];
  const startMs = performance.now();
  const file = await record('a');
  await listen(a, 2);
  const ended = await stop('a', file);
  const tookMs = performance.now() - startMs;
  const wav = readFileSync(file);
  expect(ended.why).toBeUndefined();
  expect(Math.abs(ended.durationMs - tookMs)).toBeLessThan(150);
  expect(wav.length).toBe(ended.bytes);
  expect(ended.durationMs).toBe(Math.round((wav.length - 44) / 32));
  expect(readWav(wav)).toMatchObject({ channels: 2 });
  expect(toneShare(channelOf(wav, 'left').subarray(1600), 500)).toBeGreaterThan(0.95);
  expect(toneShare(channelOf(wav, 'right').subarray(1600), 900)).toBeGreaterThan(0.95);
});

test('both sides of a recording lie on the same clock: an echo is on the right when it was said on the left', async () => {
  const a = await bench.leg('a');
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'a' });
  const file = await record('a');
  a.says = 0;
  await listen(a);
  a.says = 500;
  await listen(a);
  await stop('a', file);
  const wav = readFileSync(file);
  const [left, right] = [onset(channelOf(wav, 'left')), onset(channelOf(wav, 'right'))];
  expect(left).toBeGreaterThan(4000);
  expect(Math.abs(left - right)).toBeLessThanOrEqual(320);
});

test('a leg that is closed in the same moment as its recording is stopped is gone only when the file is true', async () => {
  const a = await bench.leg('a');
  const file = await record('a');
  a.says = 500;
  await listen(a);
  bench.media.apply({ wish: 'stopRecord', leg: 'a', file });
  bench.media.apply({ wish: 'close', leg: 'a' });
  const closed = await reported(bench, 'closed', 'a');
  const ended = await reported(bench, 'recordEnded', 'a');
  expect(ended).toMatchObject({ file, bytes: statSync(file).size });
  expect(bench.reports.indexOf(ended)).toBeLessThan(bench.reports.indexOf(closed));
});

test('a recording goes on through a hold, silent on the left meanwhile', async () => {
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  a.says = 500;
  const file = await record('a');
  await sharesHeard(b, 500);
  bench.connect('a', a, { sends: false, receives: false });
  await listen(b, 1);
  bench.connect('a', a);
  await sharesHeard(b, 500);
  await stop('a', file);
  const line = toneTimeline(channelOf(readFileSync(file), 'left'), 500).map((share) => (share > 0.95 ? '#' : '.'));
  expect(line.join('')).toMatch(/^\.*#{3,}\.{8,}#{3,}\.*$/);
});

test('the header of a running recording is true after each second', async () => {
  const a = await bench.leg('a');
  const file = await record('a');
  await eventually(() => expect(statSync(file).size).toBeGreaterThan(10_000));
  await listen(a, 0.2);
  const wav = readFileSync(file);
  expect([wav.readUInt32LE(4), wav.readUInt32LE(40)]).toEqual([wav.length - 8, wav.length - 44]);
  await stop('a', file);
});

test('the end of a leg ends its recordings before the leg is told as closed', async () => {
  await bench.leg('a');
  const files = [await record('a', '1.wav'), await record('a', 'day/2.wav')];
  bench.media.apply({ wish: 'close', leg: 'a' });
  await reported(bench, 'closed', 'a');
  expect(
    reportsOf(bench, 'recordEnded', 'a')
      .map(({ file }) => file)
      .toSorted(),
  ).toEqual(files.toSorted());
  expect(bench.reports.at(-1)?.report).toBe('closed');
});

test('a disk that fills up ends the recording with why, keeps what it holds and disturbs nobody', async () => {
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  a.says = 500;
  const file = await record('a');
  limitFiles('40000');
  try {
    const ended = await reported(bench, 'recordEnded', 'a');
    expect(ended.why).toBe('EFBIG');
    expect(readFileSync(file).readUInt32LE(40)).toBe(ended.bytes - 44);
  } finally {
    limitFiles('unlimited');
  }
  expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
  bench.media.apply({ wish: 'stopRecord', leg: 'a', file });
  await listen(b, 0.2);
  expect(reportsOf(bench, 'recordEnded', 'a')).toHaveLength(1);
});

test('a recording never overwrites a file, and none is written outside its folder', async () => {
  await bench.leg('a');
  const there = join(bench.recordings, 'there.wav');
  writeFileSync(there, 'evidence');
  const outside = join(bench.folder, 'outside.wav');
  const beneath = join(there, 'x.wav');
  for (const file of [there, outside, beneath]) bench.media.apply({ wish: 'record', leg: 'a', file });
  await eventually(() => expect(reportsOf(bench, 'recordEnded', 'a')).toHaveLength(3));
  const ends = reportsOf(bench, 'recordEnded', 'a').map(({ file, why, bytes }) => [file, why, bytes]);
  expect(new Map(ends.map(([file, ...rest]) => [file, rest]))).toEqual(
    new Map([
      [there, ['EEXIST', 0]],
      [outside, ['outside the folder of recordings', 0]],
      [beneath, [expect.stringMatching(/EEXIST|ENOTDIR/), 0]],
    ]),
  );
  expect(readFileSync(there, 'utf8')).toBe('evidence');
  expect(reportsOf(bench, 'recordStarted', 'a')).toEqual([]);
});

test('a recording that is stopped at once is told in order and holds no sound', async () => {
  await bench.leg('a');
  const file = join(bench.recordings, 'short.wav');
  bench.media.apply({ wish: 'record', leg: 'a', file });
  bench.media.apply({ wish: 'stopRecord', leg: 'a', file });
  await reported(bench, 'recordEnded', 'a');
  const told = bench.reports.map(({ report }) => report).filter((report) => report.startsWith('record'));
  expect(told).toEqual(['recordStarted', 'recordEnded']);
  expect(loudness(channelOf(readFileSync(file), 'left'))).toBe(0);
});

async function record(leg: string, name = `${leg}.wav`): Promise<string> {
  const file = join(bench.recordings, name);
  bench.media.apply({ wish: 'record', leg, file });
  await eventually(() => expect(reportsOf(bench, 'recordStarted', leg).some((told) => told.file === file)).toBe(true));
  return file;
}

function stop(leg: string, file: string): ReturnType<typeof reported<'recordEnded'>> {
  bench.media.apply({ wish: 'stopRecord', leg, file });
  return reported(bench, 'recordEnded', leg);
}

function onset(samples: Int16Array): number {
  return samples.findIndex((sample) => Math.abs(sample) > 2000);
}

/** The kernel refuses this process to write files longer than that. */
function limitFiles(bytes: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`]);
  expect(`${status} ${stderr}`).toBe('0 ');
}
