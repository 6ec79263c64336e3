import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { command as call } from '../../src/cli/call.ts';
import { changesIn } from '../../src/cli/phone/commentary.ts';
import { openEar } from '../../src/cli/phone/ear.ts';
import { keepHeard } from '../../src/cli/phone/keep-heard.ts';
import { readPress, readTimeMs } from '../../src/cli/phone/times.ts';
import { FRAME_SAMPLES, findVoice, measureFrame } from '../../src/cli/phone/tone.ts';
import { findApi, findSeat, findServer } from '../../src/cli/phone/where.ts';
import { readWav, writeWavHeader } from '../../src/softswitch/rtp/wav.ts';

let folder: string;
const env = () => ({ MINHU_DATA: folder });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-phone-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tone(hz: number, seconds: number, amplitude = 8_000): number[] {
  return Array.from({ length: seconds * 8_000 }, (_, n) => amplitude * Math.sin((2 * Math.PI * hz * n) / 8_000));
}

function silence(seconds: number): number[] {
  return new Array(seconds * 8_000).fill(0);
}

/** Two pitches at once are as little a tone as speech is. */
function babble(seconds: number): number[] {
  const other = tone(310, seconds);
  return tone(190, seconds).map((sample, n) => sample + other[n]!);
}

function framesOf(samples: readonly number[], hz: number) {
  const all = Int16Array.from(samples);
  return Array.from({ length: Math.floor(all.length / FRAME_SAMPLES) }, (_, n) =>
    measureFrame(all.subarray(n * FRAME_SAMPLES, (n + 1) * FRAME_SAMPLES), hz),
  );
}

function writeStereo(file: string, left: readonly number[], right: readonly number[]): void {
  const bytes = Buffer.alloc(left.length * 4);
  left.forEach((sample, n) => {
    bytes.writeInt16LE(Math.round(sample), n * 4);
    bytes.writeInt16LE(Math.round(right[n] ?? 0), n * 4 + 2);
  });
  writeFileSync(file, Buffer.concat([writeWavHeader(2, left.length), bytes]));
}

describe('what is heard', () => {
  test('a voice is found after the prompts, with its start and a correlation of nearly one', () => {
    const voice = findVoice(framesOf([...babble(3), ...silence(1), ...tone(700, 2), ...babble(1)], 700));
    expect(voice).toMatchObject({ first: 40, frames: 20 });
    expect(voice!.correlation).toBeGreaterThan(0.99);
  });

  test('neither another tone, nor speech, nor a passing beep of the right pitch is the voice', () => {
    for (const sound of [tone(440, 3), babble(3), silence(3), [...babble(1), ...tone(700, 0.4), ...babble(1)]]) {
      expect(findVoice(framesOf(sound, 700))).toBeUndefined();
    }
  });

  test('a voice with holes in it correlates less', () => {
    const broken = Array.from({ length: 10 }, () => [...tone(700, 0.6), ...babble(0.4)]).flat();
    expect(findVoice(framesOf(broken, 700))!.correlation).toBeLessThan(0.95);
  });

  test('the commentary names each stretch once and skips a pause between words', () => {
    const changes = changesIn(
      framesOf([...babble(1), ...silence(1), ...babble(1), ...silence(3), ...tone(700, 2)], 700),
    );
    expect(changes.map(({ heard, at }) => [heard, at])).toEqual([
      ['sound', 0],
      ['silence', 30],
      ['tone', 60],
    ]);
    expect(changes[2]!.levelDb).toBe(-12);
  });

  test('the ear reads a file while it grows, and only the left side of it', () => {
    const file = join(folder, 'growing.wav');
    const ear = openEar(file, 700);
    expect(ear.listen()).toHaveLength(0);
    writeStereo(file, tone(700, 1.05), tone(440, 1.05));
    expect(ear.listen()).toHaveLength(10);
    writeStereo(file, tone(700, 40), tone(440, 40));
    expect(ear.listen()).toHaveLength(400);
    expect(findVoice(ear.listen())!.frames).toBe(400);
  });

  test('what was heard is kept as a file of one channel', () => {
    writeStereo(join(folder, 'both.wav'), tone(700, 1), tone(440, 1));
    keepHeard(join(folder, 'both.wav'), join(folder, 'heard.wav'));
    const kept = readWav(readFileSync(join(folder, 'heard.wav')));
    if (typeof kept === 'string') throw new Error(kept);
    expect(kept.channels).toBe(1);
    expect(findVoice(framesOf([...kept.samples], 700))!.frames).toBe(10);
  });
});

