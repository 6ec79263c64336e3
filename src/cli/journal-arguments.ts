import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { JournalError } from '../runtime/entry.ts';

export interface JournalArguments {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly data: string | undefined;
}

/** @returns undefined when an option is unknown or lacks its value. */
export function readArguments(args: readonly string[]): JournalArguments | undefined {
  const words: string[] = [];
  let json = false;
  let data: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '--json') json = true;
    else if (arg === '--data' && args[at + 1] !== undefined) data = args[++at];
    else if (arg.startsWith('-')) return undefined;
    else words.push(arg);
  }
  return { words, json, data };
}

/** @param data the data folder; else `MINHU_DATA`, else the default of the README's table of settings. */
export function journalFolder(data: string | undefined): string {
  return join(resolve(data ?? (process.env['MINHU_DATA'] || 'data')), 'journal');
}

/** Why a journal cannot be read, for people; undefined: that is another fault. */
export function sayUnread(error: unknown, folder: string): string | undefined {
  if (error instanceof JournalError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES') return `没有读取 ${folder} 的权限。 ${folder} may not be read: ${message}`;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return undefined;
  if (!existsSync(folder)) return `没有文件夹 ${folder}。 There is no folder ${folder}.`;
  if (!statSync(folder).isDirectory()) return `${folder} 不是文件夹。 ${folder} is no folder.`;
  if (existsSync(join(folder, 'journal-id'))) return message;
  return (
    `${folder} 不是日志账：里面没有文件 journal-id。请给出数据目录下的 journal 文件夹。 ` +
    `${folder} is no journal, as it has no file journal-id: name the folder journal of a data folder.`
  );
}
