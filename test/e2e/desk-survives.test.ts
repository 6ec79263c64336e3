import type { CDPSession } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, openDesk } from '../browser/desk-page.ts';
import { networkProcesses } from '../browser/processes.ts';
import { shareNow } from './browser-stage.ts';
import { freePort } from './free-port.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneTimeline } from './tone.ts';

const DESK_HZ = 1_000;
const CITIZEN_HZ = 440;
/** `MINHU_CUT_S=10` for the long run. */
const CUT_MS = Number(process.env['MINHU_CUT_S'] ?? 3) * 1_000;
const BACK_MS_MAX = 30_000;

let chromium: Chromium;
let stage: Stage;
let desk: DeskPage;

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

async function talking(from: string): Promise<Phone> {
  await desk.click('ready');
  await desk.state('ready');
  const citizen = await stage.dial(from, CITIZEN_HZ);
  citizen.type('1');
  await desk.click('answer');
  await desk.state('talking');
  await hearsDesk(citizen);
  await until(
    'the agent hears the citizen',
    async () => shareNow(await desk.heard(), CITIZEN_HZ),
    (share) => share >= 0.9,
  );
  return citizen;
}

const hearsDesk = (citizen: Phone) =>
  until(
    'the citizen hears the agent',
    () => shareNow(citizen.heard(), DESK_HZ),
    (share) => share >= 0.9,
    BACK_MS_MAX,
  );

/** Of what was heard from the first to the last of the tone, tenths of a second in which it was not. */
function holes(citizen: Phone): number {
  const line = toneTimeline(citizen.heard(), DESK_HZ);
  const first = line.findIndex((share) => share > 0.9);
  const last = line.findLastIndex((share) => share > 0.9);
  return line.slice(first, last).filter((share) => share <= 0.9).length;
}

test('kill -9 of everything but the switch in a talk: not a word is lost, and the page is back by itself when the program is', async () => {
  const citizen = await talking('13800138031');
  const { core, supervisor } = stage.program.run().pids;
  process.kill(supervisor, 'SIGKILL');
  process.kill(core, 'SIGKILL');
  await desk.seen('[data-test=live].is-bad, [data-test=live].is-warn');
  await hearsDesk(citizen);
  await stage.program.start();
  await desk.seen('[data-test=live].is-good');
  await desk.state('talking');
  await hearsDesk(citizen);
  expect(holes(citizen)).toBeLessThanOrEqual(3);
  await desk.click('hang-up');
  await desk.state('wrapUp');
  expect(await stage.closedRecord('13800138031')).toMatchObject({ outcome: 'answered' });
  await desk.click('finish');
}, 90_000);

test('the page’s network is cut, sound and all: the citizen hears music meanwhile, and the talk is back by itself', async () => {
  const citizen = await talking('13800138032');
  const cut = networkProcesses();
  expect(cut).toHaveLength(1);
  for (const pid of cut) process.kill(pid, 'SIGSTOP');
  try {
    await stage.agentIs('seat1001', 'held');
    await new Promise((resolve) => setTimeout(resolve, CUT_MS));
    expect(shareNow(citizen.heard(), DESK_HZ)).toBeLessThan(0.3);
  } finally {
    for (const pid of cut) process.kill(pid, 'SIGCONT');
  }
  await hearsDesk(citizen);
  await desk.state('talking');
  await desk.click('hang-up');
  await desk.state('wrapUp');
  const record = (await stage.closedRecord('13800138032')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
  await desk.click('finish');
}, 90_000);

// Last: Playwright's own hold on the page ends with the crash.
test('the tab crashes and is loaded again: the talk is back by itself', async () => {
  const citizen = await talking('13800138033');
  const { targetInfo } = await (await desk.page.context().newCDPSession(desk.page)).send('Target.getTargetInfo');
  const browser = await chromium.browser.newBrowserCDPSession();
  const crashed = new Promise((resolve) => desk.page.once('crash', resolve));
  desk.page.goto('chrome://crash').catch(() => {});
  await crashed;
  await stage.agentIs('seat1001', 'held');
  await loadAgain(browser, targetInfo.targetId);
  await hearsDesk(citizen);
  await stage.agentIs('seat1001', 'talking');
  citizen.type('b');
  const record = (await stage.closedRecord('13800138033')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
}, 90_000);

/** What F5 does in a tab that shows the crash. */
async function loadAgain(browser: CDPSession, targetId: string): Promise<void> {
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: false });
  const message = JSON.stringify({
    id: 1,
    method: 'Page.navigate',
    params: { url: `http://${stage.program.run().http}/` },
  });
  await browser.send('Target.sendMessageToTarget', { sessionId, message });
}
