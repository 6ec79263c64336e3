import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Chromium, type Softphone, startChromium } from '../browser/chromium.ts';
import { browserProcesses } from '../browser/processes.ts';
import { BROWSER_HZ, CITIZEN_HZ, earOf, openWire, shareNow, untilHears } from './browser-stage.ts';
import { killPart } from './kill-part.ts';
import { baresip, type Phone } from './peers.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { toneTimeline } from './tone.ts';

const DESK_HZ = 700;
/** How long the sound of a page that is back may take. */
const BACK_MS_MAX = 2_000;

interface Gaps {
  readonly gaps: readonly { readonly agent: string; readonly cause: string; readonly result: string | null }[];
  readonly talks: readonly { readonly agent: string; readonly endedBy: string | null }[];
  readonly recordings: readonly { readonly expectedMs: number | null; readonly durationMs: number | null }[];
}

let chromium: Chromium;
let stage: Stage;
let wire: Awaited<ReturnType<typeof openWire>>;
const others: Phone[] = [];
const pages: Softphone[] = [];

beforeAll(async () => {
  [chromium, stage] = await Promise.all([startChromium({ toneHz: BROWSER_HZ }), openStage()]);
  wire = await openWire(Number(stage.program.run().ws.split(':').at(-1)));
}, 120_000);

afterEach(async () => {
  for (const { page } of pages.splice(0)) await page.context().close();
  for (const phone of others.splice(0)) await phone.dispose();
  await stage.clear();
  await until(
    'nobody is called any more',
    () => stage.contacts(),
    (contacts) => contacts.every(({ outcome }) => outcome !== null),
    60_000,
  );
  for (const user of ['seat1001', 'seat1002']) await stage.setState(user, 'offline');
});

afterAll(async () => {
  wire?.close();
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
}, 120_000);

async function register(page: Softphone, user = 'seat1001'): Promise<void> {
  const { sipUser, sipPassword } = stage.program.firstRun().seats.find((seat) => seat.user === user)!;
  await page.register({ url: `ws://127.0.0.1:${wire.port}`, user: sipUser, password: sipPassword, host: '127.0.0.1' });
}

/** A citizen and an agent at a page, who hear each other. */
async function talking(from: string): Promise<{ page: Softphone; citizen: Phone }> {
  const page = await chromium.open();
  pages.push(page);
  await register(page);
  await until(
    'the page is registered',
    () => stage.agent('seat1001'),
    (view) => view?.devices === 1,
  );
  await stage.setState('seat1001', 'ready');
  const citizen = await stage.dial(from, CITIZEN_HZ);
  citizen.type('1');
  await page.noted('session');
  await page.do('answer');
  await stage.agentIs('seat1001', 'talking');
  await untilHears(() => citizen.heard(), BROWSER_HZ);
  await untilHears(earOf(page), CITIZEN_HZ);
  return { page, citizen };
}

const hears = (phone: Phone, hz: number) => untilHears(() => phone.heard(), hz);

/** After the moment `at` of what was heard the tone is a while not there. */
function hole(phone: Phone, hz: number): { readonly seconds: number; readonly heard: boolean } {
  const line = toneTimeline(phone.heard(), hz);
  const first = line.findIndex((share) => share > 0.9);
  const last = line.length - 1 - [...line].reverse().findIndex((share) => share > 0.9);
  const missing = line.slice(first, last).filter((share) => share <= 0.9).length;
  return { seconds: missing / 10, heard: first >= 0 };
}

async function recordOf(from: string): Promise<Gaps> {
  return (await stage.closedRecord(from)) as unknown as Gaps;
}

async function explained(from: string): Promise<string> {
  const id = (await stage.contactsFrom(from))[0]!.id;
  return JSON.stringify(await stage.lead.get(`/api/v1/contacts/${id}/explain`));
}

test('the page is reloaded in a talk: the citizen hears so and music, and the agent again within 2 s of the page being back', async () => {
  const { page, citizen } = await talking('13800138021');
  await page.page.reload();
  await stage.agentIs('seat1001', 'held');
  await until(
    'the agent is no longer heard, something else is',
    () => citizen.heard().slice(-8_000),
    (heard) => shareNow(heard, BROWSER_HZ) < 0.3 && heard.some((sample) => Math.abs(sample) > 500),
  );
  const ear = earOf(page);
  await register(page);
  const backAtMs = performance.now();
  await page.noted('resumes');
  // A second of nothing but the tone has begun a second before.
  await hears(citizen, BROWSER_HZ);
  expect(performance.now() - backAtMs - 1_000).toBeLessThan(BACK_MS_MAX);
  await untilHears(ear, CITIZEN_HZ);
  await stage.agentIs('seat1001', 'talking');
  citizen.type('b');
  const record = await recordOf('13800138021');
  expect(record.gaps).toMatchObject([{ agent: 'seat1001', cause: 'MEDIA_TIMEOUT', result: 'joined' }]);
  expect(record.talks).toMatchObject([{ agent: 'seat1001', endedBy: 'citizen' }]);
  expect(record.recordings).toHaveLength(1);
  expect(Math.abs(record.recordings[0]!.durationMs! - record.recordings[0]!.expectedMs!)).toBeLessThan(1_000);
  const story = await explained('13800138021');
  expect(story).toContain('The phone of seat1001 was lost');
  expect(story).toContain('seat1001 is back: the two hear each other again');
}, 120_000);

