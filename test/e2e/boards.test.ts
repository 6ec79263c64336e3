import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, LOOKS, openDesk } from '../browser/desk-page.ts';
import { heldBack } from '../browser/held-back.ts';
import { looksOnWall } from '../browser/wall-looks.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

/** Where pictures of the pages go when somebody wants to look. */
const PICTURES = process.env['MINHU_PICTURES'];

/** Names of phases that the bar has no room for. */
const CUT_PHASES = `[...document.querySelectorAll('[data-test=phase]')]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)`;

let chromium: Chromium;
let stage: Stage;
let wall: DeskPage;
let agentPhone: Phone;
const http = () => stage.program.run().http;

beforeAll(async () => {
  [chromium, stage] = await Promise.all([startChromium({ toneHz: 1_000 }), openStage()]);
  agentPhone = await stage.readyPhone('seat1001', 1_000);
  wall = await openDesk(chromium.browser, http());
  await wall.page.setViewportSize({ width: 1_920, height: 1_080 });
  await wall.signIn(stage.program.firstRun().lead);
  await wall.page.click('a[href="/wallboard"]');
  await wall.seen('[data-figure=connect]');
}, 180_000);

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
}, 60_000);

async function picture(name: string, of: DeskPage): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await of.page.screenshot({ path: `${PICTURES}/${name}.png` });
}

const figure = (id: string) => wall.page.textContent(`[data-figure="${id}"] [data-shown]`);
const figureIs = (id: string, shown: string | RegExp) =>
  until(
    `${id} shows ${shown}`,
    async () => (await figure(id)) ?? '',
    (text) => (typeof shown === 'string' ? text === shown : shown.test(text)),
  );

interface Summary {
  readonly measures: Readonly<Record<string, { readonly numerator: number; readonly denominator: number }>>;
}

/** Opens a figure by the keyboard and reads what it is made of. */
async function openFigure(id: string) {
  await wall.page.focus(`[data-figure="${id}"]`);
  await wall.page.keyboard.press('Enter');
  await wall.seen('[data-test=opened]');
  const read = async (name: string) =>
    (await wall.page.locator(`[data-test=${name}]`).allTextContents()).join(' ').trim();
  const opened = {
    ...{ formula: await read('formula'), source: await read('source') },
    ...{ numerator: await read('numerator'), denominator: await read('denominator') },
  };
  await wall.page.keyboard.press('Escape');
  await wall.page.waitForSelector('[data-test=opened]', { state: 'hidden' });
  return opened;
}

