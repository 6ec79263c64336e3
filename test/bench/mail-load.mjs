// Mails that cost their reader much, one after another, in the process of the core: bombs, and HTML as large as is legal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const root = join(import.meta.dirname, '../..');
const HEAD = ['From: Wang <wang@example.cn>', 'Subject: hi', 'Message-ID: <w1@example.cn>', 'MIME-Version: 1.0'];
const MAILS = [
  ['Content-Type: multipart/mixed; boundary=x', '--x\r\nContent-Type: text/plain\r\n\r\nx\r\n'.repeat(50_000)],
  ['Content-Type: text/html; charset=utf-8', '<table><tr><td>井盖</td><td><p>丢了</p></td></tr></table>'.repeat(2_800)],
].map(([type, body]) => Buffer.from([...HEAD, type, '', body].join('\r\n')));

/** @returns what ends it: how many were read, and how long this process's loop was held meanwhile, ms. */
export async function startMails() {
  const { compileChannel } = await import('../../dist/channel/compile.js');
  const cacheFolder = mkdtempSync(join(tmpdir(), 'minhu-mails-'));
  const { createReader } = await import(
    await compileChannel(join(root, 'channels/mailbox/reader.ts'), { cacheFolder })
  );
  const reader = createReader({ readMs: 30_000, heapMb: 256 });
  const { signal } = new AbortController();
  const threads = { key: 'k'.repeat(32), domain: 'hotline.example' };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let [count, over] = [0, false];
  delay.enable();
  const reading = (async () => {
    for (; !over; count += 1) {
      const wish = {
        wish: 'told',
        raw: MAILS[count % MAILS.length],
        atMs: 1,
        place: '1.1',
        own: 'box@hotline.example',
        threads,
      };
      await reader.find(wish, signal);
    }
  })();
  return async () => {
    over = true;
    await reading;
    delay.disable();
    await reader.close();
    rmSync(cacheFolder, { recursive: true, force: true });
    return { count, heldMs: delay.max / 1e6 };
  };
}
