import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that nobody here wrote, running as a caller or as an agent's phone. */
export interface Peer {
  readonly folder: string;
  /** What it printed so far. */
  output(): string;
  /** Resolves with its exit status. */
  readonly ended: Promise<number | null>;
  kill(signal?: NodeJS.Signals): void;
  /** Kills it when it still runs, and removes its folder. */
  dispose(): Promise<void>;
}

function launch(
  command: string,
  args: readonly string[],
  folder: string,
  stdin: 'ignore' | 'pipe' = 'ignore',
  env: Readonly<Record<string, string>> = {},
): Peer & { child: ChildProcess } {
  const child = spawn(command, args, { cwd: folder, stdio: [stdin, 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let printed = '';
  const take = (data: Buffer): void => {
    printed = (printed + data.toString()).slice(-200_000);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  // Keys for a peer that has ended: whoever waits for it learns of its end.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    child,
    folder,
    output: () => printed,
    ended,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const newFolder = (name: string): string => mkdtempSync(join(tmpdir(), `minhu-${name}-`));

export interface SippOptions {
  /** The scenario's XML; `scenarios.ts` makes it. */
  readonly scenario: string;
  /** `host:port` of the switch. */
  readonly server: string;
  readonly transport?: 'u1' | 't1';
  readonly calls?: number;
  /** Calls per second. */
  readonly rate?: number;
  /** Percent of SIP messages that SIPp throws away. */
  readonly lost?: number;
  readonly timeoutS?: number;
  /** Its own address. */
  readonly localIp?: string;
  /** SIPp's own SIP port; one that nobody uses when left out. */
  readonly localPort?: number;
  /** The Call-ID of its only call; a phone registers and unregisters with one. */
  readonly callId?: string;
  /** SIPp's first RTP port. */
  readonly mediaPort?: number;
}

/** SIPp as one or many callers. Exit status 0: every call went as the scenario says. */
export function sipp(options: SippOptions): Peer {
  const folder = newFolder('sipp');
  writeFileSync(join(folder, 'scenario.xml'), options.scenario);
  const args = [
    options.server,
    '-sf', join(folder, 'scenario.xml'),
    '-i', options.localIp ?? '127.0.0.1', '-mi', options.localIp ?? '127.0.0.1',
    '-t', options.transport ?? 'u1',
    '-m', String(options.calls ?? 1), '-r', String(options.rate ?? 10),
    '-timeout', String(options.timeoutS ?? 60), '-timeout_error',
    // In-dialog OPTIONS and the like are answered, as any phone does.
    '-aa',
    '-nostdin', '-trace_err', '-trace_msg', '-error_file', join(folder, 'errors.log'), '-message_file', join(folder, 'messages.log'),
  ]; // biome-ignore format: one option and its value a pair
  if (options.lost !== undefined) args.push('-lost', String(options.lost));
  args.push('-p', String(options.localPort ?? nextPort()));
  if (options.callId !== undefined) args.push('-cid_str', options.callId);
  if (options.mediaPort !== undefined) args.push('-mp', String(options.mediaPort));
  return launch('sipp', args, folder);
}

/** SIPp looks for a free port before it takes one, so that two of them may meet: each gets its own. */
let ports = process.pid * 37;
function nextPort(): number {
  ports += 1;
  return 7_000 + (ports % 2_900);
}

export interface PhoneOptions {
  /** `host:port` of the switch. */
  readonly server: string;
  readonly user: string;
  /** A seat's phone registers with it; without one it is a citizen's phone. */
  readonly password?: string;
  /** Frequency of the tone that the phone speaks. */
  readonly toneHz: number;
  readonly answer?: 'auto' | 'manual';
  readonly transport?: 'udp' | 'tcp';
  /** Its own SIP port; one that nobody uses when left out. */
  readonly listenPort?: number;
}

/** A telephone that speaks a tone and keeps what it hears. */
export interface Phone extends Peer {
  /** Types into its menu: digits while talking, `a` to answer, `b` to hang up, `x` to hold, `/dial URI\n`. */
  type(keys: string): void;
  /** What it heard in its last call: 16-bit samples at 8 kHz. */
  heard(): Int16Array;
}

/** A phone of which is known how long it sent nothing: on a busy machine it is left waiting itself, which is no fault of the switch. */
export interface WatchedPhone extends Phone {
  /** Watches it send from now on; the answer ends that and gives the longest time without anything, in ms. It sends every 20 ms. */
  watchSending(): () => number;
}

/** baresip 1.0 plays no WAV out, but its sndfile filter dumps both directions of every call. */
export function baresip(options: PhoneOptions): WatchedPhone {
  const folder = newFolder('baresip');
  writeFileSync(join(folder, 'tone.wav'), toneWav(options.toneHz, 300));
  writeFileSync(join(folder, 'contacts'), '');
  writeFileSync(join(folder, 'config'), `${baresipConfig(folder, options.listenPort ?? 0).join('\n')}\n`);
  const transport = options.transport === 'tcp' ? ';transport=tcp' : '';
  const account =
    options.password === undefined
      ? `<sip:${options.user}@127.0.0.1${transport}>;regint=0`
      : `<sip:${options.user}@${options.server}${transport}>;auth_user=${options.user};auth_pass=${options.password};regint=60`;
  const mode = options.answer === 'auto' ? ';answermode=auto' : '';
  writeFileSync(join(folder, 'accounts'), `${account}${mode}\n`);
  const peer = launch('baresip', ['-f', folder, '-4'], folder, 'pipe');
  return {
    ...peer,
    type: (keys) => void peer.child.stdin?.write(keys),
    heard: () => {
      const dump = lastDump(folder, 'dec');
      return dump === undefined ? new Int16Array() : samplesOf(readFileSync(dump));
    },
    watchSending: () => watchGrowth(lastDump(folder, 'enc')!),
  };
}

function lastDump(folder: string, direction: 'enc' | 'dec'): string | undefined {
  const dump = readdirSync(folder)
    .filter((name) => name.endsWith(`-${direction}.wav`))
    .sort()
    .at(-1);
  return dump === undefined ? undefined : join(folder, dump);
}

/** The longest time, in ms, in which a file did not grow; it is written frame by frame as each is sent. */
function watchGrowth(file: string): () => number {
  let [size, sinceMs, longestMs] = [statSync(file).size, performance.now(), 0];
  const look = (): void => {
    const [now, nowMs] = [statSync(file).size, performance.now()];
    longestMs = Math.max(longestMs, nowMs - sinceMs);
    if (now !== size) [size, sinceMs] = [now, nowMs];
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    look();
    return Math.round(longestMs);
  };
}

function baresipConfig(folder: string, port: number): string[] {
  const modules = ['stdio', 'g711', 'aufile', 'aubridge', 'sndfile'].map((name) => `module ${name}.so`);
  return [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${port}`,
    'net_interface 127.0.0.1',
    'audio_player aubridge,sink',
    `audio_source aufile,${join(folder, 'tone.wav')}`,
    'audio_alert aubridge,alert',
    'ausrc_srate 8000',
    'auplay_srate 8000',
    'ausrc_channels 1',
    'auplay_channels 1',
    `snd_path ${folder}`,
    'module_path /usr/lib/baresip/modules',
    ...modules,
    'module_tmp account.so',
    'module_app menu.so',
  ];
}

/** linphone as an agent's phone: the peer here that answers SHA-256 challenges. */
export function linphone(options: PhoneOptions): Phone {
  const folder = newFolder('linphone');
  const [host, port] = options.server.split(':');
  writeFileSync(join(folder, 'tone.wav'), toneWav(options.toneHz, 300));
  writeFileSync(join(folder, 'linphonerc'), `${linphoneConfig(options, host!, port!).join('\n')}\n`);
  const auto = options.answer === 'auto' ? ['-a'] : [];
  mkdirSync(join(folder, '.local/share/linphone'), { recursive: true });
  const peer = launch('linphonec', ['-c', join(folder, 'linphonerc'), ...auto], folder, 'pipe', { HOME: folder });
  const heardFile = join(folder, 'heard.wav');
  peer.child.stdin?.write(`soundcard use files\nplay ${join(folder, 'tone.wav')}\nrecord ${heardFile}\n`);
  return {
    ...peer,
    type: (keys) => void peer.child.stdin?.write(keys),
    heard: () => samplesOf(readFileSync(heardFile)),
  };
}

function linphoneConfig(options: PhoneOptions, host: string, port: string): string[] {
  return [
    '[sip]',
    // It takes no “any port”: one from a range that nothing here draws from, told apart by process.
    `sip_port=${50_000 + (process.pid % 10_000)}`,
    'sip_tcp_port=0',
    'register_only_when_network_is_up=0',
    'guess_hostname=0',
    'default_proxy=0',
    '[rtp]',
    'audio_rtp_port=-1',
    '[sound]',
    'echocancellation=0',
    '[net]',
    'firewall_policy=0',
    '[proxy_0]',
    `reg_proxy=<sip:${host}:${port}>`,
    `reg_identity=sip:${options.user}@${host}:${port}`,
    'reg_expires=60',
    'reg_sendregister=1',
    '[auth_info_0]',
    `username=${options.user}`,
    `passwd=${options.password ?? ''}`,
    'realm=minhu',
  ];
}

/** Mono 16-bit WAV at 8 kHz. */
function toneWav(hz: number, seconds: number): Buffer {
  // A whole number of waves a second: each second is as the first.
  const second = Buffer.alloc(16_000);
  for (let n = 0; n < 8_000; n += 1) {
    second.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hz * n) / 8_000)), 2 * n);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + seconds * second.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(seconds * second.length, 40);
  return Buffer.concat([header, Buffer.alloc(seconds * second.length, second)]);
}

/** Samples of a WAV file that may still be growing; the header's length is not trusted. */
export function samplesOf(wav: Buffer): Int16Array {
  const count = Math.max(0, Math.floor((wav.length - 44) / 2));
  const from = wav.byteOffset + 44;
  return new Int16Array(wav.buffer.slice(from, from + 2 * count));
}
