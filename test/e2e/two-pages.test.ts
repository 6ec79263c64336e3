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

interface FormShape {
  readonly content: string;
  readonly place: string;
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

  await stage.lead.put(path(), { ...emptyText(), content: '班长写的', revision: saved.revision + 500 });
  await writes(two, '，第三句');
  await two.waitForSelector('[data-test=displaced]:has-text("甲写的，再写，第三句"):has-text("乙写的地点")');
  expect(await content(two)).toBe('班长写的');
  await two.click('[data-test=take-back]');
  await two.waitForSelector('[data-test=displaced]', { state: 'detached' });
  for (const page of [one, two]) await shows(page, '甲写的，再写，第三句');
  await until('saved again', form, (now) => now.content === '甲写的，再写，第三句' && now.place === '乙写的地点');
  expect(desk.faults).toEqual([]);
}, 120_000);

test('two machines of one person never replace each other’s words unseen: who comes later reads first, and puts back by one click', async () => {
  elsewhere = await openDesk(chromium.browser, stage.program.run().http);
  const other = elsewhere.page;
  await elsewhere.sitDown(account());
  await shows(other, '甲写的，再写，第三句');
  await writes(one, '，第四句');
  await until('saved here', form, (now) => now.content.endsWith('，第四句'));

  await writes(other, '，另一台');
  await other.waitForSelector('[data-test=displaced]:has-text("甲写的，再写，第三句，另一台")');
  await shows(other, '甲写的，再写，第三句，第四句');
  expect((await form()).content).toBe('甲写的，再写，第三句，第四句');
  await writes(other, '，另一台再写');
  await until('saved there', form, (now) => now.content === '甲写的，再写，第三句，第四句，另一台再写');

  await writes(two, '，第五句');
  for (const page of [one, two]) {
    await page.waitForSelector('[data-test=displaced]:has-text("甲写的，再写，第三句，第四句，第五句")');
    await shows(page, '甲写的，再写，第三句，第四句，另一台再写');
  }
  await one.click('[data-test=take-back]');
  for (const page of [one, two]) await shows(page, '甲写的，再写，第三句，第四句，第五句');
  await until('and saved', form, (now) => now.content.endsWith('，第五句'));
  expect([...desk.faults, ...elsewhere.faults]).toEqual([]);
}, 120_000);

test('two pages that submit at one moment submit once; another machine of theirs learns of it', async () => {
  await one.click('label:has-text("投诉")');
  await one.click('label:has-text("转办")');
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
  await writes(elsewhere.page, '，来不及');
  await elsewhere.page.waitForSelector('[data-test=displaced]:has-text("，来不及")');
  expect((await form()).content).toBe('甲写的，再写，第三句，第四句，第五句');
  for (const page of [one, two]) expect(await page.locator('[data-test=displaced]').count()).toBe(0);
  expect(desk.faults).toEqual([]);
}, 120_000);

function emptyText() {
  return {
    ...{ type: '', urgency: 'NORMAL', category: '', title: '', place: '', occurred: '', resolution: '' },
    ...{ wantsCallback: true, confidential: false, anonymous: false },
  };
}
