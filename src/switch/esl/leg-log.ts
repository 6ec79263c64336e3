import { open } from 'node:fs/promises';
import { parseJson } from './decode.ts';

/** How a leg ended, as the switch's own log has it. */
export interface LoggedEnd {
  readonly cause: string;
  readonly endedAtMs: number;
}

/** Only the end of the log is read: what ended unseen ended lately. */
const TAIL_BYTES_MAX = 4 * 1024 * 1024;

/** The ends of `legs` that the log knows (JSON lines `{leg, cause, endedAtMs, …}`). A log that cannot be read knows none. */
export async function readLegLog(file: string, legs: ReadonlySet<string>): Promise<ReadonlyMap<string, LoggedEnd>> {
  const ends = new Map<string, LoggedEnd>();
  for (const line of (await readTail(file)).split('\n')) {
    const entry = parseJson(line) as { leg?: unknown; cause?: unknown; endedAtMs?: unknown } | null | undefined;
    if (typeof entry?.leg !== 'string' || !legs.has(entry.leg)) continue;
    if (typeof entry.cause !== 'string' || typeof entry.endedAtMs !== 'number') continue;
    ends.set(entry.leg, { cause: entry.cause, endedAtMs: entry.endedAtMs });
  }
  return ends;
}

async function readTail(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, TAIL_BYTES_MAX);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
