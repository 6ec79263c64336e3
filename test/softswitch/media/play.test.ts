import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeWavHeader } from '../../../src/softswitch/rtp/wav.ts';
import {
  type Bench,
  eventually,
  listen,
  MUSIC_HZ,
  openBench,
  PROMPT_HZ,
  reportsOf,
  sharesHeard,
  wavOf,
} from './bench.ts';
import { tone } from './phone.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});
afterEach(async () => {
  await bench.close();
  const ids = reportsOf(bench, 'playEnded', 'a').map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test('a prompt heard to its end is told as done, once', async () => {
  await bench.leg('a');
  play('1', 'prompt.wav', 'silence:40', 'tone:440:40');
  await endsOnce('1', 'done');
});

test('a prompt that is replaced, even before it is read, is told as broken, once, and the next as done', async () => {
  const a = await bench.leg('a');
  play('1', 'prompt.wav');
  play('2', 'music');
  play('3', 'prompt.wav');
  await endsOnce('1', 'broken');
  await endsOnce('2', 'broken');
  expect((await sharesHeard(a, PROMPT_HZ))[0]).toBeGreaterThan(0.5);
  await endsOnce('3', 'done');
});

test.each([
  ['stopped', 'stop'],
  ['cut by a relay', 'relay'],
  ['cut by a room', 'mix'],
  ['cut by the end of the leg', 'close'],
  ['cut by the end of the engine', 'closeAll'],
] as const)('music that is %s is told as broken, once', async (_, wish) => {
  const a = await bench.leg('a');
  await bench.leg('b');
  play('1', 'music');
  expect((await sharesHeard(a, MUSIC_HZ))[0]).toBeGreaterThan(0.95);
  bench.media.apply({ wish, leg: 'a', other: 'b', room: 'r', hears: true, speaks: true });
  await endsOnce('1', 'broken');
});

test.each([
  ['is missing', 'missing.wav', /ENOENT/],
  ['lies outside the folders', '/etc/hostname', /outside/],
  ['leads outside by dots', 'x/../../../etc/hostname', /outside/],
  ['is no WAV file', 'text.wav', /not a WAV/],
  ['has two channels', 'stereo.wav', /not mono/],
  ['is a folder', 'recordings', /not a file/],
  ['is a silence too long', 'silence:9999999', /not within/],
  ['is a tone too high', 'tone:4000:100', /no tone/],
])('a part that %s fails the whole play at once, with why, once', async (_, name, why) => {
  await bench.leg('a');
  writeFileSync(join(bench.folder, 'text.wav'), 'no sound');
  writeFileSync(join(bench.folder, 'stereo.wav'), Buffer.concat([writeWavHeader(2, 1), Buffer.alloc(4)]));
  play('1', 'prompt.wav', name);
  const ended = await endsOnce('1', 'failed');
  expect(ended.why).toMatch(why);
});

test('a play of no part or of too many fails', async () => {
  await bench.leg('a');
  bench.media.apply({ wish: 'play', leg: 'a', id: '1', sources: [] });
  await endsOnce('1', 'failed');
  bench.media.apply({ wish: 'play', leg: 'a', id: '2', sources: Array(101).fill('silence:20') });
  await endsOnce('2', 'failed');
});

test('a changed file is heard as it is now', async () => {
  const a = await bench.leg('a');
  const file = join(bench.folder, 'now.wav');
  for (const hz of [700, 1100]) {
    writeFileSync(file, wavOf(tone(hz, 0, 16_000 + hz)));
    play(`${hz}`, file);
    expect((await sharesHeard(a, hz))[0]).toBeGreaterThan(0.95);
  }
});

test('wishes for a leg that does not exist change nothing', async () => {
  const a = await bench.leg('a');
  for (const wish of ['play', 'stop', 'relay', 'part', 'mix', 'close', 'record', 'stopRecord', 'sendDigits'] as const) {
    const other = {
      other: 'a',
      room: 'r',
      hears: true,
      speaks: true,
      id: '9',
      sources: ['music'],
      file: 'x',
      digits: '1',
    };
    bench.media.apply({ wish, leg: 'nobody', ...other });
  }
  await listen(a);
  expect(bench.reports.filter((report) => 'leg' in report && report.leg === 'nobody')).toEqual([]);
});

function play(id: string, ...names: readonly string[]): void {
  const sources = names.map((name) => (/^(music$|silence:|tone:|\/)/.test(name) ? name : `${bench.folder}/${name}`));
  bench.media.apply({ wish: 'play', leg: 'a', id, sources });
}

async function endsOnce(id: string, outcome: string): Promise<{ readonly why?: string }> {
  const ends = () => reportsOf(bench, 'playEnded', 'a').filter((report) => report.id === id);
  await eventually(() => expect(ends().map((report) => report.outcome)).toEqual([outcome]));
  return ends()[0]!;
}
