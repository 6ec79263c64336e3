import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startSwitchProcess } from '../start.ts';
import { EventSocketClient } from './event-socket-client.ts';

const run = promisify(execFile);

test('a seat added while the switch runs can register, is announced, kept in the file and rung by name', async () => {
  const started = await startSwitchProcess();
  const client = new EventSocketClient(started.eslPort);
  try {
    await client.ask(`auth ${started.password}`);
    await client.ask('event plain BACKGROUND_JOB CUSTOM sofia::register');
    const originate = 'api originate {originate_timeout=1}user/1001@minhu &park()';
    expect(await client.ask(originate)).toBe('-ERR SUBSCRIBER_ABSENT\n');
    const ha1 = createHash('md5').update('1001:minhu:secret').digest('hex');
    const users = [{ user: '1001', algorithm: 'md5', ha1 }];
    writeFileSync(started.folder.options.directoryFile, JSON.stringify({ realm: 'minhu', users }));
    while ((await client.ask(originate)) !== '-ERR USER_NOT_REGISTERED\n') {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const scenario = new URL('./register.xml', import.meta.url).pathname;
    const phone = String(40_000 + Math.floor(Math.random() * 20_000));
    await run('sipp', [
      ...['-sf', scenario, `127.0.0.1:${started.sipPort}`, '-i', '127.0.0.1', '-p', phone],
      ...['-m', '1', '-nostdin', '-timeout', '5s'],
    ]);
    const event = await client.event('CUSTOM');
    expect(event).toMatchObject({
      'Event-Subclass': 'sofia::register',
      'from-user': '1001',
      contact: `"" <sip:1001@127.0.0.1:${phone}>`,
      'network-port': phone,
    });
    const shown = JSON.parse(await client.ask('api show registrations as json')) as { rows: unknown[] };
    expect(shown.rows[0]).toMatchObject({ reg_user: '1001', url: `sofia/internal/sip:1001@127.0.0.1:${phone}` });
    const file = started.folder.options.registrationsFile;
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // The phone is gone and its port closed: nobody waits for it to ring.
    expect(await client.ask(originate)).toBe('-ERR NORMAL_TEMPORARY_FAILURE\n');
  } finally {
    client.close();
    await started.stop();
  }
});
