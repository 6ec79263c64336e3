import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, openDesk } from '../browser/desk-page.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const FROM = '13800138301';

let chromium: Chromium;
let stage: Stage;
let desk: DeskPage;
let one: Page;
/** Of the same person, in the same browser. */
let two: Page;
/** Of the same person, at another machine. */
let elsewhere: DeskPage;
let contact: string;

beforeAll(async () => {
  [chromium, stage] = await Promise.all([startChromium({ toneHz: 1_000 }), openStage()]);
  const { http } = stage.program.run();
  desk = await openDesk(chromium.browser, http);
  one = desk.page;
  await desk.sitDown(account());
  two = await one.context().newPage();
  await two.goto(`http://${http}/`);
  await two.click('[data-test=start]');
  await two.waitForSelector('[data-test=phone].is-good');
}, 180_000);

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
}, 60_000);

const account = () => stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!;

const CHOSEN = { type: 'COMPLAINT', resolution: 'TRANSFER' };

interface FormShape {
  readonly content: string;
  readonly place: string;
  readonly category: string;
  readonly revision: number;
  readonly submittedAtMs: number | null;
}
const content = (page: Page) => page.inputValue('textarea[name=content]');
const path = () => `/api/v1/contacts/${contact}/form`;
const form = () => stage.lead.get<FormShape>(path());
const shows = (page: Page, wanted: string) =>
  until(
    `it shows “${wanted}”`,
    () => content(page),
    (text) => text === wanted,
  );
const writes = async (page: Page, text: string) => {
  await page.click('textarea[name=content]');
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(text);
};

test('two pages of one agent show one form; what somebody else’s words have displaced is shown, and put back by one click', async () => {
  await desk.click('ready');
  await desk.state('ready');
  await stage.dial(FROM, 440).then((citizen) => citizen.type('1'));
  await desk.click('answer');
  await desk.state('talking');
  for (const page of [one, two]) await page.waitForSelector('textarea[name=content]');
  contact = (await stage.contactsFrom(FROM))[0]!.id;

  await writes(one, '甲写的');
  await shows(two, '甲写的');
  await two.fill('input[name=place]', '乙写的地点');
  await until(
    'so does the first',
    () => one.inputValue('input[name=place]'),
    (text) => text === '乙写的地点',
  );
  await writes(one, '，再写');
  const saved = await until('saved', form, (now) => now.content === '甲写的，再写' && now.place === '乙写的地点');
  await until(
    'both say so',
    () => two.textContent('[data-test=form-status]'),
    (text) => text!.includes('草稿已保存'),
  );

  await writes(two, '，第三句');
  await shows(one, '甲写的，再写，第三句');
  await stage.lead.put(path(), { ...emptyText(), content: '班长写的', revision: saved.revision + 500 });
  await two.waitForSelector('[data-test=displaced]:has-text("甲写的，再写，第三句"):has-text("乙写的地点")');
  expect(await content(two)).toBe('班长写的');
  await two.click('[data-test=take-back]');
  for (const page of [one, two]) {
    await shows(page, '甲写的，再写，第三句');
    await page.waitForSelector('[data-test=displaced]:has-text("班长写的")');
  }
  await two.click('[data-test=take-back]');
  for (const page of [one, two]) await shows(page, '班长写的');
  await two.click('[data-test=take-back]');
  for (const page of [one, two]) await shows(page, '甲写的，再写，第三句');
  await two.click('[data-test=let-go]');
  for (const page of [one, two]) await page.waitForSelector('[data-test=displaced]', { state: 'detached' });
  await until('saved again', form, (now) => now.content === '甲写的，再写，第三句' && now.place === '乙写的地点');
  expect(desk.faults).toEqual([]);
}, 120_000);

test('two machines of one person never replace each other’s words unseen: who comes later reads first, and puts back by one click', async () => {
  elsewhere = await openDesk(chromium.browser, stage.program.run().http);
  const other = elsewhere.page;
  await elsewhere.sitDown(account());
  await shows(other, '甲写的，再写，第三句');
  await writes(one, '，第四句');
  // Nobody touches the other machine.
  await shows(other, '甲写的，再写，第三句，第四句');

  await writes(other, '，另一台');
  await writes(one, '。');
  await one.keyboard.press('Control+s');
  await other.waitForSelector('[data-test=displaced]:has-text("甲写的，再写，第三句，第四句，另一台")');
  await shows(other, '甲写的，再写，第三句，第四句。');
  expect((await form()).content).toBe('甲写的，再写，第三句，第四句。');
  await one.press('textarea[name=content]', 'Control+End');
  await one.keyboard.press('Backspace');
  await one.keyboard.press('Control+s');
  await shows(other, '甲写的，再写，第三句，第四句');

  await writes(two, '，第五句');
  await writes(other, '，另一台再写');
  await other.keyboard.press('Control+s');
  for (const page of [one, two]) {
    await page.waitForSelector('[data-test=displaced]:has-text("甲写的，再写，第三句，第四句，第五句")');
    await shows(page, '甲写的，再写，第三句，第四句，另一台再写');
  }
  await one.click('[data-test=take-back]');
  for (const page of [one, two]) await shows(page, '甲写的，再写，第三句，第四句，第五句');
  await one.click('[data-test=let-go]');
  await until('and saved', form, (now) => now.content.endsWith('，第五句'));
  expect([...desk.faults, ...elsewhere.faults]).toEqual([]);
}, 120_000);

