import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, openDesk } from '../browser/desk-page.ts';
import { shareNow } from './browser-stage.ts';
import { freePort } from './free-port.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

export const DESK_HZ = 1_000;
export const CITIZEN_HZ = 440;
const BACK_MS_MAX = 30_000;

export let chromium: Chromium;
export let stage: Stage;
/** Of seat 1001, whose telephone is in the page. */
export let desk: DeskPage;

/** The whole program and one desk for all tests of a file. */
export function useDesk(): void {
  beforeAll(async () => {
    // The same address again after a restart, as a real page has it.
    const http = `127.0.0.1:${await freePort()}`;
    [chromium, stage] = await Promise.all([startChromium({ toneHz: DESK_HZ }), openStage({ MINHU_HTTP: http })]);
    desk = await openDesk(chromium.browser, http);
    await desk.sitDown(stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!);
  }, 120_000);

  afterEach(() => stage.clear());

  afterAll(async () => {
    await chromium?.close();
    expect(await stage?.close()).toBe(0);
  }, 60_000);
}

/** A citizen and the agent at the desk, who hear each other. */
export async function talking(from: string): Promise<Phone> {
  await desk.click('ready');
  await desk.state('ready');
  const citizen = await stage.dial(from, CITIZEN_HZ);
  citizen.type('1');
  await desk.click('answer');
  await desk.state('talking');
  await hearsDesk(citizen);
  await hearsCitizen();
  return citizen;
}

/** From the desk; the caller, who would be asked for a rating, hangs up, too. */
export async function hangUp(citizen: Phone): Promise<void> {
  await desk.click('hang-up');
  await desk.state('wrapUp');
  citizen.type('b');
}

export const hearsCitizen = () =>
  until(
    'the agent hears the citizen',
    async () => shareNow(await desk.heard(), CITIZEN_HZ),
    (share) => share >= 0.9,
    BACK_MS_MAX,
  );

export const hearsDesk = (citizen: Phone) =>
  until(
    'the citizen hears the agent',
    () => shareNow(citizen.heard(), DESK_HZ),
    (share) => share >= 0.9,
    BACK_MS_MAX,
  );
