import { expect, test } from 'vitest';
import { percentDecode } from '../../src/switch/esl/decode.ts';
import { decodeEvent } from '../../src/switch/esl/event.ts';
import { createFramer } from '../../src/switch/esl/framing.ts';

const plain = 'Event-Name: DTMF\nCaller-Caller-ID-Name: %B2%E2%CA%D4 100%\n\n';
const stream = Buffer.from(
  `Content-Type: auth/request\n\nContent-Type: command/reply\nReply-Text: -ERR 100% busy\n\nContent-Length: ${plain.length}\nContent-Type: text/event-plain\n\n${plain}Content-Type: api/response\nContent-Length: 4\n\ntrue`,
);

test('every split of the stream gives the same frames', () => {
  const whole = createFramer().push(stream).frames;
  expect(whole).toHaveLength(4);
  for (let at = 0; at <= stream.length; at += 1) {
    const framer = createFramer();
    const frames = [...framer.push(stream.subarray(0, at)).frames, ...framer.push(stream.subarray(at)).frames];
    expect(frames).toEqual(whole);
  }
});

test('a display name in GBK and a stray percent sign are read, not thrown', () => {
  const event = decodeEvent(createFramer().push(stream).frames[2]!);
  expect(event?.headers.get('Caller-Caller-ID-Name')).toBe('测试 100%');
  expect(percentDecode('%%41%zz%')).toBe('%A%zz%');
});

test('100,000 mutated streams neither throw nor hang', () => {
  let seed = 7;
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 100_000; round += 1) {
    const bytes = Buffer.from(stream);
    for (let change = draw(6); change >= 0; change -= 1) bytes[draw(bytes.length)] = draw(256);
    const framer = createFramer();
    const at = draw(bytes.length);
    const { frames } = framer.push(bytes.subarray(0, at));
    for (const frame of [...frames, ...framer.push(bytes.subarray(at)).frames]) decodeEvent(frame);
  }
}, 60_000);
