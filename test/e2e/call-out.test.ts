import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, openDesk } from '../browser/desk-page.ts';
import { heldBack } from '../browser/held-back.ts';
import { shareNow } from './browser-stage.ts';
import { type CityFolder, cityFileOf, cityWith } from './city.ts';
import { freePort } from './free-port.ts';
import { baresip, type Phone } from './peers.ts';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const AGENT_HZ = 1_000;
const OTHER_HZ = 440;
const DUTY_DESK = '01088886666';
const POLICE = '110';
const FIRE = '119';
const CITIZEN = '13800138071';
/** Writes from a city's app that has proved the number. */
const WRITER = '13800138073';
const APP_KEY = 'k'.repeat(40);
const PICTURES = process.env['MINHU_PICTURES'];

let chromium: Chromium;
let city: CityFolder;
let stage: Stage;
let trunkPort: number;
let desk: DeskPage;
const others: Phone[] = [];

beforeAll(async () => {
  city = cityWith({});
  const numbers = [
    { number: DUTY_DESK, name: '区水务局值班室' },
    { number: POLICE, name: '公安报警联动' },
    { number: FIRE, name: '消防救援联动' },
  ];
  cityFileOf(city, 'dial-out.yaml', stringify({ line: '12345', numbers }));
  cityFileOf(city, 'channels.yaml', '- { channel: webhook, account: app, settings: { key: { env: APP_KEY } } }\n');
  trunkPort = await freePort();
  [chromium, stage] = await Promise.all([
    startChromium({ toneHz: AGENT_HZ }),
    openStage({ MINHU_CITY: city.path, MINHU_TRUNK: `127.0.0.1:${trunkPort}`, APP_KEY }),
  ]);
  desk = await openDesk(chromium.browser, stage.program.run().http);
  await desk.sitDown(seat('seat1001'));
}, 120_000);

afterEach(async () => {
  for (const phone of others.splice(0)) await phone.dispose();
  await stage.clear();
});

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

const seat = (user: string) => stage.program.firstRun().seats.find((each) => each.user === user)!;

/** Somebody who answers at this number, behind the trunk. */
function reachable(number: string): Phone {
  const server = stage.program.run().sip;
  const phone = baresip({ server, user: number, toneHz: OTHER_HZ, answer: 'auto', listenPort: trunkPort });
  others.push(phone);
  return phone;
}

const hears = (what: string, ear: () => Int16Array | Promise<Int16Array>, hz: number) =>
  until(
    what,
    async () => shareNow(await ear(), hz),
    (share) => share >= 0.9,
    30_000,
  );

async function bothHear(other: Phone): Promise<void> {
  await hears('the other side hears the agent', () => other.heard(), AGENT_HZ);
  await hears('the agent hears the other side', desk.heard, OTHER_HZ);
}

async function explained(from: string): Promise<string> {
  const id = (await stage.contactsFrom(from))[0]!.id;
  return JSON.stringify(await stage.lead.get(`/api/v1/contacts/${id}/explain`));
}

test('an agent calls a number of the catalogue from the desk: the own phone answers by itself, both hear each other, it is recorded', async () => {
  const duty = reachable(DUTY_DESK);
  await desk.click('dial-out');
  await desk.seen(`[data-test=dial-${DUTY_DESK}]`);
  expect(await desk.audit()).toEqual([]);
  if (PICTURES !== undefined) await desk.page.screenshot({ path: `${PICTURES}/dial-out.png` });
  await desk.click(`dial-${DUTY_DESK}`);
  await desk.state('talking');
  await bothHear(duty);
  await desk.click('hang-up');
  const record = await stage.closedRecord(DUTY_DESK);
  expect(record).toMatchObject({ outcome: 'answered', dialled: '12345', waits: [] });
  expect(record.legs.map(({ role }) => role)).toEqual(['agent', 'citizen']);
  const [{ durationMs, expectedMs }] = record.recordings as [(typeof record.recordings)[0]];
  expect(Math.abs(durationMs! - expectedMs!), `${durationMs} of ${expectedMs} ms`).toBeLessThan(1_000);
  const story = await explained(DUTY_DESK);
  expect(story).toContain('"Y1"');
  expect(story).toContain('seat1001 asks to call');
  await desk.state('notReady');
}, 90_000);

