import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Chromium, type Softphone, startChromium } from '../browser/chromium.ts';
import { BROWSER_HZ, CITIZEN_HZ, earOf, openWire, untilHears } from './browser-stage.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

interface Gaps {
  readonly gaps: readonly { readonly agent: string; readonly cause: string; readonly result: string | null }[];
  readonly talks: readonly { readonly agent: string; readonly endedBy: string | null }[];
  readonly recordings: readonly { readonly expectedMs: number | null; readonly durationMs: number | null }[];
}

export let stage: Stage;
/** Between the pages and the switch. */
export let wire: Awaited<ReturnType<typeof openWire>>;
/** Disposed after each test. */
export const others: Phone[] = [];
let chromium: Chromium;
const pages: Softphone[] = [];

/** The whole program and a browser for all tests of a file, whose agents sit at pages. */
export function usePages(): void {
  beforeAll(async () => {
    [chromium, stage] = await Promise.all([startChromium({ toneHz: BROWSER_HZ }), openStage()]);
    wire = await openWire(Number(stage.program.run().ws.split(':').at(-1)));
  }, 120_000);

  afterEach(async () => {
    for (const { page } of pages.splice(0)) await page.context().close();
    for (const phone of others.splice(0)) await phone.dispose();
    await stage.clear();
    await until(
      'nobody is called any more',
      () => stage.contacts(),
      (contacts) => contacts.every(({ outcome }) => outcome !== null),
      60_000,
    );
    for (const user of ['seat1001', 'seat1002']) await stage.setState(user, 'offline');
  });

  afterAll(async () => {
    wire?.close();
    await chromium?.close();
    expect(await stage?.close()).toBe(0);
  }, 120_000);
}

export async function register(page: Softphone, user = 'seat1001'): Promise<void> {
  const { sipUser, sipPassword } = stage.program.firstRun().seats.find((seat) => seat.user === user)!;
  await page.register({ url: `ws://127.0.0.1:${wire.port}`, user: sipUser, password: sipPassword, host: '127.0.0.1' });
}

/** A citizen and an agent at a page, who hear each other. */
export async function talking(from: string): Promise<{ page: Softphone; citizen: Phone }> {
  const page = await chromium.open();
  pages.push(page);
  await register(page);
  await until(
    'the page is registered',
    () => stage.agent('seat1001'),
    (view) => view?.devices === 1,
  );
  await stage.setState('seat1001', 'ready');
  const citizen = await stage.dial(from, CITIZEN_HZ);
  citizen.type('1');
  await page.noted('session');
  await page.do('answer');
  await stage.agentIs('seat1001', 'talking');
  await untilHears(() => citizen.heard(), BROWSER_HZ);
  await untilHears(earOf(page), CITIZEN_HZ);
  return { page, citizen };
}

export async function recordOf(from: string): Promise<Gaps> {
  return (await stage.closedRecord(from)) as unknown as Gaps;
}
