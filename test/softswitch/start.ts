import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SwitchOptions } from '../../src/softswitch/options.ts';
import { createSwitchFolder, type Folder, PASSWORD } from './options.ts';

export interface StartedSwitch {
  readonly folder: Folder;
  readonly password: string;
  readonly bootId: string;
  readonly pid: number;
  readonly sipPort: number;
  /** NaN when it serves no WebSocket. */
  readonly wsPort: number;
  readonly eslPort: number;
  readonly child: ChildProcess;
  /** SIGTERM by its pid, waits for its end and removes the folder. */
  stop(): Promise<void>;
}

const MAIN = new URL('../../dist/softswitch/main.js', import.meta.url).pathname;
const START_MS_MAX = 15_000;
const LOOK_MS = 20;

/**
 * Starts the built switch (`npx tsc -p .` first) with everything in a temporary folder, and waits for its status file. The seats' password
 * is `secret`.
 */
export async function startSwitchProcess(
  change: Partial<SwitchOptions> = {},
  seats: readonly string[] = [],
): Promise<StartedSwitch> {
  const folder = createSwitchFolder(change);
  const users = seats.map((user) => ({ user, algorithm: 'md5', ha1: ha1Of(user) }));
  if (seats.length > 0) writeFileSync(folder.options.directoryFile, JSON.stringify({ realm: 'minhu', users }));
  const file = join(folder.path, 'options.json');
  writeFileSync(file, JSON.stringify(folder.options), { mode: 0o600 });
  const env = { ...process.env, LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn' };
  const child = spawn(process.execPath, [MAIN, file], { stdio: ['ignore', 'inherit', 'inherit'], env });
  const status = await waitForStatus(folder.options.statusFile, child);
  return {
    ...{ folder, child, password: PASSWORD, bootId: status.bootId, pid: status.pid },
    sipPort: portOf(status.sip),
    wsPort: portOf(status.ws ?? 'none'),
    eslPort: portOf(status.esl),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      folder.remove();
    },
  };
}

const ha1Of = (user: string): string => createHash('md5').update(`${user}:minhu:secret`).digest('hex');

interface Status {
  readonly pid: number;
  readonly bootId: string;
  readonly sip: string;
  readonly ws?: string;
  readonly esl: string;
}

async function waitForStatus(file: string, child: ChildProcess): Promise<Status> {
  const deadlineMs = Date.now() + START_MS_MAX;
  while (!existsSync(file)) {
    if (child.exitCode !== null) throw new Error(`the switch ended with ${child.exitCode} before it was ready`);
    if (Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error('the switch was not ready in time');
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Status;
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
