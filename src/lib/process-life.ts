import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether a process with this id lives. A zombie counts as gone: it holds nothing, and in a container nobody may ever reap it. */
export function isAlive(pid: number | null | undefined): boolean {
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return statOf(pid)?.[0] !== 'Z';
}

/** Alive, and `mark` stands in its command line: not another program that was given the same id. */
export function isAliveAs(pid: number | null | undefined, mark: string): boolean {
  if (!isAlive(pid)) return false;
  const words = commandLine(pid as number);
  // Where the system tells nothing, the id alone must do.
  return words.length === 0 || words.some((word) => word.includes(mark));
}

/** When a process started, as a text that only it has together with its id; `-` when the system does not tell. */
export function startOf(pid: number): string {
  // Clock ticks since boot, field 22 of proc(5).
  return process.platform === 'linux' ? (statOf(pid)?.[19] ?? '-') : ask('lstart', pid).replace(/\s+/g, '_') || '-';
}

/** A process's words; none when it is gone or the system does not tell. */
export function commandLine(pid: number): readonly string[] {
  if (process.platform === 'linux') return read(`/proc/${pid}/cmdline`).split('\0').filter(Boolean);
  const line = ask('command', pid);
  if (line === '') return [];
  // A space in a folder's name would split it: what stands between two options is one more candidate.
  return [...line.split(' '), line.slice(line.indexOf(' -D ') + 4, line.indexOf(' -c '))];
}

/** The fields behind the name, which may hold anything: state first. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function ask(field: string, pid: number): string {
  try {
    const words = ['-ww', '-p', String(pid), '-o', `${field}=`];
    return execFileSync('ps', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