describe('the wallboard', () => {
  test('shows true figures after real calls, told by the live socket alone, each with what it is made of', async () => {
    await figureIs('connect', '—');
    expect(await wall.text('wall')).toContain('暂无预测');
    const asked: string[] = [];
    wall.page.on('request', (request) => asked.push(request.url()));

    const answered = await stage.dial('13800138201', 440);
    answered.type('1');
    await figureIs('agents-talking', '1');
    const gaveUp = await stage.dial('13800138202', 440);
    gaveUp.type('1');
    await figureIs('waiting', '1');
    await figureIs('longest', /^0:0[1-9]$/);
    expect((await openFigure('waiting')).numerator).toBe('1');
    gaveUp.type('b');
    answered.type('b');
    await figureIs('waiting', '0');
    await figureIs('connect', '50.00%');
    await figureIs('within15', '100%');
    await figureIs('today', '2');
    await figureIs('site-main', '50.00%');
    await figureIs('line-12345', '50.00%');

    const { measures } = await stage.lead.get<Summary>('/api/v1/metrics/summary');
    for (const [id, name] of [
      ['connect', 'connectRate'],
      ['within15', 'answeredWithin15Rate'],
      ['line-12345', 'connectRate'],
    ] as const) {
      const { numerator, denominator } = measures[name]!;
      const opened = await openFigure(id);
      expect(opened).toMatchObject({ numerator: String(numerator), denominator: String(denominator) });
      expect(opened.formula).toContain('÷');
      expect(opened.source).toMatch(/§3\.7/);
    }
    expect(asked.filter((url) => url.includes('/api/'))).toEqual([]);
  }, 120_000);

  test('is read from afar: figures of 64 px and more, texts with a contrast of 7 and more', async () => {
    await wall.page.keyboard.press('f');
    await wall.page.waitForSelector('.shell.is-full');
    const { figures, small, faint, outside } = await looksOnWall(wall.page);
    expect(figures).toBeGreaterThan(20);
    expect({ small, faint, outside }).toEqual({ small: [], faint: [], outside: [] });
    await picture('wallboard', wall);
    await wall.page.keyboard.press('Escape');
    await wall.page.waitForSelector('.shell:not(.is-full)');
  }, 60_000);

  test('goes by the keyboard from figure to figure', async () => {
    await wall.page.focus('[data-figure=waiting]');
    for (const [key, at] of [
      ['ArrowRight', 'longest'],
      ['ArrowRight', 'within15'],
      ['ArrowLeft', 'longest'],
      ['ArrowLeft', 'waiting'],
      ['ArrowDown', 'agents-ready'],
    ]) {
      await wall.page.keyboard.press(key!);
      expect(await wall.page.evaluate('document.activeElement.dataset.figure')).toBe(at);
    }
  });

  test('says since when it stands still while the core is dead, and is true again by itself', async () => {
    process.kill(stage.program.run().pids.core, 'SIGKILL');
    await wall.seen('[data-test=stale]');
    expect(await wall.text('stale')).toMatch(/数据停留在 \d\d:\d\d:\d\d/);
    await wall.page.waitForSelector('[data-test=stale]', { state: 'detached' });
    await figureIs('connect', '50.00%');
    await figureIs('line-12345', '50.00%');
  }, 60_000);
});

