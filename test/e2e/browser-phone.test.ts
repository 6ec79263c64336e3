import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { isAliveAs } from '../../src/lib/process-life.ts';
import { type Chromium, type Softphone, startChromium } from '../browser/chromium.ts';
import {
  BROWSER_HZ,
  CITIZEN_HZ,
  type Citizen,
  DESK_HZ,
  earOf,
  openStage,
  type Stage,
  shareNow,
  untilHears,
} from './browser-stage.ts';
import { until } from './program.ts';

vi.setConfig({ testTimeout: 120_000 });

const AGENT = '22222222-2222-4222-8222-222222222222';
const SECOND = '33333333-3333-4333-8333-333333333333';

let chromium: Chromium;
let stage: Stage;

beforeAll(async () => {
  chromium = await startChromium({ toneHz: BROWSER_HZ });
});

afterAll(() => chromium.close());

beforeEach(async () => {
  stage = await openStage(chromium);
});

afterEach(async () => {
  await chromium.closePages();
  await stage.close();
});

/** Rung, answered in the page. */
async function answered(seat: Softphone, user = '1001', leg = AGENT): Promise<void> {
  stage.ring(leg, user);
  await seat.noted('session', { originator: 'remote' });
  await seat.do('answer');
  await stage.client.event('CHANNEL_ANSWER', leg);
}

async function talking(): Promise<{ seat: Softphone; citizen: Citizen; ear: () => Promise<Int16Array> }> {
  const [seat, citizen] = await Promise.all([stage.seat('1001'), stage.citizen()]);
  const ear = earOf(seat);
  await answered(seat);
  expect(await stage.client.ask(`api uuid_bridge ${citizen.leg} ${AGENT}`)).toBe(`+OK ${AGENT}\n`);
  await untilHears(ear, CITIZEN_HZ);
  await untilHears(citizen.heard, BROWSER_HZ);
  return { seat, citizen, ear };
}

async function endOf(leg: string): Promise<string> {
  return (await stage.client.event('CHANNEL_DESTROY', leg))['Hangup-Cause'] ?? '';
}

describe('registration over WebSocket', () => {
  test('lasts as long as the page', async () => {
    const seat = await stage.seat('1001');
    const told = await stage.client.event('CUSTOM', undefined, { 'Event-Subclass': 'sofia::register' });
    expect(told).toMatchObject({ 'from-user': '1001', status: 'Registered(WS)' });
    expect(await stage.rows('registrations')).toMatchObject([{ reg_user: '1001', network_proto: 'ws' }]);
    await seat.page.close();
    await stage.client.event('CUSTOM', undefined, { 'Event-Subclass': 'sofia::unregister', 'from-user': '1001' });
    expect(await stage.rows('registrations')).toEqual([]);
  });

  test('needs the password', async () => {
    const page = await chromium.open();
    const account = { url: stage.ws, user: '1001', password: 'wrong', host: '127.0.0.1' };
    await expect(page.register(account)).rejects.toThrow('Authentication Error');
  });
});

