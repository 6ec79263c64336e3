import type { Page } from 'playwright-core';

export interface HeldBack {
  /** The page has asked. */
  readonly asked: Promise<unknown>;
  /** Ends once the page has the answer, and has shown what it shows of it. */
  comes(): Promise<void>;
}

/** Whoever has read a later answer has read the one before it, and shown what it shows of it. */
const LATER = `fetch('/').then((answer) => answer.text())`;

/** What the server answers at `url` is held back until it `comes`. */
export async function heldBack(page: Page, url: string): Promise<HeldBack> {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(url, async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  const asked = page.waitForRequest(url);
  const answered = page.waitForResponse(url);
  return {
    asked,
    async comes() {
      release();
      await (await answered).finished();
      await page.evaluate(LATER);
      await page.unroute(url);
    },
  };
}
