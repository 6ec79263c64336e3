import { fork } from 'node:child_process';
import { on } from 'node:events';
import { join } from 'node:path';
import type { Finding } from './finding.ts';

/** Between two findings. The slowest, that of the types, takes some seconds. */
const SILENT_MS = 60_000;
const SAID_CHARS_MAX = 1_000;

/**
 * As `checkFile`, in a process of its own: a channel that never ends, that ends its process, or that throws where nobody catches it, is a finding
 * as any other.
 */
export async function* checkApart(file: string, silentMs = SILENT_MS): AsyncIterable<Finding> {
  // What a channel prints is no finding.
  const child = fork(join(import.meta.dirname, 'check-process.js'), [file], { stdio: ['ignore', 2, 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-SAID_CHARS_MAX);
  });
  const messages = on(child, 'message', { close: ['close'] });
  let last = '';
  try {
    for (;;) {
      const told = await Promise.race([messages.next(), silence(silentMs)]);
      if (told === undefined)
        return yield cutOff(last, `nothing more for ${silentMs / 1_000} s: something in it never ends`);
      if (told.done === true)
        return yield cutOff(last, `its process ended (${child.exitCode ?? child.signalCode})\n${said}`);
      const [finding] = told.value as [Finding | 'done'];
      if (finding === 'done') return;
      last = finding.en;
      yield finding;
    }
  } finally {
    child.kill('SIGKILL');
  }
}

function cutOff(last: string, what: string): Finding {
  const after = last === '' ? 'at its beginning' : `after “${last}”`;
  return { ok: false, zh: '检验进行到底', en: 'the check goes to its end', detail: `${after}: ${what.trim()}` };
}

function silence(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined).unref());
}
