import { join, resolve } from 'node:path';
import { loadConfig } from '../config.ts';
import { JournalError } from '../runtime/entry.ts';
import { replayFolder } from '../runtime/replay.ts';
import type { CliCommand } from './command.ts';

const SHOWN_MAX = 10;

export const command: CliCommand = {
  summary: '用现在的规则重放日志账并比较 / decide the journal again and compare',
  help: `minhu replay [FOLDER] [--json]

Decides every entry of the journal (default: MINHU_DATA/journal) again and compares the commands with those written down.
Exit status 0: the same. 1: different, or the journal cannot be read. Reads only; safe beside a running hotline.`,
  async run(args) {
    const given = args.find((arg) => !arg.startsWith('--'));
    const config = loadConfig(process.env);
    const folder = given ?? (config.ok ? join(config.config.dataFolder, 'journal') : 'data/journal');
    try {
      return await replay(resolve(folder), args.includes('--json'));
    } catch (error) {
      if (!(error instanceof JournalError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      process.stderr.write(`${folder}: ${(error as Error).message}\n`);
      return 1;
    }
  },
};

async function replay(folder: string, json: boolean): Promise<number> {
  const startedMs = performance.now();
  const { entries, differences } = await replayFolder(folder, (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} entries`);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  if (json) {
    process.stdout.write(`${JSON.stringify({ entries, seconds, differences })}\n`);
  } else {
    process.stdout.write(`${entries} entries in ${seconds.toFixed(2)} s, ${differences.length} decided otherwise\n`);
    for (const { seq, written, now } of differences.slice(0, SHOWN_MAX)) {
      process.stdout.write(`#${seq}\n  written ${JSON.stringify(written)}\n  now     ${JSON.stringify(now)}\n`);
    }
  }
  return differences.length === 0 ? 0 : 1;
}
