import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OUTPUT_BYTES_MAX } from '../../../src/softswitch/esl/connection.ts';
import { type RunningSwitch, startSwitch } from '../../../src/softswitch/start-switch.ts';
import { EventSocketClient } from '../engine/event-socket-client.ts';
import { createScript, type Script } from '../engine/scripted-layers.ts';
import { createSwitchFolder, type Folder, PASSWORD } from '../options.ts';

let folder: Folder;
let script: Script;
let running: RunningSwitch;
let port: number;
let client: EventSocketClient;
const NOBODY = '00000000-0000-0000-0000-000000000000';

beforeEach(async () => {
  folder = createSwitchFolder();
  script = createScript();
  running = await startSwitch(folder.options, script.layers, pino({ level: 'silent' }));
  const status = JSON.parse(readFileSync(folder.options.statusFile, 'utf8')) as { sip: string; esl: string };
  script.sipPort = Number(status.sip.split(':')[1]);
  port = Number(status.esl.split(':')[1]);
  client = new EventSocketClient(port);
});

afterEach(async () => {
  client.close();
  await running.stop();
  script.close();
  folder.remove();
});

test('a client is asked to authenticate, and nothing else is known before', async () => {
  expect(await client.ask('api status')).toBe('-ERR command not found');
  expect(client.frames[0]?.headers.get('Content-Type')).toBe('auth/request');
  expect(await client.ask('event plain ALL')).toBe('-ERR command not found');
  expect(await client.ask(`auth ${PASSWORD}`)).toBe('+OK accepted');
  expect(await client.ask(`auth ${PASSWORD}`)).toBe('-ERR command not found');
});

test('a wrong password is told so and cut off', async () => {
  expect(await client.ask('auth wrong-password')).toBe('-ERR invalid');
  await client.until(() => client.closed, 'close');
  expect(client.frames.at(-1)?.headers.get('Content-Type')).toBe('text/disconnect-notice');
});

test('every reply is the one FreeSWITCH gives, in the order of the commands', async () => {
  const dialogue: ReadonlyArray<readonly [string, string]> = [
    [`auth ${PASSWORD}`, '+OK accepted'],
    ['event plain CHANNEL_CREATE BACKGROUND_JOB HEARTBEAT CUSTOM sofia::register', '+OK event listener enabled plain'],
    ['api show channels as json', '{"row_count": 0}\n'],
    [`api uuid_exists ${NOBODY}`, 'false'],
    [`api uuid_kill ${NOBODY}`, '-ERR No such channel!\n'],
    [`api uuid_bridge ${NOBODY} ${NOBODY}`, '-ERR Invalid uuid\n'],
    ['api nosuchcommand foo', '-ERR nosuchcommand Command not found!\n'],
    ['gibberish', '-ERR command not found'],
    ['event plain', '-ERR no keywords supplied'],
    [`sendmsg ${NOBODY}`, `-ERR invalid session id [${NOBODY}]`],
    ['linger', '-ERR not controlling a session'],
    ['bgapi status\nJob-UUID: fbdc7753-894b', '+OK Job-UUID: fbdc7753-894b'],
    ['filter Event-Name HEARTBEAT', '+OK filter added. [Event-Name]=[HEARTBEAT]'],
    ['filter delete Event-Name HEARTBEAT', '+OK filter deleted. [Event-Name][HEARTBEAT]'],
    ['filter delete all', '+OK filter deleted. [all][]'],
    ['nixevent HEARTBEAT', '+OK events nixed'],
    ['noevents', '+OK no longer listening for events'],
    ['noevents', '-ERR not listening for events'],
    ['exit', '+OK bye'],
  ];
  client.socket.write(dialogue.map(([line]) => `${line}\n\n`).join(''));
  await client.until(() => client.closed, 'close');
  const given = client
    .replies()
    .map(({ headers, body }) => (headers.get('Content-Type') === 'api/response' ? body : headers.get('Reply-Text')));
  expect(given).toEqual(dialogue.map(([, reply]) => reply));
  expect(client.frames.at(-1)?.body).toBe('Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n');
});

test('an unknown application, an unknown cause and another call-command are refused aloud', async () => {
  const leg = '44444444-4444-4444-8444-444444444444';
  await client.ask(`auth ${PASSWORD}`);
  await client.ask('event json CHANNEL_PARK');
  script.caller(leg);
  await client.event('CHANNEL_PARK', leg);
  const execute = ['call-command: execute', 'execute-app-name: rxfax'];
  expect(await client.ask(`sendmsg ${leg}`, ...execute)).toBe('-ERR Invalid application [rxfax]');
  expect(await client.ask(`sendmsg ${leg}`, 'call-command: nomedia')).toBe('-ERR Invalid call-command [nomedia]');
  expect(await client.ask(`api uuid_kill ${leg} NO_SUCH`)).toBe('-ERR Invalid cause [NO_SUCH]\n');
  expect(await client.ask('api originate nonsense')).toMatch(/^-USAGE/);
});

test('an event carries the same facts in plain and in JSON', async () => {
  const other = new EventSocketClient(port);
  await client.ask(`auth ${PASSWORD}`);
  await other.ask(`auth ${PASSWORD}`);
  await client.ask('event plain CUSTOM hotline::test');
  await other.ask('event json CUSTOM hotline::test');
  const body = 'hello\nworld';
  client.socket.write(
    `sendevent CUSTOM\nEvent-Subclass: hotline::test\nTitle: 市民 100%\nContent-Length: ${body.length}\n\n${body}`,
  );
  const plain = await client.event('CUSTOM');
  const json = await other.event('CUSTOM');
  expect(plain).toMatchObject({ 'Event-Subclass': 'hotline::test', Title: '市民 100%', _body: body });
  expect(json).toMatchObject({ ...plain, _body: body });
  other.close();
});

test('a client that does not read is cut off, and the others hear on', async () => {
  await client.ask(`auth ${PASSWORD}`);
  await client.ask('event plain CUSTOM flood::test');
  const slow = new EventSocketClient(port);
  await slow.ask(`auth ${PASSWORD}`);
  await slow.ask('event plain CUSTOM flood::test');
  slow.socket.pause();
  const body = 'x'.repeat(512 * 1024);
  const frames = Math.ceil((4 * OUTPUT_BYTES_MAX) / body.length);
  for (let sent = 1; sent <= frames; sent += 1) {
    client.socket.write(`sendevent CUSTOM\nEvent-Subclass: flood::test\nContent-Length: ${body.length}\n\n${body}`);
    await client.until(() => client.events.length >= sent, 'own event');
  }
  slow.socket.resume();
  await slow.until(() => slow.closed, 'the slow client to be cut');
  expect(await client.ask('api uuid_exists x')).toBe('false');
});

test('a line without end and a body too long are said to be so', async () => {
  client.socket.write(`auth ${'x'.repeat(5000)}`);
  await client.until(() => client.closed, 'close');
  expect(client.replies()[0]?.headers.get('Reply-Text')).toBe('-ERR line too long');
  const second = new EventSocketClient(port);
  await second.ask(`auth ${PASSWORD}`);
  expect(await second.ask('sendevent CUSTOM', 'Content-Length: 99999999')).toBe('-ERR bad content length');
  second.close();
});
