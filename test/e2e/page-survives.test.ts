import type { CDPSession } from 'playwright-core';
import { expect, test } from 'vitest';
import { axeFindings, openDesk } from '../browser/desk-page.ts';
import { browserProcesses, networkProcesses } from '../browser/processes.ts';
import { shareNow } from './browser-stage.ts';
import {
  CITIZEN_HZ,
  chromium,
  DESK_HZ,
  desk,
  hangUp,
  hearsCitizen,
  hearsDesk,
  stage,
  talking,
  useDesk,
} from './desk-stage.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { toneTimeline } from './tone.ts';

// What becomes of a talk at a desk when its page is loaded again, sleeps, crashes or loses its network.

const CUT_MS = 10_000;

useDesk();

const hearsNoDesk = (citizen: Phone) =>
  until(
    'the citizen hears the agent no more',
    () => shareNow(citizen.heard(), DESK_HZ),
    (share) => share < 0.3,
  );

const isPressed = (name: string) => desk.seen(`[data-test=${name}][aria-pressed=true]`);

/** Tenths of a second since then in which the citizen heard the agent. */
const heardSince = (citizen: Phone, samples: number) =>
  toneTimeline(citizen.heard().subarray(samples), DESK_HZ).filter((share) => share > 0.5).length;

test('another network in a talk: its sound goes another way, and it is the same talk', async () => {
  const citizen = await talking('13800138034');
  const way = () => desk.page.evaluate<string | undefined>('wayOf()');
  const before = await way();
  await desk.page.evaluate("dispatchEvent(new Event('online'))");
  await until('another way', way, (now) => now !== undefined && now !== before);
  await hearsDesk(citizen);
  await hearsCitizen();
  await hangUp(citizen);
  const record = (await stage.closedRecord('13800138034')) as unknown as { gaps: object[]; legs: object[] };
  expect(record).toMatchObject({ gaps: [], legs: [{ role: 'citizen' }, { role: 'agent' }] });
  await desk.click('finish');
}, 90_000);

test('a muted agent loads the page again: the citizen hears nothing of them until they unmute', async () => {
  const citizen = await talking('13800138036');
  await desk.click('mute');
  await isPressed('mute');
  await hearsNoDesk(citizen);
  const mutedAt = citizen.heard().length;
  await desk.page.reload();
  await stage.agentIs('seat1001', 'held');
  await isPressed('mute');
  await stage.agentIs('seat1001', 'talking');
  await hearsCitizen();
  expect(heardSince(citizen, mutedAt)).toBe(0);
  await desk.click('mute');
  await hearsDesk(citizen);
  await hangUp(citizen);
  await desk.click('finish');
}, 90_000);

test('a page that holds and is loaded again holds, as it did', async () => {
  const citizen = await talking('13800138049');
  await desk.click('hold');
  await isPressed('hold');
  await hearsNoDesk(citizen);
  const heldAt = citizen.heard().length;
  await desk.page.reload();
  await desk.seen('[data-test=hang-up]');
  await isPressed('hold');
  await desk.seen('[data-test=mute][aria-pressed=false]');
  await stage.agentIs('seat1001', 'held');
  expect(heardSince(citizen, heldAt)).toBe(0);
  await desk.click('hold');
  await hearsDesk(citizen);
  await hearsCitizen();
  await hangUp(citizen);
  await desk.click('finish');
}, 90_000);

/** At each change of the page that says that its agent has no call, and shows one: whether buttons of it can be pressed, and whether it says that the switch is asked. */
const WATCH_GHOST = `globalThis.ghost = { shown: 0, live: 0, doubted: 0 }; new MutationObserver(() => {
  const hangUp = document.querySelector('[data-test=hang-up]');
  if (hangUp === null || document.querySelector('[data-test=state][data-state=notReady]') === null) return;
  const live = [...document.querySelectorAll('[data-test=hold], [data-test=keypad], [data-test=hang-up]')].some((each) => !each.disabled);
  ghost.shown += 1;
  if (live) ghost.live += 1;
  if (document.querySelector('[data-test=doubted]') !== null) ghost.doubted += 1;
}).observe(document.body, { subtree: true, childList: true, attributes: true });`;

