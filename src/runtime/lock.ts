import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from './entry.ts';

const TRIES_MAX = 5;

/**
 * One process for a folder. The file holds the process id and when that process started, so that an id used again is not taken for it.
 *
 * @returns what gives the folder back.
 * @throws JournalError `locked`.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock');
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (await take(path)) return () => unlink(path).catch(() => {});
    const holder = await readFile(path, 'utf8').catch(() => '');
    const [pid = '', started = ''] = holder.trim().split(' ');
    if (await isAlive(Number(pid), started)) {
      throw new JournalError(
        'locked',
        `${folder} is in use by process ${pid}. Stop that one first, or set MINHU_DATA to another folder for a second hotline.`,
      );
    }
    await unlink(path).catch(() => {});
  }
  throw new JournalError('locked', `${path} cannot be taken: something keeps making it anew.`);
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(`${process.pid} ${await startOf(process.pid)}\n`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAlive(pid: number, started: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return (await startOf(pid)) === started;
}

/** Start time in clock ticks since boot (proc(5), field 22); `-` where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
  } catch {
    return '-';
  }
}
