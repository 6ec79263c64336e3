// How soon what a citizen writes is on the agent's screen: from the moment at which a platform is to deliver to the live socket's word of it, and to
// the answer of the page that asks for it then:
//   node test/bench/channel-screen.mjs [--rate 200] [--for-s 30] [--seats 40] [--json]
// A delivery that must wait for its turn counts from when it was due. Fails when p99 to the live socket is 500 ms or more.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { openProgram, openSender, tellOf } from './channel-load.mjs';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200' },
    'for-s': { type: 'string', default: '30' },
    seats: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});
const tell = tellOf(values.json);
const [rate, forS, seats] = [Number(values.rate), Number(values['for-s']), Number(values.seats)];
/** As many chats as `slots.yaml` gives an agent. */
const CHATS = seats * 3;
const ACCOUNTS = 4;
const SCREEN_MS_MAX = 500;
const LATE_MS_MAX = 30_000;
/** Of all messages, whose page asks for the text at once: a page that lies behind others does it later. */
const ASKS_ONE_IN = 4;
const { LiveClient } = await import('../../dist/api/live/live-client.js');

const city = cityOf(seats);
const program = await openProgram(ACCOUNTS, { MINHU_CITY: city });
const sender = openSender(program, 64);
/** Conversation → its contact and who has it; contact → who waits for a word of it. */
const chats = new Map();
const awaited = new Map();
const pages = [];
let number = 0;
try {
  for (const seat of program.firstRun().seats) pages.push(await openPage(seat));
  await openChats();
  const { told, shown } = await measure();
  tell('screen.messages', told.length, '1');
  for (const part of [0.5, 0.99]) tell(`screen.told.p${part * 100}`, share(told, part), 'ms');
  for (const part of [0.5, 0.99]) tell(`screen.shown.p${part * 100}`, share(shown, part), 'ms');
  process.exitCode = share(told, 0.99) < SCREEN_MS_MAX ? 0 : 1;
} finally {
  for (const { live } of pages) live.stop();
  sender.close();
  await program.close();
  rmSync(city, { recursive: true, force: true });
}

function cityOf(count) {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-city-'));
  cpSync(join(import.meta.dirname, '../../dialplans'), folder, { recursive: true });
  const lines = Array.from({ length: count }, (_, n) => {
    const name = 1_001 + n;
    return `  - { user: seat${name}, number: "${name}", sipUser: "${name}", digest: md5, skills: { personal: 3 } }\n`;
  });
  writeFileSync(join(folder, 'seats.yaml'), `seats:\n${lines.join('')}`);
  return folder;
}

/** An agent's page: takes what it is offered. */
async function openPage({ user, password }) {
  const cookie = await login(user, password);
  const page = { cookie, live: undefined };
  const opened = new Promise((resolve) => {
    page.live = new LiveClient({
      connect: () => new WebSocket(`ws://${http()}/api/v1/live`, { headers: { cookie }, perMessageDeflate: false }),
      drawTicket: async () => (await (await ask('/api/v1/live/ticket', { method: 'POST', cookie })).json()).ticket,
      onItems: ({ items }) => {
        for (const item of items) hear(page, item);
      },
      onStatus: (status) => status === 'open' && resolve(),
    });
  });
  await opened;
  await must(ask('/api/v1/agents/me/state', { method: 'PUT', cookie, body: { state: 'ready' } }));
  return page;
}

function hear(page, item) {
  if (item.kind === 'conversation' && item.state === 'offered') {
    const body = { contact: item.contact, token: item.token, take: true };
    void ask('/api/v1/agents/me/offer', { method: 'PUT', cookie: page.cookie, body });
  }
  if (item.kind === 'conversation' && item.state === 'talking') void learn(page, item.contact);
  if (item.kind === 'messages') awaited.get(item.contact)?.(item.last);
}

/** Which conversation a contact is: the first message says so. */
async function learn(page, contact) {
  const { messages } = await must(ask(`/api/v1/contacts/${contact}/messages`, { cookie: page.cookie }));
  const conversation = /^c(\d+) /.exec(messages.at(-1)?.text ?? '')?.[1];
  if (conversation !== undefined) chats.set(Number(conversation), { page, contact });
}

async function openChats() {
  for (let at = 0; at < CHATS; at += 1) await deliver(at, `c${at} 停水了`);
  const endMs = performance.now() + LATE_MS_MAX;
  while (chats.size < CHATS) {
    if (performance.now() > endMs) throw new Error(`only ${chats.size} of ${CHATS} conversations were taken`);
    await pause(50);
  }
}

async function measure() {
  const [told, shown] = [[], []];
  const free = [...chats.values()].map((chat, at) => ({ ...chat, conversation: at }));
  for (const [conversation, chat] of chats) free[conversation] = { ...chat, conversation };
  const running = [];
  const startedMs = performance.now();
  for (let n = 0; n < rate * forS; n += 1) {
    const dueMs = startedMs + (n * 1_000) / rate;
    while (performance.now() < dueMs || free.length === 0) await pause(1);
    const chat = free.shift();
    running.push(
      one(chat, n, dueMs).then(({ toldMs, shownMs }) => {
        told.push(toldMs);
        if (shownMs !== undefined) shown.push(shownMs);
        free.push(chat);
      }),
    );
  }
  await Promise.all(running);
  return { told, shown };
}

async function one({ contact, conversation, page }, n, dueMs) {
  const text = `第${n}条`;
  const word = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${contact} heard nothing of “${text}”`)), LATE_MS_MAX);
    awaited.set(contact, () => {
      clearTimeout(late);
      resolve(performance.now());
    });
  });
  await deliver(conversation, text);
  const toldMs = (await word) - dueMs;
  if (n % ASKS_ONE_IN !== 0) return { toldMs };
  const { messages } = await must(ask(`/api/v1/contacts/${contact}/messages?limit=20`, { cookie: page.cookie }));
  if (!messages.some((message) => message.text === text)) throw new Error(`“${text}” is not shown`);
  return { toldMs, shownMs: performance.now() - dueMs };
}

/** Accounts have their conversations for themselves. */
function deliver(conversation, text) {
  number += 1;
  const account = program.accounts[conversation % ACCOUNTS];
  return sender.deliver(account, { number: BigInt(number), conversation, text });
}

async function login(user, password) {
  const answer = await ask('/api/v1/login', { method: 'POST', body: { user, password } });
  if (!answer.ok) throw new Error(`login: ${answer.status}`);
  return answer.headers.getSetCookie()[0].split(';')[0];
}

function ask(path, { method = 'GET', cookie = '', body } = {}) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(`http://${http()}${path}`, {
    method,
    headers: { cookie, ...json },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function must(asked) {
  const answer = await asked;
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : await answer.json();
}

function http() {
  return program.run().http;
}

function share(all, part) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
