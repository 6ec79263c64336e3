import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Chromium, startChromium } from '../browser/chromium.ts';
import { type DeskPage, openDesk } from '../browser/desk-page.ts';
import { type CityFolder, cityFileOf, cityWith } from './city.ts';
import { until } from './program.ts';
import { openStage, type Stage } from './stage.ts';

const KINDS = {
  longWait: '等候过长',
  longHold: '保持过长',
  longWrapUp: '话后整理过长',
  missedOffers: '连续未接',
} as const;
type Kind = keyof typeof KINDS;

let chromium: Chromium;
let city: CityFolder;
let stage: Stage;
let desk: DeskPage;
let lead: DeskPage;

/** Limits that are reached at once, and a phone that rings no longer than it must. */
beforeAll(async () => {
  city = cityWith({ ring: '5s' });
  const rules = parse(readFileSync(join(city.path, 'supervision.yaml'), 'utf8')) as object;
  const alerts = { wait: '1s', hold: '1s', wrapUp: '1s', missedOffers: 1 };
  cityFileOf(city, 'supervision.yaml', stringify({ ...rules, alerts }));
  [chromium, stage] = await Promise.all([startChromium({ toneHz: 1_000 }), openStage({ MINHU_CITY: city.path })]);
  const { http } = stage.program.run();
  [desk, lead] = await Promise.all([openDesk(chromium.browser, http), openDesk(chromium.browser, http)]);
  await desk.sitDown(stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!);
  await lead.signIn(stage.program.firstRun().lead);
  await lead.page.click('a[href="/supervision"]');
  await lead.seen('[data-agent=seat1001]');
}, 180_000);

afterAll(async () => {
  await chromium?.close();
  expect(await stage?.close()).toBe(0);
  city?.remove();
}, 60_000);

const rowOf = (kind: Kind): string => `[data-alert^="alert/${kind}/"]`;

async function told(kind: Kind): Promise<void> {
  await lead.seen(`${rowOf(kind)}:has-text("${KINDS[kind]}")`);
}

const over = (kind: Kind) => lead.page.waitForSelector(rowOf(kind), { state: 'detached' });

/** As Prometheus reads it. */
async function counted(name: string, kind: Kind): Promise<number> {
  const text = await (await fetch(`http://${stage.program.run().http}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{alert="${kind}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}

test('a wait, a hold and a wrap-up that last too long stand on the board of the leads as long as they last, and are counted', async () => {
  const citizen = await stage.dial('13800138601', 440);
  citizen.type('1');
  await told('longWait');
  expect(await counted('minhu_alerts_open', 'longWait')).toBe(1);
  await lead.click('see');
  await until(
    'nobody is asked to look any more',
    () => counted('minhu_alerts_open', 'longWait'),
    (open) => open === 0,
  );
  await desk.click('ready');
  await desk.click('answer');
  await desk.state('talking');
  await over('longWait');

  await desk.click('hold');
  await told('longHold');
  expect(await lead.page.textContent(rowOf('longHold'))).toContain('seat1001');
  await desk.click('hold');
  await over('longHold');

  await desk.click('hang-up');
  await told('longWrapUp');
  await lead.seen('[data-agent=seat1001][data-state=wrapUp]');
  citizen.type('b');
  await desk.click('finish');
  await over('longWrapUp');
  for (const kind of ['longWait', 'longHold', 'longWrapUp'] as const)
    expect([kind, await counted('minhu_alerts_total', kind)]).toEqual([kind, 1]);
}, 120_000);

test('an agent whose phone rings in vain stands there until the agent is at work again', async () => {
  await desk.state('ready');
  const citizen = await stage.dial('13800138602', 440);
  citizen.type('1');
  await desk.seen('[data-test=answer]');
  await told('missedOffers');
  await lead.page.click(`${rowOf('missedOffers')} .name`);
  await lead.seen('[data-test=agent-panel]');
  citizen.type('b');
  await desk.click('ready');
  await over('missedOffers');
  expect(await counted('minhu_alerts_total', 'missedOffers')).toBe(1);
}, 120_000);

test('each of them stands in the log, with what it is about', () => {
  const lines = readFileSync(join(stage.program.dataFolder, 'log/core.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('an alert was raised for the leads'));
  for (const kind of ['longHold', 'longWrapUp', 'missedOffers'])
    expect(lines.some((line) => line.includes(`"alert":"${kind}"`) && line.includes('"agent":"seat1001"'))).toBe(true);
  expect(lines.some((line) => line.includes('"alert":"longWait"') && line.includes('"contact":"C'))).toBe(true);
});
