import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Citizen, openCallPage } from '../browser/call-page.ts';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { LOOKS } from '../browser/desk-page.ts';
import { shareNow } from './browser-stage.ts';
import { type CityFolder, cityFileOf, cityWith } from './city.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const CITIZEN_HZ = 1_000;
const AGENT_HZ = 440;
const PICTURES = process.env['MINHU_PICTURES'];
const LIMITS = { calls: 5, within: '10m', atOnce: 1 };

let chromium: Chromium;
let stage: Stage;
let city: CityFolder;
let agent: Phone;

beforeAll(async () => {
  city = cityWith({ wrapUp: '2s' });
  cityFileOf(city, 'web-call.yaml', stringify({ numbers: ['12345'], hotlines: 'all', perAddress: LIMITS, atOnce: 2 }));
  [chromium, stage] = await Promise.all([startChromium({ toneHz: CITIZEN_HZ }), openStage({ MINHU_CITY: city.path })]);
  agent = await stage.readyPhone('seat1001', AGENT_HZ);
}, 120_000);

afterEach(() => chromium.closePages());

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

const http = (): string => stage.program.run().http;

/** A request as another host's browser, or a program, would send it. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: string }> {
  const [host, port] = http().split(':');
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, method, path, headers: { 'content-type': 'application/json', ...headers } });
    sent.once('error', reject);
    sent.once('response', async (answer) => {
      const body = Buffer.concat(await answer.toArray()).toString();
      const isProblem = String(answer.headers['content-type']).includes('problem');
      resolve({ status: answer.statusCode ?? 0, code: isProblem ? JSON.parse(body).code : '' });
    });
    sent.end(method === 'POST' ? '{}' : undefined);
  });
}

const hears = (what: string, ear: () => Int16Array | Promise<Int16Array>, hz: number) =>
  until(
    `${what}: ${hz} Hz`,
    async () => shareNow(await ear(), hz),
    (share) => share >= 0.9,
    30_000,
  );

/** In the menu: the greeting is heard. */
async function inMenu(citizen: Citizen): Promise<void> {
  await citizen.click('call');
  await citizen.is('talking');
  await until(
    'the greeting',
    () => citizen.heard(),
    (heard) => heard.some((sample) => Math.abs(sample) > 1_000),
  );
}

const noneOpen = () =>
  until(
    'no contact is open',
    () => stage.contacts(),
    (contacts) => contacts.every(({ outcome }) => outcome !== null),
  );

test('a citizen at a page presses 1 and talks with an agent at a telephone: heard both ways, muted, hung up, recorded', async () => {
  const citizen = await openCallPage(chromium.browser, http());
  expect(await citizen.audit()).toEqual([]);
  await citizen.picture(PICTURES, 'web-call');
  await inMenu(citizen);
  await citizen.press('1');
  await stage.agentIs('seat1001', 'talking');
  await hears('the agent hears the citizen', () => agent.heard(), CITIZEN_HZ);
  await hears('the citizen hears the agent', citizen.heard, AGENT_HZ);
  expect(await citizen.text('clock')).toMatch(/^00:\d\d$/);
  expect(await citizen.text('keys')).toBe('1');
  expect(await citizen.audit()).toEqual([]);
  expect(await citizen.tooWide()).toBe(0);
  await citizen.picture(PICTURES, 'web-call-talking');
  await citizen.click('mute');
  await until(
    'the citizen is no longer heard',
    () => shareNow(agent.heard(), CITIZEN_HZ),
    (share) => share < 0.2,
  );
  await citizen.click('mute');
  await hears('heard again', () => agent.heard(), CITIZEN_HZ);

  // Another network: the sound goes another way, and it is the same call.
  const way = () => citizen.page.evaluate<string | undefined>('wayOf()');
  const before = await way();
  await citizen.page.evaluate("dispatchEvent(new Event('online'))");
  await until('another way', way, (now) => now !== undefined && now !== before);
  await hears('the agent hears the citizen still', () => agent.heard(), CITIZEN_HZ);
  await hears('the citizen hears the agent still', citizen.heard, AGENT_HZ);
  await citizen.click('hang-up');
  await citizen.is('ended');
  const record = await stage.closedRecord('web');
  expect(record).toMatchObject({ outcome: 'answered', dialled: '12345' });
  expect(record.digits).toMatchObject([{ digits: '1' }]);
  expect(record.recordings).toHaveLength(1);
  expect(record).toMatchObject({ legs: [{ role: 'citizen' }, { role: 'agent' }] });
  expect(citizen.faults).toEqual([]);
}, 90_000);

test.each(LOOKS)('%s, %s: nothing serious for axe-core, nothing wider than a telephone', async (language, theme) => {
  const citizen = await openCallPage(chromium.browser, http(), { language, theme });
  await citizen.picture(PICTURES, `web-call-${language}-${theme}`);
  expect(await citizen.audit()).toEqual([]);
  expect(await citizen.tooWide()).toBe(0);
  expect(citizen.faults).toEqual([]);
});

test('one call at a time from one address; a ticket calls once and registers nothing', async () => {
  await noneOpen();
  const first = await openCallPage(chromium.browser, http());
  await inMenu(first);
  const second = await openCallPage(chromium.browser, http(), { language: 'en' });
  await second.click('call');
  await second.is('ended');
  expect(await second.problem()).toBe('full');
  expect(await second.text('status')).toMatch(/too many calls/i);
  await first.page.close();
  await noneOpen();
}, 60_000);