test('the page is gone for good: after 30 s the citizen is at the head of the queue, and the next agent has it', async () => {
  const { page, citizen } = await talking('13800138022');
  await stage.readyPhone('seat1002', DESK_HZ);
  await page.page.close({ runBeforeUnload: false });
  await stage.agentIs('seat1001', 'held');
  await until(
    'the talk is given up',
    () => stage.agent('seat1001'),
    (view) => view?.state === 'notReady' && view.reason === 'phoneLost',
    40_000,
  );
  await hears(citizen, DESK_HZ);
  await stage.agentIs('seat1002', 'talking');
  citizen.type('b');
  const record = await recordOf('13800138022');
  expect(record.gaps).toMatchObject([{ agent: 'seat1001', result: 'givenUp' }]);
  expect(record.talks).toMatchObject([
    { agent: 'seat1001', endedBy: 'fault' },
    { agent: 'seat1002', endedBy: 'citizen' },
  ]);
}, 120_000);

test('the core is killed while the page is away: who comes back has its caller', async () => {
  const { page, citizen } = await talking('13800138024');
  await page.page.reload();
  await stage.agentIs('seat1001', 'held');
  await killPart(stage, 'core');
  await register(page);
  await hears(citizen, BROWSER_HZ);
  await stage.agentIs('seat1001', 'talking');
  citizen.type('b');
  const record = await recordOf('13800138024');
  expect(record.gaps).toMatchObject([{ agent: 'seat1001', result: 'joined' }]);
  expect(record.talks).toHaveLength(1);
}, 120_000);

test('the browser sleeps for 10 s and wakes: the page has its caller again', async () => {
  const { page, citizen } = await talking('13800138025');
  const asleep = browserProcesses();
  expect(asleep.length).toBeGreaterThan(1);
  for (const pid of asleep) process.kill(pid, 'SIGSTOP');
  try {
    await stage.agentIs('seat1001', 'held');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  } finally {
    for (const pid of asleep) process.kill(pid, 'SIGCONT');
  }
  await page.noted('resumes');
  await hears(citizen, BROWSER_HZ);
  await stage.agentIs('seat1001', 'talking');
  citizen.type('b');
  expect((await recordOf('13800138025')).gaps).toMatchObject([{ agent: 'seat1001', result: 'joined' }]);
}, 120_000);

test('the network of the page is cut for 10 s on its way to the switch: while sound gets through the talk goes on, and the page is back', async () => {
  const { page, citizen } = await talking('13800138026');
  wire.block(true);
  try {
    await page.noted('disconnected');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  } finally {
    wire.block(false);
  }
  await until(
    'registered again',
    () => stage.agent('seat1001'),
    (view) => view?.devices === 1,
  );
  await hears(citizen, BROWSER_HZ);
  expect(hole(citizen, BROWSER_HZ)).toMatchObject({ heard: true });
  expect(hole(citizen, BROWSER_HZ).seconds).toBeLessThan(1);
  await page.do('hangUp');
  await stage.agentIs('seat1001', 'wrapUp');
  // Who would be asked for a rating hangs up, too.
  citizen.type('b');
  const record = await recordOf('13800138026');
  expect(record.gaps).toEqual([]);
  expect(record.talks).toMatchObject([{ agent: 'seat1001', endedBy: 'agent' }]);
}, 120_000);

// Last, as the registration of a phone that is killed stays.
test('the desk phone of the seat takes the talk over from a page that crashed', async () => {
  const { page, citizen } = await talking('13800138023');
  const { sipUser, sipPassword } = stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!;
  others.push(
    baresip({
      server: stage.program.run().sip,
      ...{ user: sipUser, password: sipPassword, toneHz: DESK_HZ, answer: 'auto' },
    }),
  );
  await until(
    'the desk phone is registered',
    () => stage.agent('seat1001'),
    (view) => view?.devices === 2,
  );
  // The renderer dies in the middle of this: nobody answers.
  page.page.goto('chrome://crash').catch(() => {});
  await hears(citizen, DESK_HZ);
  await stage.agentIs('seat1001', 'talking');
  citizen.type('b');
  expect((await recordOf('13800138023')).gaps).toMatchObject([{ agent: 'seat1001', result: 'joined' }]);
}, 120_000);
