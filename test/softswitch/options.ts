import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwitchOptions } from '../../src/softswitch/options.ts';

export const PASSWORD = 'only-for-this-test-0123';

export interface Folder {
  readonly path: string;
  readonly options: SwitchOptions;
  remove(): void;
}

/** A temporary folder with everything a switch reads; ports are free ones. RTP ports differ from test to test. */
export function createSwitchFolder(change: Partial<SwitchOptions> = {}): Folder {
  const path = mkdtempSync(join(tmpdir(), 'minhu-switch-'));
  for (const folder of ['prompts', 'recordings']) mkdirSync(join(path, folder));
  for (const name of ['menu', 'wrong', 'music', 'sorry'])
    writeFileSync(join(path, 'prompts', `${name}.wav`), tone(500));
  writeFileSync(join(path, 'password'), PASSWORD, { mode: 0o600 });
  writeFileSync(join(path, 'directory.json'), JSON.stringify({ realm: 'minhu', users: [] }));
  const rtpPortMin = 20_000 + 2 * Math.floor(Math.random() * 10_000);
  const options: SwitchOptions = {
    realm: 'minhu',
    sip: { host: '127.0.0.1', port: 0 },
    esl: { host: '127.0.0.1', port: 0 },
    eslPasswordFile: join(path, 'password'),
    ...{ rtpPortMin, rtpPortMax: rtpPortMin + 400 },
    trunks: [{ name: 'city', from: ['127.0.0.0/8'], numbers: ['12345'] }],
    directoryFile: join(path, 'directory.json'),
    registrationsFile: join(path, 'registrations.json'),
    legLogFile: join(path, 'legs.log'),
    statusFile: join(path, 'status.json'),
    promptFolder: join(path, 'prompts'),
    recordingFolder: join(path, 'recordings'),
    musicFile: join(path, 'prompts', 'music.wav'),
    apologyFile: join(path, 'prompts', 'sorry.wav'),
    callsMax: 100,
    ...change,
  };
  return { path, options, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** 8 kHz mono 16-bit WAV with a 440 Hz tone. */
function tone(ms: number): Buffer {
  const samples = ms * 8;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24);
  wav.writeUInt32LE(16_000, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at += 1) {
    wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * at) / 8000)), 44 + at * 2);
  }
  return wav;
}
