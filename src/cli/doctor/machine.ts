import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RESERVED_BYTES } from '../../channel/media/disk-room.ts';
import type { Folders } from '../../main/folders.ts';
import { bad, type Finding, good } from './finding.ts';

const NODE_MIN = [20, 19] as const;
const YEAR_MIN = 2025;
const YEAR_MAX = 2100;
/** Two file systems may differ by this much without anything being wrong. */
const CLOCK_SLACK_MS = 120_000;

/** As in package.json's `engines`. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) {
    return good('node', `Node.js ${version}`, `Node.js ${version}`);
  }
  const least = NODE_MIN.join('.');
  return bad(
    'node',
    `Node.js ${version} 太旧`,
    `Node.js ${version} is too old`,
    `安装 Node.js ${least} 或更新版本 / install Node.js ${least} or newer: https://nodejs.org`,
  );
}

/** Writable, and room for the journal, the recordings and the records. A folder that does not exist yet is judged by where it will be made. */
export function checkDataFolder(folder: string): Finding {
  const nearest = nearestExisting(folder);
  const refusal = writeRefusal(nearest, nearest === folder);
  if (refusal !== undefined) {
    return bad(
      'data',
      `数据目录 ${folder} 不可写（${refusal}）`,
      `the data folder ${folder} cannot be written (${refusal})`,
      '把 MINHU_DATA 设为可写的目录，或改正该目录的属主与权限 / set MINHU_DATA to a folder that you may write, or correct its owner and mode',
    );
  }
  const { bavail, bsize } = statfsSync(nearest);
  const freeGiB = (bavail * bsize) / 1024 ** 3;
  const zh = `数据目录 ${folder} 可写，剩余 ${freeGiB.toFixed(1)} GiB`;
  const en = `the data folder can be written, ${freeGiB.toFixed(1)} GiB free`;
  if (bavail * bsize >= RESERVED_BYTES) return good('data', zh, en);
  return bad(
    'data',
    zh,
    en,
    '至少腾出 1 GiB，或把 MINHU_DATA 移到更大的磁盘 / free at least 1 GiB, or move MINHU_DATA to a larger disk',
  );
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}

function writeRefusal(folder: string, isItself: boolean): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return `${folder} 不是目录 / is not a folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    // Such as /proc, where root may do everything and nothing can be made.
    if (statfsSync(folder).blocks === 0) return '不是存放文件的地方 / no place for files';
    // Only a real write tells about read-only mounts, quotas and attributes.
    if (isItself) rmSync(mkdtempSync(join(folder, '.doctor-')), { recursive: true });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Years that cannot be, and files from the future: a clock that was set back makes waits and records lie. */
export function checkClock(nowMs: number, folders: Folders | undefined): Finding {
  const shown = new Date(nowMs).toISOString();
  const year = new Date(nowMs).getUTCFullYear();
  const fix =
    '校准系统时间并启用时间同步，例如 timedatectl set-ntp true / set the clock and keep it in step, e.g. timedatectl set-ntp true';
  if (year < YEAR_MIN || year > YEAR_MAX) {
    return bad('clock', `系统时间 ${shown} 不可信`, `the clock says ${shown}, which cannot be`, fix);
  }
  const newest = Math.max(timeOf(fileURLToPath(import.meta.url)), ...journalTimes(folders));
  if (newest > nowMs + CLOCK_SLACK_MS) {
    const file = new Date(newest).toISOString();
    return bad(
      'clock',
      `系统时间 ${shown} 早于已有文件的时间 ${file}，时钟可能被拨慢`,
      `the clock says ${shown}, but files were written at ${file}: it was set back`,
      fix,
    );
  }
  return good('clock', `系统时间 ${shown}`, `the clock says ${shown}`);
}

function journalTimes(folders: Folders | undefined): readonly number[] {
  if (folders === undefined) return [];
  try {
    return readdirSync(folders.journal).map((name) => timeOf(join(folders.journal, name)));
  } catch {
    return [];
  }
}

function timeOf(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
