import { linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startOf } from './process-life.ts';

export type FolderLock =
  | { readonly ok: true; readonly release: () => void }
  /** `holder`: the process that has the folder, or is about to. */
  | { readonly ok: false; readonly holder: number };

interface Claim {
  readonly pid: number;
  readonly kind: 'asks' | 'holds';
  readonly lives: boolean;
  readonly file: string;
}

/** Another asker decides within microseconds; one that was stopped in the middle is taken for the holder. */
const ASKER_MAX_MS = 5_000;
const POLL_MS = 10;
const NAME = /^lock\.(\d{1,10})\.([\w:.-]{1,60})\.(asks|holds)$/;

/**
 * One process for a folder. Whoever wants it first says so in a file named after its process id and start time (an id used again is not taken
 * for it), then looks who else lives: a holder wins, else the first asker by name. No file is ever removed that could be somebody's who lives,
 * so two who find a dead holder's file cannot both win. Lasts until `release` or the process's end, whatever ends it.
 *
 * @throws the system's own error when the folder cannot be read or written.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const own = ownClaim(folder);
  if (own === undefined) return { ok: false, holder: process.pid };
  const untilMs = performance.now() + ASKER_MAX_MS;
  for (;;) {
    const others = livingClaims(folder).filter(({ pid }) => pid !== process.pid);
    const stronger = others.find(({ kind, file }) => kind === 'holds' || file < own.asks);
    const weaker = others[0];
    if (stronger !== undefined || (weaker !== undefined && performance.now() > untilMs)) {
      own.release();
      return { ok: false, holder: (stronger ?? weaker!).pid };
    }
    if (weaker === undefined) break;
    await sleep(POLL_MS);
  }
  // A second name beside the first, not a renaming: whoever looks in between sees at least one of them.
  linkSync(own.asks, own.holds);
  return { ok: true, release: own.release };
}

/** Who has the folder now; undefined when nobody. Changes nothing; never throws. */
export function holderOf(folder: string): number | undefined {
  try {
    return claims(folder).find(({ kind, lives }) => lives && kind === 'holds')?.pid;
  } catch {
    return undefined;
  }
}

/** Undefined when this very process asked before. */
function ownClaim(folder: string): { asks: string; holds: string; release: () => void } | undefined {
  const name = join(folder, `lock.${process.pid}.${markOf(process.pid)}`);
  const [asks, holds] = [`${name}.asks`, `${name}.holds`];
  try {
    writeFileSync(asks, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  const release = (): void => {
    for (const file of [holds, asks]) rmSync(file, { force: true });
  };
  return { asks, holds, release };
}

/** Claims of the dead are cleared away: a name with id and start time never comes back. */
function livingClaims(folder: string): readonly Claim[] {
  const all = claims(folder);
  for (const { lives, file } of all) if (!lives) rmSync(file, { force: true });
  return all.filter(({ lives }) => lives);
}

function claims(folder: string): readonly Claim[] {
  return readdirSync(folder).flatMap((name) => {
    const [, pid, start, kind] = NAME.exec(name) ?? [];
    if (pid === undefined || start === undefined) return [];
    const lives = isAlive(Number(pid)) && markOf(Number(pid)) === start;
    return { pid: Number(pid), kind: kind as Claim['kind'], lives, file: join(folder, name) };
  });
}

function markOf(pid: number): string {
  return startOf(pid).replace(/[^\w:.-]/g, '_');
}
