import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, openDesk } from '../browser/desk-page.ts';
import { shareNow } from './browser-stage.ts';
import { type CityFolder, cityFileOf, cityWith } from './city.ts';
import { freePort } from './free-port.ts';
import { baresip, type Phone } from './peers.ts';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const AGENT_HZ = 1_000;
const OTHER_HZ = 440;
const DUTY_DESK = '01088886666';
const CITIZEN = '13800138071';
const PICTURES = process.env['MINHU_PICTURES'];

let chromium: Chromium;
let city: CityFolder;
let stage: Stage;
let trunkPort: number;
let desk: DeskPage;
const others: Phone[] = [];

beforeAll(async () => {
  city = cityWith({});
  const numbers = [{ number: DUTY_DESK, name: '区水务局值班室' }];
  cityFileOf(city, 'dial-out.yaml', stringify({ line: '12345', numbers }));
  trunkPort = await freePort();
  [chromium, stage] = await Promise.all([
    startChromium({ toneHz: AGENT_HZ }),
    openStage({ MINHU_CITY: city.path, MINHU_TRUNK: `127.0.0.1:${trunkPort}` }),
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

test('nobody who is not there is waited for: the agent is free again', async () => {
  await desk.click('dial-out');
  await desk.click(`dial-${DUTY_DESK}`);
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
