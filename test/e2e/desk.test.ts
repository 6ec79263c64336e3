import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { axeFindings, type DeskPage, LOOKS, openDesk } from '../browser/desk-page.ts';
import { EventSocketClient } from '../softswitch/engine/event-socket-client.ts';
import { correlationNow, shareNow } from './browser-stage.ts';
import type { Phone } from './peers.ts';
import { signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const DESK_HZ = 1_000;
const CITIZEN_HZ = 440;
/** Where pictures of every page go when somebody wants to look. */
const PICTURES = process.env['MINHU_PICTURES'];

/** What of the call and its form is there only for who scrolls. */
const CUT_OFF = `[...document.querySelectorAll('.call, .call *, .middle, .middle *')]
  .filter((each) => each.scrollHeight > each.clientHeight + 1 && /auto|scroll|hidden/.test(getComputedStyle(each).overflowY))
  .map((each) => \`\${each.className}: \${each.scrollHeight - each.clientHeight} px\`)`;

/** What of the call and its form stands beyond its panel. */
const BEYOND = `[...document.querySelectorAll('.panel.call *, [data-test=form] *')]
  .filter((each) => each.getBoundingClientRect().right > each.closest('.panel').getBoundingClientRect().right)
  .map((each) => \`\${each.className}: \${each.textContent.trim()}\`)`;

/** Around a field and once more within. */
const OUTLINE_OF_FOCUS = `getComputedStyle(document.activeElement).outlineStyle`;
const GROUND_OF_HOVERED = `getComputedStyle(document.querySelector('tbody tr:hover td')).backgroundColor`;

const GROUND_OF_NAMES = `[...document.querySelectorAll('[data-test=recording] .names span')].map((each) => getComputedStyle(each).backgroundColor)`;

const F6_TWICE = `for (let press = 0; press < 2; press++)
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'F6', bubbles: true, cancelable: true }))`;

const MICROPHONE_DENIED = `navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException('', 'NotAllowedError');
}`;

let chromium: Chromium;
let stage: Stage;
let desk: DeskPage;
let events: EventSocketClient;

beforeAll(async () => {
  [chromium, stage] = await Promise.all([startChromium({ toneHz: DESK_HZ, windows: true }), openStage()]);
  events = new EventSocketClient(Number(stage.program.run().esl.split(':')[1]));
  await events.ask(`auth ${stage.program.eslPassword()}`);
  await events.ask('event plain DTMF');
  desk = await openDesk(chromium.browser, stage.program.run().http);
  await desk.sitDown(seat('seat1001'));
}, 180_000);

afterEach(async () => {
  await stage.clear();
  await until(
    'nobody is left on the line',
    () => stage.agent('seat1001'),
    (view) => !['ringing', 'talking', 'held'].includes(view?.state ?? ''),
  );
});

afterAll(async () => {
  events?.close();
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
}, 60_000);

const seat = (user: string) => stage.program.firstRun().seats.find((each) => each.user === user)!;

async function picture(name: string, of: DeskPage = desk): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await of.page.screenshot({ path: `${PICTURES}/${name}.png` });
}

interface Announced {
  readonly notes: readonly { readonly title: string; readonly closed: boolean }[];
  /** Begun so far, and under way now. */
  readonly tones: number;
  readonly sounds: number;
}
const announced = () => desk.page.evaluate<Announced>('announcedHere()');

/** A citizen who pressed 1, at the desk's phone. */
async function ringing(from: string): Promise<Phone> {
  await desk.click('ready');
  await desk.state('ready');
  const citizen = await stage.dial(from, CITIZEN_HZ);
  citizen.type('1');
  await desk.seen('[data-test=answer]');
  return citizen;
}

/** Told by another system. */
async function openOrder(number: string, order: string): Promise<void> {
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  await admin.post('/api/v1/users', { user: 'gongdan', roles: ['integrator'] });
  const wish = { title: '工单系统', scopes: ['callers:write'], days: 1 };
  const { token } = await admin.post<{ token: string }>('/api/v1/users/gongdan/tokens', wish);
  const { status } = await fetch(`http://${stage.program.run().http}/api/v1/caller-orders`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ number, order, urgency: 'normal', open: true }),
  });
  expect(status).toBe(204);
}

/** From the desk; the caller, who would be asked for a rating, hangs up, too. */
async function hangUp(citizen: Phone): Promise<void> {
  await desk.click('hang-up');
  await desk.state('wrapUp');
  citizen.type('b');
}

/** Until the last second of what is heard is this tone. */
const untilHears = (hears: () => Int16Array | Promise<Int16Array>, hz: number) =>
  until(
    `${hz} Hz heard`,
    async () => shareNow(await hears(), hz),
    (share) => share >= 0.9,
    30_000,
  );