describe('a call at a browser', () => {
  test('is rung with who calls, answered, heard both ways, and ended by the page', async () => {
    const { seat, citizen, ear } = await talking();
    expect(await seat.noted('session')).toMatchObject({ from: '13800138000', name: '市民张三' });
    expect(shareNow(await ear(), BROWSER_HZ)).toBeLessThan(0.2);
    expect(shareNow(citizen.heard(), CITIZEN_HZ)).toBeLessThan(0.2);
    await seat.do('hangUp');
    expect(await endOf(AGENT)).toBe('NORMAL_CLEARING');
    const [agent] = stage.client.events.filter(
      (event) => event['Event-Name'] === 'CHANNEL_HANGUP_COMPLETE' && event['Unique-ID'] === AGENT,
    );
    expect(Number(agent?.['variable_rtp_audio_in_packet_count'])).toBeGreaterThan(50);
    expect(agent?.['variable_rtp_audio_in_refused_packet_count']).toBe('0');
  });

  test('is ended by the other side, and the page knows', async () => {
    const { seat, citizen } = await talking();
    citizen.phone.hangUp(citizen.call);
    await endOf(citizen.leg);
    await stage.client.ask(`api uuid_kill ${AGENT}`);
    expect(await seat.noted('ended')).toMatchObject({ originator: 'remote' });
    expect(await endOf(AGENT)).toBe('NORMAL_CLEARING');
    await until(
      'no leg left',
      () => stage.rows('channels'),
      (rows) => rows.length === 0,
    );
  });

  test('takes keys, as telephone-event and as INFO', async () => {
    const { seat } = await talking();
    await seat.do('press', '5#');
    await stage.client.event('DTMF', AGENT, { 'DTMF-Digit': '5' });
    await stage.client.event('DTMF', AGENT, { 'DTMF-Digit': '#' });
    await seat.do('inform', '7');
    await stage.client.event('DTMF', AGENT, { 'DTMF-Digit': '7' });
  });

  test('is held and taken back by the page: the citizen hears music meanwhile', async () => {
    const { seat, citizen, ear } = await talking();
    await seat.do('hold');
    await stage.client.event('CHANNEL_HOLD', AGENT);
    await until(
      'the agent is no longer heard',
      () => shareNow(citizen.heard(), BROWSER_HZ),
      (share) => share < 0.2,
    );
    await seat.do('unhold');
    await stage.client.event('CHANNEL_UNHOLD', AGENT);
    await untilHears(citizen.heard, BROWSER_HZ);
    await untilHears(ear, CITIZEN_HZ);
  });

  test('is held and taken back by the switch', async () => {
    const { seat, citizen, ear } = await talking();
    expect(await stage.client.ask(`api uuid_hold ${AGENT}`)).toMatch(/^\+OK/);
    await seat.noted('hold', { originator: 'remote' });
    await until(
      'the agent is no longer heard',
      () => shareNow(citizen.heard(), BROWSER_HZ),
      (share) => share < 0.2,
    );
    expect(await stage.client.ask(`api uuid_hold off ${AGENT}`)).toMatch(/^\+OK/);
    await seat.noted('unhold', { originator: 'remote' });
    await untilHears(citizen.heard, BROWSER_HZ);
    await untilHears(ear, CITIZEN_HZ);
  });

  test('that nobody answers any more stops ringing; one that is declined says so', async () => {
    const seat = await stage.seat('1001');
    stage.ring(AGENT, '1001');
    await seat.noted('session');
    await stage.client.event('CHANNEL_PROGRESS', AGENT);
    await stage.client.ask(`api uuid_kill ${AGENT}`);
    expect(await seat.noted('failed')).toMatchObject({ originator: 'remote', cause: 'Canceled' });
    stage.ring(SECOND, '1001');
    await stage.client.event('CHANNEL_PROGRESS', SECOND);
    await seat.do('hangUp');
    expect(await endOf(SECOND)).toBe('NO_USER_RESPONSE');
  });

  test('that the page places hears its own echo', async () => {
    const seat = await stage.seat('1001');
    const ear = earOf(seat);
    await seat.do('call', 'sip:9196@127.0.0.1');
    await untilHears(ear, BROWSER_HZ);
    await seat.do('hangUp');
    const gone = await stage.client.event('CHANNEL_DESTROY');
    expect(gone['Hangup-Cause']).toBe('NORMAL_CLEARING');
  });

  test('to anywhere else is refused, also from an address that is a trunk', async () => {
    const seat = await stage.seat('1001');
    await seat.do('call', 'sip:12345@127.0.0.1');
    expect(await seat.noted('failed')).toMatchObject({ originator: 'remote', cause: 'Rejected' });
    expect(await stage.rows('channels')).toEqual([]);
  });

  test('names only the address that the switch is bound to', async () => {
    const { seat } = await talking();
    const sdp = await seat.do<string>('remoteSdp');
    const candidates = sdp.split('\r\n').filter((line) => line.startsWith('a=candidate:'));
    expect(candidates).toHaveLength(1);
    expect(candidates[0]).toMatch(/^a=candidate:1 1 UDP \d+ 127\.0\.0\.1 \d+ typ host/i);
    expect(sdp).toContain('\r\nc=IN IP4 127.0.0.1\r\n');
  });

  test('with a desk phone beside the browser rings both; who answers first has it', async () => {
    const [seat, desk, citizen] = await Promise.all([stage.seat('1001'), stage.deskPhone('1001'), stage.citizen()]);
    stage.client.send(`bgapi originate user/1001 &park()`);
    await seat.noted('session');
    const [ringing] = await until(
      'the desk phone rings',
      () => desk.calls(),
      (calls) => calls.length === 1,
    );
    desk.accept(ringing!);
    expect(await seat.noted('failed')).toMatchObject({ cause: 'Canceled' });
    const [agent] = await until(
      'two legs',
      () => stage.rows('channels'),
      (rows) => rows.length === 2 && rows.every((row) => row['callstate'] === 'ACTIVE'),
    );
    const other = (await stage.rows('channels')).find((row) => row['uuid'] !== citizen.leg) ?? agent;
    await stage.client.ask(`api uuid_bridge ${citizen.leg} ${other?.['uuid']}`);
    await untilHears(citizen.heard, DESK_HZ);
  });
});

