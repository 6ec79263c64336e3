import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { axeFindings } from './desk-page.ts';
import { heardSamples } from './heard-samples.ts';
import { lateAnswers } from './late-answers.ts';

/** A citizen before the page `/call/`, on a telephone 360 px wide. */
export interface Citizen {
  readonly page: Page;
  readonly faults: readonly string[];
  /** 16-bit samples at 8 kHz: what was heard in the last two seconds. */
  heard(): Promise<Int16Array>;
  click(id: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Resolves when the telephone is in this state. */
  is(state: string): Promise<void>;
  problem(): Promise<string | null>;
  text(id: string): Promise<string>;
  /** Tickets that the page asked for. */
  tickets(): number;
  /** Serious and critical findings of axe-core. */
  audit(): Promise<readonly string[]>;
  /** Pixels that the page is wider than the screen. */
  tooWide(): Promise<number>;
  picture(folder: string | undefined, name: string): Promise<void>;
}

export interface CallPageOptions {
  readonly language?: 'zh' | 'en';
  readonly theme?: 'light' | 'dark';
  readonly line?: string;
  /** What the browser says instead of opening the microphone. */
  readonly microphone?: 'NotAllowedError' | 'NotFoundError';
}

const WITHIN_MS = 20_000;

export async function openCallPage(browser: Browser, http: string, options: CallPageOptions = {}): Promise<Citizen> {
  const { language = 'zh', theme = 'light', line, microphone } = options;
  const viewport = { width: 360, height: 740 };
  const context = await browser.newContext({ viewport, colorScheme: theme, deviceScaleFactor: 2 });
  await lateAnswers(context);
  const page = await context.newPage();
  page.setDefaultTimeout(WITHIN_MS);
  const faults: string[] = [];
  let tickets = 0;
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/v1/web-calls')) tickets += 1;
  });
  const wish = JSON.stringify({ theme, language, microphone });
  await page.addInitScript({
    content: `globalThis.deskWish = ${wish}; localStorage.setItem('minhu.call.language', '${language}');`,
  });
  await page.addInitScript({ path: join(import.meta.dirname, 'desk-ear.mjs') });
  await page.addInitScript({ path: join(import.meta.dirname, 'call-microphone.mjs') });
  await page.goto(`http://${http}/call/${line === undefined ? '' : `?line=${line}`}`);
  return {
    ...{ page, faults },
    heard: async () => heardSamples(await page.evaluate<string>('heardHere()')),
    click: (id) => page.click(`#${id}`),
    press: (key) => page.keyboard.press(key),
    is: async (state) => void (await page.waitForSelector(`#telephone[data-state=${state}]`)),
    problem: () => page.getAttribute('#telephone', 'data-problem'),
    text: async (id) => ((await page.textContent(`#${id}`)) ?? '').trim(),
    tickets: () => tickets,
    audit: () => axeFindings(page),
    tooWide: () => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    async picture(folder, name) {
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    },
  };
}