/** Until the last half second, whole, correlates with this tone. */
const untilCorrelates = (hears: () => Int16Array | Promise<Int16Array>, hz: number) =>
  until(
    `${hz} Hz correlates`,
    async () => correlationNow(await hears(), hz),
    (correlation) => correlation >= 0.9,
    30_000,
  );

async function bothHear(citizen: Phone): Promise<void> {
  await untilHears(desk.heard, CITIZEN_HZ);
  await untilHears(() => citizen.heard(), DESK_HZ);
}

const silent = (citizen: Phone) =>
  until(
    'the agent is no longer heard',
    () => shareNow(citizen.heard(), DESK_HZ),
    (share) => share < 0.2,
  );

describe('a call at the desk', () => {
  test('rings with who calls, masked, and the open order, is answered by a click, heard both ways, held, muted, sends keys, and is hung up', async () => {
    await openOrder('13800138101', 'G20261128001');
    const popped = desk.page.evaluate<number>('watchPop()');
    await desk.page.evaluate('watchAnnounced()');
    const citizen = await ringing('13800138101');
    await picture('ringing');
    expect(await desk.audit()).toEqual([]);
    expect(await popped).toBeLessThan(1_000);
    await until('it rings', announced, ({ tones }) => tones > 0);
    // The telephone may ring before the page knows who it is: what is told then names nobody, and is put right.
    const isTold = ({ notes }: Announced) =>
      notes.some(({ title, closed }) => !closed && title.includes('138****8101'));
    await until('the note says who calls', announced, isTold);
    const { notes } = await announced();
    expect(notes.filter(({ closed }) => !closed)).toHaveLength(1);
    expect(notes.filter(({ title }) => !title.includes('138****8101') && title !== '来电')).toEqual([]);
    expect(await desk.text('from')).toBe('138****8101');
    expect(await desk.text('line')).toBe('12345');
    await desk.seen('text=未办结工单 G20261128001');
    // In a hurry: the second click finds it answered.
    await desk.page.dblclick('[data-test=answer]');
    await desk.state('talking');
    expect(desk.faults).toEqual([]);
    const after = await announced();
    expect([after.sounds, after.notes.filter(({ closed }) => !closed)]).toEqual([0, []]);
    await untilCorrelates(desk.heard, CITIZEN_HZ);
    await untilCorrelates(() => citizen.heard(), DESK_HZ);
    expect(await desk.audit()).toEqual([]);
    await picture('talking');

    await desk.click('hold');
    await silent(citizen);
    await desk.click('hold');
    await bothHear(citizen);

    await desk.click('mute');
    await silent(citizen);
    await desk.click('mute');
    await bothHear(citizen);

    // Whoever signs out in a call would cut the citizen off: the page says so instead.
    await desk.click('sign-out');
    await bothHear(citizen);
    await desk.state('talking');

    await desk.click('keypad');
    await desk.page.keyboard.press('5');
    await desk.page.keyboard.press('#');
    for (const digit of ['5', '#']) await events.event('DTMF', undefined, { 'DTMF-Digit': digit });
    expect(await desk.text('sent')).toBe('5#');
    await picture('keypad');
    expect(await desk.page.evaluate(CUT_OFF)).toEqual([]);
    await desk.page.keyboard.press('Escape');
    await desk.page.focus('[data-test=form] .el-select input');
    expect(await desk.page.evaluate(OUTLINE_OF_FOCUS)).toBe('none');
    // In the language of longer words, with what is still missing.
    await desk.click('language');
    await desk.page.keyboard.press('Control+Enter');
    await desk.seen('[data-test=form] [role=alert]');
    await desk.seen('[data-test=form-status].bad:text("Not submitted")');
    expect(await desk.page.evaluate(BEYOND)).toEqual([]);
    await picture('missing-en');
    await desk.click('language');

    const waited = await desk.text('waited');
    expect(waited).toMatch(/^\d+:\d\d$|^\d+:\d\d:\d\d$/);
    await hangUp(citizen);
    expect([await desk.text('queue'), await desk.text('waited')]).toEqual(['个人服务', waited]);
    expect(await stage.closedRecord('13800138101')).toMatchObject({ outcome: 'answered' });
    await desk.click('finish');
    await desk.state('ready');
  }, 120_000);

  test('is done by the keyboard alone', async () => {
    const citizen = await ringing('13800138102');
    await desk.page.keyboard.press('F2');
    await desk.state('talking');
    await bothHear(citizen);
    await desk.page.keyboard.press('F6');
    await silent(citizen);
    await desk.page.keyboard.press('F6');
    await bothHear(citizen);
    // Held and taken back before the switch has answered.
    await desk.page.evaluate(F6_TWICE);
    await desk.seen('[data-test=hold][aria-pressed=false]');
    await bothHear(citizen);
    await desk.page.keyboard.press('F7');
    await silent(citizen);
    await desk.page.keyboard.press('F7');
    await bothHear(citizen);
    await desk.page.keyboard.press('F9');
    await desk.page.keyboard.press('7');
    await events.event('DTMF', undefined, { 'DTMF-Digit': '7' });
    await desk.page.keyboard.press('Escape');
    await desk.page.keyboard.press('F10');
    await desk.page.keyboard.type('路灯不亮');
    await desk.page.keyboard.press('Control+s');
    await desk.seen('[data-test=form-status]:text("草稿已保存")');
    await desk.page.keyboard.press('F4');
    await desk.state('wrapUp');
    const asked: string[] = [];
    desk.page.on('request', (request) => {
      if (request.url().endsWith('/agents/me/state')) asked.push(request.postDataJSON().state);
    });
    await desk.page.keyboard.press('F8');
    await desk.state('ready');
    await desk.page.keyboard.press('F8');
    await desk.page.keyboard.press('Shift+F8');
    await desk.state('notReady');
    await desk.page.keyboard.press('Shift+F8');
    // Why: the second of the reasons.
    await desk.page.keyboard.press('ArrowDown');
    await desk.page.keyboard.press('Enter');
    await desk.seen('[data-test=state]:has-text("用餐")');
    await desk.page.keyboard.press('F8');
    await desk.state('ready');
    expect(asked).toEqual(['ready', 'notReady', 'notReady', 'ready']);
  }, 120_000);

  test('shows the whole number for a reason, while that stands open and no longer', async () => {
    await ringing('13800138105');
    await desk.click('answer');
    await desk.state('talking');
    await desk.click('reveal');
    await desk.seen('[data-test=reveal-show][disabled]');
    await desk.page.fill('input[name=revealReason]', '核对回访号码');
    expect(await desk.audit()).toEqual([]);
    await picture('reveal');
    await desk.click('reveal-show');
    await desk.seen('[data-test=whole-number]:has-text("13800138105")');
    await desk.page.keyboard.press('Escape');
    await desk.page.waitForSelector('[data-test=whole-number]', { state: 'detached' });
    expect(await desk.page.content()).not.toContain('13800138105');
    expect(await desk.text('from')).toBe('138****8105');
    await desk.click('hang-up');
    await desk.state('wrapUp');
    await desk.click('finish');
    await desk.state('ready');
  }, 120_000);
});

