import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createMedia } from '../../../src/softswitch/media/engine.ts';
import { type OpenSwitch, openSwitch } from './open-switch.ts';
import { SDP } from './scripted-layers.ts';

const LEG = '11111111-1111-4111-8111-111111111111';
const phone = createSocket('udp4');
let open: OpenSwitch;

afterEach(async () => {
  await open.close();
  phone.close();
});

test('with the real media engine a prompt is heard to its end, and what was heard is on the recording', async () => {
  open = await openSwitch({}, { startMedia: createMedia });
  const { client, script } = open;
  phone.bind(0, '127.0.0.1');
  await once(phone, 'listening');
  let packets = 0;
  phone.on('message', (data) => {
    if ((data[1]! & 0x7f) === 8) packets += 1;
  });
  script.caller(LEG, { sdp: SDP.replace('40000', String(phone.address().port)) });
  await client.event('CHANNEL_PARK', LEG);
  await open.execute(LEG, 'answer');
  await client.event('CHANNEL_ANSWER', LEG);
  const file = `${open.folder.path}/recordings/heard.wav`;
  expect(await client.ask(`api uuid_record ${LEG} start ${file}`)).toBe('+OK Success\n');
  await client.event('RECORD_START', LEG);
  await open.execute(LEG, 'playback', 'file_string://menu.wav!wrong.wav');
  const complete = await client.event('CHANNEL_EXECUTE_COMPLETE', LEG, { Application: 'playback' });
  expect(complete['Application-Response']).toBe('FILE PLAYED');
  expect(packets).toBeGreaterThan(40);
  script.happen({ kind: 'ended', call: LEG, by: 'peer', status: undefined, reason: undefined });
  const stop = await client.event('RECORD_STOP', LEG);
  await client.event('CHANNEL_DESTROY', LEG);
  expect(Number(stop['variable_record_ms'])).toBeGreaterThan(900);
  expect(statSync(file).size).toBeGreaterThan(28_000);
  expect(client.namesOf(LEG).slice(-3)).toEqual(['RECORD_STOP', 'CHANNEL_HANGUP_COMPLETE', 'CHANNEL_DESTROY']);
});
