import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import webhook from '../../channels/webhook.ts';
import { type Channel, type InboundMessage, readJson, sameSecret } from '../../src/channel/channel.ts';
import { compileChannel } from '../../src/channel/compile.ts';
import { faultsOf } from '../../src/channel/load.ts';
import { checkFile, rehearse } from '../../src/cli/channel/check-file.ts';
import { openFaultyPlatform } from '../../src/cli/channel/faulty-platform.ts';
import { typeFaults } from '../../src/cli/channel/type-check.ts';

const channelFolder = join(import.meta.dirname, '../../channels');
const files = readdirSync(channelFolder).filter((name) => name.endsWith('.ts'));
const folder = mkdtempSync(join(tmpdir(), 'minhu-kit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function findings(channel: Channel) {
  const all = [];
  for await (const found of rehearse(channel)) all.push(found);
  return all;
}

const failed = async (changes: Partial<Channel>) =>
  (await findings({ ...webhook, ...changes })).filter(({ ok }) => !ok).map(({ en }) => en);

describe.each(files)('%s', (file) => {
  test('passes everything that a faulty platform does', async () => {
    const channel: Channel = (await import(join(channelFolder, file))).default;
    expect(faultsOf(channel, file.replace(/\.ts$/, ''))).toEqual([]);
    const all = await findings(channel);
    expect(all.filter(({ ok }) => !ok)).toEqual([]);
    expect(all.length).toBeGreaterThan(3);
  }, 60_000);
});

test('what a check that was killed left in the temporary folder is removed by the next, and of one that still runs nothing', async () => {
  const before = process.env['TMPDIR'];
  const own = mkdtempSync(join(folder, 'tmp-'));
  process.env['TMPDIR'] = own;
  try {
    const killed = spawn('sleep', ['60']);
    const left = `minhu-channel-${killed.pid}-aBc123`;
    const [running, foreign] = [`minhu-channel-${process.pid}-dEf456`, 'minhu-other-1-x'];
    for (const name of [left, running, foreign]) mkdirSync(join(own, name));
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    for await (const { ok } of checkFile(join(channelFolder, 'telegram.ts'))) if (!ok) break;
    expect(readdirSync(own).sort()).toEqual([running, foreign]);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}, 120_000);

// Where nobody catches it, the run itself fails; a check would call it a fault of the channel.
test('a channel that gives up while it still asks leaves nothing behind that nobody catches', async () => {
  const platform = await openFaultyPlatform(webhook.rehearsal!);
  const tired = new AbortController();
  const half = new ReadableStream({ start: (rest) => rest.enqueue(Buffer.from('half')) });
  const ask = { method: 'POST', body: half, duplex: 'half' as const, signal: tired.signal };
  const asked = platform.context(() => 'hangs').fetch('https://partner.example/minhu', ask);
  await expect.poll(() => platform.requests()).toBe(1);
  tired.abort();
  await expect(asked).rejects.toThrow('aborted');
  await platform.close();
});

test('a key too short to sign with must be refused, or the kit says that it is taken', async () => {
  const told = async (channel: Channel) =>
    (await findings(channel)).map(({ en }) => en).find((en) => /a key (that is too short|of 9)/.test(en));
  expect(await told(webhook)).toBe('a key that is too short signs for nobody');
  const { check: _, ...lax } = webhook;
  expect(await told(lax)).toMatch(/^a key of 9 characters is taken: key;/);
});

test('a channel that is made into a module in another folder is the same channel', async () => {
  const address = await compileChannel(join(channelFolder, 'webhook.ts'), {
    cacheFolder: folder,
    programFolder: join(import.meta.dirname, '../../dist'),
  });
  const { default: channel } = (await import(/* @vite-ignore */ address)) as { default: Channel };
  expect(faultsOf(channel, 'webhook')).toEqual([]);
  expect(channel.settings).toEqual(webhook.settings);
  expect(readdirSync(folder).filter((name) => name.startsWith('webhook.'))).toHaveLength(1);
});

test('a file that is no TypeScript, or reaches into the program, is refused with its place', async () => {
  const broken = join(folder, 'broken.ts');
  writeFileSync(broken, 'export default {\n  name: ;\n};\n');
  await expect(compileChannel(broken, { cacheFolder: folder })).rejects.toThrow(/broken\.ts:2 /);
  const curious = join(folder, 'curious.ts');
  writeFileSync(curious, "import { secret } from '../src/store/passwords.js';\nexport default secret;\n");
  await expect(compileChannel(curious, { cacheFolder: folder })).rejects.toThrow(/neither the contract nor/);
});

test('types that do not fit the contract are told with their line', () => {
  // Beside `src`, as the folder of the channels is.
  const beside = mkdtempSync(join(channelFolder, '../.minhu-start-'));
  const wrong = join(beside, 'wrong-types.ts');
  writeFileSync(
    wrong,
    "import { defineChannel } from '../src/channel/channel.ts';\nexport default defineChannel({ name: 1, title: { zh: '', en: '' }, settings: {} });\n",
  );
  try {
    expect(typeFaults(wrong).join('\n')).toMatch(/wrong-types\.ts:2 .*number/);
  } finally {
    rmSync(beside, { recursive: true });
  }
}, 60_000);

test('a platform that writes the key into the body passes, if every bit of it counts', async () => {
  const keyIn = (body: Buffer) => String((readJson(body) as { key?: unknown }).key);
  const deliver: NonNullable<NonNullable<Channel['rehearsal']>['deliver']> = (sample, settings) => {
    const { body } = webhook.rehearsal!.deliver!(sample, settings);
    return { body: JSON.stringify({ key: settings['key'], ...JSON.parse(String(body)) }) };
  };
  const rehearsal = {
    ...webhook.rehearsal!,
    settings: { ...webhook.rehearsal!.settings, key: 'abcdefgh-12345678-of-32-characters' },
    deliver,
  };
  const bodyKey = (same: (given: string, key: string) => boolean) =>
    failed({ rehearsal, verify: ({ body }, { key = '' }) => same(keyIn(body), key) });
  expect(await bodyKey(sameSecret)).toEqual([]);
  expect(await bodyKey((given, key) => given.slice(0, 8) === key.slice(0, 8))).toEqual([
    'unsigned, or signed by others, it is refused',
    'every bit of the signature counts',
  ]);
});

describe('the kit finds', () => {
  test('a signature that nobody looks at', async () => {
    expect(await failed({ verify: () => true })).toEqual(
      expect.arrayContaining(['unsigned, or signed by others, it is refused', 'every bit of the signature counts']),
    );
  });

  test('numbers that fall together', async () => {
    const receive: NonNullable<Channel['receive']> = ({ body }) => {
      const { inbound } = JSON.parse(String(body).replace(/"remoteId":"(\d+)"/, '"remoteId":$1'));
      return inbound.map((told: { remoteId: number }) => ({ ...told, remoteId: String(told.remoteId) }));
    };
    expect(await failed({ receive })).toEqual(['numbers beyond 2^53 stay apart']);
  });

  test('a channel that remembers', async () => {
    let count = 0;
    const receive: NonNullable<Channel['receive']> = (delivery, settings) => {
      count += 1;
      return (webhook.receive!(delivery, settings) as readonly InboundMessage[]).map((told) => ({
        ...told,
        remoteId: `${count}`,
      })) as never;
    };
    expect(await failed({ receive })).toEqual(
      expect.arrayContaining(['delivered five times it is the same five times', 'in another order it is the same']),
    );
  });

  test('a clock that allows no difference', async () => {
    const verify: NonNullable<Channel['verify']> = (delivery, settings) =>
      Number(delivery.headers['minhu-timestamp']) * 1_000 === delivery.receivedAtMs &&
      webhook.verify!(delivery, settings);
    expect(await failed({ verify })).toContain('a clock that is a minute off does no harm');
  });

  test('a file that is had by its own fetch, and one that comes whatever the platform says', async () => {
    expect(await failed({ fetchMedia: async () => new Response('always') })).toEqual([
      'a file comes',
      'a file that is gone (404): never asked for again',
      'a platform in trouble (503): asked again',
      'a connection that is cut: asked again',
      'a platform that hangs is given up in time',
    ]);
    expect(await failed({ check: () => ({ setting: 'key', zh: '短', en: 'short' }) })).toEqual([
      'its own settings pass its check',
    ]);
  });

  test('a send that takes every answer for a success, and one that waits for ever', async () => {
    const careless: NonNullable<Channel['send']> = async (message, { fetch, signal }) => {
      await fetch('https://partner.example/minhu', { method: 'POST', body: '{}', signal }).catch(() => undefined);
      return { remoteId: message.id };
    };
    expect(await failed({ send: careless })).toEqual(
      expect.arrayContaining([
        '429 with Retry-After: tried again in time',
        '503: tried again',
        '400: never tried again',
        'a connection that is cut: tried again',
      ]),
    );
    const patient: NonNullable<Channel['send']> = async (message, context) =>
      webhook.send!(message, { ...context, signal: new AbortController().signal });
    expect(await failed({ send: patient })).toContain('a platform that hangs is given up in time');
  }, 30_000);
});