describe('the page', () => {
  test('that is reloaded in the middle of a talk has it back by itself', async () => {
    const citizen = await ringing('13800138104');
    await desk.click('answer');
    await desk.state('talking');
    await bothHear(citizen);
    await desk.page.reload();
    await desk.seen('[data-test=hang-up]');
    await bothHear(citizen);
    await hangUp(citizen);
    expect(await stage.closedRecord('13800138104')).toMatchObject({ outcome: 'answered' });
  }, 120_000);

  test('that shows a talk of another page of the same seat says so, and answers nothing that comes back to that one', async () => {
    const citizen = await ringing('13800138107');
    await desk.click('answer');
    await desk.state('talking');
    await bothHear(citizen);
    expect(await desk.page.$('[data-test=elsewhere]')).toBe(null);
    const second = await desk.page.context().newPage();
    await second.goto(`http://${stage.program.run().http}/`);
    await second.click('[data-test=start]');
    await second.waitForSelector('[data-test=phone].is-good');
    await second.waitForSelector('[data-test=elsewhere]');
    expect(await second.$('[data-test=hang-up]')).toBe(null);
    expect(await axeFindings(second)).toEqual([]);
    if (PICTURES !== undefined) await second.screenshot({ path: `${PICTURES}/elsewhere.png` });
    expect(await second.evaluate('sessionStorage.getItem("minhu.contact")')).toBe(null);
    await desk.page.reload();
    await desk.seen('[data-test=hang-up]');
    await bothHear(citizen);
    await second.close();
    await hangUp(citizen);
    expect(await stage.closedRecord('13800138107')).toMatchObject({ outcome: 'answered' });
  }, 120_000);
});

