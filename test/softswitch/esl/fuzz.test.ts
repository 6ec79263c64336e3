import { expect, test } from 'vitest';
import { readDialString } from '../../../src/softswitch/dial-string.ts';
import { createCommandReader, HEAD_BYTES_MAX, HEADERS_MAX } from '../../../src/softswitch/esl/command-reader.ts';
import { createDraw } from '../../../src/softswitch/esl/pace.ts';
import { changeFilter, createSubscription, subscribe, unsubscribe } from '../../../src/softswitch/esl/subscription.ts';

const SEED = 20_261_123;
const ROUNDS = 100_000;

const SEEDS = [
  'auth ClueCon\n\n',
  'event plain CHANNEL_CREATE CUSTOM sofia::register\n\nfilter Unique-ID 1\n\n',
  'api originate {a=b,c=d}[x=y]user/1001@minhu,sofia/internal/sip:1@127.0.0.1:5060|user/2 &park()\n\n',
  'sendmsg 1\ncall-command: execute\nexecute-app-name: playback\ncontent-length: 5\n\nhello',
  'bgapi status\r\nJob-UUID: 1\r\n\r\nexit\n\n',
].map((text) => Buffer.from(text));

test('100,000 mutated command streams, in any pieces, neither throw nor hang nor grow', () => {
  const draw = createDraw(SEED);
  const pick = (below: number): number => Math.floor(draw() * below);
  for (let round = 0; round < ROUNDS; round += 1) {
    const data = mutate(SEEDS[pick(SEEDS.length)]!, pick);
    const reader = createCommandReader();
    const cut = pick(data.length + 1);
    for (const piece of [data.subarray(0, cut), data.subarray(cut)]) {
      reader.push(piece);
      for (let turn = 0; turn <= data.length; turn += 1) {
        const read = reader.next(HEAD_BYTES_MAX);
        if (read.kind !== 'command') break;
        expect(read.command.rawHeaders.length).toBeLessThanOrEqual(HEADERS_MAX);
        use(read.command.argument);
      }
    }
    if (reader.bufferedBytes() > data.length) throw new Error(`round ${round}: more bytes than came`);
  }
});

function use(argument: string): void {
  const subscription = createSubscription();
  for (const work of [subscribe, unsubscribe, changeFilter]) work(subscription, argument);
  readDialString(argument.replace(/^originate /, ''));
}

function mutate(seed: Buffer, pick: (below: number) => number): Buffer {
  const data = Buffer.from(seed);
  for (let change = pick(6); change >= 0; change -= 1) data[pick(data.length)] = pick(256);
  const at = pick(data.length);
  switch (pick(4)) {
    case 0:
      return data.subarray(0, at);
    case 1:
      return Buffer.concat([data.subarray(at), data]);
    case 2:
      return Buffer.concat([data.subarray(0, at), Buffer.from('\n\n'), data.subarray(at)]);
    default:
      return data;
  }
}
