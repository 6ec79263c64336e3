import { createHash, randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { pageModule } from './browser-store.ts';

interface Digests {
  sha256(content: ArrayBuffer): Promise<string>;
}

afterEach(() => vi.unstubAllGlobals());

const bytesOf = (content: Buffer) => Uint8Array.from(content).buffer;
const wanted = (content: Buffer) => createHash('sha256').update(content).digest('hex');

test.each(['https', 'plain http'])('the digest of a file is the same in a page that came by %s', async (by) => {
  // Only pages by https, or of this machine, have the rest of it.
  if (by === 'plain http') vi.stubGlobal('crypto', {});
  const { sha256 } = await pageModule<Digests>('chat/sha256.ts');
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000, 100_003]) {
    const content = randomBytes(length);
    expect([length, await sha256(bytesOf(content))]).toEqual([length, wanted(content)]);
  }
  for (const byte of [0, 0xff]) {
    const content = Buffer.alloc(1_048_576, byte);
    expect(await sha256(bytesOf(content))).toBe(wanted(content));
  }
});
