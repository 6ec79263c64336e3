import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  readonly status: number | null;
  /** All that was printed. */
  readonly said: string;
}

const TOO_LONG_MS = 45_000;

/** Starts the program with something wrong and waits for its end. `env` names `MINHU_DATA`. */
export async function failedStart(env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, MINHU_HTTP: '127.0.0.1:0', MINHU_SIP: '127.0.0.1:0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said += data;
    });
  }
  const tooLong = setTimeout(() => child.kill('SIGTERM'), TOO_LONG_MS);
  const status = await new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  clearTimeout(tooLong);
  return { status, said };
}
