import { afterAll, beforeAll, expect, test } from 'vitest';
import { hotp } from '../../src/store/totp.ts';
import { fromBase32 } from '../base32.ts';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { axeFindings, type DeskPage, LOOKS, openDesk } from '../browser/desk-page.ts';
import { hasReadAll, heldBack } from '../browser/held-back.ts';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const PICTURES = process.env['MINHU_PICTURES'];

let chromium: Chromium;
let stage: Stage;
let page: DeskPage;

beforeAll(async () => {
  [chromium, stage] = await Promise.all([startChromium({ toneHz: 1_000 }), openStage()]);
  page = await openDesk(chromium.browser, stage.program.run().http);
  await page.signIn(stage.program.firstRun().admin);
  await page.page.click('a[href="/people"]');
  await page.seen('[data-test=open-seat1001]');
}, 120_000);

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
}, 60_000);

interface UserShape {
  readonly user: string;
  readonly team: string | null;
  readonly disabled: boolean;
  readonly roles: readonly string[];
  readonly mayPlay: boolean;
  readonly seat: { readonly number: string; readonly skills: Readonly<Record<string, number>> } | null;
}

/** Once: an account has ten sessions at a time, and the page's is the oldest. */
let asking: ReturnType<typeof signIn> | undefined;

async function account(user: string): Promise<UserShape | undefined> {
  asking ??= signIn(stage.program, stage.program.firstRun().admin);
  return (await (await asking).get<{ users: UserShape[] }>('/api/v1/users')).users.find((each) => each.user === user);
}

const isSo = (what: string, user: string, holds: (account: UserShape | undefined) => boolean) =>
  until(what, () => account(user), holds);

/** Every secret shown just now; the dialog is closed. */
async function secrets(): Promise<string[]> {
  await page.seen('[data-test=secret]');
  const texts = await page.page.$$eval('[data-test=secret]', (all) => all.map(({ textContent }) => textContent ?? ''));
  await page.click('secrets-close');
  await page.page.waitForSelector('[data-test=secret]', { state: 'detached' });
  return texts;
}

async function closeDrawer(): Promise<void> {
  await page.page.keyboard.press('Escape');
  await page.page.waitForSelector('[data-test=save-rights]', { state: 'detached' });
}

/** Asks first: Escape and the button beside it change nothing, and leave the drawer open. */
async function surely(selector: string): Promise<void> {
  const { page: browser } = page;
  for (const leave of [() => browser.keyboard.press('Escape'), () => page.click('sure-cancel')]) {
    await browser.click(selector);
    await page.seen('[data-test=sure-cancel]:focus');
    await leave();
    await browser.waitForSelector('[data-test=sure]', { state: 'hidden' });
    await page.seen(`${selector}:focus`);
  }
  // By the keyboard alone.
  await browser.keyboard.press('Enter');
  await page.seen('[data-test=sure-cancel]:focus');
  await browser.keyboard.press('Tab');
  await page.seen('[data-test=sure]:focus');
  await browser.keyboard.press('Enter');
}

/** Where the focus is when what it stood on is gone. */
const focusIsIn = (selector: string) => page.page.waitForSelector(`${selector}:focus, ${selector} :focus`);

test('a team, an account and its seat are made in the page; the seat is rung by its skill at once', async () => {
  await page.click('tab-teams');
  await page.page.fill('[name=team-name]', 'day');
  await page.page.fill('[name=team-title]', '白班');
  await page.click('add-team');
  await page.seen('td:text-is("day")');
  await page.click('tab-accounts');
  await page.click('add-account');
  await page.page.fill('[name=new-user]', 'zhang');
  // In a hurry: it is one account, and nothing is told to have failed.
  await page.page.dblclick('[data-test=add]');
  const [password] = await secrets();
  expect(await page.page.locator('.el-message--error').count()).toBe(0);
  await page.click('open-zhang');
  await page.page.selectOption('[name=team]', 'day');
  await page.click('save-rights');
  await isSo('the team is there', 'zhang', (now) => now?.team === 'day');
  await page.page.fill('[name=number]', '8801');
  await page.page.selectOption('[name=skill-personal]', '4');
  await page.click('save-seat');
  const [sipPassword] = await secrets();
  expect(sipPassword).toHaveLength(20);
  expect((await account('zhang'))?.seat).toMatchObject({ number: '8801', skills: { personal: 4 } });
  await stage.agentIs('zhang', 'offline');
  const own = await signIn(stage.program, { user: 'zhang', password: password! });
  await own.put('/api/v1/agents/me/state', { state: 'ready' });
  await stage.agentIs('zhang', 'ready');
  await closeDrawer();
}, 60_000);

