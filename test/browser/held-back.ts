import type { Page, Route } from 'playwright-core';
import { asked } from './late-answers.ts';

export interface HeldBack {
  /** The page has asked. */
  readonly asked: Promise<unknown>;
  /** It is on its way again. */
  release(): void;
  /** Ends once the page has the answer, and has shown what it shows of it. */
  comes(): Promise<void>;
}

const LATER = `fetch('/').then((answer) => answer.text())`;

/** Whoever has read a later answer has read the ones before it, and shown what it shows of them. */
export async function hasReadAll(page: Page): Promise<void> {
  await page.evaluate(LATER);
}

/** What the server answers next at `url` is held back until it `comes`, its cookies, too. */
export async function heldBack(page: Page, url: string): Promise<HeldBack> {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = async (route: Route): Promise<void> => {
    const { fulfil } = await asked(route);
    await held;
    await fulfil();
  };
  await page.route(url, hold, { times: 1 });
  const request = page.waitForRequest(url);
  const answered = page.waitForResponse(url);
  return {
    asked: request,
    release,
    async comes() {
      release();
      await (await answered).finished();
      await hasReadAll(page);
    },
  };
}
