import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningSwitch, startSwitch } from '../../../src/softswitch/start-switch.ts';
import { createSwitchFolder, type Folder, PASSWORD } from '../options.ts';
import { EventSocketClient } from './event-socket-client.ts';
import { createScript, type Script, SDP } from './scripted-layers.ts';

let folder: Folder;
let script: Script;
let running: RunningSwitch;
let client: EventSocketClient;

beforeEach(async () => {
  folder = createSwitchFolder();
  script = createScript();
  running = await startSwitch(folder.options, script.layers, pino({ level: 'silent' }));
  const status = JSON.parse(readFileSync(folder.options.statusFile, 'utf8')) as { sip: string; esl: string };
  script.sipPort = Number(status.sip.split(':')[1]);
  client = new EventSocketClient(Number(status.esl.split(':')[1]));
  expect(await client.ask(`auth ${PASSWORD}`)).toBe('+OK accepted');
  expect(await client.ask('event plain ALL')).toBe('+OK event listener enabled plain');
});

afterEach(async () => {
  client.close();
  await running.stop();
  script.close();
  folder.remove();
});

const CALLER = '11111111-1111-4111-8111-111111111111';
const AGENT = '22222222-2222-4222-8222-222222222222';

const execute = (leg: string, name: string, data = '', id = `id-${name}`): Promise<string> =>
  client.ask(
    `sendmsg ${leg}`,
    'call-command: execute',
    `execute-app-name: ${name}`,
    ...(data === '' ? [] : [`execute-app-arg: ${data}`]),
    `Event-UUID: ${id}`,
  );

async function answeredCaller(): Promise<void> {
  script.caller(CALLER);
  await client.event('CHANNEL_PARK', CALLER);
  expect(await execute(CALLER, 'answer')).toBe('+OK');
  await client.event('CHANNEL_EXECUTE_COMPLETE', CALLER, { Application: 'answer' });
}

async function answeredAgent(): Promise<void> {
  const job = '33333333-3333-4333-8333-333333333333';
  const wanted = `{origination_uuid=${AGENT},origination_caller_id_number=12345,sip_h_X-Contact=c1}`;
  const reply = await client.ask(
    `bgapi originate ${wanted}sofia/internal/sip:1001@127.0.0.1:5301 &park()`,
    `Job-UUID: ${job}`,
  );
  expect(reply).toBe(`+OK Job-UUID: ${job}`);
  await client.event('CHANNEL_ORIGINATE', AGENT);
  await client.until(() => script.invites.length > 0, 'invite');
  script.happen({ kind: 'ringing', call: AGENT, status: 180, sdp: undefined });
  await client.event('CHANNEL_PROGRESS', AGENT);
  script.happen({ kind: 'answered', call: AGENT, sdp: SDP, again: false });
  const done = await client.event('BACKGROUND_JOB');
  expect(done).toMatchObject({ 'Job-UUID': job, _body: `+OK ${AGENT}\n`, 'Job-Command': 'originate' });
  await client.event('CHANNEL_PARK', AGENT);
}

function ended(call: string, status?: number): void {
  script.happen({ kind: 'ended', call, by: 'peer', status, reason: undefined });
}

test('a call is created and parked, unanswered, with who calls whom', async () => {
  script.caller(CALLER, { diversion: '88886666' });
  const park = await client.event('CHANNEL_PARK', CALLER);
  expect(client.namesOf(CALLER)).toEqual(['CHANNEL_CREATE', 'CHANNEL_EXECUTE', 'CHANNEL_PARK']);
  expect(park).toMatchObject({
    'Answer-State': 'ringing',
    'Caller-Caller-ID-Name': '市民张三',
    'Caller-Caller-ID-Number': '13800138000',
    'Caller-Destination-Number': '12345',
    variable_minhu_trunk: 'city',
    variable_sip_h_Diversion: '<sip:88886666@127.0.0.1>',
  });
  expect(script.said).toEqual([]);
});

