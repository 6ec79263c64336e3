import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type OpenSwitch, openSwitch } from './open-switch.ts';
import { SDP } from './scripted-layers.ts';

/** Order of one leg's events in FreeSWITCH 1.10.12, from captures on loopback; state changes that this switch does not send are left out. */
const observed = JSON.parse(readFileSync(new URL('./observed-order.json', import.meta.url), 'utf8')) as Record<
  'caller' | 'agent' | 'cancelled' | 'rejected' | 'abandonedInMusic' | 'busy' | 'noAnswer' | 'held' | 'ringWithdrawn',
  string[]
> &
  Record<'bridgedCallerEnds' | 'conference', Record<'caller' | 'agent', string[]>>;

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';
const C = '33333333-3333-4333-8333-333333333333';
let open: OpenSwitch;

afterEach(() => open.close());

function orderOf(leg: string): string[] {
  return open.client.events
    .filter((event) => event['Unique-ID'] === leg)
    .map((event) => [event['Event-Name'], event['Application'] ?? event['Action']].filter(Boolean).join(' '));
}

async function talking(): Promise<void> {
  const { client, script } = open;
  registerPhone();
  await answered(A);
  client.send(`bgapi originate {origination_uuid=${B}}user/1001@minhu &park()`);
  await client.until(() => script.invites.length > 0, 'invite');
  script.happen({ kind: 'answered', call: B, sdp: SDP, again: false });
  await client.event('CHANNEL_PARK', B);
  await client.ask(`api uuid_bridge ${A} ${B}`);
  await client.event('CHANNEL_BRIDGE', A);
  client.events.length = 0;
}

const byPeer = (call: string) => ({ kind: 'ended', call, by: 'peer', status: undefined, reason: undefined }) as const;

async function park(leg: string): Promise<void> {
  open.script.caller(leg);
  await open.client.event('CHANNEL_PARK', leg);
}

async function answered(leg: string): Promise<void> {
  await park(leg);
  await open.execute(leg, 'answer');
  await open.client.event('CHANNEL_EXECUTE_COMPLETE', leg, { Application: 'answer' });
}

async function endPlay(leg: string): Promise<void> {
  const started = () => open.script.wishes.filter((wish) => wish.wish === 'play').at(-1);
  await open.client.event('PLAYBACK_START', leg);
  const play = started();
  if (play?.wish === 'play') open.script.report({ report: 'playEnded', leg, id: play.id, outcome: 'done' });
}

function registerPhone(): void {
  const flow = { transport: 'udp', remoteIp: '127.0.0.1', remotePort: 5301 } as const;
  const rest = { expiresAtMs: Date.now() + 60_000, callId: 'r', cseq: 1, userAgent: undefined };
  open.script.registrations.push({ user: '1001', contact: 'sip:1001@127.0.0.1:5301', flow, ...rest });
}

test('caller and agent come together in the order that FreeSWITCH shows', async () => {
  open = await openSwitch();
  const { client, script } = open;
  registerPhone();
  await answered(A);
  await open.execute(A, 'playback', 'menu.wav');
  await endPlay(A);
  await client.event('CHANNEL_EXECUTE_COMPLETE', A, { Application: 'playback' });
  await open.execute(A, 'play_and_get_digits', '1 1 3 5000 # menu.wav wrong.wav choice [1-3] 3000');
  await client.event('CHANNEL_EXECUTE', A, { Application: 'play_and_get_digits' });
  script.report({ report: 'digit', leg: A, digit: '2', durationSamples: 1280 });
  await client.event('CHANNEL_EXECUTE_COMPLETE', A, { Application: 'play_and_get_digits' });
  await open.execute(A, 'playback', 'local_stream://moh');
  client.send(`bgapi originate {origination_uuid=${B}}user/1001@minhu &park()`);
  await client.until(() => script.invites.length > 0, 'invite');
  script.happen({ kind: 'ringing', call: B, status: 180, sdp: undefined });
  script.happen({ kind: 'answered', call: B, sdp: SDP, again: false });
  await client.event('CHANNEL_PARK', B);
  await client.ask(`api uuid_bridge ${A} ${B}`);
  await client.event('CHANNEL_BRIDGE', A);
  expect(orderOf(A)).toEqual(observed.caller);
  expect(orderOf(B)).toEqual(observed.agent);
});

test('a caller who gives up while it rings, one who is rejected, and one who leaves the music end in that order', async () => {
  open = await openSwitch();
  const { client, script } = open;
  await park(A);
  await open.execute(A, 'ring_ready');
  script.happen({ kind: 'ended', call: A, by: 'peer', status: 487, reason: undefined });
  expect((await client.event('CHANNEL_DESTROY', A))['Hangup-Cause']).toBe('ORIGINATOR_CANCEL');
  expect(orderOf(A)).toEqual(observed.cancelled);
  client.events.length = 0;
  await park(B);
  await client.ask(`api uuid_kill ${B} CALL_REJECTED`);
  await client.event('CHANNEL_DESTROY', B);
  expect(orderOf(B)).toEqual(observed.rejected);
  expect(script.said).toContainEqual(['reject', B, 603, 'Call rejected', expect.any(Number)]);
  client.events.length = 0;
  await answered(A);
  await open.execute(A, 'playback', 'local_stream://moh');
  await client.event('PLAYBACK_START', A);
  script.happen({ kind: 'ended', call: A, by: 'peer', status: undefined, reason: undefined });
  await client.event('CHANNEL_DESTROY', A);
  expect(orderOf(A)).toEqual(observed.abandonedInMusic);
});

