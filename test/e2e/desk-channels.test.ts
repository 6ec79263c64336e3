import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import letterbox from '../../channels/letterbox.ts';
import webhook from '../../channels/webhook.ts';
import wechat from '../../channels/wechat.ts';
import type { Account } from '../../src/channel/account.ts';
import { readAccounts } from '../../src/channel/accounts.ts';
import { defineChannel, type InboundMessage, type Person } from '../../src/channel/channel.ts';
import { contactId, legId, nodeId } from '../../src/core/ids.ts';
import { addAccount } from '../../src/store/accounts.ts';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, LOOKS, openDesk } from '../browser/desk-page.ts';
import { accountOf, chatRules, eventually, type House, openHouse, serve } from '../channel/house.ts';
import { startPlatform } from '../channel/platform.ts';
import { startDatabase, type TestDatabase } from '../store/database.ts';

/** Where pictures of the pages go when somebody wants to look. */
const PICTURES = process.env['MINHU_PICTURES'];
const DESK = { folder: join(import.meta.dirname, '../../dist/desk'), secure: false, ws: () => undefined };
const NODE = nodeId('switch');
const PASSWORD = 'only-of-this-test-4711';
const DAY_MS = 86_400_000;
const MASKED = /^138\*{4}\d{2,4}$/;

/** What each platform answers, by the first part of its address. */
const answers: Record<string, number> = { partner: 400, busy: 429, refused: 401, box: 503 };
const platform = await startPlatform(({ url }) => {
  if (url.startsWith('/cgi-bin/')) return { body: '{"errcode":0,"msgid":1,"access_token":"T1","expires_in":7200}' };
  const status = answers[url.split('/')[1]!.split('?')[0]!] ?? 200;
  return { status, headers: status === 429 ? { 'retry-after': '3600' } : {}, body: '{"letters":[],"more":false}' };
});

/** A channel that learns to read later. */
let understands = false;
const fax = defineChannel({
  name: 'fax',
  title: { zh: '传真', en: 'Fax' },
  settings: { key: 'Key' },
  verify: () => true,
  receive({ body, receivedAtMs }) {
    if (!understands) throw new Error('the second page is torn');
    return [{ remoteId: 'fax-1', conversation: 'f', from: { id: 'f' }, sentAtMs: receivedAtMs, text: String(body) }];
  },
  rehearsal: { settings: { key: 'k' } },
});

const hookOf = (name: string, more: Partial<Account> = {}) => {
  const settings = { key: 'k'.repeat(40), url: `${platform.url}/${name}` };
  return accountOf(webhook, name, { settings, receipt: '受理编号 {contact}', ...more });
};
const partner = hookOf('partner');
const app = hookOf('app', { receipt: undefined });
const quiet = hookOf('quiet', { gapMs: 2_000 });
const chat = accountOf(wechat, 'main', { settings: { ...wechat.rehearsal!.settings, api: platform.url } });
const box = accountOf(letterbox, 'board', {
  settings: { url: `${platform.url}/box`, token: 't' },
});
const paper = accountOf(fax, 'office');
const accounts = [partner, hookOf('busy'), hookOf('refused'), app, quiet, chat, box, paper];

let database: TestDatabase;
let house: House;
let chromium: Chromium;
let lead: DeskPage;
let http: string;

beforeAll(async () => {
  [database, chromium] = await Promise.all([startDatabase(), startChromium({ toneHz: 1_000 })]);
  const { db } = database.store;
  const rules = chatRules();
  const settings = { ...rules, slots: { ...rules.slots!, each: { chat: 20, mail: 20 } } };
  house = await openHouse({
    store: database.store,
    accounts,
    settings,
    leftOut: await accountsLeftOut(),
    desk: DESK,
    start: false,
  });
  await house.loop.submit({
    type: 'surveyed',
    node: NODE,
    survey: { bootId: 'boot', legs: [], devices: [], ended: [] },
  });
  await house.api.listen({ host: '127.0.0.1', port: 0 });
  http = `127.0.0.1:${(house.api.server.address() as AddressInfo).port}`;
  await cameYesterday(quiet);
  const seat = { number: '1001', sipUser: '8001', sipPassword: 'x', digest: 'md5', skills: { personal: 3 } } as const;
  await addAccount(db, { user: 'lea', password: PASSWORD, roles: ['lead'], atMs: 1 });
  await addAccount(db, { user: 'ana', password: PASSWORD, roles: ['agent'], atMs: 1, seat });
  lead = await openDesk(chromium.browser, http);
  await lead.signIn({ user: 'lea', password: PASSWORD });
}, 60_000);