test('a key during the prompt cuts it and comes back as the variable that was asked for', async () => {
  await answeredCaller();
  await execute(CALLER, 'play_and_get_digits', '1 1 1 3000 none menu.wav wrong.wav choice [0-9*#]', 'ask-1');
  await client.event('PLAYBACK_START', CALLER);
  script.report({ report: 'digit', leg: CALLER, digit: '2', durationSamples: 1280 });
  const complete = await client.event('CHANNEL_EXECUTE_COMPLETE', CALLER, { Application: 'play_and_get_digits' });
  expect(complete).toMatchObject({
    variable_choice: '2',
    variable_read_result: 'success',
    'Application-UUID': 'ask-1',
    'Application-Response': '_none_',
  });
  expect(client.namesOf(CALLER).slice(-4)).toEqual([
    'PLAYBACK_START',
    'DTMF',
    'PLAYBACK_STOP',
    'CHANNEL_EXECUTE_COMPLETE',
  ]);
});

test('a path with blanks is taken in single quotes', async () => {
  await answeredCaller();
  const files = `'file_string://${folder.path}/prompts/menu.wav!silence_stream://10' silence_stream://10`;
  await execute(CALLER, 'play_and_get_digits', `1 1 1 3000 none ${files} choice [0-9]`);
  await client.event('PLAYBACK_START', CALLER);
  expect(script.wishes.find((wish) => wish.wish === 'play')).toMatchObject({
    sources: [`${folder.path}/prompts/menu.wav`, 'silence:10'],
  });
  const file = `${folder.path}/recordings/with blank.wav`;
  expect(await client.ask(`api uuid_record ${CALLER} start '${file}'`)).toBe('+OK Success\n');
  expect((await client.event('RECORD_START', CALLER))['Record-File-Path']).toBe(file);
});

test('no key in time says so', async () => {
  await answeredCaller();
  await execute(CALLER, 'play_and_get_digits', '1 1 1 100 none silence_stream://10 wrong.wav choice [0-9]');
  await client.event('PLAYBACK_START', CALLER);
  const play = script.wishes.find((wish) => wish.wish === 'play')!;
  script.report({ report: 'playEnded', leg: CALLER, id: play.wish === 'play' ? play.id : '', outcome: 'done' });
  const complete = await client.event('CHANNEL_EXECUTE_COMPLETE', CALLER, { Application: 'play_and_get_digits' });
  expect(complete['variable_read_result']).toBe('timeout');
  expect(complete['variable_choice']).toBeUndefined();
});

test('a bridge cuts the music, is said once, and a partner with park_after_bridge stays when the other goes', async () => {
  await answeredCaller();
  await execute(CALLER, 'playback', 'local_stream://moh');
  await answeredAgent();
  expect(script.invites[0]).toMatchObject({ fromUser: '12345', headers: [['X-Contact', 'c1']] });
  expect(await client.ask(`api uuid_setvar_multi ${CALLER} park_after_bridge=true;hangup_after_bridge=false`)).toBe(
    '+OK\n',
  );
  expect(await client.ask(`api uuid_bridge ${CALLER} ${AGENT}`)).toBe(`+OK ${AGENT}\n`);
  const bridged = await client.event('CHANNEL_BRIDGE');
  expect(bridged).toMatchObject({
    'Unique-ID': CALLER,
    'Bridge-A-Unique-ID': CALLER,
    'Bridge-B-Unique-ID': AGENT,
    'Other-Leg-Unique-ID': AGENT,
  });
  const cut = await client.event('CHANNEL_EXECUTE_COMPLETE', CALLER, { Application: 'playback' });
  expect(cut['Application-Response']).toBe('PLAYBACK ERROR');
  expect(script.wishes).toContainEqual({ wish: 'relay', leg: CALLER, other: AGENT });
  ended(AGENT);
  await client.event('CHANNEL_DESTROY', AGENT);
  await client.event('CHANNEL_UNBRIDGE', CALLER);
  await client.until(() => client.namesOf(CALLER).at(-1) === 'CHANNEL_PARK', 'park after bridge');
  expect(await client.ask(`api uuid_exists ${CALLER}`)).toBe('true');
  ended(CALLER);
  const over = await client.event('CHANNEL_HANGUP_COMPLETE', CALLER);
  expect(over['Hangup-Cause']).toBe('NORMAL_CLEARING');
  expect(readFileSync(folder.options.legLogFile, 'utf8').trim().split('\n')).toHaveLength(2);
});

