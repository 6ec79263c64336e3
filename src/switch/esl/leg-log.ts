import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from './decode.ts';

/** How a leg ended, as the switch's own log has it. */
export interface LoggedEnd {
  readonly cause: string;
  readonly endedAtMs: number;
}

/** The ends of `legs` that a switch's own log knows. Never throws: a log that cannot be read knows none. */
export type EndsLogged = (legs: ReadonlySet<string>) => Promise<ReadonlyMap<string, LoggedEnd>>;

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

/** Call details of one leg with all its variables are some 20 kB. */
const CALL_DETAILS_BYTES_MAX = 1024 * 1024;

/** The same from FreeSWITCH's mod_json_cdr: `FOLDER/LEG.cdr.json`, `{variables: {hangup_cause, end_uepoch}}`, the instant in µs. */
export async function readCallDetails(
  folder: string,
  legs: ReadonlySet<string>,
): Promise<ReadonlyMap<string, LoggedEnd>> {
  const ends = new Map<string, LoggedEnd>();
  for (const leg of legs) {
    const end = await readEnd(join(folder, `${leg}.cdr.json`));
    if (end !== undefined) ends.set(leg, end);
  }
  return ends;
}

async function readEnd(file: string): Promise<LoggedEnd | undefined> {
  try {
    if ((await stat(file)).size > CALL_DETAILS_BYTES_MAX) return undefined;
    const details = parseJson(await readFile(file, 'utf8')) as { variables?: Record<string, unknown> } | undefined;
    const cause = details?.variables?.['hangup_cause'];
    const endedAtMs = Math.round(Number(details?.variables?.['end_uepoch']) / 1_000);
    return typeof cause === 'string' && endedAtMs > 0 ? { cause, endedAtMs } : undefined;
  } catch {
    return undefined;
  }
}
