import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { SeenEvent } from './event-socket-client.ts';
import { type OpenSwitch, openSwitch } from './open-switch.ts';
import { SDP } from './scripted-layers.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));

/**
 * Of the headers that the adapter reads, those that FreeSWITCH 1.10.12 sent with every event of this kind, and the form of what they held,
 * from captures on loopback. A form is a name of `FORMS`, or the values seen.
 */
const observed = read('./observed-headers.json') as Record<string, Record<string, string>>;
/** What was asked and what FreeSWITCH answered to it; `LEG`, `OTHER`, `GONE` and `FILE` stand for ids and a path. */
const replies = read('./observed-replies.json') as ReadonlyArray<{ readonly ask: string; readonly reply: string }>;

const FORMS: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  microseconds: /^\d{16}$/,
  number: /^\d+$/,
  ip: /^\d+(\.\d+){3}$/,
  text: /./,
  path: /^\/.+/,
  cause: /^[A-Z]+(_[A-Z]+)*$/,
  contact: /^".*" <sip:[^>]+>$/,
  digit: /^[0-9*#A-D]$/,
};

/** Where this switch is tidier, and the adapter does not mind. */
const DIFFERENCES: ReadonlyArray<{ readonly kind: RegExp; readonly header: string }> = [
  // FreeSWITCH turns the caller's profile of a leg that it rang round once it is answered.
  { kind: / outbound/, header: 'Caller-Caller-ID-Name' },
  // FreeSWITCH leaves the name of the last partner behind.
  { kind: /after a bridge/, header: 'variable_signal_bond' },
];

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';
const C = '33333333-3333-4333-8333-333333333333';
const D = '44444444-4444-4444-8444-444444444444';
const JOB = '55555555-5555-4555-8555-555555555555';
let open: OpenSwitch;

afterEach(() => open.close());

/** The kind of an event, as the facts are sorted. */
function kindOf(event: SeenEvent): string {
  const name = event['Event-Name']!;
  if (name === 'BACKGROUND_JOB') return name;
  if (name === 'CUSTOM') return `CUSTOM ${event['Event-Subclass']}`;
  if (name === 'CHANNEL_PARK' && event['Channel-State'] === 'CS_PARK') return 'CHANNEL_PARK after a bridge';
  const answered = Number(event['Caller-Channel-Answered-Time'] ?? 0) > 0 ? 'answered' : 'unanswered';
  const parts = [name, event['Call-Direction']];
  if (name === 'CHANNEL_EXECUTE_COMPLETE') parts.push(event['Application']);
  if (name === 'CHANNEL_HANGUP_COMPLETE') parts.push(answered);
  return parts.join(' ');
}

function misfits(event: SeenEvent): string[] {
  const kind = kindOf(event);
  return Object.entries(observed[kind] ?? {}).flatMap(([header, form]) => {
    const value = event[header] ?? '';
    const fits = FORMS[form] === undefined ? form.split('|').includes(value) : FORMS[form].test(value);
    const known = DIFFERENCES.some((difference) => difference.header === header && difference.kind.test(kind));
    return fits || known ? [] : [`${kind}: ${header} is “${value}”, not ${form}`];
  });
}

async function complete(leg: string, application: string): Promise<void> {
  await open.client.event('CHANNEL_EXECUTE_COMPLETE', leg, { Application: application });
}

async function playToEnd(leg: string): Promise<void> {
  const plays = () => open.script.wishes.filter((wish) => wish.wish === 'play' && wish.leg === leg);
  const before = plays().length;
  await open.execute(leg, 'playback', 'menu.wav');
  await open.client.until(() => plays().length > before, 'play');
  const play = plays().at(-1)!;
  if (play.wish === 'play') open.script.report({ report: 'playEnded', leg, id: play.id, outcome: 'done' });
  await complete(leg, 'playback');
}

const gone = (call: string, status?: number) =>
  open.script.happen({ kind: 'ended', call, by: 'peer', status, reason: undefined });

async function ring(leg: string, job: string): Promise<void> {
  const before = open.script.invites.length;
  const dialled = `{origination_uuid=${leg},origination_caller_id_number=12345}sofia/internal/sip:1001@127.0.0.1:5301`;
  open.client.send(`bgapi originate ${dialled} &park()`, `Job-UUID: ${job}`);
  await open.client.until(() => open.script.invites.length > before, 'invite');
}

async function callerComes(leg: string): Promise<void> {
  open.script.caller(leg);
  await open.client.event('CHANNEL_PARK', leg);
}

