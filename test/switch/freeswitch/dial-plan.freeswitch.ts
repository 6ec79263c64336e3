import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Peer, sipp } from '../../e2e/peers.ts';
import { until } from '../../e2e/program.ts';
import { callerScenario, cancelScenario } from '../../e2e/scenarios.ts';
import { type FreeSwitch, freeSwitchPrefix, startFreeSwitch } from '../free-switch.ts';

/** The shipped dial plan alone: nobody controls this FreeSWITCH. */
let real: FreeSwitch;
const UNADOPTED_SECONDS = 3;
const root = join(import.meta.dirname, '../../..');
const peers: Peer[] = [];

beforeAll(async () => {
  real = await startFreeSwitch(freeSwitchPrefix!, {
    prompts: join(root, 'dialplans/prompts'),
    music: join(root, 'dialplans/freeswitch/music'),
    unadoptedSeconds: UNADOPTED_SECONDS,
  });
});

/** The list of legs follows the calls by some tenths of a second. */
afterEach(async () => {
  await until('no leg is left', legs, (list) => list.length === 0);
});

afterAll(async () => {
  for (const peer of peers) await peer.dispose();
  await real?.stop();
});

function call(scenario: string): Peer {
  const peer = sipp({ scenario, server: real.sip });
  peers.push(peer);
  return peer;
}

test('a caller whom nobody adopts is answered, hears the apology to its end and is let go', async () => {
  const startedAtMs = performance.now();
  const caller = call(callerScenario({ number: '12345', from: '13800138901', talkMs: 30_000 }));
  expect(await caller.ended, caller.output()).toBe(0);
  // The apology alone lasts some seconds.
  expect(performance.now() - startedAtMs).toBeGreaterThan((UNADOPTED_SECONDS - 1) * 1_000 + 3_000);
  expect(performance.now() - startedAtMs).toBeLessThan(29_000);
});

test('a caller who is answered in time hears no apology', async () => {
  const caller = call(callerScenario({ number: '12345', from: '13800138902', talkMs: 8_000 }));
  const leg = await until('the call is parked', legs, (list) => list.length === 1);
  expect(await real.api(`uuid_getvar ${leg[0]} minhu_trunk`)).toBe('local');
  expect(await real.api('show tasks')).toContain(leg[0]);
  await real.api(`uuid_answer ${leg[0]}`);
  await until(
    'the apology is off the agenda',
    () => real.api('show tasks'),
    (tasks) => !tasks.includes(leg[0]!),
  );
  expect(await caller.ended, caller.output()).toBe(0);
});

async function legs(): Promise<string[]> {
  const { rows = [] } = JSON.parse(await real.api('show channels as json')) as { rows?: { uuid: string }[] };
  return rows.map(({ uuid }) => uuid);
}

test.each(['+862812345', '02812315', '+8612345'])('a trunk may dial %s, the number with its codes', async (number) => {
  const caller = call(callerScenario({ number, from: '13800138904', talkMs: 500 }));
  expect(await caller.ended, caller.output()).toBe(0);
});

test.each(['110', 'unadopted', '12345678', '1001', '2812345'])('a trunk that dials %s is refused', async (number) => {
  const scenario = callerScenario({ number, from: '13800138903', talkMs: 1_000, refused: 404 });
  const caller = call(scenario);
  expect(await caller.ended, caller.output()).toBe(0);
});

test('a browser is no trunk, though it comes from an address of one', async () => {
  const sdp = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', 'm=audio 9 RTP/AVP 8', ''].join(
    '\r\n',
  );
  const socket = new WebSocket(`ws://${real.ws}`, 'sip');
  const answers: string[] = [];
  socket.on('message', (data) => answers.push(String(data)));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send(
    [
      'INVITE sip:12345@minhu SIP/2.0',
      'Via: SIP/2.0/WS page.invalid;branch=z9hG4bK1',
      'Max-Forwards: 70',
      'From: <sip:13800138905@minhu>;tag=1',
      'To: <sip:12345@minhu>',
      'Call-ID: of-a-browser',
      'CSeq: 1 INVITE',
      'Contact: <sip:page@page.invalid;transport=ws>',
      'Content-Type: application/sdp',
      `Content-Length: ${sdp.length}`,
      `\r\n${sdp}`,
    ].join('\r\n'),
  );
  const final = await until(
    'a final answer',
    () => answers.at(-1) ?? '',
    (answer) => /^SIP\/2\.0 [2-6]/.test(answer),
  );
  socket.terminate();
  expect(final).toMatch(/^SIP\/2\.0 404 /);
});

test('a caller who gives up before the answer leaves nothing', async () => {
  await call(cancelScenario({ number: '12345', from: '13800138904' })).ended;
});