test('the page sleeps longer than a talk is kept: awake, it shows no call that is none, or asks whether it is one, says where the caller is, and its next call rings', async () => {
  const citizen = await talking('13800138037');
  await desk.page.evaluate(WATCH_GHOST);
  const asleep = browserProcesses();
  for (const pid of asleep) process.kill(pid, 'SIGSTOP');
  try {
    await until(
      'the talk is given up',
      () => stage.agent('seat1001'),
      (view) => view?.state === 'notReady' && view.reason === 'phoneLost',
      60_000,
    );
  } finally {
    for (const pid of asleep) process.kill(pid, 'SIGCONT');
  }
  await desk.page.waitForSelector('[data-test=hang-up]', { state: 'detached' });
  const ghost = await desk.page.evaluate<{ shown: number; live: number; doubted: number }>('ghost');
  expect(ghost).toEqual({ shown: ghost.shown, live: 0, doubted: ghost.shown });
  expect(await desk.text('ended')).toMatch(/138\*{4}8037.*回到队列/);
  await desk.seen('[data-test=phone].is-good');
  await desk.click('ready');
  await desk.seen('[data-test=answer]');
  expect(await desk.page.$('[data-test=ended]')).toBeNull();
  await desk.click('answer');
  await desk.state('talking');
  await hearsDesk(citizen);
  await hangUp(citizen);
  await desk.click('finish');
}, 120_000);

test('the page’s network is cut for 10 s, sound and all: the citizen hears music meanwhile, and the talk is back by itself', async () => {
  const citizen = await talking('13800138032');
  const cut = networkProcesses();
  expect(cut).toHaveLength(1);
  for (const pid of cut) process.kill(pid, 'SIGSTOP');
  const over = new Promise((resolve) => setTimeout(resolve, CUT_MS));
  try {
    await stage.agentIs('seat1001', 'held');
    await over;
    expect(shareNow(citizen.heard(), DESK_HZ)).toBeLessThan(0.3);
  } finally {
    for (const pid of cut) process.kill(pid, 'SIGCONT');
  }
  await hearsDesk(citizen);
  await hearsCitizen();
  await desk.state('talking');
  await hangUp(citizen);
  const record = (await stage.closedRecord('13800138032')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
  await desk.click('finish');
}, 90_000);

test('the tab of a talk is gone: a new one says that the citizen waits for it, and one click has the talk', async () => {
  await stage.setState('seat1001', 'offline');
  const first = await openDesk(chromium.browser, stage.program.run().http);
  await first.sitDown(stage.program.firstRun().seats.find(({ user }) => user === 'seat1002')!);
  await first.click('ready');
  await first.state('ready');
  const citizen = await stage.dial('13800138039', CITIZEN_HZ);
  citizen.type('1');
  await first.click('answer');
  await hearsDesk(citizen);
  const second = await first.page.context().newPage();
  await first.page.close();
  await stage.agentIs('seat1002', 'held');
  await second.goto(`http://${stage.program.run().http}/`);
  await second.waitForSelector('[data-test=lost-call]');
  expect(await second.textContent('[data-test=lost-call]')).toMatch(/上岗即接回，剩余 0:\d\d/);
  expect(await axeFindings(second)).toEqual([]);
  await second.click('[data-test=start]');
  await hearsDesk(citizen);
  await second.waitForSelector('[data-test=state][data-state=talking]');
  await second.click('[data-test=hang-up]');
  citizen.type('b');
  const record = (await stage.closedRecord('13800138039')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
  await second.context().close();
  await stage.setState('seat1002', 'offline');
  await desk.click('ready');
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
  const tab = await attach(browser, targetInfo.targetId);
  tab.send('Page.navigate', { url: `http://${stage.program.run().http}/` });
  await hearsDesk(citizen).catch(async ({ message }: Error) => {
    const agent = JSON.stringify(await stage.agent('seat1001'));
    throw new Error(`${message}; agent ${agent}; the page shows ${await tab.text()}`);
  });
  await stage.agentIs('seat1001', 'talking');
  citizen.type('b');
  const record = (await stage.closedRecord('13800138033')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
}, 90_000);

interface Tab {
  send(method: string, params: object): void;
  /** All that is to be read in it. */
  text(): Promise<string>;
}

/** A tab that shows its crash, and what is loaded into it then, to be spoken to past Playwright. */
async function attach(browser: CDPSession, targetId: string): Promise<Tab> {
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: false });
  let last = 0;
  const send = (method: string, params: object): number => {
    last += 1;
    const message = JSON.stringify({ id: last, method, params });
    void browser.send('Target.sendMessageToTarget', { sessionId, message });
    return last;
  };
  return {
    send,
    text: () =>
      new Promise((resolve) => {
        const id = send('Runtime.evaluate', { expression: 'document.body.innerText', returnByValue: true });
        setTimeout(() => resolve('nothing, not even an answer'), 2_000);
        browser.on('Target.receivedMessageFromTarget', ({ message }) => {
          const answer = JSON.parse(message) as { id?: number; result?: { result?: { value?: string } } };
          if (answer.id === id) resolve(JSON.stringify(answer.result?.result?.value ?? answer));
        });
      }),
  };
}