describe('what is asked for', () => {
  test.each([
    ['5s', 5_000],
    ['500ms', 500],
    ['2', 2_000],
    ['1.5m', 90_000],
    ['2h', undefined],
    ['-1s', undefined],
    ['61m', undefined],
    ['', undefined],
  ])('the time %j is %s ms', (text, ms) => expect(readTimeMs(text)).toBe(ms));

  test.each([
    ['2@5s', { keys: '2', atMs: 5_000 }],
    ['12#*@500ms', { keys: '12#*', atMs: 500 }],
    ['2', undefined],
    ['x@1s', undefined],
    ['@1s', undefined],
  ])('the key press %j is understood or refused', (text, press) => expect(readPress(text)).toEqual(press));
});

describe('where the hotline is', () => {
  const run = (more: object) =>
    writeFileSync(
      join(folder, 'run.json'),
      JSON.stringify({
        http: '0.0.0.0:8080',
        sip: '0.0.0.0:5060',
        esl: '127.0.0.1:1',
        pids: { supervisor: process.pid, core: null, switch: null, postgres: null },
        ...more,
      }),
    );

  test('a server that listens everywhere is called on this machine', async () => {
    run({});
    expect(await findServer(undefined, env())).toEqual({ ok: true, thing: { host: '127.0.0.1', port: 5060 } });
    expect(findApi(env())).toEqual({ ok: true, thing: 'http://127.0.0.1:8080' });
    expect(findApi({ ...env(), MINHU_TLS_CERT: 'c', MINHU_TLS_KEY: 'k' })).toMatchObject({
      thing: 'https://127.0.0.1:8080',
    });
  });

  test('a server named by hand needs no file', async () => {
    expect(await findServer('127.0.0.7:5080', env())).toEqual({ ok: true, thing: { host: '127.0.0.7', port: 5080 } });
    expect(await findServer('nonsense', env())).toMatchObject({ ok: false });
  });

  test('without a running program the person is told to start it', async () => {
    expect(await findServer(undefined, env())).toMatchObject({ ok: false, why: expect.stringContaining('npm start') });
    run({ pids: { supervisor: 2 ** 30, core: null, switch: null, postgres: null } });
    expect(await findServer(undefined, env())).toMatchObject({ ok: false, why: expect.stringContaining('npm start') });
    run({ sip: null });
    expect(await findServer(undefined, env())).toMatchObject({ ok: false, why: expect.stringContaining('--server') });
  });

  test('a seat is found by login name or SIP user, and an unknown one is answered with those there are', () => {
    expect(findSeat('seat1001', env())).toMatchObject({ ok: false, why: expect.stringContaining('first-run.json') });
    const seat = { user: 'seat1001', password: 'a', sipUser: '1001', sipPassword: 'b', number: '1001' };
    writeFileSync(join(folder, 'first-run.json'), JSON.stringify({ seats: [seat] }));
    expect(findSeat('seat1001', env())).toEqual({ ok: true, thing: seat });
    expect(findSeat('1001', env())).toEqual({ ok: true, thing: seat });
    expect(findSeat('seat9', env())).toMatchObject({ ok: false, why: expect.stringContaining('seat1001') });
  });
});

test.each([
  [['12345', '--press', 'x@1s'], '--press 应是“按键@时间”，按键为 0-9、*、#、A-D，例如 2@5s，不是“x@1s”。'],
  [['12345', '--press', '1@2s', '--press', '2'], '--press 应是'],
  [['12345', '--talk', '-3s'], '--talk 应是一小时以内的时间，例如 10s、500ms、1.5m，不是“-3s”。'],
  [['12345', '--talk=2h'], '--talk 应是'],
  [['12345', '--talk'], '--talk 后面缺少值。'],
  [['12345', '--from', 'no number'], '--from 应是'],
  [['12345', '--tcp=yes'], '--tcp 不带值。'],
  [['12345', '--speed', '3'], '没有选项“--speed”。'],
  [['12345', '12315'], '请写一个要拨打的号码'],
  [[], '请写一个要拨打的号码'],
])('minhu call %j says what is wrong before how it is used', async (args, says) => {
  let told = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    told += String(chunk);
    return true;
  });
  expect(await call.run(args)).toBe(2);
  spy.mockRestore();
  expect(told.startsWith(says), told).toBe(true);
  expect(told).toContain('minhu call NUMBER');
});