test('a dispatcher is granted recordings in the page, and loses them again', async () => {
  await page.click('open-zhang');
  expect(await page.page.$('[data-test=grant-play]')).toBe(null);
  await page.page.check('.el-drawer input[type=checkbox][value=dispatcher]');
  await page.click('save-rights');
  await isSo('a dispatcher', 'zhang', (now) => now?.roles.includes('dispatcher') === true);
  await page.click('grant-play');
  await isSo('granted', 'zhang', (now) => now?.mayPlay === true);
  await page.seen('[data-test=grant-play]:has-text("收回")');
  await page.click('grant-play');
  await isSo('withdrawn', 'zhang', (now) => now?.mayPlay === false);
  await closeDrawer();
}, 30_000);

test('what is typed while everybody is read anew stays, and what is read late shows nothing of before', async () => {
  const { page: browser } = page;
  await page.click('open-zhang');
  const lead = '.el-drawer input[type=checkbox][value=lead]';
  const anew = await heldBack(browser, '**/api/v1/users');
  await page.click('save-rights');
  await anew.asked;
  await browser.check(lead);
  await browser.fill('[name=number]', '8899');
  await anew.comes();
  expect(await browser.isChecked(lead)).toBe(true);
  expect(await browser.inputValue('[name=number]')).toBe('8899');
  const asALead = await heldBack(browser, '**/api/v1/users');
  await page.click('save-rights');
  await asALead.asked;
  await browser.uncheck(lead);
  await page.click('save-rights');
  await isSo('no lead any more', 'zhang', (now) => now?.roles.includes('lead') === false);
  await hasReadAll(browser);
  await asALead.comes();
  expect(await browser.isChecked(lead)).toBe(false);
  await closeDrawer();
}, 30_000);

test('levels changed one right after the other all stand', async () => {
  const { page: browser } = page;
  const [personal, enterprise] = ['[data-test=level-zhang-personal]', '[data-test=level-zhang-enterprise]'];
  await page.click('tab-skills');
  const first = await heldBack(browser, '**/api/v1/users/zhang');
  await browser.selectOption(personal, '5');
  await first.asked;
  await browser.selectOption(enterprise, '3');
  await first.comes();
  await isSo('the second', 'zhang', (now) => now?.seat?.skills['enterprise'] === 3);
  expect((await account('zhang'))?.seat?.skills).toEqual({ personal: 5, enterprise: 3 });
  await page.click('tab-accounts');
}, 30_000);

test('a level is changed where it stands, and what no queue asks for is refused and changes nothing', async () => {
  await page.click('tab-skills');
  await page.page.selectOption('[data-test=level-zhang-enterprise]', '2');
  await isSo('the level is there', 'zhang', (now) => now?.seat?.skills['enterprise'] === 2);
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  const before = await account('zhang');
  const wrong = { seat: { skills: { persnal: 3 } } };
  await expect(patch('zhang', wrong)).resolves.toMatchObject({ status: 404, code: 'SKILL_UNKNOWN' });
  expect(await account('zhang')).toEqual(before);
  const { deeds } = await admin.get<{ deeds: { action: string; target: string }[] }>('/api/v1/audit');
  expect(deeds).toContainEqual(expect.objectContaining({ action: 'PATCH /api/v1/users/:user', target: 'zhang' }));
}, 30_000);

test('a password is reset and shown once; a disabled account is out, and in again', async () => {
  await page.click('tab-accounts');
  await page.click('open-zhang');
  await page.click('reset-password');
  const [password] = await secrets();
  await signIn(stage.program, { user: 'zhang', password: password! });
  await surely('[data-test=disable]');
  await isSo('disabled', 'zhang', (now) => now?.disabled === true);
  await expect(signIn(stage.program, { user: 'zhang', password: password! })).rejects.toThrow(/401/);
  await page.seen('[data-test=enable]');
  await focusIsIn('.el-drawer');
  await page.click('enable');
  await isSo('enabled', 'zhang', (now) => now?.disabled === false);
  await closeDrawer();
}, 30_000);

