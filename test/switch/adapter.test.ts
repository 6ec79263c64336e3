import { expect, test, vi } from 'vitest';
import { legId } from '../../src/core/ids.ts';
import {
  caller,
  cut,
  events,
  execute,
  heardEvents,
  inbound,
  outbound,
  phone,
  ring,
  script,
  sent,
  useScriptedAdapter,
} from './scripted-adapter.ts';

useScriptedAdapter();

async function arrive(): Promise<void> {
  script.event('CHANNEL_PARK', { ...inbound, 'Caller-Caller-ID-Number': '138', 'Caller-Destination-Number': '12345' });
  await heardEvents(['callArrived']);
  events.length = 0;
}

test.each([
  [{ variable_sip_h_Diversion: '<sip:2@x>,<sip:12366@x>;reason=unknown' }, '12366'],
  [{ variable_sip_history_info: '<sip:12315@x>;index=1,<sip:12345@x>;index=1.1' }, '12315'],
  [{ variable_sip_history_info: '<sip:12345@x>;index=1,<sip:12345@y>;index=1.1' }, undefined],
  [{ 'variable_sip_h_History-Info': '<sip:12333@x>;index=1' }, '12333'],
  [{ variable_sip_h_Diversion: 'nobody', 'variable_sip_h_History-Info': '<sip:12333@x>;index=1' }, '12333'],
  [{ variable_sip_h_Diversion: '<sip:+8612315@x>' }, '+8612315'],
  [{ variable_sip_history_info: '<sip:anonymous@anonymous.invalid>;index=1,<sip:12315@x>;index=1.1' }, '12315'],
  [{ variable_sip_history_info: '<sip:+862812345@x>;index=1,<sip:02812345@y>;index=1.1' }, undefined],
])('the number that was dialled first is read from %j', async (headers, diversion) => {
  script.event('CHANNEL_PARK', { ...inbound, 'Caller-Destination-Number': '12345', ...headers });
  await heardEvents(['callArrived']);
  const [arrived] = events;
  expect(arrived?.type === 'callArrived' && arrived.diversion).toBe(diversion);
});

test('the number dialled is known without the parameters that belong to it', async () => {
  script.event('CHANNEL_PARK', { ...inbound, 'Caller-Destination-Number': '12345;phone-context=+8628' });
  await heardEvents(['callArrived']);
  expect(events[0]).toMatchObject({ dialled: '12345' });
});

test("the area of a caller's number is known where its context says it", async () => {
  const from = '87654321;phone-context=+8628';
  script.event('CHANNEL_PARK', { ...inbound, 'Caller-Caller-ID-Number': from, 'Caller-Destination-Number': '12345' });
  await heardEvents(['callArrived']);
  expect(events[0]).toMatchObject({ from: '02887654321' });
});

