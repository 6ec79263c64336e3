import { beforeEach, expect, test, vi } from 'vitest';
import {
  caller,
  cut,
  events,
  heardEvents,
  inbound,
  outbound,
  phone,
  ring,
  script,
  sent,
  useScriptedAdapter,
} from './scripted-adapter.ts';

const KILLED = /^api uuid_kill phone-1 MEDIA_TIMEOUT$/;

useScriptedAdapter();

const contact = (page: string, port: number): string =>
  `sip:${page}@${page}.invalid;transport=ws;fs_path=sip%3A${page}%40127.0.0.1%3A${port}%3Btransport%3Dws`;

const registers = (page: string, port: number, user = '1001'): void => {
  const told = { 'Event-Subclass': 'sofia::register', 'from-user': user, expires: '120' };
  script.event('CUSTOM', { ...told, 'call-id': `of-${page}`, contact: `"" <${contact(page, port)}>` });
};

const loses = (page: string): void =>
  script.event('CUSTOM', {
    ...{ 'Event-Subclass': 'sofia::unregister', 'from-user': '1001' },
    ...{ 'call-id': `of-${page}`, reason: 'socket-disconnection' },
  });

const kills = (): number => script.heard.filter((command) => KILLED.test(command)).length;

/** What the adapter has been told so far it has acted on: a key pressed after it is told. */
async function settled(): Promise<void> {
  const before = events.length;
  script.event('DTMF', { ...outbound, 'DTMF-Digit': '1', 'DTMF-Duration': '800' });
  await vi.waitFor(() => expect(events.slice(before).map(({ type }) => type)).toContain('digitPressed'), 5_000);
}

beforeEach(async () => {
  registers('first', 5_001);
  script.event('CHANNEL_PARK', { ...inbound, 'Caller-Caller-ID-Number': '138', 'Caller-Destination-Number': '12345' });
  await heardEvents(['deviceRegistered', 'callArrived']);
  ring('1.0', { device: contact('first', 5_001) });
  await sent(/^bgapi originate .*minhu_seat=1001,minhu_page=sip:first@first\.invalid}sofia/);
  script.event('CHANNEL_PARK', outbound);
  script.event('CHANNEL_BRIDGE', { ...inbound, 'Bridge-A-Unique-ID': caller, 'Bridge-B-Unique-ID': phone });
  await heardEvents(['deviceRegistered', 'callArrived', 'legAnswered', 'bridged']);
});

test('a page that goes in a talk and is loaded again has lost its leg at once', async () => {
  loses('first');
  await settled();
  expect(kills()).toBe(0);
  registers('second', 5_002);
  await sent(KILLED);
});

test('so it is when the new page is there before the end of the former one is told', async () => {
  registers('second', 5_002);
  await settled();
  expect(kills()).toBe(0);
  loses('first');
  await sent(KILLED);
});

test('a page that is back by another connection keeps its leg, whichever is told first', async () => {
  script.event('CHANNEL_HOLD', outbound);
  loses('first');
  registers('first', 5_002);
  registers('first', 5_003);
  loses('first');
  registers('other', 5_004, '1002');
  registers('second', 5_005);
  await settled();
  expect(kills()).toBe(0);
});

test('of a page that goes while it holds nobody would find out: its leg is lost soon after', async () => {
  script.event('CHANNEL_HOLD', outbound);
  loses('first');
  await settled();
  expect(kills()).toBe(0);
  await sent(KILLED);
});

const asksForSound = (times: number): Promise<void> =>
  vi.waitFor(
    () => expect(script.heard.filter((command) => command.includes('in_packet_count'))).toHaveLength(times),
    5_000,
  );

test('of a page that goes while it talks the leg is lost as soon as no sound comes any more', async () => {
  script.answers.set('api uuid_getvar', '100');
  loses('first');
  await sent(KILLED);
});

test('a page whose sound comes while it cannot be reached keeps its leg', async () => {
  script.answers.set('api uuid_getvar', '100');
  loses('first');
  await asksForSound(1);
  script.answers.set('api uuid_getvar', '150');
  await asksForSound(2);
  await settled();
  expect(kills()).toBe(0);
});

test('a page that went while nobody listened is found by the survey', async () => {
  const told = {
    variable_minhu_key: '1.0',
    variable_minhu_seat: '1001',
    variable_minhu_page: 'sip:first@first.invalid',
  };
  const held = { ...outbound, 'Answer-State': 'answered', 'Channel-Call-State': 'HELD', ...told };
  script.answers.set(
    'api uuid_dump',
    Object.entries(held)
      .map((pair) => pair.join(': '))
      .join('\n'),
  );
  cut(phone);
  await vi.waitFor(() => expect(events.at(-1)?.type).toBe('surveyed'), 5_000);
  expect(events.at(-1)).toMatchObject({ survey: { legs: [{ leg: phone, held: true }], devices: [] } });
  await sent(KILLED);
});