/** By which port of the far end, and under which names of both, sound goes. */
interface Way {
  readonly state: string;
  readonly port: number | undefined;
  readonly local: string;
  readonly remote: string;
}

test('a page whose network changes in a call restarts ICE: heard both ways by another transport, the leg being the same', async () => {
  const { seat, citizen, ear } = await talking();
  for (let times = 1; times <= 2; times += 1) {
    const before = await seat.do<Way>('way');
    await seat.do('restartIce');
    const after = await until(
      'another way',
      () => seat.do<Way>('way'),
      ({ port, state }) => state === 'connected' && port !== undefined && port !== before.port,
    );
    expect([before.local, before.remote]).not.toContain(after.local);
    expect([before.local, before.remote]).not.toContain(after.remote);
    await untilHears(ear, CITIZEN_HZ);
    await untilHears(citizen.heard, BROWSER_HZ);
    expect((await stage.rows('channels')).map((row) => row['uuid']).sort()).toEqual([citizen.leg, AGENT].sort());
  }
  expect(await stage.client.ask(`api uuid_hold ${AGENT}`)).toMatch(/^\+OK/);
  await seat.noted('hold', { originator: 'remote' });
  expect(await stage.client.ask(`api uuid_hold off ${AGENT}`)).toMatch(/^\+OK/);
  await seat.noted('unhold', { originator: 'remote' });
  await untilHears(ear, CITIZEN_HZ);
  await untilHears(citizen.heard, BROWSER_HZ);
  await seat.do('hangUp');
  expect(await endOf(AGENT)).toBe('NORMAL_CLEARING');
});

describe('when something ends in the middle of a call', () => {
  test('the page: its leg ends within seconds, the citizen stays', async () => {
    const { seat, citizen } = await talking();
    const atMs = performance.now();
    await seat.page.close({ runBeforeUnload: false });
    expect(await endOf(AGENT)).toBe('MEDIA_TIMEOUT');
    expect(performance.now() - atMs).toBeLessThan(5_000);
    expect(await stage.rows('channels')).toMatchObject([{ uuid: citizen.leg }]);
  });

  test('the process of the WebRTC peers: its calls end, the others go on, and the next browser call works', async () => {
    const { seat, citizen } = await talking();
    const desk = await stage.deskPhone('1002');
    const second = await stage.citizen('13900139000');
    stage.ring(SECOND, '1002');
    const [ringing] = await until(
      'the desk phone rings',
      () => desk.calls(),
      (calls) => calls.length === 1,
    );
    desk.accept(ringing!);
    await stage.client.event('CHANNEL_ANSWER', SECOND);
    await stage.client.ask(`api uuid_bridge ${second.leg} ${SECOND}`);
    await untilHears(second.heard, DESK_HZ);
    const former = stage.peersPid();
    process.kill(former, 'SIGKILL');
    expect(await endOf(AGENT)).toBe('MEDIA_TIMEOUT');
    expect(await seat.noted('ended')).toMatchObject({ originator: 'remote' });
    await until(
      'another process',
      () => stage.peersPid(),
      (pid) => pid !== former,
    );
    expect((await stage.rows('channels')).map((row) => row['uuid']).sort()).toEqual(
      [citizen.leg, second.leg, SECOND].sort(),
    );
    await untilHears(second.heard, DESK_HZ);
    const again = await stage.seat('1003');
    await answered(again, '1003', '44444444-4444-4444-8444-444444444444');
    await stage.client.ask(`api uuid_bridge ${citizen.leg} 44444444-4444-4444-8444-444444444444`);
    await untilHears(citizen.heard, BROWSER_HZ);
  });

  test('the switch: its WebRTC process ends with it', async () => {
    await talking();
    const peers = stage.peersPid();
    process.kill(stage.started.pid, 'SIGKILL');
    await until(
      'the process is gone',
      () => isAliveAs(peers, 'child.js'),
      (alive) => !alive,
    );
  });

  test('the WebSocket alone: the talk goes on, and the page ends it over its next one', async () => {
    const { seat, citizen, ear } = await talking();
    stage.cutWebSockets();
    await seat.noted('disconnected');
    await until(
      'registered again',
      () => seat.notes(),
      (all) => all.filter(({ what }) => what === 'registered').length >= 2,
    );
    await untilHears(ear, CITIZEN_HZ);
    await untilHears(citizen.heard, BROWSER_HZ);
    await seat.do('hangUp');
    expect(await endOf(AGENT)).toBe('NORMAL_CLEARING');
  });
});
