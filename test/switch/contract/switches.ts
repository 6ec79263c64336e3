import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwitchOptions } from '../../../src/softswitch/options.ts';
import { startSwitchProcess } from '../../softswitch/start.ts';
import { freeSwitchPrefix, startFreeSwitch } from '../free-switch.ts';
import { toneWav } from './tone-wav.ts';

/** A running switch and all that a test must know of it. */
export interface Place {
  /** `host:port` for SIP: calls to 12345 are parked, the seats 1001 to 1004 may register. */
  readonly sip: string;
  readonly esl: { readonly host: string; readonly port: number; readonly password: string };
  readonly seatPassword: string;
  readonly recordings: string;
  /** Prompts by name: absolute paths. */
  readonly prompts: Readonly<Record<'short' | 'second' | 'long' | 'missing', string>>;
  readonly legLogFile?: string;
  readonly legLogFolder?: string;
  /** Keys of a phone that overhears are told. */
  readonly tellsKeysOfOverhearing: boolean;
  stop(): Promise<void>;
}

export interface TestedSwitch {
  readonly name: string;
  start(): Promise<Place>;
}

export const MUSIC_HZ = 300;
export const PROMPT_HZ = 600;
const SEAT_PASSWORD = 'only-for-these-seats-42';
const SEATS = ['1001', '1002', '1003', '1004'];
const ROUGH_SEED = 12_345;

export const SWITCHES: readonly TestedSwitch[] =
  freeSwitchPrefix === undefined
    ? [
        { name: 'the embedded switch', start: () => startEmbedded({}) },
        { name: 'the embedded switch in rough mode', start: () => startEmbedded({ roughSeed: ROUGH_SEED }) },
      ]
    : [{ name: 'FreeSWITCH', start: () => startReal(freeSwitchPrefix!) }];

async function startReal(prefix: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-contract-'));
  const { prompts, recordings } = media(folder);
  const music = join(folder, 'music');
  mkdirSync(music);
  writeFileSync(join(music, 'music.wav'), toneWav(MUSIC_HZ, 2_000));
  const legLog = join(folder, 'legs');
  const accounts = Object.fromEntries(SEATS.map((user) => [user, SEAT_PASSWORD]));
  const real = await startFreeSwitch(prefix, { music, legLog, accounts, prompts: join(folder, 'prompts') });
  return {
    ...{ sip: real.sip, esl: real.esl, seatPassword: SEAT_PASSWORD, recordings, prompts },
    legLogFolder: legLog,
    tellsKeysOfOverhearing: false,
    async stop() {
      await real.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function startEmbedded(change: Partial<SwitchOptions>): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-contract-'));
  const { prompts, recordings } = media(folder);
  const users = SEATS.map((user) => ({ user, algorithm: 'md5', ha1: md5(`${user}:minhu:${SEAT_PASSWORD}`) }));
  writeFileSync(join(folder, 'directory.json'), JSON.stringify({ realm: 'minhu', users }));
  writeFileSync(join(folder, 'music.wav'), toneWav(MUSIC_HZ, 2_000));
  const started = await startSwitchProcess({
    directoryFile: join(folder, 'directory.json'),
    musicFile: join(folder, 'music.wav'),
    promptFolder: join(folder, 'prompts'),
    recordingFolder: recordings,
    ...change,
  });
  return {
    sip: `127.0.0.1:${started.sipPort}`,
    esl: { host: '127.0.0.1', port: started.eslPort, password: started.password },
    ...{ seatPassword: SEAT_PASSWORD, recordings, prompts },
    legLogFile: started.folder.options.legLogFile,
    tellsKeysOfOverhearing: true,
    async stop() {
      await started.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Folders and prompts that any switch on this machine can read and write. */
function media(folder: string): Pick<Place, 'prompts' | 'recordings'> {
  const prompt = (name: string): string => join(folder, 'prompts', `${name}.wav`);
  mkdirSync(join(folder, 'prompts'), { recursive: true });
  mkdirSync(join(folder, 'recordings'), { recursive: true });
  writeFileSync(prompt('short'), toneWav(PROMPT_HZ, 400));
  writeFileSync(prompt('second'), toneWav(PROMPT_HZ, 400));
  writeFileSync(prompt('long'), toneWav(PROMPT_HZ, 20_000));
  return {
    prompts: { short: prompt('short'), second: prompt('second'), long: prompt('long'), missing: prompt('missing') },
    recordings: join(folder, 'recordings'),
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