test('a call goes from arrival over a key and music to an agent and its end', async () => {
  await arrive();
  execute('1.0', { do: 'answer', leg: caller });
  await sent(/^sendmsg caller-1\ncall-command: execute\nexecute-app-name: answer\nEvent-UUID: 1\.0$/);
  script.event('CHANNEL_ANSWER', inbound);
  execute('2.0', { do: 'collect', leg: caller, files: ['/p/a.wav', '/p/b.wav'], waitMs: 3000 });
  await sent(
    /execute-app-arg: 1 1 1 3000 none file_string:\/\/\/p\/a\.wav!\/p\/b\.wav silence_stream:\/\/10 minhu_digits/,
  );
  script.event('DTMF', { ...inbound, 'DTMF-Digit': '2', 'DTMF-Duration': '1280' });
  script.event('CHANNEL_EXECUTE_COMPLETE', { ...inbound, 'Application-UUID': '2.0', variable_minhu_digits: '2' });
  await heardEvents(['legAnswered', 'digitPressed', 'digitsCollected']);
  expect(events[1]).toMatchObject({ digit: '2', durationMs: 160 });
  execute('3.0', { do: 'music', leg: caller, files: [] });
  await sent(/execute-app-arg: local_stream:\/\/moh/);
  ring('3.1');
  await sent(
    /^bgapi originate \{origination_uuid=phone-1,.*\}sofia\/internal\/sip:1001@127\.0\.0\.1:5301 &park\(\)\nJob-UUID: phone-1$/,
  );
  script.event('CHANNEL_CREATE', outbound);
  script.event('CHANNEL_PROGRESS', outbound);
  script.event('CHANNEL_ANSWER', outbound);
  script.event('BACKGROUND_JOB', { 'Job-UUID': phone }, '+OK phone-1\n');
  script.event('CHANNEL_PARK', outbound);
  execute('4.0', { do: 'bridge', leg: caller, other: phone });
  await sent(/^api uuid_bridge caller-1 phone-1$/);
  script.event('CHANNEL_BRIDGE', { ...inbound, 'Bridge-A-Unique-ID': caller, 'Bridge-B-Unique-ID': phone });
  script.event('CHANNEL_HANGUP_COMPLETE', { ...outbound, 'Hangup-Cause': 'NORMAL_CLEARING' });
  script.event('CHANNEL_UNBRIDGE', { ...inbound, 'Bridge-A-Unique-ID': caller, 'Bridge-B-Unique-ID': phone });
  script.event('CHANNEL_HANGUP_COMPLETE', { ...inbound, 'Hangup-Cause': 'NORMAL_CLEARING' });
  await heardEvents([
    ...['legAnswered', 'digitPressed', 'digitsCollected', 'legRinging', 'legAnswered'],
    ...['bridged', 'unbridged', 'legEnded', 'legEnded'],
  ]);
});

test('a phone that refuses ends its leg once, whether the job or the leg is reported first', async () => {
  ring('1.0');
  script.event('CHANNEL_CREATE', outbound);
  script.event('BACKGROUND_JOB', { 'Job-UUID': phone }, '-ERR USER_BUSY\n');
  const over = { ...outbound, 'Hangup-Cause': 'USER_BUSY', variable_sip_invite_failure_status: '486' };
  script.event('CHANNEL_HANGUP_COMPLETE', over);
  await heardEvents(['legEnded']);
  expect(events[0]).toMatchObject({ cause: 'USER_BUSY', sipStatus: 486 });
  ring('2.0', { leg: legId('phone-2') });
  script.event('BACKGROUND_JOB', { 'Job-UUID': 'phone-2' }, '-ERR USER_NOT_REGISTERED\n');
  await heardEvents(['legEnded', 'legEnded']);
});

test('a ring that is called off before the switch made its leg is killed when it appears', async () => {
  ring('1.0');
  execute('1.1', { do: 'hangUp', leg: phone, cause: 'LOSE_RACE' });
  await sent(/uuid_kill phone-1 LOSE_RACE/);
  script.event('CHANNEL_CREATE', outbound);
  await vi.waitFor(() => expect(script.heard.filter((text) => text.includes('uuid_kill')).length).toBe(2), 5_000);
});

test('a hostile caller name and a hostile device reach the switch as nothing but data', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker would send
  ring('1.0', { callerName: "x'}\n\nbgapi system rm ${system(id)},a=b", callerNumber: '1,2}\r\n\r\napi x' });
  await sent(
    /origination_caller_id_number=12apix,origination_caller_id_name=xbgapi\u00a0system\u00a0rm\u00a0systemidab,/,
  );
  ring('2.0', { leg: legId('phone-2'), device: 'sip:a@b,sofia/internal/x' });
  await heardEvents(['legEnded']);
  execute('3.0', { do: 'play', leg: caller, files: ['/a.wav!/etc/passwd\n\napi shutdown'] });
  await heardEvents(['legEnded', 'commandFailed']);
  expect(script.heard.some((text) => /^(api|bgapi) (x|system|shutdown)/.test(text))).toBe(false);
});

