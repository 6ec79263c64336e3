import { randomUUID } from 'node:crypto';
import type { CDPSession } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { axeFindings, type DeskPage, openDesk } from '../browser/desk-page.ts';
import { browserProcesses, networkProcesses } from '../browser/processes.ts';
import { EventSocketClient } from '../softswitch/engine/event-socket-client.ts';
import { freeSwitchPrefix } from '../switch/free-switch.ts';
import { shareNow } from './browser-stage.ts';
import { freePort } from './free-port.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneTimeline } from './tone.ts';

const DESK_HZ = 1_000;
const CITIZEN_HZ = 440;
const CUT_MS = 10_000;
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
  await hearsCitizen();
  return citizen;
}

/** From the desk; the caller, who would be asked for a rating, hangs up, too. */
async function hangUp(citizen: Phone): Promise<void> {
  await desk.click('hang-up');
  await desk.state('wrapUp');
  citizen.type('b');
}

const hearsCitizen = () =>
  until(
    'the agent hears the citizen',
    async () => shareNow(await desk.heard(), CITIZEN_HZ),
    (share) => share >= 0.9,
    BACK_MS_MAX,
  );

const hearsDesk = (citizen: Phone) =>
  until(
    'the citizen hears the agent',
    () => shareNow(citizen.heard(), DESK_HZ),
    (share) => share >= 0.9,
    BACK_MS_MAX,
  );

const hearsNoDesk = (citizen: Phone) =>
  until(
    'the citizen hears the agent no more',
    () => shareNow(citizen.heard(), DESK_HZ),
    (share) => share < 0.3,
  );

interface Row {
  /** On FreeSWITCH the name of a page's login, which begins with its seat. */
  readonly reg_user: string;
  readonly url: string;
}

/** Rings the seat's telephones past the core, as nobody should. @returns how that call ended. */
async function ringBeside(sipUser: string): Promise<string> {
  const leg = randomUUID();
  const events = new EventSocketClient(Number(stage.program.run().esl.split(':')[1]));
  try {
    await events.ask(`auth ${stage.program.eslPassword()}`);
    const { rows } = JSON.parse(await events.ask('api show registrations as json')) as { rows: Row[] };
    const phone = rows.find(({ reg_user }) => reg_user.split('~')[0] === sipUser)!.url;
    await events.ask('event plain CHANNEL_DESTROY');
    events.send(`bgapi originate {origination_uuid=${leg}}${phone} &park()`);
    return (await events.event('CHANNEL_DESTROY', leg))['Hangup-Cause'] ?? '';
  } finally {
    events.close();
  }
}

/** Of what was heard from the first to the last of the tone, tenths of a second in which it mostly was not. */
function holes(citizen: Phone): number {
  const line = toneTimeline(citizen.heard(), DESK_HZ);
  const first = line.findIndex((share) => share > 0.9);
  const last = line.findLastIndex((share) => share > 0.9);
  return line.slice(first, last).filter((share) => share <= 0.5).length;
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
  await hangUp(citizen);
  expect(await stage.closedRecord('13800138031')).toMatchObject({ outcome: 'answered' });
  await desk.click('finish');
}, 90_000);

test('a second call at the telephone of a talk is refused as busy: nothing rings, and the talk stays as it is', async () => {
  const citizen = await talking('13800138048');
  await desk.page.evaluate(`globalThis.rung = 0; new MutationObserver(() => {
    if (document.querySelector('[data-test=answer], .is-ringing') !== null) globalThis.rung += 1;
  }).observe(document.body, { subtree: true, childList: true, attributes: true });`);
  expect(await ringBeside(stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!.sipUser)).toBe(
    'USER_BUSY',
  );
  await hearsDesk(citizen);
  await hearsCitizen();
  await desk.state('talking');
  expect(await desk.page.evaluate('globalThis.rung')).toBe(0);
  expect(holes(citizen)).toBe(0);
  await hangUp(citizen);
  const record = (await stage.closedRecord('13800138048')) as unknown as { gaps: object[]; legs: object[] };
  expect(record).toMatchObject({ gaps: [], legs: [{ role: 'citizen' }, { role: 'agent' }] });
  await desk.click('finish');
}, 90_000);

test('the page is loaded again while everything but the switch is away: it says so, and is back by itself, talk and form, when the program is', async () => {
  const citizen = await talking('13800138039');
  await desk.page.fill('textarea[name=content]', '重新加载之前写的');
  const { core, supervisor } = stage.program.run().pids;
  for (const pid of [supervisor, core]) process.kill(pid, 'SIGKILL');
  await desk.seen('[data-test=away]:has-text("与服务器的连接中断")');
  await desk.page.reload();
  await desk.seen('[data-test=server-away]:has-text("正在等待服务器"):has-text("Waiting for the server")');
  expect(await axeFindings(desk.page)).toEqual([]);
  await stage.program.start();
  await desk.seen('[data-test=live].is-good');
  await hearsDesk(citizen);
  await hearsCitizen();
  await desk.state('talking');
  expect(await desk.page.inputValue('textarea[name=content]')).toBe('重新加载之前写的');
  expect(desk.faults).toEqual([]);
  await hangUp(citizen);
  await desk.click('finish');
}, 120_000);

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

const isPressed = (name: string) => desk.seen(`[data-test=${name}][aria-pressed=true]`);

/** Tenths of a second since then in which the citizen heard the agent. */
const heardSince = (citizen: Phone, samples: number) =>
  toneTimeline(citizen.heard().subarray(samples), DESK_HZ).filter((share) => share > 0.5).length;

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

test('the page is loaded again while the server cannot answer for a moment: the talk is back by itself', async () => {
  const citizen = await talking('13800138035');
  let refused = 0;
  await desk.page.route('**/api/v1/me*', (route) => {
    refused += 1;
    return refused <= 2 ? route.fulfill({ status: 503, json: {} }) : route.continue();
  });
  await desk.page.route('**/api/v1/me/phone', (route) => {
    refused += 1;
    return refused <= 4 ? route.fulfill({ status: 500, json: {} }) : route.continue();
  });
  await desk.page.reload();
  await stage.agentIs('seat1001', 'held');
  await hearsDesk(citizen);
  await hearsCitizen();
  expect(refused).toBeGreaterThan(4);
  await desk.page.unrouteAll();
  await hangUp(citizen);
  const record = (await stage.closedRecord('13800138035')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
  await desk.click('finish');
}, 90_000);

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

// A FreeSWITCH is not of our processes: its calls outlive them.
test.skipIf(freeSwitchPrefix !== undefined)(
  'kill -9 of everything, the switch too, in a talk: the page says that the talk may be cut off, and counts it no further; afterwards it shows none',
  async () => {
    const citizen = await talking('13800138038');
    const { core, supervisor } = stage.program.run().pids;
    for (const pid of [supervisor, core, stage.program.switchPid()]) process.kill(pid, 'SIGKILL');
    await desk.seen('[data-test=away]:has-text("通话可能已经断开")');
    // Four ticks of the page's clock.
    const shown = await desk.page.evaluate<string[]>(`new Promise((resolve) => {
    const texts = [];
    const look = () => texts.push(document.querySelector('[data-test=talk-clock]')?.textContent) < 5 ? setTimeout(look, 500) : resolve(texts);
    look();
  })`);
    expect(new Set(shown).size).toBe(1);
    await stage.program.start();
    await desk.seen('[data-test=live].is-good');
    await desk.seen('[data-test=phone].is-good');
    await desk.page.waitForSelector('[data-test=hang-up]', { state: 'detached' });
    await citizen.dispose();
  },
  120_000,
);

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
