// How soon who calls stands on the agent's screen: from the decision of the core that offers the call to the first frame of the page that has the
// masked number and the button that answers:
//   node test/bench/screen-pop.mjs [--rings 20] [--json]
// The decision is when the core took it, before it was written down; page and program share the machine's clock. Fails when a ring takes 1 s or more.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { openProgram, tellOf } from './channel-load.mjs';

const { values } = parseArgs({
  options: { rings: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
});
const POP_MS_MAX = 1_000;
const WITHIN_MS = 30_000;
/** Runs in the page: when each call first stood there, whole, at the beginning of a frame. */
const NOTES_POPS = `
  globalThis.pops = [];
  let shown = false;
  const look = () => {
    const from = document.querySelector('[data-test=from]')?.textContent ?? '';
    const now = from.includes('****') && document.querySelector('[data-test=answer]') !== null;
    if (now && !shown) requestAnimationFrame(() => globalThis.pops.push(Date.now()));
    shown = now;
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
`;
const HEADLESS = '/usr/lib/chromium/chromium-headless-shell';
const { LiveClient } = await import('../../dist/api/live/live-client.js');
const tell = tellOf(values.json);

const program = await openProgram(1);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? (existsSync(HEADLESS) ? HEADLESS : '/usr/bin/chromium'),
  args: [
    ...['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--no-sandbox'],
    ...['--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection'],
  ],
});
const [seat] = program.firstRun().seats;
/** Contact → when it was offered. */
const offered = new Map();
let live;
try {
  live = await listen();
  const page = await sitDown();
  const took = [];
  for (let n = 0; n < Number(values.rings); n += 1) took.push(await ring(page, n));
  took.sort((a, b) => a - b);
  tell('pop.rings', took.length, '1');
  tell('pop.p50', took[Math.floor(took.length / 2)], 'ms');
  tell('pop.max', took.at(-1), 'ms');
  process.exitCode = took.length > 0 && took.at(-1) < POP_MS_MAX ? 0 : 1;
} finally {
  live?.stop();
  await browser.close();
  await program.close();
}

/** Beside the page, by the same seat's socket: when the core offered which contact. */
async function listen() {
  const http = program.run().http;
  const { user, password } = seat;
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ user, password });
  const login = await fetch(`http://${http}/api/v1/login`, { method: 'POST', headers: json, body });
  const cookie = login.headers.getSetCookie()[0].split(';')[0];
  return new LiveClient({
    connect: () => new WebSocket(`ws://${http}/api/v1/live`, { headers: { cookie }, perMessageDeflate: false }),
    drawTicket: async () =>
      (await (await fetch(`http://${http}/api/v1/live/ticket`, { method: 'POST', headers: { cookie } })).json()).ticket,
    onItems: ({ items }) => {
      for (const item of items)
        if (item.kind === 'contact' && item.phase === 'ringing') offered.set(item.contact, item.phaseSinceMs);
    },
  });
}

async function sitDown() {
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  page.setDefaultTimeout(WITHIN_MS);
  await page.addInitScript({ content: NOTES_POPS });
  await page.goto(`http://${program.run().http}/`);
  await page.fill('input[name=user]', seat.user);
  await page.fill('input[name=password]', seat.password);
  await page.click('button[type=submit]');
  await page.click('[data-test=start]');
  await page.waitForSelector('[data-test=phone].is-good');
  return page;
}

/** One call, answered and ended. @returns from offer to pop, ms. */
async function ring(page, n) {
  await page.click('[data-test=ready]');
  await page.waitForSelector('[data-test=state][data-state=ready]');
  offered.clear();
  const from = `1380013${String(8_000 + n)}`;
  const args = ['call', '12345', '--from', from, '--server', program.run().sip, '--press', '1@2s', '--talk', '60s'];
  const caller = spawn(process.execPath, [join(import.meta.dirname, '../../dist/cli.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const over = new Promise((resolve) => caller.once('exit', resolve));
  try {
    await page.waitForFunction(() => globalThis.pops.length > 0);
    const [poppedMs] = await page.evaluate('globalThis.pops.splice(0)');
    await page.click('[data-test=answer]');
    await page.waitForSelector('[data-test=state][data-state=talking]');
    await page.click('[data-test=hang-up]');
    await page.click('[data-test=finish]');
    if (offered.size !== 1) throw new Error(`${offered.size} calls were offered at once`);
    return poppedMs - [...offered.values()][0];
  } finally {
    caller.kill('SIGTERM');
    await over;
  }
}