test('who submits what somebody else has replaced reads that nothing was submitted, and what is not in it; the way to submit stays in sight', async () => {
  for (const name of ['投诉', '转办']) await one.click(`label:has-text("${name}")`);
  const long = '很长的一段话，要写很多行。'.repeat(200);
  const place = '地点很长'.repeat(40);
  // As a script puts it in: the field itself lets nobody type so much.
  await one.evaluate(`{
    const content = document.querySelector('textarea[name=content]');
    content.value = '字'.repeat(4_001);
    content.dispatchEvent(new Event('input'));
  }`);
  await one.waitForSelector('[data-test=form-status]:has-text("内容（最多 4000 字）")');
  await one.fill('textarea[name=content]', long);
  await one.fill('input[name=place]', place);
  await one.press('textarea[name=content]', 'Control+s');
  const saved = await until('saved', form, (now) => now.content === long && now.place === place);
  // A category that is chosen and taken away is no fault of the form's.
  await one.click('[data-test=form] .el-select');
  await one.click('.el-select-dropdown__item:visible');
  await until('with a category', form, (now) => now.category !== '');
  await one.hover('[data-test=form] .el-select');
  await one.click('[data-test=form] .el-select__clear');
  await until('without one', form, (now) => now.category === '');
  await stage.lead.put(path(), { ...emptyText(), ...CHOSEN, content: '班长改的', revision: saved.revision + 500 });
  await one.press('textarea[name=content]', 'Control+Enter');
  await until(
    'it says so',
    () => one.textContent('[data-test=form-status]'),
    (text) => /没有提交：.+已改过/.test(text!),
  );
  expect((await form()).submittedAtMs).toBeNull();
  await one.waitForSelector('[data-test=displaced]:has-text("很长的一段话"):has-text("地点很长")');
  for (const name of ['submit', 'take-back', 'let-go']) expect(await isInSight(`[data-test=${name}]`)).toBe(true);
  await one.reload();
  await one.waitForSelector('[data-test=displaced]:has-text("很长的一段话"):has-text("地点很长")');
  await one.click('[data-test=let-go]');
  await one.fill('textarea[name=content]', '甲写的，再写，第三句，第四句，第五句');
  await shows(two, '甲写的，再写，第三句，第四句，第五句');
  expect(desk.faults).toEqual([]);
}, 120_000);

test('two pages that submit at one moment submit once; another machine of theirs learns of it', async () => {
  await until(
    'the other page has it',
    () => two.isChecked('input[value=COMPLAINT]'),
    (is) => is,
  );
  await Promise.all([one, two].map((page) => page.press('textarea[name=content]', 'Control+Enter')));
  for (const page of [one, two])
    await until(
      'both say that it is submitted',
      () => page.textContent('[data-test=form-status]'),
      (text) => /已于 .* 提交/.test(text!),
    );
  expect((await form()).submittedAtMs).not.toBeNull();
  // Nobody touches it.
  await elsewhere.page.waitForSelector('[data-test=form-status]:has-text("已于")');
  expect((await form()).content).toBe('甲写的，再写，第三句，第四句，第五句');
  for (const page of [one, two]) expect(await page.locator('[data-test=displaced]').count()).toBe(0);
  expect(desk.faults).toEqual([]);
}, 120_000);

/** Nothing hides its middle, and all of it is on the screen. */
async function isInSight(selector: string): Promise<boolean> {
  const { x, y, width, height } = (await one.locator(selector).boundingBox())!;
  const size = one.viewportSize()!;
  if (x < 0 || y < 0 || x + width > size.width || y + height > size.height) return false;
  return await one.evaluate(
    `document.elementFromPoint(${x + width / 2}, ${y + height / 2})?.closest('${selector}') != null`,
  );
}

function emptyText() {
  return {
    ...{ type: '', urgency: 'NORMAL', category: '', title: '', place: '', occurred: '', resolution: '' },
    ...{ wantsCallback: true, confidential: false, anonymous: false },
  };
}