test('a program gets a token in the page, shown once, and loses it', async () => {
  await page.click('add-account');
  await page.page.fill('[name=new-user]', 'warehouse');
  await page.page.uncheck('input[type=checkbox][value=agent]');
  await page.page.check('input[type=checkbox][value=integrator]');
  await page.click('add');
  await secrets();
  await page.click('open-warehouse');
  await page.page.fill('[name=token-title]', '日报');
  await page.click('make-token');
  const [token] = await secrets();
  const summary = () =>
    fetch(`http://${stage.program.run().http}/api/v1/metrics/definitions`, {
      headers: { authorization: `Bearer ${token}` },
    });
  expect((await summary()).status).toBe(200);
  expect((await summary()).status).toBe(200);
  await surely('button[aria-label="吊销 日报"]');
  await until(
    'revoked',
    async () => (await summary()).status,
    (status) => status === 401,
  );
  await page.seen('.el-drawer .tag.is-bad');
  await focusIsIn('.el-drawer');
  await closeDrawer();
}, 30_000);

test('a seat and a team go at the second word, and who works by the keyboard goes on where they stood', async () => {
  await page.click('open-zhang');
  await page.click('drop-seat');
  await page.seen('[data-test=sure-cancel]:focus');
  expect(await page.audit()).toEqual([]);
  if (PICTURES !== undefined) await page.page.screenshot({ path: `${PICTURES}/people-sure.png` });
  await page.click('sure-cancel');
  await surely('[data-test=drop-seat]');
  await isSo('no seat any more', 'zhang', (now) => now?.seat === null);
  await page.page.waitForSelector('[data-test=drop-seat]', { state: 'detached' });
  await focusIsIn('.el-drawer');
  await closeDrawer();
  await page.click('tab-teams');
  await surely('button[aria-label="删除 day"]');
  await isSo('of no team', 'zhang', (now) => now?.team === null);
  await page.page.waitForSelector('td:text-is("day")', { state: 'detached' });
  await focusIsIn('#people-panel');
  await page.click('tab-accounts');
}, 60_000);

test('skills and queues have their names, not their keys', async () => {
  await page.click('tab-skills');
  const heads = await page.page.$$eval('thead th', (all) => all.map(({ textContent }) => textContent ?? ''));
  expect(heads.filter((text) => /[a-z]/.test(text))).toEqual([]);
  expect(heads.join()).toContain('市场监管');
  await page.click('tab-accounts');
  await page.click('open-seat1001');
  await page.seen('label.named:has([name=skill-civil]):has-text("民政")');
  const homes = await page.page.$$eval('[name=home] option', (all) => all.map(({ textContent }) => textContent));
  expect(homes).toEqual(['按城市设置', '个人服务', '企业服务', '英语服务']);
  await closeDrawer();
}, 30_000);

test('nobody else sees the page; it is fit for everybody’s eyes', async () => {
  const other = await openDesk(chromium.browser, stage.program.run().http);
  await other.signIn(stage.program.firstRun().lead);
  expect(await other.page.$('a[href="/people"]')).toBe(null);
  await other.page.context().close();
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  await admin.patch('/api/v1/users/seat3001', { roles: ['handlingUnit'] });
  const unit = await openDesk(chromium.browser, stage.program.run().http);
  await unit.signIn(stage.program.firstRun().seats.find(({ user }) => user === 'seat3001')!);
  await unit.seen('[data-test=no-page]');
  expect(await unit.page.$('[data-test=today]')).toBe(null);
  await unit.page.context().close();
  const found: string[] = [];
  for (const tab of ['accounts', 'skills', 'teams']) {
    await page.click(`tab-${tab}`);
    for (const finding of await page.audit()) found.push(`${tab}: ${finding}`);
    if (PICTURES !== undefined) await page.page.screenshot({ path: `${PICTURES}/people-${tab}.png` });
  }
  await page.click('tab-accounts');
  await page.click('open-seat1001');
  await page.seen('[data-test=save-seat]');
  for (const finding of await page.audit()) found.push(`drawer: ${finding}`);
  if (PICTURES !== undefined) await page.page.screenshot({ path: `${PICTURES}/people-seat.png` });
  expect(found).toEqual([]);
  expect(page.faults).toEqual([]);
}, 60_000);