test('a page that is closed in the menu is a caller who hung up', async () => {
  const citizen = await openCallPage(chromium.browser, http(), { line: '12315' });
  await inMenu(citizen);
  expect(await citizen.text('title')).toContain('12315');
  await citizen.page.close();
  await noneOpen();
  const [newest] = await stage.contacts();
  expect(await stage.lead.get(`/api/v1/contacts/${newest!.id}`)).toMatchObject({ from: 'web', dialled: '12315' });
}, 60_000);

test('a link with another number is named nowhere: the page says that it is no line, in both languages, and calls the main one', async () => {
  for (const [language, told] of [
    ['zh', '链接中的号码不是本热线的号码'],
    ['en', 'The number in the link is no line of this hotline'],
  ] as const) {
    const citizen = await openCallPage(chromium.browser, http(), { language, line: '13900139000' });
    await citizen.page.waitForSelector('#telephone[data-problem=noLine]');
    expect(await citizen.text('status')).toContain(told);
    expect(await citizen.page.innerText('body')).not.toContain('13900139000');
    for (const id of ['title', 'call']) expect(await citizen.text(id)).toContain('12345');
    expect(await citizen.audit()).toEqual([]);
  }
}, 30_000);

test('a page that cannot ask whose line a link names says so, names none, and asks again at the next click', async () => {
  const citizen = await openCallPage(chromium.browser, http(), { microphone: 'NotAllowedError' });
  const { page } = citizen;
  await page.route('**/api/v1/web-calls', (route) => route.abort());
  await page.goto(`http://${http()}/call/?line=12315`);
  await page.waitForSelector('#telephone[data-problem=away]');
  expect(await citizen.text('title')).not.toMatch(/\d/);
  await page.unrouteAll();
  await citizen.click('call');
  await page.waitForSelector('#telephone[data-problem=microphoneRefused]');
  expect(await citizen.text('title')).toContain('12315');
}, 30_000);

test('a microphone that is refused is told plainly, and no ticket is drawn', async () => {
  const citizen = await openCallPage(chromium.browser, http(), { microphone: 'NotAllowedError' });
  await citizen.click('call');
  await citizen.is('ended');
  expect(await citizen.problem()).toBe('microphoneRefused');
  expect(await citizen.text('status')).toContain('麦克风');
  expect(citizen.tickets()).toBe(0);
}, 30_000);

describe('the page is for this machine alone until it is opened to everybody', () => {
  test.each([
    ['another host name', { host: 'hotline.example' }],
    ['a proxy on this machine', { 'x-forwarded-for': '203.0.113.9' }],
  ])('%s: 404, and no ticket', async (_, headers) => {
    expect(await ask('GET', '/call/', headers)).toEqual({ status: 404, code: 'NOT_FOUND' });
    expect(await ask('POST', '/api/v1/web-calls', headers)).toEqual({ status: 404, code: 'NOT_FOUND' });
  });

  test('on this machine it is there; another site may not draw a ticket through it', async () => {
    expect((await ask('GET', '/call/')).status).toBe(200);
    expect(await ask('GET', '/call/nothing')).toEqual({ status: 404, code: 'NOT_FOUND' });
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' };
    expect(await ask('POST', '/api/v1/web-calls', foreign)).toEqual({ status: 403, code: 'ORIGIN_REFUSED' });
  });
});

test('who talks from the page of a conversation talks beside it: one contact with what was written and what was said', async () => {
  const citizen = await openCallPage(chromium.browser, http());
  const { page } = citizen;
  await page.goto(`http://${http()}/chat/`);
  await page.fill('#input', '水管爆了');
  await page.press('#input', 'Enter');
  await page.waitForSelector('#call:not([hidden])');
  await page.goto(`http://${http()}${await page.getAttribute('#call', 'href')}`);
  await inMenu(citizen);
  await citizen.press('1');
  await stage.agentIs('seat1001', 'talking');
  await hears('the agent hears the citizen', () => agent.heard(), CITIZEN_HZ);
  await citizen.click('hang-up');
  await citizen.is('ended');
  interface Whole {
    readonly id: string;
    readonly calls: readonly { readonly outcome: string | null; readonly recordings: readonly unknown[] }[];
  }
  const { contacts } = await stage.lead.get<{ contacts: { id: string }[] }>('/api/v1/contacts?channel=web');
  expect(contacts).toHaveLength(1);
  const whole = await until(
    'the call is in the record of the conversation',
    () => stage.lead.get<Whole>(`/api/v1/contacts/${contacts[0]!.id}`),
    ({ calls }) => calls[0]?.outcome === 'answered',
  );
  expect(whole.calls).toMatchObject([{ outcome: 'answered', recordings: [{ number: 1 }] }]);
  await page.goto(`http://${http()}/chat/`);
  await page.click('#leave');
  await noneOpen();
}, 90_000);

test('too many calls of one address: 429 with a code, and the page says when to try again', async () => {
  for (;;) {
    const { status, code } = await ask('POST', '/api/v1/web-calls');
    if (status === 200) continue;
    expect({ status, code }).toEqual({ status: 429, code: 'WEB_CALL_THROTTLED' });
    break;
  }
  const citizen = await openCallPage(chromium.browser, http());
  await citizen.click('call');
  await citizen.is('ended');
  expect(await citizen.problem()).toBe('throttled');
  expect(await citizen.text('status')).toMatch(/\d+ 分钟/);
}, 30_000);

test('the key of the tickets is in no log', () => {
  const { webCalls } = JSON.parse(readFileSync(join(stage.program.dataFolder, 'switch/directory.json'), 'utf8'));
  expect(webCalls.key.length).toBeGreaterThan(40);
  for (const part of ['core', 'switch']) {
    const log = readFileSync(join(stage.program.dataFolder, `log/${part}.log`), 'utf8');
    expect(log).not.toContain(webCalls.key);
  }
});