describe('a session that is over in the middle of a talk', () => {
  const endSessions = async () => {
    const { user, password } = seat('seat1001');
    const admin = await signIn(stage.program, stage.program.firstRun().admin);
    await admin.post(`/api/v1/users/${user}/password`, { password });
  };

  test('leaves the talk as it is: the page asks for a password, and whoever signs in again has it', async () => {
    const citizen = await ringing('13800138106');
    await desk.click('answer');
    await desk.state('talking');
    await bothHear(citizen);
    await endSessions();
    await desk.seen('[data-test=still-talking]');
    expect(await desk.audit()).toEqual([]);
    await bothHear(citizen);
    await desk.signIn(seat('seat1001'));
    await desk.state('talking');
    await bothHear(citizen);

    await endSessions();
    await desk.seen('[data-test=still-talking]');
    await desk.click('hang-up');
    await desk.page.waitForSelector('[data-test=still-talking]', { state: 'detached' });
    expect(await stage.closedRecord('13800138106')).toMatchObject({
      outcome: 'answered',
      legs: [{ role: 'citizen' }, { role: 'agent' }],
      gaps: [],
    });
    await desk.sitDown(seat('seat1001'));
  }, 120_000);

  test('is nobody else’s: another person who signs in ends it', async () => {
    const citizen = await ringing('13800138107');
    await desk.click('answer');
    await desk.state('talking');
    await bothHear(citizen);
    await endSessions();
    await desk.seen('[data-test=still-talking]');
    await desk.signIn(seat('seat1003'));
    expect(await stage.closedRecord('13800138107')).toMatchObject({ outcome: 'answered' });
    await desk.seen('[data-test=start]');
    await desk.click('leave-seat');
    await desk.seen('input[name=user]');
    await desk.sitDown(seat('seat1001'));
  }, 120_000);
});

interface FormShape {
  readonly content: string;
  readonly revision: number;
  readonly submittedAtMs: number | null;
}

describe('the form', () => {
  test('goes on while the server is away, as the talk does: kept here, saved and submitted once when it is back', async () => {
    const citizen = await ringing('13800138103');
    await desk.click('answer');
    await desk.state('talking');
    await bothHear(citizen);
    await desk.page.fill('textarea[name=content]', '小区门口');
    const contact = (await stage.contactsFrom('13800138103'))[0]!.id;
    const form = () => stage.lead.get<FormShape>(`/api/v1/contacts/${contact}/form`);
    await until('a draft by itself', form, ({ content }) => content === '小区门口');
    // Pasted from elsewhere, with what nobody sees.
    await desk.page.focus('textarea[name=content]');
    await desk.page.keyboard.insertText('路灯\u0000\u001b\n不亮');
    expect(await desk.page.inputValue('textarea[name=content]')).toBe('小区门口路灯\n不亮');
    await until('saved all the same', form, ({ content }) => content === '小区门口路灯\n不亮');
    await desk.page.fill('input[name=title]', '路灯');
    await desk.page.focus('input[name=title]');
    await desk.page.keyboard.press('Home');
    await desk.page.keyboard.insertText('三盏\u0007');
    await desk.page.keyboard.insertText('老');
    expect(await desk.page.inputValue('input[name=title]')).toBe('三盏老路灯');

    const submissions: string[] = [];
    desk.page.on('request', (request) => {
      if (request.url().endsWith('/form/submit')) submissions.push(request.headers()['idempotency-key']!);
    });
    const core = stage.program.run().pids.core;
    await desk.page.route('**/api/v1/**', (route) => route.abort());
    process.kill(core, 'SIGKILL');
    await desk.seen('[data-test=live].is-bad, [data-test=live].is-warn');
    await desk.page.fill('textarea[name=content]', '小区门口路灯不亮，已经三天');
    await desk.page.click('label:has-text("投诉")');
    await desk.page.click('label:has-text("转办")');
    await desk.page.keyboard.press('Control+Enter');
    await desk.seen('[data-test=form-status]:text("恢复后自动提交一次")');
    await picture('away');
    expect(shareNow(await desk.heard(), CITIZEN_HZ)).toBeGreaterThanOrEqual(0.9);
    expect(shareNow(citizen.heard(), DESK_HZ)).toBeGreaterThanOrEqual(0.9);
    await desk.page.unroute('**/api/v1/**');
    await desk.seen('[data-test=live].is-good');
    await desk.seen('[data-test=form-status]:text("提交")');
    const submitted = await until('submitted', form, ({ submittedAtMs }) => submittedAtMs !== null);
    expect(submitted.content).toBe('小区门口路灯不亮，已经三天');
    expect(new Set(submissions).size).toBe(1);
    await desk.page.unroute('**/api/v1/**');
    await desk.state('talking');
    await bothHear(citizen);
    await desk.click('hang-up');
    await desk.state('wrapUp');
  }, 120_000);
});

