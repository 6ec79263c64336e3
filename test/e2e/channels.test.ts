import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import telegram from '../../channels/telegram.ts';
import webhook from '../../channels/webhook.ts';
import type { Channel } from '../../src/channel/channel.ts';
import { bodyOf } from '../channel/platform.ts';
import { type Client, type Program, signIn, startProgram, until } from './program.ts';

const MESSAGES = 500;
const CONVERSATIONS = 100;
const AT_ONCE = 8;
const KILLS = 5;
const KEY = 'k'.repeat(40);
const SECRET = 's'.repeat(40);

interface Sent {
  readonly id: string;
  readonly text: string;
}

interface Listed {
  readonly messages: readonly {
    readonly id: number;
    readonly kind: string;
    readonly contact: string | null;
    readonly text: string;
  }[];
  readonly next: string | null;
}

let folder: string;
let platform: Server;
let program: Program;
let lead: Client;
const receipts: Sent[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minhu-channels-'));
  platform = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === undefined) return;
    const { id = '', text } = JSON.parse(body) as Sent;
    receipts.push({ id, text });
    response.end(JSON.stringify({ ok: true, result: { message_id: receipts.length } }));
  });
  await new Promise<void>((resolve) => platform.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`;
  writeFileSync(join(folder, 'key'), `${KEY}\n`, { mode: 0o600 });
  const file = join(folder, 'channels.yaml');
  writeFileSync(
    file,
    `- { channel: webhook, account: partner, settings: { key: { file: key }, url: ${url} } }
- { channel: telegram, account: bot, settings: { token: { env: TEST_BOT_TOKEN }, secret: { env: TEST_BOT_SECRET }, api: ${url} } }
- { channel: webhook, account: broken, settings: { key: { env: NOT_SET } } }
`,
  );
  program = await startProgram({
    MINHU_CHANNELS: file,
    TEST_BOT_TOKEN: '1:t',
    TEST_BOT_SECRET: SECRET,
    LOG_LEVEL: 'info',
  });
  lead = await signIn(program, program.firstRun().lead);
}, 120_000);

afterAll(async () => {
  expect(await program?.stop()).toBe(0);
  program?.remove();
  platform?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}, 60_000);

const ACCOUNTS: readonly {
  readonly channel: Channel;
  readonly name: string;
  readonly settings: Record<string, string>;
}[] = [
  { channel: webhook, name: 'partner', settings: { key: KEY, url: 'x' } },
  { channel: telegram, name: 'bot', settings: { token: '1:t', secret: SECRET, api: 'x' } },
];

/** As a platform does: again until it is acknowledged. @returns how often it was not. */
async function deliver(number: number): Promise<number> {
  const { channel, name, settings } = ACCOUNTS[number % 2]!;
  for (let refused = 0; ; refused += 1) {
    const sample = {
      number: BigInt(number),
      conversation: number % CONVERSATIONS,
      text: `第${number}条`,
      atMs: Date.now(),
    };
    const { headers = {}, body } = channel.rehearsal!.deliver!(sample, settings);
    const address = `http://${program.run().http}/api/v1/intake/${channel.name}/${name}`;
    const status = await fetch(address, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return refused;
    expect([0, 500, 503]).toContain(status);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Each number one to five times, shuffled, always the same way. */
function deliveries(): number[] {
  let seed = 4_711;
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const all = Array.from({ length: MESSAGES }, (_, index) =>
    Array(1 + Math.trunc(random() * 5)).fill(index + 1),
  ).flat();
  return all
    .map((number) => ({ number, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ number }) => number);
}

async function everything() {
  const found: Listed['messages'][number][] = [];
  for (let before = ''; ; ) {
    const { messages, next } = await lead.get<Listed>(`/api/v1/messages?only=in&limit=200${before}`);
    found.push(...messages);
    if (next === null) return found;
    before = `&before=${next}`;
  }
}

test('500 messages, each delivered one to five times, shuffled, while core and database are killed, are 500 messages of 100 contacts', async () => {
  const waiting = deliveries();
  const total = waiting.length;
  let refused = 0;
  const killed: number[] = [];
  const worker = async (): Promise<void> => {
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      if (waiting.length % Math.trunc(total / (KILLS + 1)) === 0 && killed.length < KILLS) kill(killed);
      // A fifth of them at the same moment as their repeat.
      const both = number % 5 === 0 ? [deliver(number), deliver(number)] : [deliver(number)];
      for (const each of await Promise.all(both)) refused += each;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(killed).toHaveLength(KILLS);
  expect(refused).toBeGreaterThan(0);
  const all = await until(
    'every message belongs to a contact',
    everything,
    (found) => found.every(({ contact }) => contact !== null),
    60_000,
  );
  expect(all.map(({ text }) => text).sort()).toEqual(
    Array.from({ length: MESSAGES }, (_, index) => `第${index + 1}条`).sort(),
  );
  const contactsOf = new Map<number, Set<string>>();
  for (const { text, contact } of all) {
    const conversation = Number(text.slice(1, -1)) % CONVERSATIONS;
    contactsOf.set(conversation, (contactsOf.get(conversation) ?? new Set()).add(contact!));
  }
  expect([...contactsOf.values()].map(({ size }) => size)).toEqual(Array(contactsOf.size).fill(1));
  expect(contactsOf.size).toBe(CONVERSATIONS);
  expect(new Set(all.map(({ contact }) => contact)).size).toBe(CONVERSATIONS);
  const told = await until(
    'every citizen was told',
    async () => new Set(receipts.map(({ text }) => text)),
    ({ size }) => size === CONVERSATIONS,
    60_000,
  );
  for (const text of told) expect(text).toMatch(/^您的诉求已收到，受理编号 C\d+.*。$/);
}, 240_000);

/** The core and, once, the database. */
function kill(killed: number[]): void {
  const { core, postgres } = program.run().pids;
  const pid = killed.length === 2 ? postgres : core;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The one before is not yet started again.
  }
  killed.push(pid);
}

test('an account with a mistake is left out and said, and the others are shown with their health', async () => {
  const { channels, leftOut } = await lead.get<{
    channels: { channel: string; account: string; healthy: boolean }[];
    leftOut: { channel: string; account: string; message: string }[];
  }>('/api/v1/channels');
  expect(channels.map(({ channel, account, healthy }) => [channel, account, healthy]).sort()).toEqual([
    ['phone', 'default', true],
    ['telegram', 'bot', true],
    ['web', 'main', true],
    ['webhook', 'partner', true],
  ]);
  expect(leftOut).toMatchObject([
    { channel: 'webhook', account: 'broken', message: expect.stringContaining('NOT_SET') },
  ]);
  const { readFileSync, readdirSync } = await import('node:fs');
  const logs = join(program.dataFolder, 'log');
  const log = readdirSync(logs)
    .map((name) => readFileSync(join(logs, name), 'utf8'))
    .join('');
  expect(log).toContain('NOT_SET');
  expect(log).not.toContain(KEY);
  expect(log).not.toContain(SECRET);
});
