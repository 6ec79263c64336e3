import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { channelOf, toneShare } from '../../e2e/tone.ts';
import { type Bench, eventually, listen, loudness, openBench, reported, sharesHeard } from './bench.ts';
import { openPhone, type Phone } from './phone.ts';

const INJECTED_HZ = 1300;
const LEGS = 50;
let bench: Bench;
let stranger: Phone;

beforeEach(async () => {
  bench = await openBench();
});
afterEach(async () => {
  stranger.close();
  await bench.close();
});

test.each(['127.0.0.1', '127.0.0.9'])('a probe of every port of 50 live legs from %s gets no byte back', async (ip) => {
  stranger = await openPhone('PCMA', ip);
  const phones: Phone[] = [];
  for (let n = 0; n < LEGS; n++) {
    phones.push(await bench.leg(`leg${n}`));
    if (n % 2 === 1) bench.media.apply({ wish: 'relay', leg: `leg${n}`, other: `leg${n - 1}` });
  }
  let bytesBack = 0;
  stranger.socket.on('message', (datagram) => {
    bytesBack += datagram.length;
  });
  for (const talks of [false, true]) {
    // First legs that have learnt nobody yet, then legs in full talk.
    for (const phone of phones) phone.says = talks ? 500 : undefined;
    if (talks) await eventually(() => expect(phones.every((phone) => phone.packetsHeard > 20)).toBe(true));
    probeAll(phones);
    const before = phones[0]!.packetsHeard;
    if (talks) await eventually(() => expect(phones[0]!.packetsHeard).toBeGreaterThan(before + 25));
  }
  expect(bytesBack).toBe(0);
});

test.each(['127.0.0.1', '127.0.0.9'])(
  '500 packets to the right port from %s are neither heard nor recorded',
  async (ip) => {
    stranger = await openPhone('PCMA', ip);
    const [a, b] = [await bench.leg('a'), await bench.leg('b')];
    const file = join(bench.recordings, 'a.wav');
    bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
    bench.media.apply({ wish: 'record', leg: 'a', file });
    await reported(bench, 'recordStarted', 'a');
    [a.says, b.says] = [500, 900];
    await listen(b);
    inject(a.target, 250);
    expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
    inject(a.target, 250);
    expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
    bench.media.apply({ wish: 'stopRecord', leg: 'a', file });
    await reported(bench, 'recordEnded', 'a');
    const left = channelOf(readFileSync(file), 'left');
    expect(toneShare(left.subarray(4000), 500)).toBeGreaterThan(0.95);
    expect(toneShare(left, INJECTED_HZ)).toBeLessThan(0.05);
  },
);

test('a stranger who comes before the caller is neither heard nor recorded, and the caller is', async () => {
  stranger = await openPhone('PCMA', '127.0.0.9');
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  const file = join(bench.recordings, 'a.wav');
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  bench.media.apply({ wish: 'record', leg: 'b', file });
  await reported(bench, 'recordStarted', 'b');
  stranger.target = a.target;
  stranger.says = INJECTED_HZ;
  b.says = 900;
  await sharesHeard(a, 900);
  expect(b.packetsHeard).toBe(0);
  a.says = 500;
  expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
  bench.media.apply({ wish: 'close', leg: 'b' });
  await reported(bench, 'closed', 'b');
  const wav = readFileSync(file);
  expect(toneShare(channelOf(wav, 'left'), 900)).toBeGreaterThan(0.9);
  expect(toneShare(channelOf(wav, 'right'), INJECTED_HZ)).toBeLessThan(0.05);
});

test('a phone behind NAT is heard from the port it really uses', async () => {
  stranger = await openPhone('PCMA', '127.0.0.1');
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  bench.media.apply({ wish: 'relay', leg: 'a', other: 'b' });
  bench.connect('a', a, { ip: '10.255.255.1', port: 9, signallingIp: '127.0.0.1' });
  a.says = 500;
  b.says = 900;
  expect((await sharesHeard(b, 500))[0]).toBeGreaterThan(0.95);
  expect((await sharesHeard(a, 900))[0]).toBeGreaterThan(0.95);
});

test.each([0, 65_535])('a far end that negotiates port %d does not disturb other legs', async (port) => {
  stranger = await openPhone('PCMA', '127.0.0.1');
  const [a, b] = [await bench.leg('a'), await bench.leg('b')];
  bench.connect('a', a, { port });
  bench.media.apply({ wish: 'close', leg: 'a' });
  await reported(bench, 'closed', 'a');
  expect(loudness(await listen(b))).toBeLessThan(20);
});

function probeAll(phones: readonly Phone[]): void {
  for (const phone of phones) {
    inject(phone.target, 1);
    inject({ ip: phone.target.ip, port: phone.target.port + 1 }, 1);
  }
}

/** The stranger guesses SSRC and payload type right. */
function inject(target: Phone['target'], packets: number): void {
  stranger.target = target;
  stranger.burst(INJECTED_HZ, packets);
  stranger.target = { ip: '127.0.0.1', port: 0 };
}