test('a number of three digits is dialled; two clicks are one call, and what is about to be done is said no longer in the talk', async () => {
  const police = reachable(POLICE);
  const asOfTheTalk = await heldBack(desk.page, '**/contacts?from=*');
  await desk.click('dial-out');
  await desk.page.dblclick(`[data-test=dial-${POLICE}]`);
  await desk.state('talking');
  await bothHear(police);
  expect(await desk.page.$('.el-message')).toBeNull();
  expect(await desk.text('known')).toBe('呼出');
  await desk.click('hang-up');
  expect((await stage.closedRecord(POLICE)).outcome).toBe('answered');
  await desk.state('notReady');
  const over = () => desk.page.locator('[data-test=today] [data-test=back]').count();
  await until('both calls are over', over, (count) => count === 2);
  await asOfTheTalk.comes();
  expect(await over()).toBe(2);
}, 60_000);

test('who is not reached is named on the page, with why, in both languages, until the next call', async () => {
  await desk.click('dial-out');
  await desk.click(`dial-${POLICE}`);
  await desk.seen('[data-test=ended]');
  expect(await desk.text('ended')).toMatch(/^110 没有接通：线路不通/);
  expect(await desk.audit()).toEqual([]);
  await desk.click('language');
  expect(await desk.text('ended')).toMatch(/^110 was not reached: the line failed/);
  await desk.click('language');
  await desk.state('notReady');
}, 60_000);

test('a call that the own phone does not take up says so on the page, in both languages, until the next call', async () => {
  await desk.page.evaluate(`globalThis.opens = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }`);
  await desk.click('dial-out');
  await desk.click(`dial-${POLICE}`);
  await desk.seen('[data-test=ended]:has-text("110 没有接通：您自己的话机没有接起")');
  expect(await desk.audit()).toEqual([]);
  await desk.click('language');
  expect(await desk.text('ended')).toMatch(/^110 was not reached: your own phone did not take up the call/);
  await desk.click('language');
  await desk.page.evaluate('navigator.mediaDevices.getUserMedia = globalThis.opens');
  await desk.state('notReady');
  expect((await stage.closedRecord(POLICE)).legs.map(({ role }) => role)).toEqual(['agent']);
}, 60_000);

test('the citizen of the last call is called back from the notes', async () => {
  await desk.click('ready');
  await desk.state('ready');
  const caller = await stage.dial(CITIZEN, OTHER_HZ);
  caller.type('1');
  await desk.seen('[data-test=answer]');
  await desk.click('answer');
  await desk.state('talking');
  await bothHear(caller);
  caller.type('b');
  await desk.state('wrapUp');
  await caller.dispose();
  const citizen = reachable(CITIZEN);
  await desk.seen('[data-test=call-back]');
  if (PICTURES !== undefined) await desk.page.screenshot({ path: `${PICTURES}/call-back.png` });
  await desk.click('call-back');
  await desk.state('talking');
  await bothHear(citizen);
  expect(await desk.text('from')).toBe('138****8071');
  citizen.type('b');
  await desk.state('wrapUp');
  await desk.click('finish');
  await desk.state('ready');
  const answered = (await stage.contactsFrom(CITIZEN)).filter(({ outcome }) => outcome === 'answered');
  expect(answered.length).toBeGreaterThanOrEqual(1);
}, 90_000);

/** As the city's app delivers it. */
async function write(text: string): Promise<void> {
  const from = { id: 'app-73', name: '赵敏', phone: WRITER, phoneVerified: true };
  const inbound = [{ remoteId: '1', conversation: 'app-73', from, sentAtMs: Date.now(), text }];
  const body = JSON.stringify({ inbound });
  const timestamp = String(Math.trunc(Date.now() / 1_000));
  const signature = createHmac('sha256', APP_KEY).update(`${timestamp}.${body}`).digest('hex');
  const answer = await fetch(`http://${stage.program.run().http}/api/v1/intake/webhook/app`, {
    method: 'POST',
    headers: { 'minhu-timestamp': timestamp, 'minhu-signature': `v1=${signature}` },
    body,
  });
  expect(answer.status).toBe(200);
}

interface Beside {
  readonly id: string;
  readonly platform: string;
  readonly calls: readonly { readonly outcome: string | null; readonly recordings: readonly unknown[] }[];
}

