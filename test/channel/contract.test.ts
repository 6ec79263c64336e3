import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Channel,
  ChannelError,
  type Delivery,
  type Parcel,
  readJson,
  retryAfterMs,
  sameSecret,
} from '../../src/channel/channel.ts';

const folder = join(import.meta.dirname, '../../channels');
const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const ATMS = 1_767_225_600_000;

const channels = await Promise.all(
  names.map(async (file) => ({ file, channel: (await import(join(folder, file))).default as Channel })),
);

const sample = (number: bigint, more: { text?: string; conversation?: number; atMs?: number } = {}) => ({
  number,
  conversation: 7,
  text: '井盖丢了',
  atMs: ATMS,
  ...more,
});

function delivery({ method = 'POST', query = '', headers = {}, body }: Parcel): Delivery {
  return {
    method,
    url: `/api/v1/intake/x/y${query === '' ? '' : `?${query}`}`,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body),
    receivedAtMs: ATMS,
  };
}

function inboundOf(channel: Channel, parcel: Parcel) {
  const received = channel.receive!(delivery(parcel), channel.rehearsal!.settings);
  return 'inbound' in received ? received.inbound : received;
}

describe.each(channels)('$file', ({ file, channel }) => {
  const { settings, deliver } = channel.rehearsal!;

  test('C1 is named like its file', () => {
    expect(channel.name).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
    expect(file).toBe(`${channel.name}.ts`);
  });

  test.runIf(channel.receive)('C2 knows its own platform, and nobody else', () => {
    const parcel = deliver!(sample(1n), settings);
    // An error is a refusal, too.
    const knows = (given: Parcel, keys: typeof settings) => {
      try {
        return channel.verify!(delivery(given), keys);
      } catch {
        return false;
      }
    };
    expect(knows(parcel, settings)).toBe(true);
    // Some sign beside the body, some in it.
    expect(knows({ ...parcel, headers: {}, query: '' }, settings) && knows({ ...parcel, body: '' }, settings)).toBe(
      false,
    );
    expect(knows({ body: '' }, settings)).toBe(false);
    const strange = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, `${value}x`]));
    expect(knows(parcel, strange)).toBe(false);
  });

  test.runIf(channel.receive)(
    'C3 says the same of the same delivery, and tells ids apart that differ beyond 2^53',
    () => {
      const [first, again, next] = [6051234567890123456n, 6051234567890123456n, 6051234567890123457n].map((number) =>
        inboundOf(channel, deliver!(sample(number), settings)),
      );
      expect(first).toHaveLength(1);
      expect(first![0]).toMatchObject({ text: '井盖丢了', sentAtMs: ATMS });
      expect(again).toEqual(first);
      expect(next).not.toEqual(first);
    },
  );

  // One that keeps a connection of its own is tried with real servers, in a file of its own.
  test.runIf(channel.send && channel.rehearsal?.answer)(
    'C4 tells what may be tried again from what may not',
    async () => {
      const send = (answer: (url: string) => Response) =>
        channel.send!(
          { id: 'm-1', conversation: '7', to: '7', text: '您好' },
          {
            settings,
            fetch: async (url) => answer(url),
            signal: new AbortController().signal,
            now: () => ATMS,
            cached: async (_name, make) => (await make()).value,
            forget: () => undefined,
          },
        );
      // A platform that gives our messages no name is none the worse.
      const { remoteId = '-' } = await send((url) => {
        const { status = 200, body } = channel.rehearsal!.answer!({ method: 'POST', url, body: '', number: 1 });
        return new Response(body, { status });
      });
      expect(remoteId).toMatch(/./);
      const kindOf = (status: number, headers = {}) =>
        send(() => new Response('{}', { status, headers })).then(
          () => 'sent',
          (error: unknown) => (error instanceof ChannelError ? `${error.kind} ${error.retryAfterMs}` : error),
        );
      expect(await kindOf(503)).toBe('retry undefined');
      expect(await kindOf(429, { 'retry-after': '7' })).toBe('retry 7000');
      expect(await kindOf(401)).toBe('broken undefined');
      expect(await kindOf(400)).toBe('refuse undefined');
    },
  );
});

test('secrets are equal only when every byte is, and an absent one equals nothing', () => {
  expect(sameSecret('secret', 'secret')).toBe(true);
  for (const given of ['secreT', 'secre', 'secretx', '', undefined]) expect(sameSecret(given, 'secret')).toBe(false);
  expect(sameSecret('', '')).toBe(false);
});

test('numbers too long for a double keep their digits; those in texts, fractions and short ones are as they were', () => {
  const text =
    '{"MsgId":6051234567890123456,"n":[-9007199254740993,12],"s":"6051234567890123456 \\" 6051234567890123456","f":1.0000000000000001}';
  expect(readJson(text)).toEqual({
    MsgId: '6051234567890123456',
    n: ['-9007199254740993', 12],
    s: '6051234567890123456 " 6051234567890123456',
    f: 1,
  });
});

test('JSON that plays tricks is refused', () => {
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(readJson(deep(32))).toEqual(expect.any(Array));
  const tricks = [
    '{"__proto__":{"a":1}}',
    '{"a":{"constructor":1}}',
    '[{"prototype":[]}]',
    deep(33),
    '{',
    '',
    '{"a":NaN}',
  ];
  for (const trick of tricks) expect(() => readJson(trick), trick).toThrow(SyntaxError);
  expect(() => readJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toThrow();
});

test('what is no JSON is refused without a word of it: the reason stands in the log', () => {
  for (const text of ['电话13800138000', '{"电话":13800138000,,}', '<电话>13800138000</电话>', '"13800138000'])
    expect(() => readJson(text), text).toThrow(/^not JSON( at position \d+)?$/);
});

test('Retry-After is seconds or a date', () => {
  expect(retryAfterMs('120')).toBe(120_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', ATMS)).toBe(30_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:00 GMT', ATMS + 5_000)).toBe(0);
  for (const header of [null, '', 'soon']) expect(retryAfterMs(header)).toBeUndefined();
});

test('JSON without an end is refused in no time, however many quotes it has', () => {
  const startedMs = performance.now();
  for (const end of ['', '\\', '\n', '1234567890123456'])
    expect(() => readJson(`"${'\\"'.repeat(500_000)}${end}`)).toThrow(SyntaxError);
  // Quadratic, it would be a quarter of an hour.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
