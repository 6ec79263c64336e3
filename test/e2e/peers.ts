import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
): Peer & { child: ChildProcess } {
  const child = spawn(command, args, { cwd: folder, stdio: [stdin, 'pipe', 'pipe'] });
  let printed = '';
  const take = (data: Buffer): void => {
    printed = (printed + data.toString()).slice(-200_000);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
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
}

/** SIPp as one or many callers. Exit status 0: every call went as the scenario says. */
export function sipp(options: SippOptions): Peer {
  const folder = newFolder('sipp');
  writeFileSync(join(folder, 'scenario.xml'), options.scenario);
  const args = [
    options.server,
    '-sf', join(folder, 'scenario.xml'),
    '-i', '127.0.0.1', '-mi', '127.0.0.1',
    '-t', options.transport ?? 'u1',
    '-m', String(options.calls ?? 1), '-r', String(options.rate ?? 10),
    '-timeout', String(options.timeoutS ?? 60), '-timeout_error',
    '-nostdin', '-trace_err', '-trace_msg', '-error_file', join(folder, 'errors.log'), '-message_file', join(folder, 'messages.log'),
  ]; // biome-ignore format: one option and its value a pair
  if (options.lost !== undefined) args.push('-lost', String(options.lost));
  return launch('sipp', args, folder);
}

export interface PhoneOptions {
  readonly user: string;
  readonly password: string;
  /** `host:port` of the switch. */
  readonly server: string;
  /** Frequency of the tone that the phone speaks. */
  readonly toneHz: number;
  readonly answer: 'auto' | 'manual';
  readonly transport?: 'udp' | 'tcp';
}

/** baresip as an agent's phone: it says a tone and writes what it hears to `heard.wav`-like dumps in its folder. */
export function baresip(options: PhoneOptions): Peer {
  const folder = newFolder('baresip');
  const [host] = options.server.split(':');
  writeFileSync(
    join(folder, 'config'),
    [
      'poll_method epoll',
      `sip_listen ${host}:0`,
      'sip_trans_bsize 128',
      'call_local_timeout 120',
      'call_max_calls 4',
      `audio_player aufile,${join(folder, 'heard.wav')}`,
      `audio_source ausine,${options.toneHz}`,
      'audio_alert aufile,/dev/null',
      'ausrc_srate 8000', 'auplay_srate 8000', 'ausrc_channels 1', 'auplay_channels 1',
      'rtp_tos 184', 'rtcp_mux no', 'jitter_buffer_delay 2-6',
      'module_path /usr/lib/baresip/modules',
      'module stdio.so', 'module g711.so', 'module ausine.so', 'module aufile.so',
      'module_tmp account.so', 'module_app menu.so',
      'net_interface lo',
      '',
    ].join('\n'),
  ); // biome-ignore format: one setting a line
  const transport = options.transport === 'tcp' ? ';transport=tcp' : '';
  const mode = options.answer === 'auto' ? ';answermode=auto' : '';
  writeFileSync(
    join(folder, 'accounts'),
    `<sip:${options.user}@${options.server}${transport}>;auth_user=${options.user};auth_pass=${options.password};regint=60${mode};audio_codecs=PCMA/8000/1\n`,
  );
  writeFileSync(join(folder, 'contacts'), '');
  return launch('baresip', ['-f', folder, '-4'], folder, 'pipe');
}

/** linphone as an agent's phone; knows SHA-256 digests. Speaks a WAV file and records what it hears. */
export function linphone(options: PhoneOptions & { readonly speakWav: string }): Peer & { heard(): Buffer } {
  const folder = newFolder('linphone');
  const [host, port] = options.server.split(':');
  const heard = join(folder, 'heard.wav');
  writeFileSync(
    join(folder, 'linphonerc'),
    [
      '[sip]', 'sip_port=-1', 'sip_tcp_port=-1', 'register_only_when_network_is_up=0', 'guess_hostname=0', 'bind_address=127.0.0.1',
      'verify_server_certs=0', 'default_proxy=0',
      '[rtp]', 'audio_rtp_port=-1',
      '[sound]', 'echocancellation=0', 'playback_dev_id=0',
      '[net]', 'mtu=1300', 'firewall_policy=0',
      '[proxy_0]',
      `reg_proxy=<sip:${host}:${port}>`, `reg_identity=sip:${options.user}@minhu`, 'reg_expires=60', 'reg_sendregister=1',
      '[auth_info_0]', `username=${options.user}`, `passwd=${options.password}`, 'realm=minhu', 'domain=minhu', 'algorithm=SHA-256',
      '',
    ].join('\n'),
  ); // biome-ignore format: one setting a line
  const peer = launch(
    'linphonec',
    ['-c', join(folder, 'linphonerc'), ...(options.answer === 'auto' ? ['-a'] : [])],
    folder,
    'pipe',
  );
  peer.child.stdin?.write(`soundcard use files\nplay ${options.speakWav}\nrecord ${heard}\n`);
  return { ...peer, heard: () => (existsSync(heard) ? readFileSync(heard) : Buffer.alloc(0)) };
}
