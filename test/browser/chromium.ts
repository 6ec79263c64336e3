import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { heardSamples } from './heard-samples.ts';
import { softphoneCode } from './softphone-code.ts';

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
  /** Calls a function of its telephone in the page, and waits for what it promises. */
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
  /** Many telephones, some to a page, each with its own tone as microphone. */
  openMany(speakHz: readonly number[]): Promise<readonly Softphone[]>;
  /** Every page of a test that is over: what it still plays and dials costs the next. */
  closePages(): Promise<void>;
  close(): Promise<void>;
}

export interface ChromiumOptions {
  /** What every microphone says. */
  readonly toneHz: number;
  /** Lets ICE use loopback, which browsers do not of themselves. Default true. */
  readonly loopback?: boolean;
  /** The whole browser: notifications of the desktop are its own. Default false. */
  readonly windows?: boolean;
  /** Takes any certificate for good, as of a host whose own authority the browser knows. Default false. */
  readonly anyCertificate?: boolean;
}

/** The same engine without the browser's own windows, which cost more than the pages in them. */
const HEADLESS = '/usr/lib/chromium/chromium-headless-shell';
const WHOLE = '/usr/bin/chromium';
const NOTED_WITHIN_MS = 10_000;
/** A page is a process with one thread for all its scripts; a page for each would cost more than the calls. */
const PHONES_A_PAGE = 10;

/** Debian's Chromium without a window, its microphones a tone, with pages served from this process. */
export async function startChromium(options: ChromiumOptions): Promise<Chromium> {
  const { toneHz, loopback = true, windows = false, anyCertificate = false } = options;
  const folder = mkdtempSync(join(tmpdir(), 'minhu-chromium-'));
  writeFileSync(join(folder, 'tone.wav'), toneWav(toneHz));
  const pages = await servePages();
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? (windows || !existsSync(HEADLESS) ? WHOLE : HEADLESS),
    args: [
      ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--no-sandbox'],
      `--use-file-for-fake-audio-capture=${join(folder, 'tone.wav')}`,
      '--autoplay-policy=no-user-gesture-required',
      ...(loopback ? ['--allow-loopback-in-peer-connection'] : []),
      ...(anyCertificate ? ['--ignore-certificate-errors'] : []),
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
    open: async () => softphoneOn(await newPage(), 0),
    async openMany(speakHz) {
      const pages = await Promise.all(
        Array.from({ length: Math.ceil(speakHz.length / PHONES_A_PAGE) }, () => newPage()),
      );
      return Promise.all(
        speakHz.map(async (hz, n) => {
          const page = pages[Math.floor(n / PHONES_A_PAGE)]!;
          return softphoneOn(
            page,
            await page.evaluate((speaks) => (globalThis as unknown as PhonesHere).addPhone(speaks), hz),
          );
        }),
      );
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

/** What the page brings. */
interface PhonesHere {
  readonly phones: Record<string, (given: unknown) => unknown>[];
  addPhone(speaksHz: number): number;
}

function softphoneOn(page: Page, place: number): Softphone {
  const call = <Answer>(name: string, given?: unknown): Promise<Answer> =>
    page.evaluate(([at, named, wish]) => (globalThis as unknown as PhonesHere).phones[at]![named]!(wish), [
      place,
      name,
      given,
    ] as const) as Promise<Answer>;
  return {
    page,
    register: (account) => call('register', account),
    do: call,
    notes: () => call('log'),
    noted: (what, more = {}) => call('noted', { what, more, withinMs: NOTED_WITHIN_MS }),
    heard: async () => heardSamples(await call<string>('heard')),
  };
}

async function servePages(): Promise<Server> {
  const code = await softphoneCode();
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