test('without park_after_bridge both legs end together', async () => {
  await answeredCaller();
  await answeredAgent();
  await client.ask(`api uuid_bridge ${CALLER} ${AGENT}`);
  await client.event('CHANNEL_BRIDGE');
  ended(CALLER);
  await client.event('CHANNEL_DESTROY', AGENT);
  expect(script.said).toContainEqual(expect.arrayContaining(['end', AGENT]));
});

test.each([
  [486, 'USER_BUSY'],
  [603, 'CALL_REJECTED'],
  [404, 'UNALLOCATED_NUMBER'],
  [480, 'NO_USER_RESPONSE'],
  [503, 'NORMAL_TEMPORARY_FAILURE'],
])('a phone that answers %i fails the originate with %s', async (status, cause) => {
  client.send(`bgapi originate {origination_uuid=${AGENT}}sofia/internal/sip:1004@127.0.0.1:5304 &park()`);
  await client.until(() => script.invites.length > 0, 'invite');
  ended(AGENT, status);
  const job = await client.event('BACKGROUND_JOB');
  expect(job['_body']).toBe(`-ERR ${cause}\n`);
  const over = await client.event('CHANNEL_HANGUP_COMPLETE', AGENT);
  expect(over).toMatchObject({ 'Hangup-Cause': cause, variable_sip_invite_failure_status: String(status) });
});

test('every device of a user rings, the first answer wins and the others lose the race', async () => {
  for (const [index, port] of [5301, 5302].entries()) {
    const flow = { transport: 'udp', remoteIp: '127.0.0.1', remotePort: port } as const;
    const contact = `sip:1001@127.0.0.1:${port}`;
    const expiresAtMs = Date.now() + 60_000;
    script.registrations.push({
      user: '1001',
      contact,
      flow,
      expiresAtMs,
      callId: `r${index}`,
      cseq: 1,
      userAgent: 'x',
    });
  }
  client.send('bgapi originate user/1001@minhu &park()');
  await client.until(() => script.invites.length === 2, 'two invites');
  const [loser, winner] = script.invites.map((invite) => invite.call);
  script.happen({ kind: 'answered', call: winner!, sdp: SDP, again: false });
  expect((await client.event('BACKGROUND_JOB'))['_body']).toBe(`+OK ${winner}\n`);
  expect((await client.event('CHANNEL_HANGUP_COMPLETE', loser!))['Hangup-Cause']).toBe('LOSE_RACE');
});

test('a ringing leg is killed by its id, and one that rings too long gives up', async () => {
  client.send(`bgapi originate {origination_uuid=${AGENT}}sofia/internal/sip:1006@127.0.0.1:5306 &park()`);
  await client.until(() => script.invites.length > 0, 'invite');
  expect(await client.ask(`api uuid_kill ${AGENT} ORIGINATOR_CANCEL`)).toBe('+OK\n');
  expect((await client.event('BACKGROUND_JOB'))['_body']).toBe('-ERR ORIGINATOR_CANCEL\n');
  client.events.length = 0;
  client.send('bgapi originate {originate_timeout=1}sofia/internal/sip:1006@127.0.0.1:5306 &park()');
  expect((await client.event('BACKGROUND_JOB'))['_body']).toBe('-ERR NO_ANSWER\n');
});