test('the citizen of a conversation is called from it, and the call stands under the same contact', async () => {
  const citizen = reachable(WRITER);
  const before = (await stage.contacts()).length;
  await write('家里停水了');
  await desk.click('take');
  await desk.seen('[data-test=chat] [data-test=message] >> text=家里停水了');
  expect(await desk.text('call-beside')).toMatch(/^拨打 138\*{4}\d{2,4}$/);
  if (PICTURES !== undefined) await desk.page.screenshot({ path: `${PICTURES}/call-beside.png` });
  await desk.click('call-beside');
  await desk.state('talking');
  await desk.seen('[data-test=chat] [data-test=message] >> text=家里停水了');
  await bothHear(citizen);
  await desk.click('hang-up');
  await desk.state('wrapUp');
  const all = await stage.contacts();
  expect(all.length).toBe(before + 1);
  const record = await until(
    'the call stands in the record of the conversation',
    () => stage.lead.get<Beside>(`/api/v1/contacts/${all[0]!.id}`),
    ({ calls }) => typeof calls[0]?.outcome === 'string',
  );
  expect(record).toMatchObject({ platform: 'webhook', calls: [{ outcome: 'answered' }] });
  expect(record.calls).toHaveLength(1);
  expect(record.calls[0]!.recordings).toHaveLength(1);
  await desk.seen('[data-test=chat] [data-test=end-chat]');
  await desk.click('end-chat');
  await desk.page.waitForSelector('[data-test=chat]', { state: 'detached' });
  await desk.click('finish');
  await desk.state('ready');
}, 60_000);

test('of a call today each word stands in one line, and how long it took beside when it came, in both languages', async () => {
  await desk.seen('[data-test=today] [data-test=back]');
  const tall = `[...document.querySelectorAll('[data-test=today] li span:not(:has(span))')]
    .filter((word) => word.offsetHeight > 1.7 * Number.parseFloat(getComputedStyle(word).fontSize)).map((word) => word.textContent)`;
  const below = `[...document.querySelectorAll('[data-test=lasted]:not(:empty)')]
    .filter((word) => word.getBoundingClientRect().top > word.parentElement.firstElementChild.getBoundingClientRect().bottom - 4)
    .map((word) => word.parentElement.textContent)`;
  for (const look of ['中文', 'English']) {
    await desk.seen('[data-test=lasted]:not(:empty)');
    expect([look, await desk.page.evaluate(tall), await desk.page.evaluate(below)]).toEqual([look, [], []]);
    await desk.click('language');
  }
});

test('the catalogue is opened, searched and called from by the keyboard alone; who is not there is not waited for', async () => {
  const { page } = desk;
  const focused = (selector: string) =>
    page.waitForFunction<boolean, string>('(selector) => document.activeElement?.matches(selector)', selector);
  await page.keyboard.press('F3');
  await focused('input[name=dialOut]');
  await page.keyboard.type('没有这样的');
  await desk.seen('.empty:has-text("目录中没有")');
  await page.keyboard.press('Escape');
  await page.waitForSelector('input[name=dialOut]', { state: 'hidden' });
  await page.keyboard.press('F3');
  await focused('input[name=dialOut]');
  // Nothing was sought, then there are two: neither is called.
  for (const sought of ['', '联动']) {
    await page.keyboard.type(sought);
    // Held: the second one is a repetition, on the button that has the focus by now.
    for (let times = 0; times < 3; times += 1) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await focused(`[data-test=dial-${sought === '' ? DUTY_DESK : POLICE}]`);
    await page.keyboard.press('ArrowUp');
    await focused('input[name=dialOut]');
  }
  await page.keyboard.press('Escape');
  await page.waitForSelector('input[name=dialOut]', { state: 'hidden' });
  await page.keyboard.press('F3');
  await focused('input[name=dialOut]');
  await page.keyboard.type('水务');
  await desk.seen(`.meant [data-test=dial-${DUTY_DESK}]:has-text("Enter")`);
  await page.keyboard.press('Enter');
  await until(
    'the contact is over',
    () => stage.contactsFrom(DUTY_DESK),
    (contacts) => contacts.some(({ outcome }) => outcome === 'unreached'),
    40_000,
  );
  await desk.state('ready');
}, 60_000);

test('nothing else is dialled: another number, another agent’s caller, an agent who is offline', async () => {
  const mine = await signIn(stage.program, seat('seat1001'));
  const others = await signIn(stage.program, seat('seat1002'));
  await expect(mine.post('/api/v1/agents/me/calls', { number: '13900139000' })).rejects.toThrow(
    /403.*NUMBER_NOT_LISTED/,
  );
  await expect(mine.post('/api/v1/agents/me/calls', { number: '+8613900139000' })).rejects.toThrow(/REQUEST_INVALID/);
  const contact = (await stage.contactsFrom(CITIZEN))[0]!.id;
  await expect(others.post('/api/v1/agents/me/calls', { contact })).rejects.toThrow(/404.*CONTACT_UNKNOWN/);
  await expect(others.post('/api/v1/agents/me/calls', { number: DUTY_DESK })).rejects.toThrow(/409.*PHONE_BUSY/);
}, 30_000);
