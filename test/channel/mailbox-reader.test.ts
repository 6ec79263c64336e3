import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Reader, ReaderLimits } from '../../channels/mailbox/reader.ts';
import type { InboundMessage } from '../../src/channel/channel.ts';
import { compileChannel } from '../../src/channel/compile.ts';

// The thread as the program runs it: compiled, from the folder that it is kept in.

const threads = { key: 'k'.repeat(32), domain: 'hotline.example.gov.cn' };
const own = `box@${threads.domain}`;
const { signal } = new AbortController();
const PLAIN = ['From: Wang <wang@example.cn>', `To: ${own}`, 'Subject: hi', 'Message-ID: <w1@example.cn>'];
const HTML = [...PLAIN, 'MIME-Version: 1.0', 'Content-Type: text/html; charset=utf-8'];

let folder: string;
let made: typeof import('../../channels/mailbox/reader.ts');
const readers: Reader[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-reader-'));
  const programFolder = join(import.meta.dirname, '../../dist');
  const file = join(import.meta.dirname, '../../channels/mailbox/reader.ts');
  made = await import(/* @vite-ignore */ await compileChannel(file, { cacheFolder: folder, programFolder }));
});
afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  rmSync(folder, { recursive: true, force: true });
});

function open(limits: Partial<ReaderLimits> = {}): Reader {
  const reader = made.createReader({ readMs: 20_000, heapMb: 256, ...limits });
  readers.push(reader);
  return reader;
}

async function read(reader: Reader, head: readonly string[], body: string): Promise<InboundMessage> {
  const raw = Buffer.from([...head, '', body].join('\r\n'));
  const found = await reader.find({ wish: 'told', raw, atMs: 1, place: '1.1', own, threads }, signal);
  return ('told' in found ? found.told[0] : undefined) as InboundMessage;
}

/** The longest that this thread was held while it waited, of that time. */
async function shareHeld(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const startedMs = performance.now();
  delay.enable();
  await work();
  const tookMs = performance.now() - startedMs;
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  return delay.max / 1e6 / tookMs;
}

test('a mail is read in a thread, and so are the bytes of its attachments', async () => {
  const reader = open();
  expect(await read(reader, PLAIN, '路灯不亮')).toMatchObject({ from: { id: 'wang@example.cn' }, text: '路灯不亮' });
  const raw = Buffer.from(
    [
      ...PLAIN,
      'Content-Type: multipart/mixed; boundary=x',
      '',
      '--x',
      'Content-Type: image/png',
      'Content-Disposition: attachment',
      'Content-Transfer-Encoding: base64',
      '',
      'AP8B',
      '--x--',
    ].join('\r\n'),
  );
  const found = await reader.find({ wish: 'attachment', raw, at: 0 }, signal);
  expect('attachment' in found && Buffer.from(found.attachment!.content)).toEqual(Buffer.from([0, 255, 1]));
});

test('50,000 parts are refused in less than a second, and 250 kB of legal HTML are read, while others go on', async () => {
  const reader = open();
  await read(reader, PLAIN, 'warm');
  const bomb = '--x\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(50_000);
  let tookMs = 0;
  const share = await shareHeld(async () => {
    const startedMs = performance.now();
    const refused = await read(reader, [...PLAIN, 'Content-Type: multipart/mixed; boundary=x'], bomb);
    tookMs = performance.now() - startedMs;
    expect(refused.fields?.['未读原因']).toMatch(/more than 50 parts/);
    const table = '<table><tr><td>井盖</td><td><p>丢了</p></td></tr></table>'.repeat(2_800);
    expect((await read(reader, HTML, table)).text?.length).toBeGreaterThan(10_000);
  });
  expect(tookMs).toBeLessThan(1_000);
  expect(share).toBeLessThan(0.4);
});

test('a mail that takes too long, or too much memory, is given up after two tries; the next one is read', async () => {
  const nested = '<div>'.repeat(40_000);
  const hasty = open({ readMs: 1 });
  await expect(read(hasty, HTML, nested)).rejects.toThrow('took longer than 1 ms');
  const small = open({ heapMb: 16 });
  const many = `${'<td>井</td>'.repeat(20_000)}`;
  await expect(read(small, HTML, many)).rejects.toThrow(/memory/);
  expect((await read(small, PLAIN, 'x')).text).toBe('x');
});

test('who no longer waits is not waited for', async () => {
  const reader = open();
  const over = new AbortController();
  const raw = Buffer.from([...HTML, '', '<div>'.repeat(40_000)].join('\r\n'));
  const found = reader.find({ wish: 'told', raw, atMs: 1, place: '1.1', own, threads }, over.signal);
  over.abort(new Error('stopped'));
  await expect(found).rejects.toThrow('stopped');
  expect((await read(reader, PLAIN, 'x')).text).toBe('x');
});

test('a mailbox of mails that break the reader holds up no other: after the first it is read by the side', async () => {
  const reader = open({ heapMb: 16 });
  const find = (box: string, body: string) => {
    const raw = Buffer.from([...HTML, '', body].join('\r\n'));
    return reader.find({ wish: 'told', raw, atMs: 1, place: '1.1', own, threads }, signal, { box });
  };
  const tooMuch = '<td>井</td>'.repeat(20_000);
  await expect(find('bad', tooMuch)).rejects.toThrow(/memory/);
  await find('good', '路灯不亮');
  let isOver = false;
  const bad = expect(
    find('bad', tooMuch).finally(() => {
      isOver = true;
    }),
  ).rejects.toThrow(/memory/);
  for (let mail = 0; mail < 5; mail += 1) expect('told' in (await find('good', '井盖丢了'))).toBe(true);
  expect(isOver).toBe(false);
  await bad;
});
