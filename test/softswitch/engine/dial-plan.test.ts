import { afterEach, expect, test } from 'vitest';
import type { SwitchOptions } from '../../../src/softswitch/options.ts';
import { baresip, type Phone, type PhoneOptions } from '../../e2e/peers.ts';
import { until } from '../../e2e/program.ts';
import { toneSeconds } from '../../e2e/tone.ts';
import { type StartedSwitch, startSwitchProcess } from '../start.ts';
import { EventSocketClient } from './event-socket-client.ts';

let started: StartedSwitch;
let client: EventSocketClient;
const phones: Phone[] = [];

afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.dispose();
  client.close();
  await started.stop();
});

async function open(change: Partial<SwitchOptions> = {}): Promise<void> {
  started = await startSwitchProcess(change, ['1001']);
  client = new EventSocketClient(started.eslPort);
  await client.ask(`auth ${started.password}`);
  await client.ask('event plain ALL');
}

async function phone(options: Omit<PhoneOptions, 'server'>): Promise<Phone> {
  const made = baresip({ ...options, server: `127.0.0.1:${started.sipPort}` });
  phones.push(made);
  const ready = options.password === undefined ? 'baresip is ready' : '200 OK';
  await until(
    'the phone is up',
    () => made.output(),
    (text) => text.includes(ready),
  );
  return made;
}

const dial = (caller: Phone, number: string) => caller.type(`/dial sip:${number}@127.0.0.1:${started.sipPort}\n`);

const says = (who: Phone, words: RegExp) =>
  until(
    `the phone says ${words}`,
    () => who.output(),
    (text) => words.test(text),
  );

test('a seat that calls 9196 hears itself, and any other number is refused with the reason', async () => {
  await open();
  const seat = await phone({ user: '1001', password: 'secret', toneHz: 700 });
  dial(seat, '9196');
  await until(
    'the seat hears itself',
    () => toneSeconds(seat.heard(), 700),
    (seconds) => seconds >= 1,
  );
  const echo = client.events.find((event) => event['Application'] === 'echo');
  expect(echo).toMatchObject({ 'Event-Name': 'CHANNEL_EXECUTE', 'Caller-Destination-Number': '9196' });
  expect(client.events.map((event) => event['Event-Name'])).not.toContain('CHANNEL_PARK');
  seat.type('b');
  await client.event('CHANNEL_DESTROY', echo!['Unique-ID']!);
  dial(seat, '13800138000');
  await says(seat, /403 A seat may call 9196 only/);
  const stranger = await phone({ user: '1009', toneHz: 700 });
  dial(stranger, '9196');
  await says(stranger, /404/);
});

test('a call that nobody adopts hears the apology and is let go; an adopted one is left alone', async () => {
  await open({ unadoptedMs: 1_500 });
  const adopted = await phone({ user: '13800138002', toneHz: 600 });
  dial(adopted, '12345');
  const leg = (await client.event('CHANNEL_PARK'))['Unique-ID']!;
  await client.ask(`sendmsg ${leg}`, 'call-command: execute', 'execute-app-name: answer');
  const forlorn = await phone({ user: '13800138003', toneHz: 600 });
  client.events.length = 0;
  dial(forlorn, '12345');
  const lost = (await client.event('CHANNEL_PARK'))['Unique-ID']!;
  const over = await client.event('CHANNEL_HANGUP_COMPLETE', lost);
  expect(over['Hangup-Cause']).toBe('NORMAL_CLEARING');
  expect(Number(over['variable_mduration'])).toBeGreaterThanOrEqual(1_500);
  expect(toneSeconds(forlorn.heard(), 440)).toBeGreaterThanOrEqual(0.3);
  await says(forlorn, /terminated|closed/);
  expect(await client.ask(`api uuid_exists ${leg}`)).toBe('true');
  expect(toneSeconds(adopted.heard(), 440)).toBe(0);
});

test('with no controller at all it is the same', async () => {
  await open({ unadoptedMs: 1_000 });
  client.close();
  const forlorn = await phone({ user: '13800138004', toneHz: 600 });
  dial(forlorn, '12345');
  await says(forlorn, /terminated|closed/);
  expect(toneSeconds(forlorn.heard(), 440)).toBeGreaterThanOrEqual(0.3);
});

test('the ring of a phone that is gone ends at once', async () => {
  await open();
  const gone = await phone({ user: '1001', password: 'secret', toneHz: 700 });
  gone.kill('SIGKILL');
  await gone.ended;
  const startedMs = Date.now();
  expect(await client.ask('api originate {originate_timeout=30}user/1001@minhu &park()')).toBe(
    '-ERR NORMAL_TEMPORARY_FAILURE\n',
  );
  expect(Date.now() - startedMs).toBeLessThan(5_000);
});

test('a trunk may dial its numbers with the codes of area and country, and nothing else', async () => {
  await open();
  const caller = await phone({ user: '13800138005', toneHz: 600 });
  dial(caller, '+862812345');
  const parked = await client.event('CHANNEL_PARK');
  expect(parked['Caller-Destination-Number']).toBe('+862812345');
  caller.type('b');
  await client.event('CHANNEL_DESTROY', parked['Unique-ID']!);
  dial(caller, '2812345');
  await says(caller, /404/);
});
