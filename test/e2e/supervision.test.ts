import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, LOOKS, openDesk } from '../browser/desk-page.ts';
import { heldBack } from '../browser/held-back.ts';
import { shareNow } from './browser-stage.ts';
import { type CityFolder, cityWith } from './city.ts';
import type { Phone } from './peers.ts';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const LEAD_HZ = 1_000;
const AGENT_HZ = 700;
const CITIZEN_HZ = 440;
const LEAD = 'seat1003';
const AUDITOR = 'seat2001';
const PICTURES = process.env['MINHU_PICTURES'];

let chromium: Chromium;
let city: CityFolder;
let stage: Stage;
let lead: DeskPage;
/** Who has no seat: the second person. */
let other: DeskPage;
let desk: DeskPage;
let agent: Phone;
let citizen: Phone;
const http = () => stage.program.run().http;
const seat = (user: string) => stage.program.firstRun().seats.find((each) => each.user === user)!;

beforeAll(async () => {
  city = cityWith({});
  const rules = join(city.path, 'supervision.yaml');
  writeFileSync(rules, readFileSync(rules, 'utf8').replace('wait: 3m', 'wait: 2s'));
  [chromium, stage] = await Promise.all([startChromium({ toneHz: LEAD_HZ }), openStage({ MINHU_CITY: city.path })]);
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  await admin.patch(`/api/v1/users/${LEAD}`, { roles: ['agent', 'lead'] });
  await admin.patch(`/api/v1/users/${AUDITOR}`, { roles: ['auditor'] });
  [desk, lead, other] = (await Promise.all([1, 2, 3].map(() => openDesk(chromium.browser, http())))) as [
    DeskPage,
    DeskPage,
    DeskPage,
  ];
  await desk.sitDown(seat('seat1001'));
  agent = await stage.readyPhone('seat1001', AGENT_HZ);
  await lead.sitDown(seat(LEAD));
  await lead.page.click('a[href="/supervision"]');
  await other.signIn(stage.program.firstRun().lead);
  await other.page.click('a[href="/supervision"]');
  citizen = await stage.dial('13800138301', CITIZEN_HZ);
  citizen.type('1');
  await lead.seen('[data-agent=seat1001][data-state=talking]');
}, 180_000);

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

async function picture(name: string, of: DeskPage): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await of.page.screenshot({ path: `${PICTURES}/${name}.png` });
}

const hears = (
  who: string,
  heard: () => Int16Array | Promise<Int16Array>,
  hz: number,
  satisfied: (share: number) => boolean,
) => until(`what ${who} hears of ${hz} Hz`, async () => shareNow(await heard(), hz), satisfied, 30_000);
const some = (share: number): boolean => share > 0.2;
const none = (share: number): boolean => share < 0.02;

/** From the page, by the mode's name and for a reason. */
async function ask(mode: string, reason: string): Promise<void> {
  await lead.page.click(`label:has-text("${mode}")`);
  expect(await lead.page.isDisabled('[data-test=hear]')).toBe(true);
  await lead.page.fill('input[name=reason]', reason);
  await lead.click('hear');
}

/** The board may tell of a state before the request for it is answered: what is typed by then is the lead's. */
async function typesOnWhileItIsAnswered(): Promise<void> {
  const answer = await heldBack(lead.page, '**/agents/seat1001/state');
  await lead.page.click('label:has(input[value=offline])');
  await lead.page.fill('input[name=stateReason]', '提前下班');
  await lead.click('force');
  await lead.seen('[data-agent=seat1001][data-state=offline]');
  await lead.page.fill('input[name=stateReason]', '回岗');
  await answer.comes();
  await lead.seen('[data-test=done]:has-text("已设置")');
  expect(await lead.page.inputValue('input[name=stateReason]')).toBe('回岗');
  await lead.page.fill('input[name=stateReason]', '');
}

/** What was asked for is so. */
const nothingAsked = () => lead.page.waitForSelector('[role=status]:has-text("已申请")', { state: 'detached' });
const onTalk = () => lead.seen('[data-test=step][data-step=on]');