afterAll(async () => {
  await chromium?.close();
  await house?.close();
  await database?.remove();
  await platform.stop();
}, 60_000);

/** As the program reads them. */
async function accountsLeftOut() {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-accounts-'));
  const file = join(folder, 'channels.yaml');
  writeFileSync(file, '- { channel: webhook, account: lost, settings: { key: { env: NOT_SET } } }\n');
  const { problems } = await readAccounts({ file, load: async () => webhook, queues: new Set(), env: {} });
  rmSync(folder, { recursive: true });
  return problems;
}

/** One message every tenth of a second, at this time yesterday and for a minute. */
async function cameYesterday({ channel, name }: Account): Promise<void> {
  const fromMs = Date.now() - DAY_MS;
  const { journalId } = house.loop.state;
  await sql`insert into messages (journal, direction, channel, account, conversation, kind, state, external_id, contact, content, at_ms)
    select ${journalId}, 'in', ${channel.name}, ${name}, 'old', 'message', 'stored', 'old-' || n, 'C-old', '{}', ${fromMs}::bigint + n * 100
    from generate_series(1, 600) as n`.execute(database.store.db);
}

let count = 0;
/** @returns the contact. */
async function write(account: Account, more: Partial<InboundMessage> & { readonly from: Person }): Promise<string> {
  count += 1;
  const said = { remoteId: `m${count}`, conversation: more.from.id, sentAtMs: Date.now(), text: '停水了', ...more };
  const stored = await house.host.take(account, [said]);
  if (typeof stored === 'string') throw new Error(stored);
  const [id] = stored.ids.values();
  return await eventually(async () => {
    await house.projector.settled();
    const row = await database.store.db
      .selectFrom('messages')
      .select('contact')
      .where('id', '=', id!)
      .executeTakeFirst();
    expect(row?.contact).toEqual(expect.any(String));
    return row!.contact!;
  });
}

