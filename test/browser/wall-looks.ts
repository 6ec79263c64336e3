import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

export interface WallLooks {
  /** How many figures there are. */
  readonly figures: number;
  /** Figures below 64 px. */
  readonly small: readonly string[];
  /** Texts of the wall with a contrast below 7. */
  readonly faint: readonly string[];
  /** Figures that do not fit into their tile, or stand outside the window. */
  readonly outside: readonly string[];
}

const script = readFileSync(join(import.meta.dirname, 'wall-looks.mjs'), 'utf8');

/** Measured in the browser, as it is drawn. */
export async function looksOnWall(page: Page): Promise<WallLooks> {
  await page.evaluate(script);
  return page.evaluate<WallLooks>('looksOnWall()');
}
