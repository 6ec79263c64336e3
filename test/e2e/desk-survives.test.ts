import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { axeFindings } from '../browser/desk-page.ts';
import { EventSocketClient } from '../softswitch/engine/event-socket-client.ts';
import { freeSwitchPrefix } from '../switch/free-switch.ts';
import { DESK_HZ, desk, hangUp, hearsCitizen, hearsDesk, stage, talking, useDesk } from './desk-stage.ts';
import type { Phone } from './peers.ts';
import { toneTimeline } from './tone.ts';

// What becomes of a talk at a desk when parts of the program die, or do not answer.

useDesk();

interface Row {
  /** On FreeSWITCH the name of a page's login, which begins with its seat. */
  readonly reg_user: string;
  readonly url: string;
}

/** Rings the seat's telephones past the core, as nobody should. @returns how that call ended. */
async function ringBeside(sipUser: string): Promise<string> {
  const leg = randomUUID();
  const events = new EventSocketClient(Number(stage.program.run().esl.split(':')[1]));
  try {
    await events.ask(`auth ${stage.program.eslPassword()}`);
    const { rows } = JSON.parse(await events.ask('api show registrations as json')) as { rows: Row[] };
    const phone = rows.find(({ reg_user }) => reg_user.split('~')[0] === sipUser)!.url;
    await events.ask('event plain CHANNEL_DESTROY');
    events.send(`bgapi originate {origination_uuid=${leg}}${phone} &park()`);
    return (await events.event('CHANNEL_DESTROY', leg))['Hangup-Cause'] ?? '';
  } finally {
    events.close();
  }
}

/** Of what was heard from the first to the last of the tone, tenths of a second in which it mostly was not. */
function holes(citizen: Phone): number {
  const line = toneTimeline(citizen.heard(), DESK_HZ);
  const first = line.findIndex((share) => share > 0.9);
  const last = line.findLastIndex((share) => share > 0.9);
  return line.slice(first, last).filter((share) => share <= 0.5).length;
}

test('kill -9 of everything but the switch in a talk: not a word is lost, and the page is back by itself when the program is', async () => {
  const citizen = await talking('13800138031');
  const { core, supervisor } = stage.program.run().pids;
  process.kill(supervisor, 'SIGKILL');
  process.kill(core, 'SIGKILL');
  await desk.seen('[data-test=live].is-bad, [data-test=live].is-warn');
  await hearsDesk(citizen);
  await stage.program.start();
  await desk.seen('[data-test=live].is-good');
  await desk.state('talking');
  await hearsDesk(citizen);
  expect(holes(citizen)).toBeLessThanOrEqual(3);
  await hangUp(citizen);
  expect(await stage.closedRecord('13800138031')).toMatchObject({ outcome: 'answered' });
  await desk.click('finish');
}, 90_000);

test('a second call at the telephone of a talk is refused as busy: nothing rings, and the talk stays as it is', async () => {
  const citizen = await talking('13800138048');
  await desk.page.evaluate(`globalThis.rung = 0; new MutationObserver(() => {
    if (document.querySelector('[data-test=answer], .is-ringing') !== null) globalThis.rung += 1;
  }).observe(document.body, { subtree: true, childList: true, attributes: true });`);
  expect(await ringBeside(stage.program.firstRun().seats.find(({ user }) => user === 'seat1001')!.sipUser)).toBe(
    'USER_BUSY',
  );
  await hearsDesk(citizen);
  await hearsCitizen();
  await desk.state('talking');
  expect(await desk.page.evaluate('globalThis.rung')).toBe(0);
  expect(holes(citizen)).toBe(0);
  await hangUp(citizen);
  const record = (await stage.closedRecord('13800138048')) as unknown as { gaps: object[]; legs: object[] };
  expect(record).toMatchObject({ gaps: [], legs: [{ role: 'citizen' }, { role: 'agent' }] });
  await desk.click('finish');
}, 90_000);

test('the page is loaded again while everything but the switch is away: it says so, and is back by itself, talk and form, when the program is', async () => {
  const citizen = await talking('13800138039');
  await desk.page.fill('textarea[name=content]', '重新加载之前写的');
  const { core, supervisor } = stage.program.run().pids;
  for (const pid of [supervisor, core]) process.kill(pid, 'SIGKILL');
  await desk.seen('[data-test=away]:has-text("与服务器的连接中断")');
  await desk.page.reload();
  await desk.seen('[data-test=server-away]:has-text("正在等待服务器"):has-text("Waiting for the server")');
  expect(await axeFindings(desk.page)).toEqual([]);
  await stage.program.start();
  await desk.seen('[data-test=live].is-good');
  await hearsDesk(citizen);
  await hearsCitizen();
  await desk.state('talking');
  expect(await desk.page.inputValue('textarea[name=content]')).toBe('重新加载之前写的');
  expect(desk.faults).toEqual([]);
  await hangUp(citizen);
  await desk.click('finish');
}, 120_000);

test('the page is loaded again while the server cannot answer for a moment: the talk is back by itself', async () => {
  const citizen = await talking('13800138035');
  let refused = 0;
  await desk.page.route('**/api/v1/me*', (route) => {
    refused += 1;
    return refused <= 2 ? route.fulfill({ status: 503, json: {} }) : route.continue();
  });
  await desk.page.route('**/api/v1/me/phone', (route) => {
    refused += 1;
    return refused <= 4 ? route.fulfill({ status: 500, json: {} }) : route.continue();
  });
  await desk.page.reload();
  await stage.agentIs('seat1001', 'held');
  await hearsDesk(citizen);
  await hearsCitizen();
  expect(refused).toBeGreaterThan(4);
  await desk.page.unrouteAll();
  await hangUp(citizen);
  const record = (await stage.closedRecord('13800138035')) as unknown as { gaps: { result: string }[] };
  expect(record.gaps).toMatchObject([{ result: 'joined' }]);
  await desk.click('finish');
}, 90_000);

// A FreeSWITCH is not of our processes: its calls outlive them.
test.skipIf(freeSwitchPrefix !== undefined)(
  'kill -9 of everything, the switch too, in a talk: the page says that the talk may be cut off, and counts it no further; afterwards it shows none',
  async () => {
    const citizen = await talking('13800138038');
    const { core, supervisor } = stage.program.run().pids;
    for (const pid of [supervisor, core, stage.program.switchPid()]) process.kill(pid, 'SIGKILL');
    await desk.seen('[data-test=away]:has-text("通话可能已经断开")');
    // Four ticks of the page's clock.
    const shown = await desk.page.evaluate<string[]>(`new Promise((resolve) => {
    const texts = [];
    const look = () => texts.push(document.querySelector('[data-test=talk-clock]')?.textContent) < 5 ? setTimeout(look, 500) : resolve(texts);
    look();
  })`);
    expect(new Set(shown).size).toBe(1);
    await stage.program.start();
    await desk.seen('[data-test=live].is-good');
    await desk.seen('[data-test=phone].is-good');
    await desk.page.waitForSelector('[data-test=hang-up]', { state: 'detached' });
    await citizen.dispose();
  },
  120_000,
);