describe('the explain page', () => {
  const CITIZEN = '13800138203';
  let page: DeskPage;

  test('tells the whole life of a contact, found by its number: menu, wait, offer with who was passed over and why, talk, recording, rating', async () => {
    // Ready since then, and idle for longer than who comes after.
    await stage.setState('seat1001', 'ready');
    const second = await stage.readyPhone('seat1002', 1_000);
    const citizen = await stage.dial(CITIZEN, 440);
    citizen.type('1');
    await stage.agentIs('seat1001', 'talking');
    agentPhone.type('b');
    await stage.agentIs('seat1001', 'wrapUp');
    await until(
      'the rating is taken',
      async () => {
        citizen.type('5');
        return (await stage.contactsFrom(CITIZEN))[0];
      },
      (contact) => typeof contact?.outcome === 'string',
    );
    await second.dispose();

    page = await openDesk(chromium.browser, http());
    await page.signIn(stage.program.firstRun().lead);
    await page.page.click('a[href="/explain"]');
    await page.page.fill('input[name=wanted]', CITIZEN);
    await page.page.keyboard.press('Enter');
    await page.seen('[data-test=life] [data-test=offer]');
    await page.seen('[data-test=phase].after');
    expect(await page.page.evaluate(CUT_PHASES)).toEqual([]);
    const life = await page.text('life');
    for (const part of [
      '138****8203 呼入 12345',
      '播放欢迎语、录音告知、按键菜单',
      '在“语音菜单”按键 1',
      '进入队列“个人服务”',
      '派给 seat1001：',
      '在最符合条件的座席中空闲最久',
      'seat1002',
      '空闲时间较短',
      '与 seat1001 开始通话',
      '通话录音写入',
      '评 5 分',
      '联络结束：已接通',
    ])
      expect(life).toContain(part);
    expect(life).not.toMatch(/[A-Z]{2,}_[A-Z]+|\baccepted\b|\bpersonal\b|\bwrapUp\b/);
    expect(await page.text('rating')).toContain('5');
    expect(page.page.url()).not.toContain(CITIZEN);
    await page.page.check('[data-test=whole]');
    await page.seen('[data-test=offer] td:text-is("Q3")');
    expect(await page.text('key')).toMatch(/第 \d 步.*匹配分 \d+，在办 \d，空闲 /s);
    expect(await page.text('life')).toContain('应答来电');
    await page.page.click('button:has-text("English")');
    await until(
      'English is shown',
      () => page.text('life'),
      (text) => text.includes('The caller talks with seat1001.'),
    );
    await page.page.click('button:has-text("中文")');
  }, 120_000);

  test('shows what was asked for last, in the list of contacts too, when an answer comes late', async () => {
    const first = (await stage.contactsFrom('13800138201'))[0]!;
    const last = (await stage.contactsFrom(CITIZEN))[0]!;
    const lateExplanation = await heldBack(page.page, `**/contacts/${first.id}/explain`);
    await page.page.fill('input[name=wanted]', first.id);
    await page.page.keyboard.press('Enter');
    await lateExplanation.asked;
    await page.page.fill('input[name=wanted]', last.id);
    await page.page.keyboard.press('Enter');
    const shown = `header code:text-is("${last.id}")`;
    await page.seen(shown);
    await lateExplanation.comes();
    expect(await page.page.isVisible(shown)).toBe(true);

    await page.page.click('a[href="/calls"]');
    await page.seen('[data-test=explain]');
    const today = await page.page.inputValue('input[type=date]');
    const dayBefore = Date.parse('2026-01-01T00:00:00+08:00');
    const lateDay = await heldBack(page.page, `**/contacts?from=${dayBefore}*`);
    await page.page.fill('input[type=date]', '2026-01-01');
    await lateDay.asked;
    const answered = page.page.waitForResponse(/contacts\?from=/);
    await page.page.fill('input[type=date]', today);
    await answered;
    await lateDay.comes();
    expect(await page.page.isVisible('[data-test=explain] >> nth=0')).toBe(true);
  }, 60_000);

  test('is reached from the row of a contact, by its id, and not by agents', async () => {
    await page.page.click('a[href="/calls"]');
    await page.page.click('[data-test=explain] >> nth=0');
    await page.seen('[data-test=life]');
    const id = new URL(page.page.url()).searchParams.get('contact')!;
    await page.page.goto(`http://${http()}/explain`);
    await page.page.fill('input[name=wanted]', id);
    await page.page.keyboard.press('Enter');
    await page.seen('[data-test=life]');
    await page.page.fill('input[name=wanted]', '13900000000');
    await page.page.keyboard.press('Enter');
    await page.seen('[data-test=failure]');

    const agent = await openDesk(chromium.browser, http());
    await agent.signIn(stage.program.firstRun().seats.find(({ user }) => user === 'seat1002')!);
    await agent.page.goto(`http://${http()}/explain?contact=${id}`);
    await agent.seen('[data-test=start]');
    await agent.page.waitForURL(({ pathname }) => pathname === '/');
    expect(await agent.page.locator('[data-test=life]').count()).toBe(0);
    expect(await agent.page.locator('a[href="/explain"], a[href="/wallboard"], a[href="/supervision"]').count()).toBe(
      0,
    );
    await agent.page.context().close();
  }, 60_000);
});

describe('every board, in both languages and both themes', () => {
  test.each(LOOKS)(
    '%s, %s: nothing serious for axe-core, nothing that the policy forbids',
    async (language, theme) => {
      const other = await openDesk(chromium.browser, http(), { language, theme });
      const found: string[] = [];
      const look = async (name: string): Promise<void> => {
        await picture(`${name}-${language}-${theme}`, other);
        for (const finding of await other.audit()) found.push(`${name}: ${finding}`);
      };
      await other.signIn(stage.program.firstRun().lead);
      await other.page.click('a[href="/wallboard"]');
      await other.seen('[data-figure="line-12345"]');
      await look('wallboard');
      const { faint } = await looksOnWall(other.page);
      for (const text of faint) found.push(`wallboard: too faint: ${text}`);
      await other.page.click('[data-figure=connect]');
      await other.seen('[data-test=opened]');
      await look('wallboard-opened');
      await other.page.keyboard.press('Escape');
      await other.page.click('a[href="/calls"]');
      await other.page.click('[data-test=explain] >> nth=0');
      await other.seen('[data-test=life]');
      await look('explain');
      await other.page.context().close();
      expect(found).toEqual([]);
      expect(other.faults).toEqual([]);
    },
    120_000,
  );
});
