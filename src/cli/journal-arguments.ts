import { join, resolve } from 'node:path';

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