describe('a lead at the page', () => {
  test('sees the agent with state and contact, listens with the telephone in the page, heard by nobody', async () => {
    const row = (await lead.page.textContent('[data-agent=seat1001]')) ?? '';
    expect(row).toContain('138****8301 → 12345');
    await lead.page.click('[data-agent=seat1001] [data-test=pick]');
    await ask('监听', '新人带教');
    await onTalk();
    await nothingAsked();
    await hears('the lead', lead.heard, CITIZEN_HZ, some);
    await hears('the lead', lead.heard, AGENT_HZ, some);
    await hears(
      'the citizen',
      () => citizen.heard(),
      AGENT_HZ,
      (share) => share > 0.9,
    );
    expect(shareNow(citizen.heard(), LEAD_HZ)).toBeLessThan(0.02);
    expect(shareNow(agent.heard(), LEAD_HZ)).toBeLessThan(0.02);
    await picture('listening', lead);
  }, 90_000);

  test('whispers to the agent alone, joins in for both, each for a reason', async () => {
    await ask('密语', '提示答复口径');
    await hears('the agent', () => agent.heard(), LEAD_HZ, some);
    expect(shareNow(citizen.heard(), LEAD_HZ)).toBeLessThan(0.02);
    await ask('插话', '一起解释');
    await hears('the citizen', () => citizen.heard(), LEAD_HZ, some);
  }, 60_000);

  test("writes a hint that stands on the agent's desk within a second", async () => {
    const shown = desk.page.waitForSelector('[data-test=hint]:has-text("请核对门牌号")').then(() => performance.now());
    await lead.page.fill('input[name=hint]', '请核对门牌号');
    const sentMs = performance.now();
    await lead.click('send-hint');
    expect((await shown) - sentMs).toBeLessThan(1_000);
    await picture('hint', desk);
  }, 30_000);

  test('leaves, and the talk goes on', async () => {
    await lead.click('leave');
    await lead.page.waitForSelector('[data-test=step]', { state: 'detached' });
    await hears('the citizen', () => citizen.heard(), LEAD_HZ, none);
    await hears(
      'the citizen',
      () => citizen.heard(),
      AGENT_HZ,
      (share) => share > 0.9,
    );
    const auditor = await signIn(stage.program, seat(AUDITOR));
    const { deeds } = await auditor.get<{ deeds: { action: string; detail: string }[] }>('/api/v1/audit?who=seat1003');
    const reasons = deeds.filter(({ action }) => action.endsWith('/supervision')).map(({ detail }) => detail);
    expect(reasons.filter((detail) => detail !== '').reverse()).toEqual([
      'listen: 新人带教',
      'listen → whisper: 提示答复口径',
      'whisper → barge: 一起解释',
    ]);
  }, 60_000);

  test('hears what is sensitive after a second person agreed in a page of their own', async () => {
    await ask('监听', '抽查');
    await onTalk();
    await lead.click('mark');
    await lead.seen('[data-test=sensitive]');
    await lead.seen('[data-test=over]:has-text("敏感")');
    await ask('监听', '投诉升级');
    await lead.page.waitForSelector('[data-test=over]', { state: 'detached' });
    await lead.seen('[data-test=step][data-step=asked]');
    expect(await other.text('why')).toContain('投诉升级');
    const row = (await other.page.textContent('[data-agent=seat1001]')) ?? '';
    expect(row).not.toContain('监听');
    await other.click('agree');
    await onTalk();
    await hears('the lead', lead.heard, CITIZEN_HZ, some);
    await other.page.waitForSelector('[data-test=asked]', { state: 'detached' });
  }, 60_000);

  test('is told of a wait that is too long, says that it is known, and all leads see who did', async () => {
    const second = await stage.dial('13800138302', CITIZEN_HZ);
    second.type('1');
    await lead.seen('[data-alert^="alert/longWait/"]');
    await lead.click('see');
    await other.seen('[data-test=seen]:has-text("seat1003")');
    await picture('alert', other);
    second.type('b');
    await lead.page.waitForSelector('[data-test=alert]', { state: 'detached' });
  }, 60_000);

  test.each(LOOKS)(
    '%s, %s: nothing serious for axe-core, nothing to scroll, nothing that the policy forbids',
    async (language, theme) => {
      const page = await openDesk(chromium.browser, http(), { language, theme });
      await page.signIn(stage.program.firstRun().lead);
      await page.page.click('a[href="/supervision"]');
      await page.page.click('[data-agent=seat1001] [data-test=pick]');
      await page.seen('[data-test=agent-panel]');
      await picture(`supervision-${language}-${theme}`, page);
      expect(await page.audit()).toEqual([]);
      const beyond = 'document.documentElement.scrollHeight - document.documentElement.clientHeight';
      expect(await page.page.evaluate<number>(beyond)).toBe(0);
      expect(page.faults).toEqual([]);
      await page.page.context().close();
    },
    120_000,
  );

  test("takes the talk over, and sets the agent's state", async () => {
    await ask('接管', '情绪激动');
    // It is sensitive still: who agreed to listening has not agreed to more.
    await lead.seen('[data-test=step]:has-text("接管")');
    await other.seen('[data-test=asked]:has-text("接管")');
    // Nothing has changed yet.
    await lead.seen('[role=status]:has-text("已申请")');
    await other.click('agree');
    await lead.seen(`[data-agent=${LEAD}][data-state=talking]`);
    await hears(
      'the citizen',
      () => citizen.heard(),
      LEAD_HZ,
      (share) => share > 0.9,
    );
    await lead.seen('[data-agent=seat1001][data-state=wrapUp]');
    for (const [state, reason] of [
      ['offline', '今日到岗'],
      ['ready', '话务高峰'],
      ['notReady', '支援培训'],
    ]) {
      await lead.page.click(`label:has(input[value=${state}])`);
      await lead.page.fill('input[name=stateReason]', reason!);
      await lead.click('force');
      await lead.seen(`[data-agent=seat1001][data-state=${state}]`);
      // By whom, to what, and why.
      await desk.seen(`[data-test=set-by]:has-text("${LEAD}"):has-text("${reason}")`);
      await picture(`set-${state}`, desk);
    }
    expect((await stage.agent('seat1001'))?.reason).toBe('支援培训');
    await typesOnWhileItIsAnswered();
    await lead.page.keyboard.press('F4');
    // Who did not want to be called has nothing to wrap up.
    await lead.seen(`[data-agent=${LEAD}][data-state=notReady]`);
    // Who would be asked for a rating hangs up, too.
    citizen.type('b');
    expect(await stage.closedRecord('13800138301')).toMatchObject({ outcome: 'answered' });
  }, 60_000);

  test('who leads no longer is on another page at once, and sees nothing of the board, until they lead again', async () => {
    const admin = await signIn(stage.program, stage.program.firstRun().admin);
    await admin.patch(`/api/v1/users/${LEAD}`, { roles: ['agent'] });
    await lead.page.waitForSelector('a[href="/supervision"]', { state: 'detached' });
    await lead.page.waitForSelector('[data-agent=seat1001]', { state: 'detached' });
    await admin.patch(`/api/v1/users/${LEAD}`, { roles: ['agent', 'lead'] });
    await lead.page.click('a[href="/supervision"]');
    await lead.seen('[data-agent=seat1001]');
  }, 60_000);

  test('is offered no state for a seat that is removed while it talks', async () => {
    await stage.setState('seat1001', 'ready');
    const last = await stage.dial('13800138302', CITIZEN_HZ);
    last.type('1');
    await lead.seen('[data-agent=seat1001][data-state=talking]');
    await lead.page.click('[data-agent=seat1001] [data-test=pick]');
    await lead.seen('[data-test=force]');
    const admin = await signIn(stage.program, stage.program.firstRun().admin);
    await admin.patch('/api/v1/users/seat1001', { seat: null });
    await lead.seen('[data-test=stateless]');
    expect(await lead.page.$('[data-test=force]')).toBeNull();
    last.type('b');
    await lead.page.waitForSelector('[data-agent=seat1001]', { state: 'detached' });
  }, 60_000);
});
