import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Account } from '../e2e/program.ts';
import { heardSamples } from './heard-samples.ts';
import { lateAnswers } from './late-answers.ts';

/** The desk in a browser, as somebody sits before it. */
export interface DeskPage {
  readonly page: Page;
  /** 16-bit samples at 8 kHz: what was heard in the last two seconds. */
  heard(): Promise<Int16Array>;
  signIn(account: Account): Promise<void>;
  /** Signed in, the seat confirmed, the telephone registered. */
  sitDown(account: Account): Promise<void>;
  state(name: string): Promise<void>;
  seen(selector: string): Promise<void>;
  click(name: string): Promise<void>;
  text(name: string): Promise<string>;
  /** What the page did that it must not: errors, and what its policy forbade. */
  readonly faults: readonly string[];
  /** Serious and critical findings of axe-core. */
  audit(): Promise<readonly string[]>;
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WITHIN_MS = 30_000;
/** Colours half way of a fade are nobody's. What moves for ever is not waited for. */
const MOTION_ENDS = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished)).then(() => {})`;

export interface DeskOptions {
  readonly theme?: 'light' | 'dark';
  readonly language?: 'zh' | 'en';
  /** By https. */
  readonly secure?: boolean;
}

/** Each language and each theme: contrast is a matter of the theme, room for words one of the language. */
export const LOOKS = [
  ['zh', 'light'],
  ['en', 'dark'],
] as const satisfies readonly (readonly [DeskOptions['language'], DeskOptions['theme']])[];

export async function openDesk(
  browser: Browser,
  http: string,
  { secure = false, ...looks }: DeskOptions = {},
): Promise<DeskPage> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  await context.grantPermissions(['notifications', 'microphone']);
  await lateAnswers(context);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to|INVALID_STATE/.test(message.text())) faults.push(message.text());
  });
  page.setDefaultTimeout(WITHIN_MS);
  const wish = JSON.stringify({ theme: 'light', language: 'zh', ...looks });
  await page.addInitScript({ content: `globalThis.deskWish = ${wish};` });
  await page.addInitScript({ path: join(import.meta.dirname, 'desk-ear.mjs') });
  await page.goto(`${secure ? 'https' : 'http'}://${http}/`);
  const seen = async (selector: string) => void (await page.waitForSelector(selector));
  const signIn = async ({ user, password }: Account) => {
    await page.fill('input[name=user]', user);
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit]');
    await seen('header');
  };
  return {
    ...{ page, faults, signIn, seen },
    async sitDown(account) {
      await signIn(account);
      await page.click('[data-test=start]');
      await seen('[data-test=phone].is-good');
    },
    state: (name) => seen(`[data-test=state][data-state=${name}]`),
    click: (name) => page.click(`[data-test=${name}]`),
    text: async (name) => ((await page.textContent(`[data-test=${name}]`)) ?? '').trim(),
    heard: async () => heardSamples(await page.evaluate<string>('heardHere()')),
    audit: () => axeFindings(page),
  };
}

/** Serious and critical findings of axe-core. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(MOTION_ENDS);
  await page.evaluate(axe);
  return page.evaluate(findings);
}

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Runs in the page. */
async function findings(): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
  const { violations } = await axe.run();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary?.slice(0, 220)}`),
    );
}
