import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Bench,
  eventually,
  listen,
  loudness,
  MUSIC_HZ,
  openBench,
  PROMPT_HZ,
  reportsOf,
  sharesHeard,
} from './bench.ts';

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

test.each([
  ['PCMA', 'PCMU'],
  ['PCMU', 'PCMA'],
  ['PCMA', 'PCMA'],
] as const)('two joined legs hear each other, %s and %s, and a key reaches the partner', async (codecA, codecB) => {
  const [a, b] = [await bench.leg('a', codecA), await bench.leg('b', codecB)];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  [a.says, b.says] = [500, 900];
  expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
  expect((await sharesHeard(a, 900))[0]).toBeGreaterThan(0.95);
  a.press(7);
  await eventually(() => expect([...b.keys.values()]).toEqual([7]));
  expect(digits('a')).toBe('7');
  bench.media.apply({ wish: 'part', leg: 'a' });
  expect(loudness(await listen(a))).toBeLessThan(20);
  expect(loudness(await listen(b))).toBeLessThan(20);
});

test('a leg joined with itself hears its own echo until it parts', async () => {
  const a = await bench.leg('a');
  a.says = 500;
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'a' });
  expect((await sharesHeard(a, 500))[0]).toBeGreaterThan(0.95);
  bench.media.apply({ wish: 'part', leg: 'a' });
  expect(loudness(await listen(a))).toBeLessThan(20);
});

test('while one side is on hold the other hears music, and both hear each other again afterwards', async () => {
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  [a.says, b.says] = [500, 900];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
  bench.connect('a', a, { sends: false, receives: false });
  expect((await sharesHeard(b, MUSIC_HZ))[0]).toBeGreaterThan(0.95);
  bench.connect('a', a);
  expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
  expect((await sharesHeard(a, 900))[0]).toBeGreaterThan(0.95);
});

test('nothing goes to a leg on hold', async () => {
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  [a.says, b.says] = [500, 900];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  await listen(a);
  bench.connect('a', a, { sends: false });
  await listen(b);
  const before = a.packetsHeard;
  await listen(b);
  expect(a.packetsHeard).toBe(before);
});

test('in a room of three each hears the two others and not itself', async () => {
  const tones = { a: 500, b: 900, c: 1500 };
  const phones = await room(Object.keys(tones));
  for (const [id, hz] of Object.entries(tones)) phones[id]!.says = hz;
  for (const [id, own] of Object.entries(tones)) {
    const others = Object.values(tones).filter((hz) => hz !== own);
    const [first, second, self] = await sharesHeard(phones[id]!, ...others, own);
    // Two tones of the same loudness: each is 1/√2 of the sum.
    expect(Math.min(first!, second!)).toBeGreaterThan(0.65);
    expect(self).toBeLessThan(0.05);
  }
});

test('a member that does not speak is not heard, and one that does not hear hears nothing', async () => {
  const { a, b } = await room(['a', 'b']);
  [a!.says, b!.says] = [500, 900];
  bench.media.apply({ wish: 'mix', leg: 'a', room: 'r', hears: true, speaks: false });
  expect(loudness(await listen(b!))).toBeLessThan(20);
  expect((await sharesHeard(a!, 900))[0]).toBeGreaterThan(0.95);
  bench.media.apply({ wish: 'mix', leg: 'a', room: 'r', hears: false, speaks: true });
  expect((await sharesHeard(b!, 500))[0]).toBeGreaterThan(0.95);
  expect(loudness(await listen(a!))).toBeLessThan(20);
});

test('the only member of a room hears music until somebody comes, and again when they leave', async () => {
  const { a } = await room(['a']);
  expect((await sharesHeard(a!, MUSIC_HZ))[0]).toBeGreaterThan(0.95);
  const { b } = await room(['b']);
  b!.says = 900;
  expect((await sharesHeard(a!, 900))[0]).toBeGreaterThan(0.95);
  bench.media.apply({ wish: 'close', leg: 'b' });
  expect((await sharesHeard(a!, MUSIC_HZ))[0]).toBeGreaterThan(0.95);
});

test('a prompt is heard, and keys pressed while it plays and in a room are told once each', async () => {
  const { b } = await room(['b', 'c']);
  const a = await bench.leg('a');
  bench.media.apply({ wish: 'play', leg: 'a', id: '1', sources: Array(8).fill(join(bench.folder, 'prompt.wav')) });
  a.says = 0;
  expect((await sharesHeard(a, PROMPT_HZ))[0]).toBeGreaterThan(0.95);
  a.press(5);
  b!.says = 0;
  b!.press(11);
  await eventually(() => expect([digits('a'), digits('b')]).toEqual(['5', '#']));
  await listen(a);
  expect([digits('a'), digits('b'), digits('c')]).toEqual(['5', '#', '']);
});

test('keys are sent to the far end', async () => {
  const a = await bench.leg('a');
  bench.media.apply({ wish: 'sendDigits', leg: 'a', digits: '19#' });
  await eventually(() => expect([...a.keys.values()]).toEqual([1, 9, 11]));
});

async function room(ids: readonly string[]): Promise<Record<string, Awaited<ReturnType<Bench['leg']>>>> {
  const phones: Record<string, Awaited<ReturnType<Bench['leg']>>> = {};
  for (const id of ids) {
    phones[id] = await bench.leg(id);
    bench.media.apply({ wish: 'mix', leg: id, room: 'r', hears: true, speaks: true });
  }
  return phones;
}

function digits(leg: string): string {
  return reportsOf(bench, 'digit', leg)
    .map(({ digit }) => digit)
    .join('');
}