describe('every page, in both languages and both themes', () => {
  test.each(LOOKS)(
    '%s, %s: nothing serious for axe-core, nothing to scroll, nothing that the policy forbids',
    async (language, theme) => {
      const other = await openDesk(chromium.browser, stage.program.run().http, { language, theme });
      const found: string[] = [];
      const look = async (name: string): Promise<void> => {
        await picture(`${name}-${language}-${theme}`, other);
        for (const finding of await other.audit()) found.push(`${name}: ${finding}`);
        const beyond = await other.page.evaluate<number>(
          'document.documentElement.scrollHeight - document.documentElement.clientHeight',
        );
        if (beyond > 0) found.push(`${name}: ${beyond} px too high`);
      };
      await other.seen('input[name=user]');
      await look('sign-in');
      await other.page.route('**/api/v1/login', (route) =>
        route.fulfill({ status: 429, headers: { 'retry-after': '840' }, json: { code: 'LOGIN_THROTTLED' } }),
      );
      await other.page.fill('input[name=user]', 'seat1002');
      await other.page.fill('input[name=password]', 'wrong');
      await other.page.click('button[type=submit]');
      await other.seen('[role=alert]:has-text("14:00")');
      await look('sign-in-locked');
      await other.page.unroute('**/api/v1/login');
      await other.signIn(seat('seat1002'));
      await other.seen('[data-test=start]');
      await until(
        'the site has its name',
        () => other.text('site'),
        (name) => name === '主平台',
      );
      await look('seat');
      await other.click('start');
      await other.seen('[data-test=phone].is-good');
      await look('desk');
      await other.page.click('[data-test=not-ready]');
      await look('reasons');
      await other.page.keyboard.press('F1');
      await other.seen('.el-dialog dl');
      await look('help');
      await other.page.keyboard.press('Escape');
      await other.page.keyboard.press('Alt+2');
      await other.seen('section.all');
      await look('calls');
      await other.page.keyboard.press('Alt+3');
      await other.seen('[data-test=echo]');
      await look('devices');
      await other.page.context().close();
      expect(found).toEqual([]);
      expect(other.faults).toEqual([]);
    },
    120_000,
  );
});

test('the echo call brings back what the microphone says, and a recording is shown to a lead', async () => {
  await desk.page.goto(`http://${stage.program.run().http}/devices`);
  await desk.click('echo');
  await untilHears(desk.heard, DESK_HZ);
  await desk.click('echo-stop');
  await desk.seen('[data-test=echo]');
  await desk.page.evaluate(MICROPHONE_DENIED);
  await desk.click('echo');
  await desk.seen('[data-test=echo-failed]');
  const lead = await openDesk(chromium.browser, stage.program.run().http);
  await lead.signIn(stage.program.firstRun().lead);
  await lead.page.click('a[href="/calls"]');
  await lead.page.hover('tbody tr >> nth=0');
  expect(await lead.page.evaluate(GROUND_OF_HOVERED)).toBe('rgb(229, 240, 251)');
  // Wherever in the row.
  await lead.page.click('tbody tr >> nth=0 >> td >> nth=0');
  await lead.page.click('[data-test=recording] button');
  await lead.seen('[data-test=recording] canvas');
  // Whose row it is can be read on the waveform, played or not.
  expect(await lead.page.evaluate(GROUND_OF_NAMES)).not.toContain('rgba(0, 0, 0, 0)');
  await picture('recording', lead);
  expect(await lead.audit()).toEqual([]);
}, 60_000);

test('a dispatcher plays a recording when an admin has granted it, and says why', async () => {
  const admin = await signIn(stage.program, stage.program.firstRun().admin);
  const wish = { user: 'paidan', roles: ['dispatcher'] };
  const { password } = await admin.post<{ password: string }>('/api/v1/users', wish);
  const page = await openDesk(chromium.browser, stage.program.run().http);
  await page.signIn({ user: 'paidan', password });
  await page.page.goto(`http://${stage.program.run().http}/calls`);
  await page.page.click('[data-test=detail] >> nth=0');
  await page.seen('.el-drawer p:has-text("派单员须经准许")');
  // The page that is open hears of it.
  await admin.patch('/api/v1/users/paidan', { mayPlay: true });
  await page.page.fill('[name=playReason]', '核对诉求');
  await page.page.click('[data-test=recording] button');
  await page.seen('[data-test=recording] canvas');
  expect(await page.audit()).toEqual([]);
  await admin.patch('/api/v1/users/paidan', { mayPlay: false });
  await page.seen('.el-drawer p:has-text("派单员须经准许")');
}, 60_000);