async function call(from: string): Promise<string> {
  count += 1;
  const leg = legId(`call-${count}`);
  await house.loop.submit({ type: 'callArrived', node: NODE, leg, from, dialled: '12345' });
  const { contact } = house.loop.state.legs.get(leg)!;
  await house.loop.submit({ type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING' });
  await house.projector.settled();
  return contact;
}

async function picture(name: string, of: DeskPage): Promise<void> {
  if (PICTURES === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  await of.page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** Everything beyond the width of the window, or of its own box. */
const beyond = (of: DeskPage): Promise<readonly string[]> =>
  of.page.evaluate<string[]>(`[document.documentElement, ...document.querySelectorAll('.panel-body, .page')]
    .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    .map(({ className, scrollWidth, clientWidth }) => className + ': ' + scrollWidth + ' in ' + clientWidth)`);

const stateOf = (account: Account, text: string) =>
  lead.seen(`[data-account="${account.channel.name}/${account.name}"]:has-text("${text}")`);
const rowWith = (text: string) => `[data-test=amiss]:has-text("${text}")`;

/** Presses the button of a row, and says yes. */
async function again(row: string): Promise<void> {
  await lead.page.click(`${row} [data-test=try-again]`);
  await lead.click('confirm-again');
}

const cameOf = (row: string, text: string) => lead.seen(`${row} [data-test=came-of-it]:has-text("${text}")`);

describe('the page of the channels', () => {
  test('shows every account with its health, as it changes, told by the live socket', async () => {
    await lead.page.click('a[href="/channels"]');
    await stateOf(partner, '本次启动后没有');
    await lead.seen('[data-test=left-out]:has-text("lost"):has-text("NOT_SET")');
    await lead.seen('[data-account="phone/default"]:has-text("正常")');
    const asked: string[] = [];
    lead.page.on('request', (request) => asked.push(request.url()));
    house.host.start();
    await stateOf(quiet, '昨天此时有来件');
    await stateOf(box, 'the box answered 503');
    for (const account of accounts.slice(0, 3)) await write(account, { from: { id: `u-${account.name}` } });
    await stateOf(accounts[1]!, '暂停发送');
    await stateOf(accounts[1]!, '1 / 10000');
    await stateOf(accounts[2]!, 'the partner answered 401');
    expect(asked.some((url) => url.endsWith('/api/v1/channels'))).toBe(true);
    answers['box'] = 200;
    await stateOf(box, '已连接');
    await write(quiet, { from: { id: 'u-quiet' } });
    await stateOf(quiet, '正常');
    await stateOf(box, '我方读取');
    expect(await lead.text('unwell')).toBe('2 个异常');
  }, 30_000);

  test('a dead letter says what it is; it goes again after a yes, and what came of it is told', async () => {
    const row = rowWith('the partner answered 400');
    await lead.seen(`${row}:has-text("回执未送达"):has-text("受理编号 C")`);
    const sent = () => platform.asked.filter(({ url }) => url === '/partner').length;
    const before = sent();
    await lead.page.click(`${row} [data-test=try-again]`);
    await lead.seen('.el-dialog:has-text("市民会收到两次")');
    await lead.click('cancel-again');
    await lead.page.waitForSelector('[data-test=confirm-again]', { state: 'detached' });
    expect(sent()).toBe(before);
    await again(row);
    await cameOf(row, '仍未成功：the partner answered 400');
    answers['partner'] = 200;
    await again(row);
    await cameOf(row, '已送达平台');
    expect(sent()).toBe(before + 2);
    expect(await lead.page.locator(`${row} [data-test=try-again]`).count()).toBe(0);
    await eventually(async () => expect(await lead.text('amiss-count')).toBe('0'));
  }, 30_000);

  test('what could not be read appears by itself, says why, and is read again once the channel can', async () => {
    expect((await house.deliver(paper, { body: '自来水公司传真' })).status).toBe(200);
    const row = rowWith('来件无法读取');
    await lead.seen(`${row}:has-text("the second page is torn")`);
    await again(row);
    await cameOf(row, '仍未成功：the second page is torn');
    understands = true;
    await again(row);
    await cameOf(row, '已读出并受理');
    const { rows } =
      await sql`select id from messages where channel = 'fax' and content->>'text' = '自来水公司传真'`.execute(
        database.store.db,
      );
    expect(rows).toHaveLength(1);
  }, 30_000);

  test('lists one account alone', async () => {
    answers['partner'] = 400;
    understands = false;
    await write(partner, { from: { id: 'another' } });
    await house.deliver(paper, { body: '另一份传真' });
    await eventually(async () => expect(await lead.text('amiss-count')).toBe('2'));
    await lead.page.selectOption('[data-test=amiss-of]', 'fax/office');
    await eventually(async () => expect(await lead.text('amiss-count')).toBe('1'));
    await lead.seen(rowWith('来件无法读取'));
    await lead.page.selectOption('[data-test=amiss-of]', '');
    await eventually(async () => expect(await lead.text('amiss-count')).toBe('2'));
    expect(lead.faults).toEqual([]);
  });

  test.each(LOOKS)('%s, %s: nothing serious for axe-core, nothing beyond the window', async (language, theme) => {
    const other = await openDesk(chromium.browser, http, { language, theme });
    await other.signIn({ user: 'lea', password: PASSWORD });
    await other.page.click('a[href="/channels"]');
    await other.seen('[data-test=amiss]');
    await picture(`channels-${language}-${theme}`, other);
    const found = [...(await other.audit()), ...(await beyond(other))];
    await other.page.click('[data-test=try-again] >> nth=0');
    await other.seen('[data-test=confirm-again]');
    found.push(...(await other.audit()));
    await other.page.context().close();
    expect(found).toEqual([]);
    expect(other.faults).toEqual([]);
  });
});

/** Looks in the box over all channels for what is known: contacts of these channels, the newest first. */
async function finds(known: string, channels: readonly string[]): Promise<void> {
  await lead.page.fill('[data-test=find]', known);
  await lead.page.keyboard.press('Enter');
  const shown = lead.page.locator('table.list tbody tr td:nth-child(2)');
  await eventually(async () => expect((await shown.allInnerTexts()).map((text) => text.trim())).toEqual(channels));
}

const findsNothing = async (): Promise<void> => {
  await finds('13900000000', []);
  await lead.seen('.empty:has-text("没有找到")');
};

describe('the contacts of all channels', () => {
  test('are found in one box by number, openid, and the name of the contact or of its conversation', async () => {
    await lead.page.click('a[href="/calls"]');
    const called = await call('13800138077');
    await write(chat, { from: { id: 'openid-77', phone: '13800138077', phoneVerified: true } });
    await lead.seen('[data-test=find]');
    await finds('13800138077', ['微信', '电话']);
    await findsNothing();
    await finds('openid-77', ['微信', '电话']);
    await finds(called, ['电话']);
    await finds('wechat/main/openid-77', ['微信']);
    await findsNothing();
    await finds('u2', []);
    await lead.seen('.empty:has-text("没有找到")');
    await lead.click('find-back');
    await eventually(async () => expect(await lead.page.textContent('option[value=fax]')).toBe('传真'));
  }, 30_000);

  test('show numbers masked in the list and among what a person is known by, to a lead, too', async () => {
    const called = await call('13800138066');
    await finds(called, ['电话']);
    expect(await lead.page.innerText('table.list tbody tr td:nth-child(3)')).toMatch(MASKED);
    await lead.page.click('[data-test=detail]');
    expect(await lead.page.innerText('[data-test=identity] span:nth-of-type(2)')).toMatch(MASKED);
    await lead.page.keyboard.press('Escape');
    await lead.page.waitForSelector('[data-test=identity]', { state: 'detached' });
  });

  test('belong to one person or not, as a lead says with a reason: merged, undone, split', async () => {
    const called = await call('13800138088');
    const wrote = await write(app, { from: { id: 'user-88' } });
    await finds(called, ['电话']);
    await lead.page.click('[data-test=detail]');
    const identities = () => lead.page.locator('[data-test=identity]').allInnerTexts();
    const known = (wanted: number) =>
      eventually(async () => {
        const texts = await identities();
        expect(texts).toHaveLength(wanted);
        return texts;
      });
    await known(1);
    const because = async (reason: string) => await lead.page.fill('[data-test=person-reason]', reason);

    await lead.page.fill('[data-test=person-other]', wrote);
    await lead.seen('[data-test=merge][disabled]');
    await because('同一人来电并在应用留言');
    await lead.click('merge');
    expect((await known(2)).join(' ')).toContain('应用推送');
    await lead.seen(
      '[data-test=person-change]:has-text("人工归并"):has-text("lea"):has-text("同一人来电并在应用留言")',
    );

    await lead.seen('[data-test=undo][disabled]');
    await because('认错了人');
    await lead.click('undo');
    await known(1);
    await lead.seen('[data-test=person-change]:has-text("已撤销")');

    await because('确是同一人');
    await lead.page.fill('[data-test=person-other]', wrote);
    await lead.click('merge');
    await known(2);
    await because('家人的账号');
    await lead.page.locator('[data-test=identity]', { hasText: '应用推送' }).locator('input').check();
    await lead.click('split');
    await known(1);
    await lead.seen('[data-test=person-change]:has-text("拆分"):has-text("家人的账号")');
    expect(await lead.audit()).toEqual([]);
    await lead.page.keyboard.press('Escape');
    expect(lead.faults).toEqual([]);
  });
});

test('what a citizen has written anew stands crossed out at the agent’s, and what stands for it does not', async () => {
  const agent = await openDesk(chromium.browser, http);
  await agent.signIn({ user: 'ana', password: PASSWORD });
  await agent.click('start');
  const from = { id: 'editor', name: '王芳' };
  await write(app, { from, remoteId: 'edition-1', text: '路灯坏了' });
  await serve(house.loop, 'ana');
  await agent.page.click('[data-test=open-chat]:has-text("王芳")');
  const lineOf = (text: string) =>
    agent.page.evaluate<string>(
      `getComputedStyle([...document.querySelectorAll('[data-test=message] p.text')].find(({ textContent }) => textContent === '${text}')).textDecorationLine`,
    );
  await agent.seen('[data-test=message] >> text=路灯坏了');
  expect(await lineOf('路灯坏了')).toBe('none');
  await write(app, { from, remoteId: 'edition-2', replaces: 'edition-1', text: '路灯和井盖都坏了' });
  await agent.seen('[data-test=message]:has-text("路灯坏了") [data-test=replaced]');
  expect([await lineOf('路灯坏了'), await lineOf('路灯和井盖都坏了')]).toEqual(['line-through', 'none']);
  expect(await agent.audit()).toEqual([]);
  expect(agent.faults).toEqual([]);
  await agent.page.context().close();
});

test('the clock of the reply window shuts the draft by itself; a canned answer greets by the hour', async () => {
  const agent = await openDesk(chromium.browser, http);
  const line = { id: 'CHT-01', text: '{时段}，工号{工号}为您服务。' };
  const stages = [{ stage: 'online', title: { zh: '在线', en: 'Online' }, lines: [line] }];
  await agent.page.route('**/api/v1/reference', (route) =>
    route.fulfill({ json: { stages, categories: [], channels: [], dialOut: [] } }),
  );
  await agent.signIn({ user: 'ana', password: PASSWORD });
  await agent.click('start');
  await agent.seen('[data-test=state]');
  await write(chat, { from: { id: 'openid-48', name: '赵四' }, sentAtMs: Date.now() - 2 * DAY_MS + 25_000 });
  await serve(house.loop, 'ana');
  await agent.page.click('[data-test=open-chat]:has-text("赵四")');
  await agent.seen('[data-test=window]:has-text("还可回复 5 条")');
  await agent.page.click('[data-test=chat] .el-select >> nth=0');
  await agent.page.click('.el-select-dropdown__item:has-text("为您服务")');
  await eventually(async () =>
    expect(await agent.page.inputValue('[data-test=draft]')).toMatch(/^(上午|下午|晚上)好，工号1001为您服务。$/),
  );
  await agent.seen('[data-test=window]:has-text("已用完")');
  await agent.seen('textarea[data-test=draft][disabled]');
  expect(agent.faults).toEqual([]);
  await agent.page.context().close();
});

test('with the keyboard alone an agent sends a template of the channel when nothing else goes; where there is none, none is offered', async () => {
  const agent = await openDesk(chromium.browser, http);
  await agent.signIn({ user: 'ana', password: PASSWORD });
  await agent.click('start');
  await agent.seen('[data-test=state]');
  const contact = await write(chat, { from: { id: 'openid-49', name: '钱七' }, sentAtMs: Date.now() - 3 * DAY_MS });
  await write(app, { from: { id: 'long', name: '孙九' } });
  await serve(house.loop, 'ana');
  await agent.page.click('[data-test=open-chat]:has-text("孙九")');
  await agent.seen('[data-test=chat]:has-text("孙九") textarea[data-test=draft][maxlength="10000"]');
  expect(await agent.page.locator('[data-test=templates]').count()).toBe(0);
  await agent.page.click('[data-test=open-chat]:has-text("钱七")');
  await agent.seen('[data-test=chat]:has-text("钱七") textarea[data-test=draft][maxlength="600"][disabled]');
  await agent.page.focus('[data-test=open-template]');
  const { keyboard } = agent.page;
  await keyboard.press('Enter');
  await agent.seen('[name=field-number]:focus');
  expect(await agent.page.inputValue('[name=field-number]')).toBe(contact);
  expect(await agent.audit()).toEqual([]);
  await keyboard.press('Escape');
  await agent.seen('[data-test=open-template]:focus');
  await keyboard.press('Enter');
  await agent.page.focus('[name=field-status]');
  await keyboard.type('已办结');
  await agent.page.focus('[name=field-note]');
  await keyboard.type('路灯已修复');
  await keyboard.press('Enter');
  const sent = await eventually(() => {
    const found = platform.asked.filter(({ url }) => url.startsWith('/cgi-bin/message/subscribe/send'));
    expect(found).toHaveLength(1);
    return JSON.parse(found[0]!.body) as { touser: string; data: Record<string, { value: string }> };
  });
  expect(sent.touser).toBe('openid-49');
  expect(Object.values(sent.data).map(({ value }) => value)).toEqual([contact, '已办结', '路灯已修复']);
  await agent.seen('[data-test=sent-template]:has-text("办理结果通知"):has-text("办理状态：已办结")');
  await agent.seen('[data-test=message]:has([data-test=sent-template]) [data-test=message-state]:has-text("已发送")');
  expect(agent.faults).toEqual([]);
  await agent.page.context().close();
});

test('a closed conversation is taken up again by its agent with a button of its record, and not when the platform takes no more replies', async () => {
  const agent = await openDesk(chromium.browser, http);
  await agent.signIn({ user: 'ana', password: PASSWORD });
  await agent.click('start');
  await serve(house.loop, 'ana');
  /** Opens what came last in the list of contacts. */
  const openRecord = async (of: DeskPage) => {
    await house.projector.settled();
    await of.page.click('a[href="/channels"], a[href="/devices"]');
    await of.page.click('a[href="/calls"]');
    await of.page.click('[data-test=detail] >> nth=0');
    await of.seen('.el-drawer .facts');
  };
  const before = await write(app, { from: { id: 'again-1', name: '李明' }, text: '路灯又坏了' });
  await agent.page.click('[data-test=open-chat]:has-text("李明")');
  await agent.click('end-chat');
  await agent.page.waitForSelector('[data-test=open-chat]:has-text("李明")', { state: 'detached' });

  // Who leads and has no seat sees it, and cannot take it up.
  await openRecord(lead);
  expect(await lead.page.locator('[data-test=reopen]').count()).toBe(0);
  await lead.page.keyboard.press('Escape');

  await openRecord(agent);
  expect(await agent.page.locator('[data-test=continues], [data-test=continued-by]').count()).toBe(0);
  await agent.click('reopen');
  // At the desk, open: what was said before is one click away.
  await agent.seen('[data-test=chat]:has-text("李明") [data-test=draft]');
  const contact = [...house.loop.state.contacts.values()].find(({ continues }) => continues === before)!.id;
  await agent.page.fill('[data-test=draft]', '再补充一句');
  await agent.click('send');
  await eventually(() =>
    expect(platform.asked.filter(({ url }) => url === '/app').at(-1)?.body).toContain('再补充一句'),
  );
  await agent.click('before');
  await agent.seen('[data-test=chat] [data-test=message] >> text=路灯又坏了');
  // It is open: there is nothing to take up again.
  await agent.click('reopen');
  await agent.seen('.el-message:has-text("这个会话正在进行，不必重新开启")');

  await openRecord(agent);
  await agent.seen(`[data-test=continues] >> text=接续 ${before}`);
  expect(await agent.page.locator('[data-test=reopen]').count()).toBe(0);
  await agent.click('continues');
  await agent.seen(`[data-test=continued-by] >> text=后续 ${contact}`);
  expect(await agent.audit()).toEqual([]);
  await agent.page.keyboard.press('Escape');

  const late = await write(chat, { from: { id: 'openid-late' }, sentAtMs: Date.now() - 49 * 3_600_000 });
  await eventually(() => expect(house.loop.state.contacts.get(contactId(late))?.stage.in).toBe('conversation'));
  await house.loop.submit({ type: 'conversationEnded', contact: contactId(late), by: 'agent', who: 'ana' });
  await openRecord(agent);
  await agent.click('reopen');
  await agent.seen('.el-message:has-text("平台的回复时限或条数已用完")');
  expect(agent.faults).toEqual([]);
  await agent.page.context().close();
}, 60_000);