test('a phone on hold is said so, and its partner hears music until it is back', async () => {
  await answeredCaller();
  await answeredAgent();
  await client.ask(`api uuid_bridge ${CALLER} ${AGENT}`);
  await client.event('CHANNEL_BRIDGE');
  script.happen({ kind: 'offer', call: AGENT, sdp: `${SDP}a=sendonly\r\n` });
  await client.event('CHANNEL_HOLD', AGENT);
  await client.event('PLAYBACK_START', CALLER);
  script.happen({ kind: 'offer', call: AGENT, sdp: SDP });
  await client.event('CHANNEL_UNHOLD', AGENT);
  await client.event('PLAYBACK_STOP', CALLER);
  expect(script.wishes.filter((wish) => wish.wish === 'relay')).toHaveLength(2);
});

test('a phone that went silent and does not answer is hung up as lost media', async () => {
  await answeredCaller();
  script.report({ report: 'silent', leg: CALLER, sinceMs: 10_000 });
  await client.until(() => script.said.some(([verb]) => verb === 'ping'), 'ping');
  script.happen({ kind: 'pinged', call: CALLER, alive: false });
  expect((await client.event('CHANNEL_HANGUP_COMPLETE', CALLER))['Hangup-Cause']).toBe('MEDIA_TIMEOUT');
});

test('a recording is said to start and to end, with what the file holds', async () => {
  await answeredCaller();
  const file = `${folder.path}/recordings/a.wav`;
  expect(await client.ask(`api uuid_record ${CALLER} start ${file}`)).toBe('+OK Success\n');
  expect((await client.event('RECORD_START', CALLER))['Record-File-Path']).toBe(file);
  expect(await client.ask(`api uuid_record ${CALLER} stop ${file}`)).toBe('+OK Success\n');
  expect(await client.event('RECORD_STOP', CALLER)).toMatchObject({ variable_record_ms: '1000' });
  expect(await client.ask(`api uuid_record ${CALLER} stop ${file}`)).toBe('-ERR Operation failed\n');
});

test('three legs meet in a conference and the last one out ends it', async () => {
  await answeredCaller();
  await answeredAgent();
  await client.ask(`api uuid_bridge ${CALLER} ${AGENT}`);
  await client.event('CHANNEL_BRIDGE');
  expect(await client.ask(`api uuid_transfer ${CALLER} -both conference:room@default inline`)).toBe('+OK\n');
  await client.event('CUSTOM', AGENT, { Action: 'add-member' });
  expect(await client.ask('api conference room list')).toContain(CALLER);
  ended(AGENT);
  await client.event('CHANNEL_DESTROY', AGENT);
  ended(CALLER);
  await client.event('CUSTOM', undefined, { Action: 'conference-destroy' });
});

test('what the switch holds can be surveyed', async () => {
  await answeredCaller();
  await client.ask(`api uuid_setvar ${CALLER} minhu_key 7.1`);
  const channels = JSON.parse(await client.ask('api show channels as json')) as { rows: Array<Record<string, string>> };
  expect(channels.rows[0]).toMatchObject({ uuid: CALLER, direction: 'inbound', cid_num: '13800138000', dest: '12345' });
  const dump = JSON.parse(await client.ask(`api uuid_dump ${CALLER} json`)) as Record<string, string>;
  expect(dump).toMatchObject({ variable_minhu_key: '7.1', 'Answer-State': 'answered', 'Unique-ID': CALLER });
  ended(CALLER);
  await client.event('CHANNEL_DESTROY', CALLER);
  expect(await client.ask('api show channels as json')).toBe('{"row_count": 0}\n');
});

test('asked to end, it says SHUTDOWN, ends every leg and says goodbye', async () => {
  await answeredCaller();
  await running.stop();
  await client.event('SHUTDOWN');
  expect((await client.event('CHANNEL_DESTROY', CALLER))['Hangup-Cause']).toBe('SYSTEM_SHUTDOWN');
  await client.until(() => client.closed, 'close');
  expect(client.frames.at(-1)?.body).toBe('The system is being shut down.\n');
});
