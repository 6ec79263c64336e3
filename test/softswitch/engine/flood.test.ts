import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { baresip, type Peer, type Phone, sipp } from '../../e2e/peers.ts';
import { until } from '../../e2e/program.ts';
import { callerScenario, INVITE } from '../../e2e/scenarios.ts';
import { toneTimeline } from '../../e2e/tone.ts';
import { type StartedSwitch, startSwitchProcess } from '../start.ts';
import { EventSocketClient } from './event-socket-client.ts';

const RATE = 800;
const SECONDS = 3;
const CALLS_MAX = 60;
const GROWTH_BYTES_MAX = 80 * 1024 * 1024;
const STRANGER = '127.0.0.9';

let started: StartedSwitch;
let client: EventSocketClient;
const peers: Peer[] = [];

afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.dispose();
  client.close();
  await started.stop();
});

const keep = <P extends Peer>(peer: P): P => {
  peers.push(peer);
  return peer;
};

/** INVITEs, and no care for what becomes of them. */
const FLOOD = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="flood">
  ${INVITE.replace(' retrans="500"', '')}
</scenario>
`
  .replaceAll('{number}', '12345')
  .replaceAll('{from}', '13800138999');

const residentBytes = () =>
  Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${started.pid}/status`, 'utf8'))?.[1]) * 1_024;

const legs = async () => (JSON.parse(await client.ask('api show channels as json')) as { row_count: number }).row_count;

function flood(localIp: string): Promise<number | null> {
  const server = `127.0.0.1:${started.sipPort}`;
  const options = { scenario: FLOOD, server, localIp, rate: RATE, calls: RATE * SECONDS, timeoutS: 30 };
  return keep(sipp(options)).ended;
}

/** As a scanner goes through the extensions; how many answers came. */
async function scan(): Promise<number> {
  const socket = createSocket('udp4');
  let answers = 0;
  socket.on('message', () => {
    answers += 1;
  });
  await new Promise<void>((resolve) => socket.bind(0, STRANGER, () => resolve()));
  for (let extension = 100; extension < 1_600; extension += 1) {
    const method = ['OPTIONS', 'REGISTER', 'INVITE'][extension % 3]!;
    const lines = [
      `${method} sip:${extension}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP ${STRANGER};rport;branch=z9hG4bKscan${extension}`,
      `From: <sip:${extension}@127.0.0.1>;tag=s${extension}`,
      `To: <sip:${extension}@127.0.0.1>`,
      `Call-ID: scan-${extension}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:${extension}@${STRANGER}>`,
      'Max-Forwards: 70',
      'User-Agent: a scanner that tells its name at some length, so that an answer would not be larger than the question',
      'Content-Length: 0',
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, started.sipPort, '127.0.0.1');
    if (extension % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  // What it asked for last is answered when this is.
  await client.ask('api status');
  socket.close();
  return answers;
}

/** The share of its time in which the phone heard the tone, from a moment on. */
function hearing(phone: Phone, from: number): number {
  const line = toneTimeline(phone.heard().slice(from), 700);
  return line.filter((share) => share > 0.9).length / line.length;
}

test('scans and floods of 800 INVITEs a second, from strangers and from the trunk, leave the calls in progress alone and nothing behind', async () => {
  const trunks = [{ name: 'city', from: ['127.0.0.1/32'], numbers: ['12345'] }];
  started = await startSwitchProcess({ callsMax: CALLS_MAX, trunks }, ['1001']);
  client = new EventSocketClient(started.eslPort);
  await client.ask(`auth ${started.password}`);
  await client.ask('event plain CHANNEL_PARK CHANNEL_DESTROY');
  const server = `127.0.0.1:${started.sipPort}`;
  const seat = keep(baresip({ server, user: '1001', password: 'secret', toneHz: 700 }));
  await until(
    'the seat is registered',
    () => seat.output(),
    (text) => text.includes('200 OK'),
  );
  seat.type(`/dial sip:9196@${server}\n`);
  await until(
    'the seat hears itself',
    () => seat.heard().length,
    (samples) => samples > 16_000,
  );
  await flood(STRANGER);
  const [warm, from] = [residentBytes(), seat.heard().length];

  await flood(STRANGER);
  expect(await legs()).toBe(1);
  expect(await scan()).toBeLessThan(1_000);
  await flood('127.0.0.1');
  expect(await legs()).toBeLessThanOrEqual(CALLS_MAX);
  expect(client.events.filter((event) => event['Event-Name'] === 'CHANNEL_PARK').length).toBe(CALLS_MAX - 1);
  expect(residentBytes() - warm).toBeLessThan(GROWTH_BYTES_MAX);

  // What the flood left in the socket comes in as soon as there is a place.
  const endParked = async () => {
    for (const event of client.events.splice(0)) await client.ask(`api uuid_kill ${event['Unique-ID']}`);
    return await legs();
  };
  await until('only the call in progress is left', endParked, (count) => count === 1);
  expect(hearing(seat, from)).toBeGreaterThan(0.7);
  client.events.length = 0;
  const plan = { number: '12345', from: '13800138000', talkMs: 200 };
  const caller = keep(sipp({ scenario: callerScenario(plan), server }));
  const leg = (await client.event('CHANNEL_PARK'))['Unique-ID']!;
  await client.ask(`sendmsg ${leg}`, 'call-command: execute', 'execute-app-name: answer');
  expect(await caller.ended, caller.output()).toBe(0);
}, 90_000);