test.each(LOOKS)('%s, %s: nothing serious for axe-core, nothing that the policy forbids', async (language, theme) => {
  const other = await openDesk(chromium.browser, stage.program.run().http, { language, theme });
  await other.signIn(stage.program.firstRun().admin);
  await other.page.click('a[href="/people"]');
  await other.seen('[data-test=open-seat1001]');
  if (PICTURES !== undefined) await other.page.screenshot({ path: `${PICTURES}/people-${language}-${theme}.png` });
  expect(await other.audit()).toEqual([]);
  expect(other.faults).toEqual([]);
  await other.page.context().close();
});

async function patch(user: string, body: object): Promise<{ status: number; code: string }> {
  const base = `http://${stage.program.run().http}/api/v1`;
  const { user: name, password } = stage.program.firstRun().admin;
  const json = { 'content-type': 'application/json' };
  const login = await fetch(`${base}/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ user: name, password }),
  });
  const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
  const answer = await fetch(`${base}/users/${user}`, {
    method: 'PATCH',
    headers: { ...json, cookie },
    body: JSON.stringify(body),
  });
  return { status: answer.status, code: ((await answer.json()) as { code: string }).code };
}

test('everybody changes the own password and turns on an authenticator in the page; the next sign-in asks for its code', async () => {
  const user = `own-${Date.now()}`;
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  const { password } = await admin.post<{ password: string }>('/api/v1/users', { user, roles: ['lead'] });
  const desk = await openDesk(chromium.browser, stage.program.run().http);
  await desk.signIn({ user, password });
  const signInWith = async (proof: { password: string; code?: string }) => {
    const answer = await fetch(`http://${stage.program.run().http}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, ...proof }),
    });
    return { status: answer.status, code: ((await answer.json()) as { code?: string }).code };
  };
  await desk.click('own-account');
  await desk.page.fill('[name=own-password]', `${password}x`);
  await desk.click('begin-factor');
  await desk.page.waitForSelector('.el-dialog [role=alert]');
  await desk.page.fill('[name=own-password]', password);
  await desk.click('begin-factor');
  const secret = fromBase32(await desk.text('factor-secret'));
  expect(await axeFindings(desk.page)).toEqual([]);
  await desk.page.fill('[name=first-code]', hotp(secret, Math.floor(Date.now() / 30_000)));
  await desk.click('confirm-factor');
  await desk.seen('[data-test=recovery-code]');
  const codes = await desk.page.$$eval('[data-test=recovery-code]', (all) => all.map((each) => each.textContent ?? ''));
  expect(new Set(codes).size).toBe(10);
  expect(await signInWith({ password })).toEqual({ status: 401, code: 'SECOND_FACTOR_REQUIRED' });
  await desk.page.keyboard.press('Escape');
  await desk.page.waitForSelector('[data-test=recovery-code]', { state: 'detached' });
  await desk.click('own-account');
  await desk.page.fill('[name=own-password]', password);
  await desk.page.fill('[name=own-code]', codes[0]!);
  await desk.page.fill('[name=new-password]', 'quite another password');
  await desk.page.fill('[name=new-again]', 'quite another password');
  if (PICTURES !== undefined) await desk.page.screenshot({ path: `${PICTURES}/own-account.png` });
  // Its socket is told of the end of the session before the answer brings the next one.
  const change = await heldBack(desk.page, '**/me/password');
  const told = desk.page.waitForResponse((answer) => /live.ticket$/.test(answer.url()) && answer.status() === 401);
  await desk.click('change-password');
  await (await told).finished();
  await hasReadAll(desk.page);
  expect(await desk.page.isVisible('[name=new-password]')).toBe(true);
  change.release();
  await desk.seen('.el-message--success');
  await desk.seen('[data-test=own-account]');
  expect((await signInWith({ password, code: codes[1]! })).status).toBe(401);
  expect((await signInWith({ password: 'quite another password', code: codes[2]! })).status).toBe(200);
  await desk.click('own-account');
  await desk.page.fill('[name=own-password]', 'quite another password');
  await desk.page.fill('[name=own-code]', codes[3]!);
  await desk.click('drop-factor');
  await desk.seen('[data-test=own-done]');
  expect((await signInWith({ password: 'quite another password' })).status).toBe(200);
  await desk.page.context().close();
}, 120_000);
