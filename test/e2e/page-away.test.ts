import { expect, test } from 'vitest';
import { browserProcesses } from '../browser/processes.ts';
import { BROWSER_HZ, untilHears } from './browser-stage.ts';
import { recordOf, stage, talking, usePages, wire } from './page-stage.ts';
import type { Phone } from './peers.ts';
import { until } from './program.ts';
import { toneTimeline } from './tone.ts';

usePages();

const hears = (phone: Phone, hz: number) => untilHears(() => phone.heard(), hz);

/** After the moment `at` of what was heard the tone is a while not there. */
function hole(phone: Phone, hz: number): { readonly seconds: number; readonly heard: boolean } {
  const line = toneTimeline(phone.heard(), hz);
  const first = line.findIndex((share) => share > 0.9);
  const last = line.length - 1 - [...line].reverse().findIndex((share) => share > 0.9);
  const missing = line.slice(first, last).filter((share) => share <= 0.9).length;
  return { seconds: missing / 10, heard: first >= 0 };
}

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
