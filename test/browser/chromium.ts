import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Frame, type Page } from 'playwright-core';
import { build } from 'vite';
import { heardSamples } from './heard-samples.ts';

/** What a page of `softphone-page.mjs` noted. */
export interface Note {
  readonly what: string;
  readonly atMs: number;
  readonly originator?: string;
  readonly cause?: string;
  readonly state?: string;
  readonly from?: string;
  readonly name?: string;
}

export interface Softphone {
  readonly page: Page;
  register(account: { url: string; user: string; password: string; host: string }): Promise<void>;
  /** Calls a function of `window.phone`. */
  do<Answer = void>(name: string, argument?: unknown): Promise<Answer>;
  notes(): Promise<readonly Note[]>;
  /** Resolves with the first such note beyond `after` of its kind. */
  noted(what: string, more?: Partial<Note>): Promise<Note>;
  /** 16-bit samples at 8 kHz heard since the last time. */
  heard(): Promise<Int16Array>;
}

export interface Chromium {
  readonly browser: Browser;
  open(): Promise<Softphone>;
  /** Many telephones in the frames of one page. */
  openMany(count: number): Promise<readonly Softphone[]>;
  /** Every page of a test that is over: what it still plays and dials costs the next. */
  closePages(): Promise<void>;
  close(): Promise<void>;
}

export interface ChromiumOptions {
  /** What every microphone says. */
  readonly toneHz: number;
  /** Lets ICE use loopback, which browsers do not of themselves. Default true. */
  readonly loopback?: boolean;
}

const NOTED_WITHIN_MS = 10_000;

/** Debian's Chromium without a window, its microphones a tone, with pages served from this process. */
export async function startChromium({ toneHz, loopback = true }: ChromiumOptions): Promise<Chromium> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-chromium-'));
  writeFileSync(join(folder, 'tone.wav'), toneWav(toneHz));
  const pages = await servePages();
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--no-sandbox'],
      `--use-file-for-fake-audio-capture=${join(folder, 'tone.wav')}`,
      '--autoplay-policy=no-user-gesture-required',
      ...(loopback ? ['--allow-loopback-in-peer-connection'] : []),
    ],
  });
  const url = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/`;
  const newPage = async (): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    return page;
  };
  return {
    browser,
    open: async () => {
      const page = await newPage();
      return softphoneOn(page, page);
    },
    async openMany(count) {
      const page = await newPage();
      await page.setContent(`<iframe src="${url}" allow="microphone"></iframe>`.repeat(count));
      await page.waitForFunction(`frames.length === ${count}`);
      const frames = page.frames().slice(1);
      for (const frame of frames) await frame.waitForFunction(() => 'phone' in globalThis);
      return frames.map((frame) => softphoneOn(page, frame));
    },
    async closePages() {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    async close() {
      await browser.close();
      pages.close();
      pages.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function softphoneOn(page: Page, frame: Page | Frame): Softphone {
  const call = <Answer>(name: string, argument: unknown): Promise<Answer> =>
    frame.evaluate(
      ([named, given]) =>
        (globalThis as unknown as { phone: Record<string, (given: unknown) => unknown> }).phone[named as string]!(
          given,
        ),
      [name, argument] as const,
    ) as Promise<Answer>;
  const notes = (): Promise<readonly Note[]> => call('log', undefined);
  return {
    page,
    register: (account) => call('register', account),
    do: call,
    notes,
    async noted(what, more = {}) {
      const endMs = performance.now() + NOTED_WITHIN_MS;
      for (;;) {
        const all = await notes();
        const found = all.find(
          (note) =>
            note.what === what && Object.entries(more).every(([key, value]) => note[key as keyof Note] === value),
        );
        if (found !== undefined) return found;
        if (performance.now() > endMs)
          throw new Error(`no ${what} ${JSON.stringify(more)}; noted ${JSON.stringify(all)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    heard: async () => heardSamples(await call<string>('heard', undefined)),
  };
}

async function servePages(): Promise<Server> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"test"' },
    build: {
      write: false,
      minify: false,
      lib: { entry: join(import.meta.dirname, 'softphone-page.mjs'), name: 'softphone', formats: ['iife'] },
    },
  });
  const [bundle] = Array.isArray(built) ? built : [built];
  if (bundle === undefined || !('output' in bundle)) throw new Error('the page was not built');
  const { code } = bundle.output[0];
  const server = createServer((request, response) => {
    const isCode = request.url === '/softphone.js';
    response.setHeader('content-type', isCode ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(isCode ? code : '<!doctype html><title>softphone</title><script src="/softphone.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Ten seconds, mono, 16 bits, 48 kHz: Chromium plays it again and again; a whole number of waves, so that no seam is heard. */
function toneWav(hz: number): Buffer {
  const rate = 48_000;
  const samples = rate * 10;
  const wav = Buffer.alloc(44 + 2 * samples);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * samples, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * samples, 40);
  for (let n = 0; n < samples; n += 1) {
    wav.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hz * n) / rate)), 44 + 2 * n);
  }
  return wav;
}