test('a phone that is busy and one that nobody answers end in that order', async () => {
  open = await openSwitch();
  const { client, script } = open;
  client.send(`bgapi originate {origination_uuid=${A}}sofia/internal/sip:1004@127.0.0.1:5304 &park()`);
  await client.until(() => script.invites.length > 0, 'invite');
  script.happen({ kind: 'ended', call: A, by: 'peer', status: 486, reason: undefined });
  await client.event('CHANNEL_DESTROY', A);
  expect(orderOf(A)).toEqual(observed.busy);
  client.send(`bgapi originate {origination_uuid=${B},originate_timeout=1}sofia/internal/sip:6@127.0.0.1:5306 &park()`);
  await client.until(() => script.invites.length > 1, 'invite');
  script.happen({ kind: 'ringing', call: B, status: 180, sdp: undefined });
  await client.event('CHANNEL_DESTROY', B);
  expect(orderOf(B)).toEqual(observed.noAnswer);
});

test('hold and its music come in that order, across both legs', async () => {
  open = await openSwitch();
  const { client, script } = open;
  await talking();
  script.happen({ kind: 'offer', call: B, sdp: `${SDP}a=sendonly\r\n` });
  await client.event('PLAYBACK_START', A);
  script.happen({ kind: 'offer', call: B, sdp: SDP });
  await client.event('CHANNEL_UNHOLD', B);
  const order = client.events.map((event) =>
    [event['Unique-ID'] === A ? 'A' : 'B', event['Event-Name'], event['Application']].filter(Boolean).join(' '),
  );
  expect(order.filter((line) => !line.includes('HEARTBEAT'))).toEqual(observed.held);
});

test('a ring that is withdrawn, and a talk that its caller ends, end in that order', async () => {
  open = await openSwitch();
  const { client, script } = open;
  const ring = `{origination_uuid=${C}}sofia/internal/sip:1006@127.0.0.1:5306`;
  client.send(`bgapi originate ${ring} &park()`);
  await client.until(() => script.invites.length > 0, 'invite');
  script.happen({ kind: 'ringing', call: C, status: 180, sdp: undefined });
  await client.event('CHANNEL_PROGRESS', C);
  await client.ask(`api uuid_kill ${C} LOSE_RACE`);
  await client.event('CHANNEL_DESTROY', C);
  expect(orderOf(C)).toEqual(observed.ringWithdrawn);
  script.invites.length = 0;
  await talking();
  script.happen(byPeer(A));
  await client.event('CHANNEL_DESTROY', A);
  await client.event('CHANNEL_DESTROY', B);
  expect(orderOf(A)).toEqual(observed.bridgedCallerEnds.caller);
  expect(orderOf(B)).toEqual(observed.bridgedCallerEnds.agent);
});

test('two who are moved into a conference, and one who leaves it, are told in that order', async () => {
  open = await openSwitch();
  const { client, script } = open;
  await talking();
  await client.ask(`api uuid_transfer ${A} -both conference:room@default inline`);
  await client.event('CUSTOM', B, { Action: 'add-member' });
  expect(orderOf(A)).toEqual(observed.conference.caller);
  script.happen(byPeer(B));
  await client.event('CHANNEL_DESTROY', B);
  expect(orderOf(B)).toEqual(observed.conference.agent);
});

test.each([1, 2, 3, 4, 5])(
  'in rough mode (seed %i) a leg keeps its order and every command its reply',
  async (roughSeed) => {
    open = await openSwitch({ roughSeed });
    const { client, script } = open;
    const legs = Array.from({ length: 8 }, (_, index) => `0000000${index}-1111-4111-8111-111111111111`);
    for (const leg of legs) script.caller(leg);
    for (const leg of legs) {
      await client.event('CHANNEL_PARK', leg);
      expect(await open.execute(leg, 'answer')).toBe('+OK');
      expect(await client.ask(`api uuid_setvar ${leg} minhu_key k`)).toBe('+OK\n');
    }
    for (const leg of legs) await client.event('CHANNEL_EXECUTE_COMPLETE', leg, { Application: 'answer' });
    for (const leg of legs)
      script.happen({ kind: 'ended', call: leg, by: 'peer', status: undefined, reason: undefined });
    for (const leg of legs) await client.event('CHANNEL_DESTROY', leg);
    const expected = observed.abandonedInMusic.filter((name) => !/PLAYBACK|playback/.test(name));
    for (const leg of legs) {
      expect(orderOf(leg)).toEqual(expected);
      const numbers = client.events
        .filter((event) => event['Unique-ID'] === leg)
        .map((event) => +event['Event-Sequence']!);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
  },
);
