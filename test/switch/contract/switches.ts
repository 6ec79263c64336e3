import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwitchOptions } from '../../../src/softswitch/options.ts';
import { startSwitchProcess } from '../../softswitch/start.ts';
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
  stop(): Promise<void>;
}

export interface TestedSwitch {
  readonly name: string;
  start(): Promise<Place>;
}

export const MUSIC_HZ = 300;
export const PROMPT_HZ = 600;
const SEATS = ['1001', '1002', '1003', '1004'];
const ROUGH_SEED = 12_345;
const esl = process.env['MINHU_ESL'];

/** Whether the contract is checked on a switch that runs already, named by `MINHU_ESL`. */
export const isExternal = esl !== undefined;

export const SWITCHES: readonly TestedSwitch[] =
  esl === undefined
    ? [
        { name: 'the embedded switch', start: () => startEmbedded({}) },
        { name: 'the embedded switch in rough mode', start: () => startEmbedded({ roughSeed: ROUGH_SEED }) },
      ]
    : [{ name: 'FreeSWITCH', start: () => Promise.resolve(joinExternal(esl)) }];

/** `freeswitch.mjs` started it and tells where things are; it also ends it. */
function joinExternal(address: string): Place {
  const folder = told('MINHU_CONTRACT_FOLDER');
  const [host, port] = address.split(':');
  return {
    sip: told('MINHU_SIP'),
    esl: { host: host!, port: Number(port), password: told('MINHU_ESL_PASSWORD') },
    seatPassword: told('MINHU_SEAT_PASSWORD'),
    ...media(folder),
    stop: () => Promise.resolve(),
  };
}

function told(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export async function startEmbedded(change: Partial<SwitchOptions>): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'minhu-contract-'));
  const { prompts, recordings } = media(folder);
  const seatPassword = 'only-for-these-seats-42';
  const users = SEATS.map((user) => ({ user, algorithm: 'md5', ha1: md5(`${user}:minhu:${seatPassword}`) }));
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
    ...{ seatPassword, recordings, prompts },
    legLogFile: started.folder.options.legLogFile,
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
