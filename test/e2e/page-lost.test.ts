import { expect, test } from 'vitest';
import { BROWSER_HZ, CITIZEN_HZ, earOf, shareNow, untilHears } from './browser-stage.ts';
import { killPart } from './kill-part.ts';
import { others, recordOf, register, stage, talking, usePages } from './page-stage.ts';
import { baresip, type Phone } from './peers.ts';
import { until } from './program.ts';

const DESK_HZ = 700;
/** How long the sound of a page that is back may take. */
const BACK_MS_MAX = 2_000;

usePages();

const hears = (phone: Phone, hz: number) => untilHears(() => phone.heard(), hz);

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
