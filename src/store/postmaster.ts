import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, isAlive } from '../lib/process-life.ts';

/** What a running PostgreSQL writes about itself into its folder. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Folder of its unix socket; empty when it has none. */
  readonly socketFolder: string;
  readonly ready: boolean;
}

const POLL_MS = 50;
/** Fast shutdown waits for a checkpoint. */
const FAST_STOP_MAX_MS = 20_000;
const HARD_STOP_MAX_MS = 5_000;

/** Reads `postmaster.pid`. Undefined when there is none or it is not yet whole. Lines: PostgreSQL documentation, "storage-file-layout". */
export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, , , port, socketFolder, , , status] = text.split('\n');
  if (!Number(pid)) return undefined;
  return {
    pid: Number(pid),
    port: Number(port ?? 0),
    socketFolder: socketFolder ?? '',
    ready: status?.trim() === 'ready',
  };
}

/** Alive, and not another program that was given the same pid. */
export function isOurServer(pid: number, cluster: string): boolean {
  return isAlive(pid) && commandLine(pid).includes(cluster);
}

/** Resolves with true when the process is gone, with false when the time is up. `idle`: keeps our own process alive for it no longer. */
export async function waitGone(pid: number, limitMs: number, idle = false): Promise<boolean> {
  const untilMs = Date.now() + limitMs;
  while (isAlive(pid)) {
    if (Date.now() >= untilMs) return false;
    await sleep(POLL_MS, undefined, { ref: !idle });
  }
  return true;
}

/** Ends a server: fast (clients are cut, data is written out), then at once, then by force. Nothing of it is left. */
export async function stopServer(pid: number): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', FAST_STOP_MAX_MS],
    ['SIGQUIT', HARD_STOP_MAX_MS],
    ['SIGKILL', HARD_STOP_MAX_MS],
  ] as const) {
    if (!send(pid, signal)) return;
    if (await waitGone(pid, limitMs)) return;
  }
  throw new Error(`PostgreSQL (pid ${pid}) cannot be ended.`);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
