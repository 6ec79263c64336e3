import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type StartedSwitch, startSwitchProcess } from '../start.ts';
import { EventSocketClient } from './event-socket-client.ts';

const run = promisify(execFile);
let started: StartedSwitch;
let client: EventSocketClient;

beforeEach(async () => {
  started = await startSwitchProcess();
  client = new EventSocketClient(started.eslPort);
  await client.ask(`auth ${started.password}`);
  await client.ask('event plain ALL');
});

afterEach(async () => {
  client.close();
  await started.stop();
});

test.each(['u1', 't1'])('a SIPp caller (%s) is parked, answered, hears a prompt and hangs up', async (transport) => {
  const caller = run('sipp', [
    ...['-sn', 'uac', `127.0.0.1:${started.sipPort}`, '-s', '12345', '-i', '127.0.0.1', '-t', transport],
    ...['-m', '1', '-d', '1500', '-nostdin', '-timeout', '10s'],
  ]);
  const leg = (await client.event('CHANNEL_PARK'))['Unique-ID']!;
  const execute = ['call-command: execute', 'execute-app-name: answer'];
  expect(await client.ask(`sendmsg ${leg}`, ...execute)).toBe('+OK');
  await client.event('CHANNEL_ANSWER', leg);
  const play = ['call-command: execute', 'execute-app-name: playback', 'execute-app-arg: menu.wav'];
  await client.ask(`sendmsg ${leg}`, ...play);
  const complete = await client.event('CHANNEL_EXECUTE_COMPLETE', leg, { Application: 'playback' });
  expect(complete['Application-Response']).toBe('FILE PLAYED');
  const over = await client.event('CHANNEL_HANGUP_COMPLETE', leg);
  expect(over['Hangup-Cause']).toBe('NORMAL_CLEARING');
  await caller;
  await client.event('CHANNEL_DESTROY', leg);
  expect(JSON.parse(readFileSync(started.folder.options.legLogFile, 'utf8').trim())).toMatchObject({ leg });
});

test('two calls of SIPp are bridged and one BYE ends both', async () => {
  const phone = 5300 + Math.floor(Math.random() * 20_000) + 20_000;
  const answering = run('sipp', [
    '-sn',
    'uas',
    '-i',
    '127.0.0.1',
    '-p',
    String(phone),
    '-m',
    '1',
    '-nostdin',
    '-timeout',
    '10s',
  ]);
  const caller = run('sipp', [
    ...['-sn', 'uac', `127.0.0.1:${started.sipPort}`, '-s', '12345', '-i', '127.0.0.1'],
    ...['-m', '1', '-d', '1000', '-nostdin', '-timeout', '10s'],
  ]);
  const leg = (await client.event('CHANNEL_PARK'))['Unique-ID']!;
  await client.ask(`sendmsg ${leg}`, 'call-command: execute', 'execute-app-name: answer');
  client.send(`bgapi originate {origination_uuid=agent-leg}sofia/internal/sip:1001@127.0.0.1:${phone} &park()`);
  expect((await client.event('BACKGROUND_JOB'))['_body']).toBe('+OK agent-leg\n');
  await client.ask(`api uuid_bridge ${leg} agent-leg`);
  await client.event('CHANNEL_BRIDGE', leg);
  await client.event('CHANNEL_DESTROY', leg);
  await client.event('CHANNEL_DESTROY', 'agent-leg');
  await Promise.all([answering, caller]);
});

test('SIGTERM ends it cleanly', async () => {
  await started.stop();
  expect(started.child.exitCode).toBe(0);
  expect(existsSync(started.folder.path)).toBe(false);
});

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'the thread of the media goes before what else the machine does, and it alone',
  async () => {
    const tasks = `/proc/${started.pid}/task`;
    // The event socket is there before the thread of the media has begun.
    await vi.waitFor(() => expect(preferredThreads(tasks)).toHaveLength(1), { timeout: 10_000 });
    expect(preferredThreads(tasks)[0]).not.toBe(started.pid);
  },
);

/** Field 19 of `stat`, counted behind the name, which may hold blanks: proc(5). */
function preferredThreads(tasks: string): number[] {
  return readdirSync(tasks)
    .map(Number)
    .filter((task) => {
      const stat = readFileSync(`${tasks}/${task}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) === constants.priority.PRIORITY_HIGH;
    });
}