async function wholeCall(): Promise<void> {
  const { client, script } = open;
  await callerComes(A);
  await open.execute(A, 'ring_ready');
  await complete(A, 'ring_ready');
  await open.execute(A, 'answer');
  await complete(A, 'answer');
  await playToEnd(A);
  await open.execute(A, 'play_and_get_digits', '1 1 1 5000 # menu.wav wrong.wav choice [1-3]');
  await client.event('CHANNEL_EXECUTE', A, { Application: 'play_and_get_digits' });
  script.report({ report: 'digit', leg: A, digit: '2', durationSamples: 1280 });
  await complete(A, 'play_and_get_digits');
  await ring(B, JOB);
  script.happen({ kind: 'ringing', call: B, status: 180, sdp: undefined });
  script.happen({ kind: 'answered', call: B, sdp: SDP, again: false });
  await client.event('CHANNEL_PARK', B);
  await playToEnd(B);
  script.report({ report: 'digit', leg: B, digit: '5', durationSamples: 800 });
  await client.event('DTMF', B);
  await client.ask(`api uuid_setvar_multi ${A} park_after_bridge=true;hangup_after_bridge=false`);
  await client.ask(`api uuid_bridge ${A} ${B}`);
  await client.event('CHANNEL_BRIDGE', A);
  const file = `${open.folder.path}/recordings/a.wav`;
  await client.ask(`api uuid_record ${A} start ${file}`);
  await client.event('RECORD_START', A);
  script.happen({ kind: 'offer', call: B, sdp: `${SDP}a=sendonly\r\n` });
  await client.event('CHANNEL_HOLD', B);
  script.happen({ kind: 'offer', call: B, sdp: SDP });
  await client.event('CHANNEL_UNHOLD', B);
  await client.ask(`api uuid_record ${A} stop ${file}`);
  await client.event('RECORD_STOP', A);
  gone(B);
  await client.event('CHANNEL_DESTROY', B);
  gone(A);
  await client.event('CHANNEL_DESTROY', A);
}

async function failures(): Promise<void> {
  const { client } = open;
  await callerComes(C);
  gone(C, 487);
  await client.event('CHANNEL_DESTROY', C);
  await ring(D, JOB);
  gone(D, 486);
  await client.event('CHANNEL_DESTROY', D);
}

async function registrations(): Promise<void> {
  const { client, script } = open;
  const flow = { transport: 'udp', remoteIp: '127.0.0.1', remotePort: 5301 } as const;
  const expiresAtMs = Date.now() + 60_000;
  const rest = { flow, expiresAtMs, callId: 'r', cseq: 1, userAgent: undefined };
  const registration = { user: '1001', contact: 'sip:1001@127.0.0.1:5301', ...rest };
  script.happen({ kind: 'registered', registration, refreshed: false });
  script.happen({ kind: 'unregistered', registration, expired: false });
  script.happen({ kind: 'unregistered', registration, expired: true });
  await client.event('CUSTOM', undefined, { 'Event-Subclass': 'sofia::expire' });
}

test('every event bears what the adapter reads of FreeSWITCH’s, in the form that FreeSWITCH gives it', async () => {
  open = await openSwitch();
  await wholeCall();
  await failures();
  await registrations();
  const { events } = open.client;
  expect(events.flatMap(misfits)).toEqual([]);
  const seen = new Set(events.map(kindOf));
  expect(Object.keys(observed).filter((kind) => !seen.has(kind))).toEqual([]);
});

test('every command is answered to the letter as FreeSWITCH answers it', async () => {
  open = await openSwitch();
  const { client } = open;
  await callerComes(A);
  await open.execute(A, 'answer');
  await complete(A, 'answer');
  await ring(B, JOB);
  open.script.happen({ kind: 'answered', call: B, sdp: SDP, again: false });
  await client.event('CHANNEL_PARK', B);
  const named = (text: string): string =>
    text
      .replaceAll('LEG', A)
      .replaceAll('OTHER', B)
      .replaceAll('GONE', C)
      .replaceAll('JOB', JOB)
      .replaceAll('FILE', `${open.folder.path}/recordings/a.wav`);
  const heard: Array<{ ask: string; reply: string }> = [];
  for (const { ask } of replies) {
    const reply = await client.ask(...named(ask).split(' | '));
    heard.push({
      ask,
      reply: reply.replaceAll(A, 'LEG').replaceAll(B, 'OTHER').replaceAll(C, 'GONE').replaceAll(JOB, 'JOB'),
    });
  }
  expect(heard).toEqual(replies);
});