test('after a lost link the survey comes first, and a leg that ended unseen is named', async () => {
  await arrive();
  cut(caller);
  await heardEvents(['nodeLost', 'surveyed']);
  expect(events[1]).toMatchObject({ survey: { bootId: 'boot-1', ended: [{ leg: caller, approximate: true }] } });
  script.event('CHANNEL_HANGUP_COMPLETE', { ...inbound, 'Hangup-Cause': 'NORMAL_CLEARING' });
  execute('9.0', { do: 'play', leg: caller, files: ['/a.wav'] });
  await sent(/playback/);
  expect(events).toHaveLength(2);
});

test('a browser is one phone, in events and in the survey, and is rung the way back that the switch has written down', async () => {
  const back = 'sip%3Amhlcba7d%40127.0.0.1%3A35234%3Btransport%3Dws';
  const device = `sip:mhlcba7d@ffbm0gen0rff.invalid;transport=ws;fs_nat=yes;fs_path=${back}`;
  const told = { 'Event-Subclass': 'sofia::register', 'from-user': '1001', expires: '120' };
  script.event('CUSTOM', { ...told, contact: `"" <${device}>`, 'call-id': 'naotj3ff' });
  await heardEvents(['deviceRegistered']);
  expect(events[0]).toMatchObject({ device: { sipUser: '1001', uri: device } });
  const row = { reg_user: '1001', url: `sofia/internal/${device}`, expires: '1795864849' };
  script.answers.set('api show', JSON.stringify({ row_count: 1, rows: [row] }));
  events.length = 0;
  cut();
  await heardEvents(['nodeLost', 'surveyed']);
  expect(events[1]).toMatchObject({ survey: { devices: [{ sipUser: '1001', uri: device }] } });
  ring('k1', { device });
  await sent(new RegExp(`^bgapi originate .*;fs_path=${back} &park\\(\\)$`, 'm'));
});

test('of a page that is closed the switch tells its Call-ID alone; of one that is back by another connection the former is gone', async () => {
  const contact = (port: number): string => `sip:m@f.invalid;transport=ws;fs_path=sip%3Am%40127.0.0.1%3A${port}`;
  const told = { 'from-user': '1001~1795864906~abcdefghijkl', 'call-id': 'one-page' };
  for (const port of [5_001, 5_002]) {
    const registered = { ...told, 'Event-Subclass': 'sofia::register', expires: '120' };
    script.event('CUSTOM', { ...registered, contact: `"" <${contact(port)}>` });
  }
  const ended = { ...told, 'Event-Subclass': 'sofia::unregister', reason: 'socket-disconnection' };
  for (let times = 0; times < 3; times += 1) script.event('CUSTOM', ended);
  script.event('CUSTOM', { 'Event-Subclass': 'sofia::unregister', 'from-user': '1002', contact: '<sip:1002@x>' });
  await heardEvents(['deviceRegistered', 'deviceRegistered', 'deviceGone', 'deviceGone', 'deviceGone']);
  expect(events.slice(2)).toMatchObject([
    { sipUser: '1001', device: contact(5_001) },
    { sipUser: '1001', device: contact(5_002) },
    { sipUser: '1002', device: 'sip:1002@x' },
  ]);
});

test('a page that was listed by the survey is known by its Call-ID, too', async () => {
  const row = { reg_user: '1001', token: 'listed', url: 'sofia/internal/sip:m@f.invalid;fs_path=sip%3Am%40x' };
  const rows = [{ ...row, expires: '1795864849' }];
  script.answers.set('api show', JSON.stringify({ row_count: 1, rows }));
  cut();
  await heardEvents(['nodeLost', 'surveyed']);
  script.event('CUSTOM', { 'Event-Subclass': 'sofia::unregister', 'from-user': '1001', 'call-id': 'listed' });
  await heardEvents(['nodeLost', 'surveyed', 'deviceGone']);
  expect(events[2]).toMatchObject({ sipUser: '1001', device: 'sip:m@f.invalid;fs_path=sip%3Am%40x' });
});
