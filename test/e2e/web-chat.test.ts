import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { LOOKS, openDesk } from '../browser/desk-page.ts';
import { type FaultyProxy, startFaultyProxy } from '../browser/faulty-proxy.ts';
import { lateAnswers } from '../browser/late-answers.ts';
import { photo } from '../channel/photo-maker.ts';
import { startPlatform } from '../channel/platform.ts';
import { type Client, signIn, until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

interface Message {
  readonly id: number;
  readonly direction: string;
  readonly kind: string;
  readonly state: string;
  readonly text: string;
}

interface Conversation {
  readonly contact: string;
  readonly state: string;
  readonly token?: number;
}

const MESSAGES = 200;
const PICTURES = process.env['MINHU_PICTURES'];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let chromium: Chromium;
let stage: Stage;
let proxy: FaultyProxy | undefined;

/** A bot's platform: has no photo yet and is silent when asked again, or has it, or will never. */
let photoIs: 'not yet' | 'silent' | 'there' | 'gone' = 'not yet';
const bots = await startPlatform(({ url }) => {
  if (url.includes('/getFile')) return { body: '{"ok":true,"result":{"file_path":"photos/1.jpg"}}' };
  if (!url.includes('/photos/')) return { body: '{"ok":true,"result":{"message_id":1}}' };
  switch (photoIs) {
    case 'not yet':
      photoIs = 'silent';
      return { status: 503 };
    case 'silent':
      return { silent: true };
    case 'gone':
      return { status: 404 };
    case 'there': {
      const body = photo({ latitude: 30.6574, longitude: 104.0657, orientation: 6 });
      return { body, headers: { 'content-type': 'image/jpeg' } };
    }
  }
});
const BOT_SECRET = 's'.repeat(32);
const settingsFolder = mkdtempSync(join(tmpdir(), 'minhu-bots-'));
const channelsFile = join(settingsFolder, 'channels.yaml');
writeFileSync(
  channelsFile,
  `- { channel: telegram, account: bot, settings: { token: { env: BOT_TOKEN }, secret: { env: BOT_SECRET }, api: ${bots.url} } }\n`,
);

beforeAll(async () => {
  [chromium, stage] = await Promise.all([
    startChromium({ toneHz: 1_000 }),
    openStage({ MINHU_CHANNELS: channelsFile, BOT_TOKEN: '1:t', BOT_SECRET }),
  ]);
}, 180_000);

afterAll(async () => {
  await proxy?.close();
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
  await bots.stop();
  rmSync(settingsFolder, { recursive: true, force: true });
}, 60_000);

const seat = (user: string) => stage.program.firstRun().seats.find((each) => each.user === user)!;

interface CitizenPage {
  readonly page: Page;
  readonly faults: string[];
  write(text: string): Promise<void>;
  lines(): Promise<{ seq: number; text: string }[]>;
  audit(): Promise<readonly string[]>;
}

async function openChat(
  host: string,
  { language = 'zh', theme = 'light' }: { language?: 'zh' | 'en'; theme?: 'light' | 'dark' } = {},
): Promise<CitizenPage> {
  const viewport = { width: 360, height: 640 };
  const context = await chromium.browser.newContext({ viewport, colorScheme: theme });
  await lateAnswers(context);
  const page = await context.newPage();
  await page.addInitScript({ content: `localStorage.setItem('minhu.chat.language', '${language}');` });
  page.setDefaultTimeout(30_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  await page.goto(`http://${host}/chat/`);
  return {
    page,
    faults,
    async write(text) {
      await page.fill('#input', text);
      await page.press('#input', 'Enter');
    },
    lines: () =>
      page.$$eval('.line[data-seq]', (lines) =>
        lines.map((line) => ({
          seq: Number(line.getAttribute('data-seq')),
          text: line.querySelector('p')?.textContent ?? '',
        })),
      ),
    async audit() {
      await page.evaluate(axe);
      return page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
        };
        const { violations } = await axe.run();
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`);
      });
    },
  };
}

/** The agent's only conversation, taken. */
async function take(agent: Client): Promise<string> {
  const mine = async () =>
    (await agent.get<{ conversations?: Conversation[] }>('/api/v1/agents/me')).conversations?.[0];
  const offered = await until('a conversation is offered', mine, (one) => one?.state === 'offered');
  const { contact, token } = offered!;
  await agent.put('/api/v1/agents/me/offer', { contact, token, take: true });
  return contact;
}

async function allOf(agent: Client, contact: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let after = 0; ; after = all.at(-1)!.id) {
    const { messages } = await agent.get<{ messages: Message[] }>(
      `/api/v1/contacts/${contact}/messages?limit=100&after=${after}`,
    );
    all.push(...messages);
    if (messages.length < 100) return all;
  }
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('200 messages over a line that repeats, swaps and is cut three times: dense, once each, in one order on both sides', async () => {
  proxy = await startFaultyProxy(stage.program.run().http, seeded(12_345));
  await stage.readyPhone('seat1001', 700);
  const agent = await signIn(stage.program, seat('seat1001'));
  const citizen = await openChat(proxy.host);
  await citizen.write('m0');
  const contact = await take(agent);
  const cuts = [50, 100, 150];
  let replies = 0;
  for (let n = 1; n < MESSAGES; n += 1) {
    if (cuts.includes(n)) {
      await until('lines come', citizen.lines, (lines) => lines.length > n / 2);
      proxy.cut();
    }
    await citizen.write(`m${n}`);
    if (n % 40 !== 0) continue;
    replies += 1;
    await agent.post(`/api/v1/contacts/${contact}/messages`, { text: `r${replies}`, key: `reply-${replies}-of-it` });
  }
  // The automatic receipt is a line, too.
  const wanted = MESSAGES + replies + 1;
  const lines = await until('every line is shown', citizen.lines, (shown) => shown.length >= wanted, 40_000);
  expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: wanted }, (_, index) => index + 1));
  expect(await citizen.page.$$eval('.unsent .line', (unsent) => unsent.length)).toBe(0);
  const messages = await until(
    'the agent has every line',
    () => allOf(agent, contact),
    (all) => all.length >= wanted,
  );
  expect(messages.map(({ text }) => text)).toEqual(lines.map(({ text }) => text));
  const written = messages.filter(({ direction }) => direction === 'in').map(({ text }) => text);
  expect(new Set(written).size).toBe(MESSAGES);
  expect(written.length).toBe(MESSAGES);
  expect(Math.min(proxy.repeated, proxy.swapped)).toBeGreaterThan(60);
  expect(citizen.faults).toEqual([]);
  await citizen.page.context().close();
  await agent.post(`/api/v1/contacts/${contact}/end`, {});
  await stage.clear();
  await agent.put('/api/v1/agents/me/state', { state: 'offline' });
}, 150_000);

test('the phone of a citizen was lost: one button, and the page on it is out, says so, and comes back to nothing of it', async () => {
  const { http } = stage.program.run();
  const desk = await openDesk(chromium.browser, http);
  await desk.sitDown(seat('seat3001'));
  await desk.click('ready');
  await desk.state('ready');
  const { page, write, lines, faults, audit } = await openChat(http);
  await write('我要反映噪音扰民');
  await desk.click('take');
  await page.waitForSelector('#status >> text=号话务员为您服务');
  await desk.page.click('a[href="/calls"]');
  await desk.page.click('[data-test=detail] >> nth=0');
  await desk.seen('[data-test=lost-phone]');
  desk.page.once('dialog', (dialog) => void dialog.dismiss());
  await desk.click('lost-phone');
  expect(await lines()).not.toEqual([]);
  desk.page.once('dialog', (dialog) => void dialog.accept());
  await desk.click('lost-phone');
  await desk.seen('.el-message:has-text("已停用")');
  await page.waitForSelector('#status >> text=本次对话在此设备上已停用');
  await until('nothing of it is shown', lines, (shown) => shown.length === 0);
  expect(await audit()).toEqual([]);
  await page.reload();
  await page.waitForSelector('#status >> text=发送消息即可开始');
  expect(await lines()).toEqual([]);
  // Whoever writes there now is somebody else.
  await write('您好');
  await until('a line of another conversation', lines, (shown) => shown.some(({ text }) => text === '您好'));
  expect((await lines()).map(({ text }) => text).join()).not.toContain('噪音');
  expect([...desk.faults, ...faults]).toEqual([]);
  await Promise.all([page.context().close(), desk.page.context().close()]);
}, 60_000);

/** One grey dot. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);

test('a citizen on a small phone and an agent at the desk write to each other, see who types, what was read, and a picture', async () => {
  const desk = await openDesk(chromium.browser, stage.program.run().http);
  await desk.sitDown(seat('seat1002'));
  await desk.click('ready');
  await desk.state('ready');
  const citizen = await openChat(stage.program.run().http);
  const { page } = citizen;
  expect(await citizen.audit()).toEqual([]);
  await citizen.write('长'.repeat(4_001));
  await page.waitForSelector('#status >> text=超过 4000 字');
  expect(await page.inputValue('#input')).toHaveLength(4_001);
  await page.setInputFiles('#file', { name: '空.png', mimeType: 'image/png', buffer: Buffer.alloc(0) });
  await page.waitForSelector('#status >> text=文件是空的');
  await citizen.write('路灯不亮');
  await desk.click('take');
  await desk.seen('[data-test=chat] [data-test=message] >> text=路灯不亮');
  await page.waitForSelector('#status >> text=号话务员为您服务');
  await page.waitForSelector('.line.citizen .mark >> text=对方已读');

  await page.setInputFiles('#file', { name: '现场.png', mimeType: 'image/png', buffer: PNG });
  await desk.seen('[data-test=chat-file] img');
  await page.waitForSelector('.line.citizen img');
  // As in a page that came by plain http from another machine.
  await page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })");
  await page.setInputFiles('#file', { name: '井盖.png', mimeType: 'image/png', buffer: PNG });
  await page.waitForSelector('.line.citizen img[alt="井盖.png"]');
  await desk.seen('[data-test=chat-file] img[alt="井盖.png"]');

  await page.locator('#input').pressSequentially('在');
  await desk.seen('[data-test=chat] >> text=对方正在输入');
  await desk.page.locator('[data-test=draft]').pressSequentially('请问在哪条路？');
  await page.waitForSelector('#typing >> text=对方正在输入');
  await desk.click('send');
  await page.waitForSelector('.line.agent >> text=请问在哪条路？');
  await desk.seen('[data-test=message-state] >> text=已读');

  await desk.page.setInputFiles('[data-test=attach]', [
    { name: '答复.png', mimeType: 'image/png', buffer: PNG },
    { name: '程序.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ\x90\0') },
  ]);
  await desk.seen('[data-test=attached].bad >> text=程序.exe 不能发送这个文件');
  await desk.seen('[data-test=attached]:not(:has-text("上传中")) >> text=答复.png');
  await desk.click('send');
  await page.waitForSelector('.line.agent img[alt="答复.png"]');
  await desk.seen('.said.out [data-test=chat-file] img');

  expect(await desk.audit()).toEqual([]);
  expect(await citizen.audit()).toEqual([]);
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  expect(overflow).toBeLessThanOrEqual(0);

  await desk.click('end-chat');
  await page.waitForSelector('.line.system >> text=话务员已结束本次对话');
  await page.waitForSelector('#status >> text=对话已结束；发送消息即可继续');
  await citizen.write('还有一件事');
  await desk.click('take');
  await page.waitForSelector('#status >> text=号话务员为您服务');

  await page.click('#language');
  await page.waitForSelector('.line.agent .who >> text=Agent');
  await page.click('#leave');
  await desk.seen('[data-test=chat] >> text=/会话已结束|市民已离开/');
  expect([...desk.faults, ...citizen.faults]).toEqual([]);
}, 150_000);

test('a photo that its platform has not yet is marked so, comes to the desk by itself, also over a kill, and says where it was taken', async () => {
  const { http } = stage.program.run();
  const desk = await openDesk(chromium.browser, http);
  await desk.sitDown(seat('seat1002'));
  await desk.click('ready');
  await desk.state('ready');
  const from = { id: 7, first_name: '王芳' };
  const deliver = async (message_id: number, file_id: string): Promise<number> => {
    const message = { message_id, date: Math.trunc(Date.now() / 1_000), caption: '路灯坏了', chat: { id: 7 }, from };
    const answer = await fetch(`http://${stage.program.run().http}/api/v1/intake/telegram/bot`, {
      method: 'POST',
      headers: { 'x-telegram-bot-api-secret-token': BOT_SECRET },
      body: JSON.stringify({ message: { ...message, photo: [{ file_id }] } }),
    });
    return answer.status;
  };
  expect(await deliver(1, 'F1')).toBe(200);
  await desk.click('take');
  await desk.seen('[data-test=file-waiting] >> text=正在获取');
  expect(await desk.audit()).toEqual([]);
  process.kill(stage.program.run().pids.core, 'SIGKILL');
  photoIs = 'there';
  await desk.seen('[data-test=chat-file] img');
  await desk.seen('[data-test=place] >> text=照片拍摄位置：30.657400, 104.065700 (WGS-84)');

  // One that its platform refuses is given up, until the agent asks for it anew.
  photoIs = 'gone';
  expect(await deliver(2, 'F2')).toBe(200);
  await desk.seen('[data-test=file-gone]');
  expect(await desk.audit()).toEqual([]);
  photoIs = 'there';
  // One that the page cannot have at first is asked for again.
  let lost = 0;
  await desk.page.route('**/files/*', (route) => (lost++ === 0 ? route.abort() : route.continue()));
  await desk.click('fetch-again');
  await desk.seen('[data-test=chat-file] >> nth=1 >> img');
  expect(lost).toBeGreaterThan(1);
  await desk.click('end-chat');
  expect(desk.faults).toEqual([]);
}, 60_000);

test.each(LOOKS)('%s, %s: nothing serious for axe-core, nothing that the policy forbids', async (language, theme) => {
  const citizen = await openChat(stage.program.run().http, { language, theme });
  await citizen.page.waitForSelector('#input');
  if (PICTURES !== undefined) await citizen.page.screenshot({ path: `${PICTURES}/chat-${language}-${theme}.png` });
  expect(await citizen.audit()).toEqual([]);
  expect(citizen.faults).toEqual([]);
  await citizen.page.context().close();
});

test('who is not on this machine, or comes by a proxy, finds no chat while it is a demonstration', async () => {
  const { http } = stage.program.run();
  const forwarded = { 'x-forwarded-for': '203.0.113.7' };
  expect((await fetch(`http://${http}/chat/`)).status).toBe(200);
  expect((await fetch(`http://${http}/chat/`, { headers: forwarded })).status).toBe(404);
  const asked = await fetch(`http://${http}/api/v1/chat/sessions`, {
    method: 'POST',
    headers: { ...forwarded, 'content-type': 'application/json' },
    body: '{}',
  });
  expect(asked.status).toBe(404);
});
