import { expect } from 'vitest';
import { startChromium } from '../browser/chromium.ts';
import { openDesk } from '../browser/desk-page.ts';
import { shareNow } from './browser-stage.ts';
import { baresip } from './peers.ts';
import { type Program, until } from './program.ts';
import { dial } from './stage.ts';

const AGENT_HZ = 1_000;
const CITIZEN_HZ = 440;

/** A page that comes by https, with every socket by wss: signed in, registered, rung, answered, heard both ways. */
export async function talksAtSecurePage(program: Program): Promise<void> {
  const { http, sip } = program.run();
  const chromium = await startChromium({ toneHz: AGENT_HZ, anyCertificate: true });
  const citizen = baresip({ server: sip, user: '13800138000', toneHz: CITIZEN_HZ });
  try {
    const desk = await openDesk(chromium.browser, http, { secure: true });
    const sockets: string[] = [];
    desk.page.on('websocket', (socket) => sockets.push(socket.url()));
    await desk.sitDown(program.firstRun().seats.find(({ user }) => user === 'seat1001')!);
    await desk.click('ready');
    await desk.state('ready');
    await dial(citizen, `sip:12345@${sip}`);
    citizen.type('1');
    await desk.click('answer');
    await desk.state('talking');
    await hears('the agent', desk.heard, CITIZEN_HZ);
    await hears('the citizen', () => citizen.heard(), AGENT_HZ);
    await desk.click('hang-up');
    await desk.state('wrapUp');
    // Of the telephone, and of all that is told live.
    expect(sockets.filter((url) => url.startsWith('wss://')).length).toBeGreaterThanOrEqual(2);
    expect([sockets.filter((url) => !url.startsWith('wss://')), desk.faults]).toEqual([[], []]);
  } finally {
    await citizen.dispose();
    await chromium.close();
  }
}

const hears = (who: string, ear: () => Int16Array | Promise<Int16Array>, hz: number) =>
  until(
    `${who} hears ${hz} Hz`,
    async () => shareNow(await ear(), hz),
    (share) => share > 0.9,
    30_000,
  );
